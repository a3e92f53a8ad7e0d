"""An office whose history is exported, and who asks for it."""

from __future__ import annotations

import pytest

from tests.exports import Clerk
from tests.factories import make_tenant
from tests.histories import Office, office


@pytest.fixture(scope="module")
async def made(db: None) -> Office:
    """An office with five weeks of calls and messages."""
    return await office(await make_tenant())


@pytest.fixture
def clerk(made: Office) -> Clerk:
    """Who asks for its exports."""
    return Clerk(made.company)
