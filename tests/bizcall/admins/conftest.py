"""An administrator who can sign in."""

from __future__ import annotations

import pytest

from tests.accounts import Person
from tests.factories import Tenant


@pytest.fixture
async def person(company: Tenant) -> Person:
    """The administrator of this test's company."""
    return await Person(company).register()
