"""The AWS-compatible server for tests of adapters, reached by real HTTP; a plugin of tests/conftest.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from moto.server import ThreadedMotoServer

from bizcall import aws


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server of this module's own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def environment(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What Lambda, or the laptop in its place, sets for a process."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "ap-northeast-2",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return endpoint


@pytest.fixture
async def clients(environment: str) -> AsyncIterator[aws.Clients]:
    """Clients of that server, closed afterwards."""
    clients = aws.Clients()
    yield clients
    await clients.close()
