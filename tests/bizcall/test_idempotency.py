"""The same key never does the work twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.idempotency import LIFE, Answer, fingerprint, once
from tests.factories import Tenant


class Work:
    """Counts how often it was done."""

    def __init__(self, pause: float = 0) -> None:
        self.done, self.pause = 0, pause

    async def __call__(self) -> Answer:
        """Answer with the count."""
        await asyncio.sleep(self.pause)
        self.done += 1
        return {"done": self.done}


async def ask(company: Tenant, key: str, work: Work, given: str = "a", at: datetime | None = None) -> Answer:
    """One request."""
    moment = at or datetime.now(UTC)
    async with tenant(company.id):
        return await once(company.id, "importRegister", key, {"value": given}, work, clock=lambda: moment)


async def test_same_key_and_input_gets_the_stored_answer(company: Tenant) -> None:
    work = Work()
    assert await ask(company, "k", work) == {"done": 1}
    assert await ask(company, "k", work) == {"done": 1}
    assert work.done == 1


async def test_same_key_with_another_input_is_refused_and_does_nothing(company: Tenant) -> None:
    work = Work()
    await ask(company, "k", work)
    with pytest.raises(Invalid) as refused:
        await ask(company, "k", work, given="b")
    assert [problem.code for problem in refused.value.problems] == [ErrorCode.KEY_REUSED]
    assert refused.value.problems[0].field == ("idempotencyKey",)
    assert work.done == 1


async def test_same_key_for_another_operation_is_refused(company: Tenant) -> None:
    await ask(company, "k", Work())
    async with tenant(company.id):
        with pytest.raises(Invalid):
            await once(company.id, "callExportRequest", "k", {"value": "a"}, Work())


async def test_ten_parallel_requests_with_one_key_do_the_work_once(company: Tenant) -> None:
    work = Work(pause=0.05)
    answers = await asyncio.gather(*(ask(company, "k", work) for _ in range(10)))
    assert answers == [{"done": 1}] * 10
    assert work.done == 1


async def test_work_that_fails_leaves_the_key_free_and_a_waiting_request_does_it(company: Tenant) -> None:
    begun = asyncio.Event()

    async def failing() -> Answer:
        begun.set()
        await asyncio.sleep(0.05)
        raise Invalid

    async def first() -> None:
        async with tenant(company.id):
            await once(company.id, "importRegister", "k", {"value": "a"}, failing)

    work, failed = Work(), asyncio.create_task(first())
    await begun.wait()
    assert await ask(company, "k", work) == {"done": 1}
    with pytest.raises(Invalid):
        await failed


async def test_a_key_is_forgotten_after_24_hours(company: Tenant) -> None:
    work, at = Work(), datetime(2027, 3, 1, tzinfo=UTC)
    await ask(company, "k", work, at=at)
    await ask(company, "k", work, at=at + LIFE - timedelta(seconds=1))
    assert work.done == 1
    assert await ask(company, "k", work, given="b", at=at + LIFE) == {"done": 2}


async def test_companies_share_no_keys(company: Tenant, stranger: Tenant) -> None:
    work = Work()
    await ask(company, "k", work)
    assert await ask(stranger, "k", work) == {"done": 2}


async def test_keys_that_are_over_are_forgotten_when_another_is_used(company: Tenant, stranger: Tenant) -> None:
    at = datetime(2027, 3, 1, tzinfo=UTC)
    await ask(company, "old", Work(), at=at)
    await ask(stranger, "theirs", Work(), at=at)
    await ask(company, "young", Work(), at=at + timedelta(hours=1))
    await ask(company, "now", Work(), at=at + LIFE)
    left = {}
    for owner in (company, stranger):
        async with tenant(owner.id):
            rows = await query("SELECT key FROM idempotency_key WHERE company_id = $1", owner.id)
        left[owner.id] = {row["key"] for row in rows}
    assert left == {company.id: {"young", "now"}, stranger.id: {"theirs"}}


@pytest.mark.parametrize(
    ("key", "code"), [("", ErrorCode.REQUIRED), (" ", ErrorCode.REQUIRED), ("k" * 256, ErrorCode.TOO_LONG)]
)
async def test_what_is_no_key_is_refused(company: Tenant, key: str, code: ErrorCode) -> None:
    with pytest.raises(Invalid) as refused:
        await ask(company, key, Work())
    assert refused.value.problems[0].code == code


def test_the_order_of_an_objects_keys_makes_no_other_input() -> None:
    assert fingerprint("o", {"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint("o", {"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint("o", {"a": 1}) != fingerprint("o", {"a": "1"})
