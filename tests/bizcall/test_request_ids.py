"""One id follows a request through outbox, queue and log; each kind of hop by itself. The whole way: the journey."""

from __future__ import annotations

import asyncio
import json
import logging
from uuid import UUID

import pytest

from bizcall import aws, dead_letter_queues, dispatch, request_ids
from bizcall.database import directory, query, tenant
from bizcall.dispatch import outbox
from bizcall.dispatch.dead_letters import DeadLetter
from bizcall.ports import now
from lambdas import logs
from lambdas.records import Body, each_record
from tests.doubles import RecordingQueue
from tests.factories import Tenant


async def letters_of(company: Tenant, ids: list[UUID]) -> list[str]:
    """The requests of published messages."""
    queue = RecordingQueue()
    await dispatch.publish(ids, queue=queue)
    return [letter.request_id for _, letter in queue.letters]


async def test_a_message_keeps_the_id_of_the_request_that_wrote_it(company: Tenant) -> None:
    with request_ids.carried("request-of-one"):
        async with tenant(company.id):
            one = await dispatch.put("imports", {}, company_id=company.id)
    with request_ids.carried("request-of-many"):
        async with tenant(company.id):
            many = await outbox.put_many("sms", [{}, {}], company_id=company.id)
    async with tenant(company.id):
        none = await dispatch.put("imports", {}, company_id=company.id)
    # Published by nobody's request, as the sweep does.
    assert await letters_of(company, [one, *many, none]) == ["request-of-one", "", "request-of-many", "request-of-many"]


async def test_the_sweep_logs_each_message_under_its_own_request(
    company: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    ids = []
    for name in ("request-a", "request-b"):
        with request_ids.carried(name):
            async with tenant(company.id):
                ids.append(await dispatch.put("imports", {}, company_id=company.id))
    seen: list[str] = []
    handler = Seen(seen)
    logging.getLogger("bizcall.dispatch.outbox").addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, logger="bizcall.dispatch.outbox"), request_ids.carried("the-sweep"):
            await dispatch.publish(ids, queue=RecordingQueue())
    finally:
        logging.getLogger("bizcall.dispatch.outbox").removeHandler(handler)
    assert seen == ["request-a", "request-b"]


class Seen(logging.Handler):
    """Notes the id under which each line was logged, as the functions' formatter does."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__()
        self.seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        """Format, and note."""
        self.seen.append(json.loads(logs.SafeFormatter().format(record))["request_id"])


def record(number: int, request_id: str | None) -> dict[str, object]:
    """A message as Lambda hands it over."""
    told = {aws.REQUEST_ID: {"dataType": "String", "stringValue": request_id}} if request_id else {}
    return {
        "messageId": f"message-{number}",
        "body": json.dumps({"n": number}),
        "messageAttributes": told,
        "eventSourceARN": "arn:aws:sqs:ap-northeast-2:123456789012:imports",
    }


async def test_a_worker_goes_on_under_the_request_of_each_message_also_side_by_side() -> None:
    seen: dict[int, str] = {}

    async def handle(body: Body) -> None:
        await asyncio.sleep(0)
        if body["n"] == 2:
            request_ids.go_on("an-earlier-request")
        await asyncio.sleep(0)
        seen[body["n"]] = request_ids.current()

    # What comes from outside, or with an id that would break a log line, begins a way of its own.
    given = [record(0, "request-0"), record(1, "bad\nid\nbad"), record(2, None)]
    batches = [{"Records": given[:2]}, {"Records": given[2:]}]
    await asyncio.gather(*(each_record(batch, handle, remaining=lambda: 60.0) for batch in batches))
    assert seen == {0: "request-0", 1: "message-1", 2: "an-earlier-request"}
    assert request_ids.current() == ""


def test_a_dead_letter_that_is_sent_again_still_tells_its_request() -> None:
    letter = DeadLetter("letter", "stay", "receipt", "{}", None, now(), "request-of-a-dead-letter")
    sent = dead_letter_queues._entry("0", letter)["MessageAttributes"]
    received = {
        "MessageId": "m",
        "ReceiptHandle": "r",
        "Body": "{}",
        "Attributes": {"SentTimestamp": "0"},
        "MessageAttributes": sent,
    }
    assert dead_letter_queues._letter(received).request_id == "request-of-a-dead-letter"


async def test_an_id_longer_than_its_column_is_no_id(company: Tenant) -> None:
    assert not request_ids.valid("x" * 65)
    assert request_ids.valid("x" * 64)
    with request_ids.carried("x" * 64):
        async with tenant(company.id):
            written = await dispatch.put("imports", {}, company_id=company.id)
    async with directory():
        rows = await query("SELECT request_id FROM outbox WHERE id = $1", written)
    assert rows[0]["request_id"] == "x" * 64
