"""What all tests of provisioning need."""

from __future__ import annotations

import pytest

from tests.provisioning import Provider, make_plans


@pytest.fixture
async def provider(db: None) -> Provider:
    """A subscription of this test's own."""
    await make_plans()
    return Provider()
