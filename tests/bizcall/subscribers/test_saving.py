"""Holdings written many at once: what stands afterwards, what is refused, and what happens side by side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bizcall.database import query, tenant
from bizcall.errors import ErrorCode
from bizcall.ids import uuid7
from bizcall.models import Membership, Subscriber
from bizcall.models.companies import OnError
from bizcall.subscribers import Entry, Kind, Outcome, Seen, apply
from tests.factories import Tenant, make_tenant
from tests.statements import counted

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
ELEVEN = NINE + timedelta(hours=2)


async def saved(
    company: Tenant, *entries: Entry, at: datetime = NINE, on_error: OnError = OnError.SKIP_BAD_ROWS
) -> list[Outcome]:
    async with tenant(company.id):
        return await apply(company.id, entries, at=at, on_error=on_error)


async def holdings(company: Tenant, line_id: UUID) -> list[Subscriber]:
    async with tenant(company.id):
        return await Subscriber.filter(company_id=company.id, line_id=line_id).order_by("started_at", "ended_at")


async def memberships(
    company: Tenant, subscriber_id: UUID | None
) -> list[tuple[UUID | None, datetime, datetime | None]]:
    async with tenant(company.id):
        rows = await Membership.filter(company_id=company.id, subscriber_id=subscriber_id).order_by("started_at")
    return [(row.department_id, row.started_at, row.ended_at) for row in rows]


def refusal(outcome: Outcome) -> tuple[ErrorCode, tuple[str, ...]]:
    assert outcome.kind is Kind.REFUSED
    assert outcome.subscriber_id is None
    assert outcome.problem is not None
    return outcome.problem.code, outcome.problem.field


async def test_IN_03_saving_on_a_free_line_starts_a_holding_with_its_membership(company: Tenant) -> None:
    sales = company.departments["영업팀"]
    entry = Entry(company.line_ids[0], "김하나", department_id=sales, position="팀장", mobile="01012345678",
                  email="hana@example.com", rid_enabled=True, app_enabled=True)  # fmt: skip
    [outcome] = await saved(company, entry)
    assert outcome.kind is Kind.NEW
    [row] = await holdings(company, company.line_ids[0])
    assert row.id == outcome.subscriber_id
    assert (row.name, row.position, row.mobile, row.email) == ("김하나", "팀장", "01012345678", "hana@example.com")
    assert (row.rid_enabled, row.app_enabled, row.revision) == (True, True, 1)
    assert (row.started_at, row.ended_at, row.updated_at, row.invited_at) == (NINE, None, NINE, None)
    assert await memberships(company, row.id) == [(sales, NINE, None)]


async def test_IN_03_saving_with_the_subscribers_id_edits_the_holding(company: Tenant) -> None:
    sales, makers = company.departments.values()
    entry = Entry(company.line_ids[1], "김하나", department_id=sales)
    [first] = await saved(company, entry)
    edit = replace(entry, subscriber_id=first.subscriber_id, revision=1, name="김둘", department_id=makers)
    [second] = await saved(company, edit, at=TEN)
    assert second == Outcome(first.subscriber_id, Kind.CHANGED)
    [row] = await holdings(company, company.line_ids[1])
    assert (row.name, row.revision, row.started_at, row.updated_at) == ("김둘", 2, NINE, TEN)
    assert await memberships(company, row.id) == [(sales, NINE, TEN), (makers, TEN, None)]


async def test_IN_03_saving_on_a_held_line_without_an_id_replaces_its_holder_and_keeps_the_history(
    company: Tenant,
) -> None:
    sales = company.departments["영업팀"]
    [first] = await saved(company, Entry(company.line_ids[1], "김하나", department_id=sales))
    [second] = await saved(company, Entry(company.line_ids[1], "이둘"), at=TEN)
    assert second.kind is Kind.REPLACED
    old, young = await holdings(company, company.line_ids[1])
    assert (old.id, old.name, old.ended_at, old.department_id) == (first.subscriber_id, "김하나", TEN, sales)
    assert (young.id, young.name, young.started_at, young.ended_at) == (second.subscriber_id, "이둘", TEN, None)
    assert await memberships(company, old.id) == [(sales, NINE, TEN)]
    assert await memberships(company, young.id) == [(None, TEN, None)]


async def test_IN_04_an_unchanged_row_writes_nothing(company: Tenant) -> None:
    entry = Entry(company.line_ids[1], "김하나", mobile="01012345678")
    [first] = await saved(company, entry)
    with counted() as sent:
        [second] = await saved(company, replace(entry, subscriber_id=first.subscriber_id, revision=1), at=TEN)
    assert second == Outcome(first.subscriber_id, Kind.UNCHANGED)
    assert not [sql for sql in sent if "INSERT" in sql or sql.startswith("UPDATE")]
    [row] = await holdings(company, company.line_ids[1])
    assert (row.revision, row.updated_at) == (1, NINE)


async def test_IN_04_a_row_changed_by_someone_else_meanwhile_is_refused_not_overwritten(company: Tenant) -> None:
    entry = Entry(company.line_ids[1], "김하나")
    [first] = await saved(company, entry)
    edit = replace(entry, subscriber_id=first.subscriber_id, revision=1, name="김둘")
    await saved(company, edit, at=TEN)
    [late] = await saved(company, replace(edit, name="김셋"), at=ELEVEN)
    assert refusal(late) == (ErrorCode.CONFLICT, ("revision",))
    [row] = await holdings(company, company.line_ids[1])
    assert row.name == "김둘"


async def test_IN_04_an_edit_of_a_holding_that_has_ended_is_refused(company: Tenant) -> None:
    [first] = await saved(company, Entry(company.line_ids[1], "김하나"))
    await saved(company, Entry(company.line_ids[1], "이둘"), at=TEN)
    [late] = await saved(company, Entry(company.line_ids[1], "김셋", first.subscriber_id, 1), at=ELEVEN)
    assert refusal(late) == (ErrorCode.CONFLICT, ("subscriberId",))


async def test_IN_04_a_replacement_is_refused_when_the_line_has_another_holder_than_was_seen(company: Tenant) -> None:
    line_id = company.line_ids[1]
    [first] = await saved(company, Entry(line_id, "김하나", seen=Seen()))
    assert first.kind is Kind.NEW
    [late] = await saved(company, Entry(line_id, "이둘", seen=Seen()), at=TEN)
    assert refusal(late) == (ErrorCode.CONFLICT, ("subscriberId",))
    [stale] = await saved(company, Entry(line_id, "이둘", seen=Seen(first.subscriber_id, 7)), at=TEN)
    assert refusal(stale) == (ErrorCode.CONFLICT, ("subscriberId",))
    [right] = await saved(company, Entry(line_id, "이둘", seen=Seen(first.subscriber_id, 1)), at=TEN)
    assert right.kind is Kind.REPLACED


async def test_IN_02_a_rid_is_switched_on_only_where_the_line_has_one(company: Tenant) -> None:
    with_rid, without = await saved(
        company,
        Entry(company.line_ids[0], "김하나", rid_enabled=True),
        Entry(company.line_ids[1], "이둘", rid_enabled=True),
    )
    assert with_rid.kind is Kind.NEW
    assert refusal(without) == (ErrorCode.NO_RID, ("ridEnabled",))


async def test_IN_04_one_bad_row_keeps_all_from_being_written_where_all_or_nothing_is_asked(company: Tenant) -> None:
    good, bad = Entry(company.line_ids[1], "김하나"), Entry(uuid7(), "이둘")
    outcomes = await saved(company, good, bad, on_error=OnError.REJECT_ALL)
    assert [outcome.kind for outcome in outcomes] == [Kind.NEW, Kind.REFUSED]
    assert await holdings(company, company.line_ids[1]) == []
    outcomes = await saved(company, good, bad, on_error=OnError.SKIP_BAD_ROWS)
    assert [outcome.kind for outcome in outcomes] == [Kind.NEW, Kind.REFUSED]
    assert len(await holdings(company, company.line_ids[1])) == 1


async def test_a_line_that_stands_twice_in_a_batch_is_refused_the_second_time(company: Tenant) -> None:
    first, second = await saved(company, Entry(company.line_ids[1], "김하나"), Entry(company.line_ids[1], "이둘"))
    assert first.kind is Kind.NEW
    assert refusal(second) == (ErrorCode.DUPLICATE, ("lineId",))


async def test_another_companys_ids_answer_as_missing_ones_do(company: Tenant, stranger: Tenant) -> None:
    [theirs] = await saved(stranger, Entry(stranger.line_ids[1], "남의 사람"))
    [ours] = await saved(company, Entry(company.line_ids[2], "우리 사람"))
    for line, department, subscriber in (
        (stranger.line_ids[1], stranger.departments["영업팀"], theirs.subscriber_id),
        (uuid7(), uuid7(), uuid7()),
    ):
        outcomes = await saved(
            company,
            Entry(line, "김하나"),
            Entry(company.line_ids[1], "김하나", department_id=department),
            Entry(company.line_ids[2], "김하나", subscriber, 1),
        )
        assert [refusal(outcome) for outcome in outcomes] == [
            (ErrorCode.NOT_FOUND, ("lineId",)),
            (ErrorCode.NOT_FOUND, ("departmentId",)),
            (ErrorCode.NOT_FOUND, ("subscriberId",)),
        ]
    [row] = await holdings(stranger, stranger.line_ids[1])
    assert row.name == "남의 사람"
    [row] = await holdings(company, company.line_ids[2])
    assert (row.id, row.name) == (ours.subscriber_id, "우리 사람")


async def test_two_changes_at_one_moment_leave_one_membership(company: Tenant) -> None:
    sales, makers = company.departments.values()
    entry = Entry(company.line_ids[1], "김하나", department_id=sales)
    [first] = await saved(company, entry)
    edit = replace(entry, subscriber_id=first.subscriber_id, revision=1, department_id=makers)
    [second] = await saved(company, edit, at=NINE)
    assert second.kind is Kind.CHANGED
    assert await memberships(company, first.subscriber_id) == [(makers, NINE, None)]


async def test_a_clock_that_runs_behind_makes_no_interval_overlap(company: Tenant) -> None:
    line_id = company.line_ids[1]
    sales, makers = company.departments.values()
    [first] = await saved(company, Entry(line_id, "김하나", department_id=sales), at=TEN)
    edit = Entry(line_id, "김하나", first.subscriber_id, 1, department_id=makers)
    await saved(company, edit, at=NINE)
    await saved(company, Entry(line_id, "이둘"), at=NINE)
    old, young = await holdings(company, line_id)
    assert (old.started_at, old.ended_at, young.started_at) == (TEN, TEN, TEN)
    assert await memberships(company, old.id) == [(makers, TEN, TEN)]


async def test_two_thousand_rows_take_at_most_eight_statements(db: None) -> None:
    company = await make_tenant(lines=2_000)
    sales, makers = company.departments.values()
    entries = [Entry(key, f"사람{i}", department_id=sales) for i, key in enumerate(company.line_ids)]
    outcomes = await saved(company, *entries)
    again = [
        # A third edits and changes department, a third replaces, a third names a holding that never was.
        replace(entry, subscriber_id=(outcome.subscriber_id, None, uuid7())[i % 3], revision=1, department_id=makers)
        for i, (entry, outcome) in enumerate(zip(entries, outcomes, strict=True))
    ]
    with counted() as sent:
        kinds = [outcome.kind for outcome in await saved(company, *again, at=TEN)]
    assert kinds[:3] == [Kind.CHANGED, Kind.REPLACED, Kind.REFUSED]
    # One of them names the company to row-level security.
    assert len(sent) - 1 <= 8


async def test_IN_04_of_two_parallel_saves_of_one_row_one_wins(company: Tenant) -> None:
    entry = Entry(company.line_ids[1], "김하나")
    [first] = await saved(company, entry)
    edits = [replace(entry, subscriber_id=first.subscriber_id, revision=1, name=name) for name in ("김둘", "김셋")]
    results = [outcome for [outcome] in await asyncio.gather(*(saved(company, edit, at=TEN) for edit in edits))]
    assert sorted(outcome.kind for outcome in results) == [Kind.CHANGED, Kind.REFUSED]
    assert refusal(min(results, key=lambda outcome: outcome.kind is Kind.CHANGED))[0] is ErrorCode.CONFLICT


async def test_twenty_parallel_saves_leave_exactly_one_holder(company: Tenant) -> None:
    line_id = company.line_ids[1]
    results = await asyncio.gather(*(saved(company, Entry(line_id, f"사람{i}"), at=NINE) for i in range(20)))
    assert sorted(outcome.kind for [outcome] in results) == [Kind.NEW] + [Kind.REPLACED] * 19
    rows = await holdings(company, line_id)
    assert len(rows) == 20
    assert [row.ended_at for row in rows].count(None) == 1


@pytest.mark.parametrize("rounds", [6])
async def test_overlapping_sets_in_any_order_do_not_deadlock(company: Tenant, rounds: int) -> None:
    async def save(turn: int) -> list[Outcome]:
        departments = list(company.departments.values())[:: 1 if turn % 2 else -1]
        lines = company.line_ids[turn % 3 :][:: 1 if turn % 2 else -1]
        return await saved(
            company, *(Entry(key, f"사람{turn}", department_id=departments[i % 2]) for i, key in enumerate(lines))
        )

    for _ in range(rounds):
        for outcomes in await asyncio.gather(*(save(turn) for turn in range(8))):
            assert {outcome.kind for outcome in outcomes} <= {Kind.NEW, Kind.REPLACED}
    async with tenant(company.id):
        [found] = await query(
            "SELECT count(*) AS n, count(DISTINCT line_id) AS lines FROM subscriber"
            " WHERE company_id = $1 AND ended_at IS NULL",
            company.id,
        )
    assert found == {"n": 10, "lines": 10}
