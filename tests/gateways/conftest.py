"""A gateway of each test's own, and its adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bizcall.gateways.solapi import Solapi
from tests.gateways.solapi_server import KEY, SECRET, SENDER, SolapiServer, solapi_server


@pytest.fixture
async def server() -> AsyncIterator[SolapiServer]:
    """A gateway of this test's own."""
    async with solapi_server() as account:
        yield account


@pytest.fixture
async def gateway(server: SolapiServer) -> AsyncIterator[Solapi]:
    """Its adapter, with time-outs a test can wait for."""
    adapter = Solapi(KEY, SECRET, sender=SENDER, url=server.url, connect_seconds=0.3, whole_seconds=0.6)
    yield adapter
    await adapter.close()
