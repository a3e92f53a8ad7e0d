"""A client of the product, signed in as the administrator of a company with ten free lines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.console import Console, console
from tests.factories import Tenant


@pytest.fixture
async def desk(company: Tenant) -> AsyncIterator[Console]:
    async with console(company) as made:
        yield made
