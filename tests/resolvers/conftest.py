"""A client of the small application of tests/resolvers/office.py."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.factories import Tenant
from tests.resolvers.office import Desk, desk


@pytest.fixture
async def client(company: Tenant) -> AsyncIterator[Desk]:
    """A client of a company with two departments."""
    async with desk(company.id) as made:
        yield made
