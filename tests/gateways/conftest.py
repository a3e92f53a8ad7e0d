"""A gateway of each test's own, and its adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bizcall.gateways.solapi import Solapi
from tests.gateways.solapi_server import KEY, SECRET, SENDER, Fault, SolapiServer, solapi_server
from tests.patience import PATIENCE

ENDLESS = (Fault.SILENT, Fault.SILENT_TAKEN, Fault.SLOW_TAKEN)


@pytest.fixture
async def server() -> AsyncIterator[SolapiServer]:
    """A gateway of this test's own."""
    async with solapi_server() as account:
        yield account


@pytest.fixture
async def gateway(server: SolapiServer, request: pytest.FixtureRequest) -> AsyncIterator[Solapi]:
    """Its adapter: patient, but where a test's fault is that no whole answer ever comes."""
    given = getattr(request.node, "callspec", None)
    whole = 1.5 if given and given.params.get("fault") in ENDLESS else PATIENCE
    adapter = Solapi(KEY, SECRET, sender=SENDER, url=server.url, connect_seconds=PATIENCE, whole_seconds=whole)
    yield adapter
    await adapter.close()
