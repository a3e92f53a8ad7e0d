"""Files that the provider's systems drop into the bucket (ON-01)."""

from __future__ import annotations

import asyncio
import pathlib

import orjson
import pytest

from bizcall import plans, provisioning
from bizcall.database import directory
from bizcall.errors import Unavailable
from bizcall.models.provisioning import EventState, ProvisioningEvent
from bizcall.provisioning import EventFilter, events, listing, rejects
from tests.accounts import KEYS
from tests.provisioning import OPERATOR, Provider

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples" / "provisioning"


async def listed(source: str) -> list[ProvisioningEvent]:
    """The events of a file, as operators find them."""
    async with directory():
        return list(await listing(EventFilter(search=source)).rows)


async def test_ON_01_a_dropped_file_becomes_a_company(provider: Provider) -> None:
    await provider.drop(orjson.dumps(provider.completed(1)), "2026/03/첫번째 청약.json")

    assert (await provider.state())["lines"] == {1: None}
    assert (await provider.found("completed")).source == "2026/03/첫번째 청약.json"


async def test_ON_01_the_same_file_ten_times_at_once_is_applied_once(provider: Provider) -> None:
    await provider.drop(orjson.dumps(provider.completed(1)))

    await asyncio.gather(*(provider.receive() for _ in range(10)))

    assert (await provider.state())["welcomes"] == 1


async def test_ON_01_a_bad_event_is_given_back_with_its_reason_and_listed_once(provider: Provider) -> None:
    event = {**provider.completed(1), "adminMobile": "02-123-4567", "fax": "x"}
    name = f"{provider.subscription}/bad.json"

    for _ in range(3):
        await provider.drop(orjson.dumps(event), name)

    answer = await provider.answer(name)
    assert {(problem["code"], ".".join(problem["path"])) for problem in answer["problems"]} == {
        ("BAD_MOBILE", "adminMobile"),
        ("UNKNOWN_FIELD", "fax"),
    }
    assert answer["event"] == event
    assert "휴대폰" in answer["problems"][0]["reason"] + answer["problems"][1]["reason"]
    [row] = await listed(name)
    assert (row.state, row.event_id, row.subscription) == (EventState.REJECTED, event["id"], provider.subscription)
    assert row.body is None
    assert not row.kind
    assert await provider.company_id() is None


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"{oops \xff", "MALFORMED", "{oops \ufffd"),
        (b" " * (events.FILE_MOST + 1), "TOO_LARGE", None),
    ],
)
async def test_ON_01_a_file_that_is_no_event_is_given_back(
    provider: Provider, body: bytes, code: str, told: str | None
) -> None:
    name = f"{provider.subscription}.txt"
    await provider.drop(body, name)

    answer = await provider.answer(f"{name}.json")

    assert (answer["code"], answer["path"], answer["event"]) == (code, [], told)
    [row] = await listed(name)
    assert (row.reason, row.event_id) == (code, None)


async def test_ON_01_an_unknown_plan_is_refused_and_the_mended_event_goes_under_the_same_id(provider: Provider) -> None:
    event = provider.completed(1, plan="NEVER-WAS")
    await provider.drop(orjson.dumps(event))
    assert (await provider.answer())["code"] == "UNKNOWN_PLAN"

    await provider.drop(orjson.dumps(provider.completed(1)))

    assert (await provider.found("completed")).state is EventState.APPLIED


async def test_ON_01_another_event_under_a_known_id_is_refused(provider: Provider) -> None:
    await provider.drop(orjson.dumps(provider.completed(1)), "one.json")
    await provider.drop(orjson.dumps(provider.completed(1, 2)), "two.json")

    assert (await provider.answer("two.json"))["code"] == "EVENT_ID_REUSED"
    assert (await provider.state())["lines"] == {1: None}


async def test_ON_01_each_version_of_a_file_is_an_event(provider: Provider) -> None:
    key = "feeds/provisioning/event.json"
    first = await provider.storage.write(key, orjson.dumps(provider.completed(1)), content_type="x")
    body = orjson.dumps(provider.changed("more", 1, lines=[{"number": provider.number(2)}]))
    second = await provider.storage.write(key, body, content_type="x")

    for stored in (second, first):
        await receive_version(provider, stored.version)

    assert (await provider.state())["lines"] == {1: None, 2: None}


async def receive_version(provider: Provider, version: str | None) -> None:
    """Receive one version of the file."""
    await provisioning.receive(
        "feeds/provisioning/event.json",
        version,
        keys=KEYS,
        storage=provider.storage,
        queue=provider.queue,
        clock=provider.clock,
    )


@pytest.mark.parametrize(
    "key", ["feeds/provisioning/", "feeds/provisioning/a/", "feeds/calls/x.json", "x", "feeds/provisioning/a\0.json"]
)
async def test_a_key_that_is_no_place_for_an_event_is_left_alone(provider: Provider, key: str) -> None:
    await provider.receive(key)

    assert provider.storage.written == []


async def test_a_file_that_is_gone_already_is_left_alone(provider: Provider) -> None:
    await provider.receive("feeds/provisioning/gone.json")

    assert provider.storage.written == []


def test_the_answer_to_a_name_that_is_too_long_has_a_name_of_its_own() -> None:
    assert rejects.place("a/b.json") == "feeds/rejects/provisioning/a/b.json"
    long = rejects.place("가" * 330)
    assert len(long.encode()) < rejects.KEY_BYTES
    assert long != rejects.place("나" * 330)


async def test_ON_01_while_the_bucket_is_away_the_message_comes_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the bucket is away")

    key = "feeds/provisioning/bad.json"
    await provider.storage.write(key, b"{", content_type="application/json")
    monkeypatch.setattr(provider.storage, "write", away)
    with pytest.raises(Unavailable):
        await provider.receive(key)
    assert await listed("provisioning/bad.json") == []


async def test_ON_01_the_examples_work(provider: Provider) -> None:
    await plans.save("STANDARD", "스탠다드", actor=OPERATOR)
    completed, changed = (
        (EXAMPLES / name).read_bytes() for name in ("subscription_completed.json", "lines_changed.json")
    )

    assert (await provider.apply(changed)).reason == "UNKNOWN_SUBSCRIPTION"
    assert (await provider.apply(completed)).state is EventState.APPLIED
    assert (await provider.apply(changed)).state is EventState.APPLIED
