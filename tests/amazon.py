"""The laptop's AWS-compatible server and clients of it, reached by real HTTP; a plugin of tests/conftest.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bizcall import aws
from local.cloud import Cloud


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The laptop's server, one for each process of tests."""
    cloud = Cloud(tmp_path_factory.mktemp("cloud"))
    cloud.start()
    yield cloud.endpoint
    cloud.stop()


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
