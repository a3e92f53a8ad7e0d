"""The departments dialog (DE-01): all steps together, names unique as they will stand, members taken care of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import departments
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.departments import Removal, Rename, Saved
from bizcall.errors import ErrorCode, Invalid
from bizcall.ids import uuid7
from bizcall.models import Membership, Subscriber
from bizcall.subscribers import Entry, Kind, apply
from tests.factories import Tenant

ACTOR = Actor(ActorKind.ADMIN, UUID(int=1))
NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)


async def save(company: Tenant, **steps: Any) -> Saved:
    return await departments.save(company.id, ACTOR, **steps, clock=lambda: TEN)


async def refused(company: Tenant, **steps: Any) -> list[tuple[ErrorCode, tuple[str, ...]]]:
    before = await names(company)
    with pytest.raises(Invalid) as caught:
        await save(company, **steps)
    assert await names(company) == before
    return [(problem.code, problem.field) for problem in caught.value.problems]


async def names(company: Tenant) -> dict[str, UUID]:
    return {row.name: row.id for row in await departments.current(company.id)}


async def register(company: Tenant, department_id: UUID, lines: Sequence[UUID]) -> list[UUID | None]:
    async with tenant(company.id):
        outcomes = await apply(company.id, [Entry(key, "사람", department_id=department_id) for key in lines], at=NINE)
    return [outcome.subscriber_id for outcome in outcomes]


async def memberships(
    company: Tenant, subscriber_id: UUID | None
) -> list[tuple[UUID | None, datetime, datetime | None]]:
    async with tenant(company.id):
        rows = await Membership.filter(company_id=company.id, subscriber_id=subscriber_id).order_by("started_at")
    return [(row.department_id, row.started_at, row.ended_at) for row in rows]


async def test_DE_01_all_steps_are_committed_together(company: Tenant) -> None:
    sales, makers = company.departments.values()
    saved = await save(company, create=[" 총무팀 "], rename=[Rename(sales, "국내영업팀")], remove=[Removal(makers)])
    assert await names(company) == {"총무팀": saved.created[0], "국내영업팀": sales}
    assert (saved.renamed, saved.removed) == ([sales], [makers])
    assert (await departments.by_ids(company.id, [makers]))[makers].retired_at == TEN
    async with tenant(company.id):
        records = await query(
            "SELECT action, subject_ids FROM audit_record WHERE company_id = $1 ORDER BY id", company.id
        )
    assert [(record["action"], record["subject_ids"]) for record in records] == [
        ("departments.create", saved.created),
        ("departments.rename", [sales]),
        ("departments.remove", [makers]),
    ]


async def test_DE_01_two_departments_swap_their_names(company: Tenant) -> None:
    sales, makers = company.departments.values()
    await save(company, rename=[Rename(sales, "개발팀"), Rename(makers, "영업팀")])
    assert await names(company) == {"개발팀": sales, "영업팀": makers}


async def test_DE_01_a_name_that_is_given_up_may_be_taken(company: Tenant) -> None:
    sales, makers = company.departments.values()
    saved = await save(company, create=["영업팀"], rename=[Rename(sales, "개발팀")], remove=[Removal(makers)])
    assert await names(company) == {"영업팀": saved.created[0], "개발팀": sales}


async def test_DE_01_names_are_unique_after_trimming_and_composing(company: Tenant) -> None:
    sales = company.departments["영업팀"]
    decomposed = "\u110b\u1167\u11bc\u110b\u1165\u11b8\u1110\u1175\u11b7"
    assert await refused(company, create=[f" {decomposed} "]) == [(ErrorCode.DUPLICATE, ("create", "0", "name"))]
    assert await refused(company, rename=[Rename(sales, "개발팀")]) == [(ErrorCode.DUPLICATE, ("rename", "0", "name"))]
    assert await refused(company, create=["총무팀", "총무팀"]) == [
        (ErrorCode.DUPLICATE, ("create", "0", "name")),
        (ErrorCode.DUPLICATE, ("create", "1", "name")),
    ]


async def test_DE_01_names_have_one_to_fifty_characters(company: Tenant) -> None:
    assert await refused(company, create=[" \u200b ", "가" * 51]) == [
        (ErrorCode.REQUIRED, ("create", "0", "name")),
        (ErrorCode.TOO_LONG, ("create", "1", "name")),
    ]
    await save(company, create=["가" * 50])
    assert "가" * 50 in await names(company)


async def test_DE_01_renaming_to_the_same_name_changes_nothing(company: Tenant) -> None:
    sales = company.departments["영업팀"]
    await save(company, rename=[Rename(sales, "영업팀")])
    assert await names(company) == company.departments


async def test_DE_01_removing_one_with_members_needs_to_know_where_they_go(company: Tenant) -> None:
    sales, makers = company.departments.values()
    await register(company, sales, company.line_ids[:2])
    assert await refused(company, remove=[Removal(sales)]) == [(ErrorCode.REQUIRED, ("remove", "0", "moveTo"))]
    both = Removal(sales, move_to=makers, no_department=True)
    assert await refused(company, remove=[both]) == [(ErrorCode.CONFLICT, ("remove", "0", "moveTo"))]
    for goal in (sales, uuid7()):
        assert await refused(company, remove=[Removal(sales, move_to=goal)]) == [
            (ErrorCode.NOT_FOUND, ("remove", "0", "moveTo"))
        ]
    beyond = Removal(sales, move_to_created=1)
    assert await refused(company, create=["총무팀"], remove=[beyond]) == [
        (ErrorCode.NOT_FOUND, ("remove", "0", "moveToCreated"))
    ]


@pytest.mark.parametrize("goal", ["another", "created", "none"])
async def test_DE_01_members_follow_and_history_names_the_department_of_the_time(company: Tenant, goal: str) -> None:
    sales, makers = company.departments.values()
    [person] = await register(company, sales, company.line_ids[:1])
    if goal == "another":
        await save(company, remove=[Removal(sales, move_to=makers)])
        target: UUID | None = makers
    elif goal == "created":
        target = (await save(company, create=["총무팀"], remove=[Removal(sales, move_to_created=0)])).created[0]
    else:
        await save(company, remove=[Removal(sales, no_department=True)])
        target = None
    async with tenant(company.id):
        row = await Subscriber.get(company_id=company.id, id=person)
        records = await query(
            "SELECT action, subject_ids FROM audit_record WHERE company_id = $1 ORDER BY id", company.id
        )
    assert (row.department_id, row.revision, row.ended_at) == (target, 2, None)
    assert await memberships(company, person) == [(sales, NINE, TEN), (target, TEN, None)]
    assert (records[-1]["action"], records[-1]["subject_ids"]) == ("subscribers.move", [person])


async def test_another_companys_departments_answer_as_missing_ones_do(company: Tenant, stranger: Tenant) -> None:
    for foreign in (stranger.departments["영업팀"], uuid7()):
        steps = {
            "rename": [Rename(foreign, "가")],
            "remove": [Removal(foreign), Removal(company.departments["개발팀"], move_to=foreign)],
        }
        assert await refused(company, **steps) == [
            (ErrorCode.NOT_FOUND, ("rename", "0", "id")),
            (ErrorCode.NOT_FOUND, ("remove", "0", "id")),
            (ErrorCode.NOT_FOUND, ("remove", "1", "moveTo")),
        ]
        assert await departments.by_ids(company.id, [foreign]) == {}
    assert await names(stranger) == stranger.departments


async def test_steps_that_contradict_each_other_are_refused(company: Tenant) -> None:
    sales, makers = company.departments.values()
    assert await refused(company, rename=[Rename(sales, "가"), Rename(sales, "나")]) == [
        (ErrorCode.DUPLICATE, ("rename", "1", "id"))
    ]
    assert await refused(company, rename=[Rename(sales, "가")], remove=[Removal(sales)]) == [
        (ErrorCode.CONFLICT, ("remove", "0", "id"))
    ]
    assert await refused(company, remove=[Removal(makers), Removal(makers)]) == [
        (ErrorCode.DUPLICATE, ("remove", "0", "id")),
        (ErrorCode.DUPLICATE, ("remove", "1", "id")),
    ]


async def test_of_parallel_saves_of_one_name_one_wins(company: Tenant) -> None:
    found = await asyncio.gather(*(save(company, create=["총무팀"]) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(each, Saved) for each in found) == 1
    assert sum(isinstance(each, Invalid) for each in found) == 4


async def test_registering_and_removing_side_by_side_leaves_nobody_in_a_retired_department(company: Tenant) -> None:
    sales, makers = company.departments.values()
    await register(company, sales, company.line_ids[:5])

    async def hire(turn: int) -> set[Kind]:
        async with tenant(company.id):
            entries = [
                Entry(key, f"사람{turn}", department_id=(sales, makers)[turn % 2]) for key in company.line_ids[turn:]
            ]
            return {outcome.kind for outcome in await apply(company.id, entries[::-1], at=TEN)}

    kinds = await asyncio.gather(
        hire(0), hire(1), save(company, remove=[Removal(sales, move_to=makers)]), hire(2), hire(3)
    )
    assert isinstance(kinds[2], Saved)
    async with tenant(company.id):
        found = await Subscriber.filter(company_id=company.id, ended_at__isnull=True, department_id=sales).count()
        open_rows = await query(
            "SELECT count(*) AS n FROM membership JOIN subscriber ON subscriber.company_id = membership.company_id"
            " AND subscriber.id = membership.subscriber_id WHERE membership.company_id = $1"
            " AND membership.ended_at IS NULL AND membership.department_id IS DISTINCT FROM subscriber.department_id",
            company.id,
        )
    assert found == 0
    assert open_rows == [{"n": 0}]


async def test_a_removal_waits_for_a_registration_that_is_under_way_and_sees_its_members(company: Tenant) -> None:
    sales = company.departments["영업팀"]
    registered, release = asyncio.Event(), asyncio.Event()

    async def hire() -> None:
        async with tenant(company.id):
            await apply(company.id, [Entry(company.line_ids[0], "김하나", department_id=sales)], at=NINE)
            registered.set()
            await release.wait()

    hiring = asyncio.create_task(hire())
    await registered.wait()
    removing = asyncio.create_task(save(company, remove=[Removal(sales)]))
    done, _ = await asyncio.wait([removing], timeout=0.3)
    release.set()
    await hiring
    with pytest.raises(Invalid) as refused:
        await removing
    assert not done
    assert [problem.field for problem in refused.value.problems] == [("remove", "0", "moveTo")]


async def test_a_registration_into_a_department_that_is_being_removed_is_refused(company: Tenant) -> None:
    sales = company.departments["영업팀"]
    removed, release = asyncio.Event(), asyncio.Event()

    async def retire() -> None:
        async with tenant(company.id):
            await query(
                "UPDATE department SET retired_at = $2 WHERE company_id = $1 AND id = $3", company.id, TEN, sales
            )
            removed.set()
            await release.wait()

    retiring = asyncio.create_task(retire())
    await removed.wait()
    hiring = asyncio.create_task(register(company, sales, company.line_ids[:1]))
    done, _ = await asyncio.wait([hiring], timeout=0.3)
    release.set()
    await retiring
    assert await hiring == [None]
    assert not done
