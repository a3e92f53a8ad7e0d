"""Files that are made to hurt: each is answered and listed like any other that is refused."""

from __future__ import annotations

import orjson
import pytest

from bizcall.database import directory
from bizcall.models.provisioning import EventState
from bizcall.provisioning import EventFilter, listing
from bizcall.provisioning.applying import WAITING_MOST
from tests.provisioning import Provider


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "x", "\\u0000": 1}',
        b'{"plan\\u0000": "x", "lines": [{"\\u0000number": "x"}]}',
        b"[" * 300 + b"]" * 300,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"[" * 100_000,
        b'{"id": "\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b"",
        b"null",
        b"1e999",
        b"9" * 5_000,
        b'{"occurredAt": "0001-01-01T00:00:00+14:00"}',
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_ON_01_a_hostile_file_is_refused_for_good(provider: Provider, body: bytes) -> None:
    name = f"{provider.subscription}.json"

    await provider.drop(body, name)

    assert (await provider.answer(name))["problems"]
    async with directory():
        [row] = await listing(EventFilter(search=name)).rows
    assert row.state is EventState.REJECTED


@pytest.mark.parametrize("plan", ["TEST-BASIC\0", "X" * 500_000])
async def test_ON_01_a_plan_that_can_be_none_is_an_unknown_one(provider: Provider, plan: str) -> None:
    await provider.drop(orjson.dumps(provider.completed(1, plan=plan)))

    assert (await provider.answer())["code"] == "UNKNOWN_PLAN"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_ON_01_a_moment_beyond_the_calendar_is_a_bad_time(provider: Provider, moment: str) -> None:
    await provider.drop(orjson.dumps({**provider.completed(1), "occurredAt": moment}))

    assert (await provider.answer())["code"] == "BAD_TIME"


async def test_ON_01_a_completion_isnt_kept_from_its_turn_by_those_that_wait_for_it(provider: Provider) -> None:
    # One more than are tried together.
    for place in range(WAITING_MOST + 1):
        await provider.apply(provider.changed(f"early-{place}", -200 + place, lines=[{"number": provider.number(1)}]))

    await provider.apply(provider.completed(2))

    assert (await provider.found("completed")).state is EventState.APPLIED
