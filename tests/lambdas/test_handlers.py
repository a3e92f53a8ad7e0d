"""Each function's translation: from the event that AWS sends to the one thing that the business does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote_plus
from uuid import UUID

import pytest
from pydantic import SecretStr

from bizcall import admins, months
from bizcall.database import query, tenant
from bizcall.dispatch import put
from bizcall.errors import Invalid
from bizcall.ids import uuid7
from bizcall.ports import now
from bizcall.settings import Settings
from bizcall.stats import Differs, verifying
from lambdas import dispatch, exports, feeds, imports, migrate, registrations, stats, sweep
from lambdas.runtime import Services
from local.postgres import Postgres
from tests.accounts import ACTOR, Person
from tests.doubles import MemoryStorage, Phone, RecordingMail, RecordingQueue, Turned
from tests.exports import Clerk
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, jsonl, stored

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def services(postgres: Postgres) -> Services:
    """The outside world in memory, the database real."""
    settings = Settings(
        stage="test", database_url=SecretStr(postgres.url("owner")), secret_key=SecretStr("k" * 64), web_origins=()
    )
    return Services(
        settings=settings, storage=MemoryStorage(), queue=RecordingQueue(), sms=Phone(), mail=RecordingMail()
    )


def batch(*bodies: Mapping[str, Any] | str, fifo: bool = False) -> dict[str, Any]:
    """An event of a queue."""
    arn = f"arn:aws:sqs:ap-northeast-2:123456789012:queue{'.fifo' if fifo else ''}"
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1", **({"MessageGroupId": "g"} if fifo else {})},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
            }
            for number, body in enumerate(bodies)
        ]
    }


def arrivals(*keys: str) -> dict[str, Any]:
    """What S3 says of new objects: keys are form-encoded."""
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": quote_plus(k)}}} for k in keys]}


def failed(answer: Mapping[str, Any]) -> list[str]:
    """The message ids that are to come again."""
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


async def test_BK_03_a_dropped_file_is_found_under_its_decoded_name(company: Tenant, services: Services) -> None:
    names = ["직원 명부+1 (최종).xlsx", "100%&두번째.txt"]
    for name in names:
        await services.storage.write(f"inbox/imports/{company.id}/{name}", b"no workbook", content_type=XLSX)
    event = batch(arrivals(*(f"inbox/imports/{company.id}/{name}" for name in names)))
    assert failed(await imports.handle(event, services)) == []
    for name in names:
        assert (await services.storage.head(f"inbox/results/{company.id}/{name}.result.xlsx")).size > 0
    assert services.metrics.values()["ImportFilesRefused"] == [1, 1]
    assert failed(await imports.handle(event, services)) == []
    assert len(services.metrics.values()["ImportSeconds"]) == 2, "told of again, but measured once"


async def test_an_arrival_that_names_no_object_comes_again_and_keeps_nobody_from_his_turn(services: Services) -> None:
    event = batch({"Records": [{"s3": {}}]}, {"Event": "s3:TestEvent"}, arrivals("uploads/imports/nobody/x.xlsx"))
    assert failed(await imports.handle(event, services)) == ["m0"]


async def test_a_registration_of_what_is_gone_is_done_and_one_of_nothing_stops_its_group(
    company: Tenant, services: Services
) -> None:
    known = {"companyId": str(company.id), "importId": str(uuid7())}
    event = batch(known, {"companyId": "x"}, known, fifo=True)
    assert failed(await registrations.handle(event, services)) == ["m1", "m2"]


async def test_ST_02_each_export_that_a_message_names_is_made_once(company: Tenant, services: Services) -> None:
    clerk = Clerk(company, storage=cast("MemoryStorage", services.storage))
    export = await clerk.ask()
    known = {"companyId": str(company.id), "exportId": str(export.id)}
    event = batch(known, known, {**known, "exportId": str(uuid7())}, {"exportId": "x"})
    assert failed(await exports.handle(event, services)) == ["m3"]
    assert clerk.storage.written == [(await clerk.row(export.id)).object_key]
    assert services.metrics.values()["ExportsCompleted"] == [1]


async def test_a_code_that_was_forgotten_is_done_and_no_code_comes_again(db: None, services: Services) -> None:
    event = batch({"code": str(uuid7())}, {"code": "123456"})
    assert failed(await dispatch.handle(event, services)) == ["m1"]


async def test_O6_O11_codes_that_were_sent_and_that_came_too_late_are_counted(
    company: Tenant, services: Services
) -> None:
    person = await Person(company).register()
    half = await person.sign_in()
    for waits in (30, 121):
        await admins.code_send(half.token, actor=ACTOR, queue=person.queue, clock=person.clock)
        person.clock.turn(seconds=waits)
        _, letter = person.queue.letters[-1]
        assert failed(await dispatch.handle(batch(letter.body), replace(services, clock=person.clock))) == []
    assert services.metrics.values() == {
        "MessagesSent": [1],
        "CodesSent": [1],
        "MessagesFailed": [1],
        "CodesLate": [1],
    }


async def left_behind(company: Tenant) -> UUID:
    """A message whose process died before it was published, long ago."""
    async with tenant(company.id):
        message_id = await put("registrations", {}, company_id=company.id, group=str(company.id))
        await query("UPDATE outbox SET due_at = now() - interval '1 year' WHERE id = $1", message_id)
    return message_id


async def test_the_sweep_sends_what_was_left_behind(company: Tenant, services: Services) -> None:
    message_id = await left_behind(company)
    done = await sweep.handle({}, services)
    assert done["messages sent"] >= 1
    assert isinstance(services.queue, RecordingQueue)
    assert ("registrations", str(message_id)) in [(name, letter.id) for name, letter in services.queue.letters]


async def test_a_duty_that_fails_keeps_no_other_from_its_turn_and_is_told(db: None, services: Services) -> None:
    looks = 0

    def clock() -> datetime:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise LookupError("the first duty fails")
        return now()

    with pytest.raises(ExceptionGroup) as raised:
        await sweep.handle({}, replace(services, clock=clock))
    assert [type(failure) for failure in raised.value.exceptions] == [LookupError]
    assert looks >= 4


async def test_a_database_that_is_up_to_date_is_left_as_it_is(db: None, services: Services) -> None:
    assert await migrate.handle({}, services) == {"applied": []}


async def test_FD_01_the_version_that_arrived_is_loaded_and_a_file_is_read_on(
    company: Tenant, services: Services
) -> None:
    await began(company.id)
    key = f"feeds/calls/{company.id}/10월 통화.jsonl"
    first = await services.storage.write(key, jsonl([call(company.numbers[0], "a")]), content_type="")
    await services.storage.write(key, jsonl([call(company.numbers[0], "b")]), content_type="")
    event = arrivals(key)
    event["Records"][0]["s3"]["object"]["versionId"] = first.version

    assert failed(await feeds.handle(batch(event), services)) == []

    assert [row["id"] for row in await stored(company.id)] == ["a"]
    async with tenant(company.id):
        [file] = await query("SELECT id FROM feed_file WHERE company_id = $1", company.id)
    on = {"companyId": str(company.id), "fileId": str(file["id"])}
    assert failed(await feeds.handle(batch(on, on | {"fileId": str(uuid7())}), services)) == []
    assert services.metrics.values()["FeedRecordsRead"] == [1], "told of again, but measured once"
    assert services.metrics.values()["FeedRecordsRejected"] == [0]


async def test_W4_of_arrivals_only_those_that_fail_come_again(company: Tenant, services: Services) -> None:
    await began(company.id)
    keys = [f"feeds/calls/{company.id}/{name}.jsonl" for name in "abc"]
    for key in keys:
        await services.storage.write(key, jsonl([call(company.numbers[0], key[-7:-6])]), content_type="")
    bodies: list[Any] = [
        arrivals(keys[0]),
        "no JSON",
        arrivals(keys[1]),
        {"Records": [{"s3": {}}]},
        {"fileId": "홍길동"},
    ]
    bodies += [
        arrivals(f"feeds/calls/{company.id}/gone.jsonl"),
        arrivals("feeds/calls/nobody/a.jsonl"),
        arrivals(keys[2]),
    ]

    assert failed(await feeds.handle(batch(*bodies), services)) == ["m1", "m3", "m4"]
    assert [row["id"] for row in await stored(company.id)] == ["a", "b", "c"]


async def test_ST_03_operators_verify_rebuild_and_reattribute(company: Tenant, services: Services) -> None:
    await began(company.id)
    key = f"feeds/calls/{company.id}/a.jsonl"
    await services.storage.write(key, jsonl([call(company.numbers[0], "a")]), content_type="")
    await feeds.handle(batch(arrivals(key)), services)
    day = DAY.date().isoformat()
    asked = {"company": str(company.id), "from": day, "to": day}

    assert await stats.handle({"do": "verify", **asked}, services) == {"differences": 0}
    assert await stats.handle({"do": "rebuild", **asked}, services) == {"rows": 5}
    assert await stats.handle({"do": "reattribute", **asked}, services) == {"records": 0, "changes": []}
    async with tenant(company.id):
        await query("UPDATE call_hour SET missed = 1 WHERE company_id = $1", company.id)
    with pytest.raises(Differs):
        await stats.handle({"do": "verify", **asked}, services)
    for wrong in ({"do": "nothing"}, {"do": "verify", "from": "yesterday"}, {"do": "verify", "to": "2020-01-01"}):
        with pytest.raises(Invalid):
            await stats.handle({**asked, **wrong}, services)


async def test_ST_03_the_nights_duty_verifies_forgets_as_the_deployment_says_and_leaves_in_time(
    company: Tenant, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one() -> list[UUID]:
        return [company.id]

    monkeypatch.setattr(verifying, "_all", one)
    await began(company.id)
    await Feeder(company.id).load([call(company.numbers[0], "a")])
    night = Turned(DAY + timedelta(days=1, hours=3, minutes=30))
    services = replace(services, settings=services.settings.model_copy(update={"months_kept": 4}), clock=night)

    assert await stats.handle({}, services) == {"companies": 1, "forgotten": 0}
    late = replace(services, remaining=lambda: stats.STOP_BEFORE - 1)
    assert await stats.handle({}, late) == {"companies": 0, "forgotten": 0}
    async with tenant(company.id):
        await query("UPDATE call_hour SET missed = 1 WHERE company_id = $1", company.id)
    with pytest.raises(Differs):
        await stats.handle({}, services)
    # A row of each rollup of calls.
    after = replace(services, clock=Turned(months.begins(months.shifted(DAY.date(), 5))))
    assert await stats.handle({}, after) == {"companies": 1, "forgotten": 5}


async def test_FD_01_the_owner_keeps_the_months(db: None, services: Services) -> None:
    assert await migrate.handle({"do": "months"}, services) == {"made": 0, "dropped": []}
