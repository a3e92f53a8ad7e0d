"""The Runtime API: whom it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from local.runtime.api import Invocation, RuntimeAPI

NEXT = "/2018-06-01/runtime/invocation/next"


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Where an API listens that has an event to give."""
    api = RuntimeAPI("arn:aws:lambda:ap-northeast-2:123456789012:function:act")
    address = await api.start()
    api.send(Invocation(b'{"a": 1}', deadline=2e9))
    yield address
    await api.stop()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "127.0.0.1.attacker.example:80"},
        {"Origin": "http://attacker.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_a_page_in_the_browser_gets_no_event_and_takes_none_away(address: str, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as client:
        async with client.get(f"http://{address}{NEXT}", headers=headers) as refused:
            assert refused.status == 403
            assert "Lambda-Runtime-Aws-Request-Id" not in refused.headers
        async with client.get(f"http://{address}{NEXT}") as given:
            assert await given.json() == {"a": 1}
