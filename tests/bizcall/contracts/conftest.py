"""Somebody who has an account in the company whose contract it is."""

from __future__ import annotations

import pytest

from tests.accounts import Person
from tests.factories import Tenant


@pytest.fixture
async def person(company: Tenant) -> Person:
    """The company's administrator."""
    return await Person(company).register()
