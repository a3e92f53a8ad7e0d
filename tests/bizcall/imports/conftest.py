"""A desk for each test."""

from __future__ import annotations

import pytest

from tests.factories import Tenant
from tests.imports import Desk


@pytest.fixture
def desk(company: Tenant) -> Desk:
    """The test's own company, with its bucket and queue."""
    return Desk(company)
