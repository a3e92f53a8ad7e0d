"""Registering exactly what was previewed, once; cancelling; expiring (BK-02)."""

from __future__ import annotations

import asyncio

import pytest

from bizcall import imports
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.ids import uuid7
from bizcall.models import Import
from bizcall.models.companies import OnError
from bizcall.models.imports import Action, State
from bizcall.subscribers import Entry, saving
from tests.factories import Tenant
from tests.imports import Desk, person, values
from tests.statements import counted


async def change(desk: Desk, line: int, **entry: object) -> None:
    """Somebody saves a line meanwhile."""
    async with tenant(desk.company.id):
        line_id = desk.company.line_ids[line]
        holder = (await saving.holders(desk.company.id, [line_id])).get(line_id)
        subject = {"subscriber_id": holder.id, "revision": holder.revision} if holder else {}
        fields = {"name": "누군가", **subject, **entry}
        (outcome,) = await saving.apply(
            desk.company.id,
            [Entry(line_id=line_id, **fields)],  # type: ignore[arg-type]  # fields of Entry
            at=desk.clock(),
        )
        assert outcome.problem is None


async def retire(desk: Desk, table: str, key: object) -> None:
    """A line or department is given up."""
    async with tenant(desk.company.id):
        await query(f"UPDATE {table} SET retired_at = now() WHERE company_id = $1 AND id = $2", desk.company.id, key)


async def test_BK_02_registering_makes_the_previewed_rows_subscribers(desk: Desk) -> None:
    number = desk.company.numbers[0]
    previewed = await desk.preview(
        person(
            number, "홍길동", department="영업팀", position="대리", mobile="010-1234-5678",
            email="Hong@Example.com", rid="ON", app="ON",
        )
    )  # fmt: skip
    assert await desk.holders() == {}

    registered = await desk.register(previewed)

    assert (registered.state, registered.rows_registered, registered.on_error) == (
        State.REGISTERED,
        1,
        OnError.REJECT_ALL,
    )
    held = (await desk.holders())[number]
    assert (held["name"], held["department_name"], held["position"]) == ("홍길동", "영업팀", "대리")
    assert (held["mobile"], held["email"]) == ("01012345678", "Hong@example.com")
    assert (held["rid_enabled"], held["app_enabled"]) == (True, True)
    (row,) = await desk.rows(registered)
    assert (row.outcome, row.became_id) == (Action.NEW, held["subscriber_id"])


async def test_BK_02_a_registration_that_is_delivered_ten_times_in_parallel_takes_effect_once(desk: Desk) -> None:
    previewed = await desk.preview(*(person(number) for number in desk.company.numbers))
    await desk.ask(previewed)
    desk.queue.letters *= 10

    await asyncio.gather(desk.work(), *(deliver(desk, previewed) for _ in range(10)))

    async with tenant(desk.company.id):
        (made,) = await query(
            "SELECT count(*) AS n, max(revision) AS revision FROM subscriber WHERE company_id = $1", desk.company.id
        )
    assert made == {"n": len(desk.company.numbers), "revision": 1}
    assert (await desk.found(previewed.id)).rows_registered == len(desk.company.numbers)


async def deliver(desk: Desk, previewed: Import) -> None:
    """The command arrives once more."""
    await imports.register_queued(
        desk.company.id, previewed.id, storage=desk.storage, queue=desk.queue, clock=desk.clock
    )


async def test_BK_02_a_registration_that_nobody_asked_for_does_nothing(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))

    await deliver(desk, previewed)
    await imports.register_queued(desk.company.id, uuid7(), storage=desk.storage, queue=desk.queue, clock=desk.clock)

    assert (await desk.found(previewed.id)).state is State.PREVIEWED
    assert await desk.holders() == {}


async def changed_meanwhile(desk: Desk) -> Import:
    """A preview of five rows, of which all but the first two no longer hold when it is registered."""
    numbers = desk.company.numbers
    await desk.register(await desk.preview(person(numbers[1], "김하나"), person(numbers[2], "이두리")))
    previewed = await desk.preview(
        person(numbers[0], "새사람"),
        person(numbers[1], "김하나", position="과장"),
        person(numbers[2], "이두리", position="과장"),
        person(numbers[3], "박세찌"),
        person(numbers[4], "최네찌"),
        person(numbers[5], "정오월", department="개발팀"),
    )
    await change(desk, 2, name="이두리", position="부장")
    await change(desk, 3, name="먼저온사람")
    await retire(desk, "line", desk.company.line_ids[4])
    await retire(desk, "department", desk.company.departments["개발팀"])
    return previewed


async def test_BK_02_what_changed_since_the_preview_is_refused_row_by_row(desk: Desk) -> None:
    previewed = await changed_meanwhile(desk)

    registered = await desk.register(previewed, OnError.SKIP_BAD_ROWS)

    assert (registered.state, registered.rows_registered, registered.rows_conflicting) == (State.REGISTERED, 2, 4)
    assert [row.outcome for row in await desk.rows(registered)] == [
        Action.NEW,
        Action.CHANGED,
        Action.REFUSED,
        Action.REFUSED,
        Action.REFUSED,
        Action.REFUSED,
    ]
    assert [finding.code for finding in await desk.findings(registered)] == [
        "CONFLICT",
        "CONFLICT",
        "NUMBER_UNKNOWN",
        "DEPARTMENT_RETIRED",
    ]
    held = await desk.holders()
    assert held[desk.company.numbers[2]]["position"] == "부장"
    assert held[desk.company.numbers[3]]["name"] == "먼저온사람"
    assert registered.refused_key
    assert len([row for row in values(await desk.storage.body(registered.refused_key))[1:] if any(row)]) == 4


async def test_BK_02_under_REJECT_ALL_one_conflict_keeps_every_row_out(desk: Desk) -> None:
    previewed = await changed_meanwhile(desk)
    before = await desk.holders()

    refused = await desk.register(previewed, OnError.REJECT_ALL)

    assert (refused.state, refused.refusal) == (State.REFUSED, "ROWS_REFUSED")
    assert (refused.rows_registered, refused.rows_conflicting) == (0, 4)
    assert await desk.holders() == before
    assert {row.outcome for row in await desk.rows(refused)} == {None, Action.REFUSED}


async def problem(asking: object) -> tuple[ErrorCode, tuple[str, ...]]:
    """The one problem of a refused request."""
    with pytest.raises(Invalid) as refusal:
        await asking  # type: ignore[misc]  # a coroutine
    (found,) = refusal.value.problems
    return found.code, tuple(found.field)


async def test_BK_02_a_registration_names_the_content_that_was_seen(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))
    same = await desk.preview(person(desk.company.numbers[0]))
    other = await desk.preview(person(desk.company.numbers[0], "다른사람"))
    assert previewed.content_hash == same.content_hash != other.content_hash

    previewed.content_hash = other.content_hash

    assert await problem(desk.ask(previewed)) == (ErrorCode.CONTENT_CHANGED, ("contentHash",))


async def test_BK_02_all_rows_are_not_to_be_had_where_some_were_refused(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]), person("0212345678"))

    assert await problem(desk.ask(previewed)) == (ErrorCode.ROW_REFUSED, ("onError",))
    assert (await desk.register(previewed, OnError.SKIP_BAD_ROWS)).rows_registered == 1


async def test_BK_02_the_same_request_again_gets_the_same_answer_and_sends_nothing(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))
    await desk.ask(previewed, key="one")
    await desk.ask(previewed, key="one")

    assert len(desk.queue.letters) == 1
    assert await problem(desk.ask(previewed, key="two")) == (ErrorCode.STATE, ("id",))
    assert await problem(desk.ask(previewed, OnError.SKIP_BAD_ROWS, key="one")) == (
        ErrorCode.KEY_REUSED,
        ("idempotencyKey",),
    )


async def test_BK_02_a_command_waits_in_the_outbox_while_the_queue_is_away(desk: Desk) -> None:
    desk.queue.away = ConnectionError("away")
    asked = await desk.ask(await desk.preview(person(desk.company.numbers[0])))

    assert asked.state is State.REGISTERING
    async with tenant(desk.company.id):
        waiting = await query("SELECT queue, message_group FROM outbox WHERE company_id = $1", desk.company.id)
    assert waiting == [{"queue": "registrations", "message_group": str(desk.company.id)}]


async def test_BK_02_a_cancelled_import_is_never_registered(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))
    await desk.ask(previewed)

    cancelled = await imports.cancel(desk.company.id, desk.actor, previewed.id, clock=desk.clock)
    await desk.work()

    assert (cancelled.state, cancelled.finished_at) == (State.CANCELLED, desk.clock())
    assert await desk.holders() == {}
    assert await problem(imports.cancel(desk.company.id, desk.actor, previewed.id)) == (ErrorCode.STATE, ("id",))


async def test_BK_02_another_companys_import_is_like_none(desk: Desk, stranger: Tenant) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))
    other = Desk(stranger)

    assert await problem(other.ask(previewed)) == (ErrorCode.NOT_FOUND, ("id",))
    assert await problem(imports.cancel(stranger.id, other.actor, previewed.id)) == (ErrorCode.NOT_FOUND, ("id",))
    assert (await desk.found(previewed.id)).state is State.PREVIEWED


async def test_BK_02_a_preview_expires_after_a_day(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))
    desk.clock.turn(hours=23, minutes=59)
    await imports.expire(clock=desk.clock)
    assert (await desk.found(previewed.id)).state is State.PREVIEWED

    desk.clock.turn(minutes=1)
    assert await problem(desk.ask(previewed)) == (ErrorCode.STATE, ("id",))
    assert await imports.expire(clock=desk.clock) >= 1

    assert (await desk.found(previewed.id)).state is State.EXPIRED
    async with tenant(desk.company.id):
        assert await query("SELECT * FROM import_deadline WHERE company_id = $1", desk.company.id) == []


async def test_BK_02_a_registration_that_no_worker_carries_out_has_failed_some_day(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]))
    await desk.ask(previewed)
    desk.clock.turn(hours=6)
    await asyncio.gather(*(imports.expire(clock=desk.clock) for _ in range(3)))

    failed = await desk.found(previewed.id)
    assert (failed.state, failed.refusal) == (State.FAILED, "TIMED_OUT")

    await desk.work()
    assert await desk.holders() == {}


async def test_BK_02_registering_takes_the_same_statements_for_one_row_and_for_ten(desk: Desk) -> None:
    async def statements(*numbers: str) -> int:
        await desk.ask(await desk.preview(*(person(number, f"이름{number}") for number in numbers)))
        with counted() as sent:
            await desk.work()
        return len(sent)

    assert await statements(desk.company.numbers[0]) == await statements(*desk.company.numbers[1:])


async def test_BK_02_each_act_leaves_a_record(desk: Desk) -> None:
    previewed = await desk.preview(person(desk.company.numbers[0]), person("0212345678"))
    await desk.register(previewed, OnError.SKIP_BAD_ROWS)
    other = await desk.preview(person(desk.company.numbers[0], "다른"))
    await imports.cancel(desk.company.id, desk.actor, other.id)

    async with tenant(desk.company.id):
        records = await query(
            "SELECT action, actor_kind, actor_id FROM audit_record WHERE company_id = $1 ORDER BY id", desk.company.id
        )
    acts = [(record["action"], record["actor_kind"]) for record in records]
    assert acts == [
        ("uploads.create", "ADMIN"),
        ("imports.register", "ADMIN"),
        ("imports.apply", "SYSTEM"),
        ("uploads.create", "ADMIN"),
        ("imports.cancel", "ADMIN"),
    ]
