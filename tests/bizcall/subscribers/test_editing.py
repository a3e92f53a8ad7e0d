"""What a save of the screen leaves behind besides the rows: audit records, and the answer kept for its key (IN-04)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.models.companies import OnError
from bizcall.subscribers import Kind, editing
from bizcall.subscribers.editing import Draft, Saved
from tests.factories import Tenant

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)


async def save(company: Tenant, *drafts: Draft, **options: Any) -> Saved:
    actor = Actor(ActorKind.ADMIN, company.admin_id, "203.0.113.7", "request-1")
    return await editing.save(company.id, actor, drafts, clock=lambda: NINE, **options)


async def records(company: Tenant) -> list[dict[str, Any]]:
    async with tenant(company.id):
        return await query(
            "SELECT actor_id, action, subject_kind, subject_ids, details::text AS details, at FROM audit_record"
            " WHERE company_id = $1 ORDER BY id",
            company.id,
        )


async def test_a_save_records_whose_data_it_has_changed_and_no_personal_data(company: Tenant) -> None:
    first, second = company.line_ids[1:3]
    [old] = (await save(company, Draft(first, {"name": "김하나"}))).outcomes
    saved = await save(
        company, Draft(first, {"name": "이둘", "mobile": "01012345678"}), Draft(second, {"name": "박셋"})
    )
    young, other = [outcome.subscriber_id for outcome in saved.outcomes]
    assert saved.outcomes[0].ended_id == old.subscriber_id
    record = (await records(company))[-1]
    assert (record["actor_id"], record["action"], record["at"]) == (company.admin_id, "subscribers.save", NINE)
    assert (record["subject_kind"], record["subject_ids"]) == ("Subscriber", [young, other, old.subscriber_id])
    assert record["details"] == '{"new": 1, "replaced": 1}'


async def test_what_changes_nothing_is_not_recorded(company: Tenant) -> None:
    line = company.line_ids[1]
    [first] = (await save(company, Draft(line, {"name": "김하나"}))).outcomes
    assert first.subscriber_id is not None
    [same] = (await save(company, Draft(line, {"name": "김하나"}, first.subscriber_id, 1))).outcomes
    assert same.kind is Kind.UNCHANGED
    with pytest.raises(Invalid):
        await save(company, Draft(line, {"name": "김둘"}, first.subscriber_id, 1), Draft(uuid7(), {"name": "이둘"}))
    assert len(await records(company)) == 1


async def test_IN_04_a_repeated_key_gets_the_first_answer_with_its_refusals(company: Tenant) -> None:
    drafts = [Draft(company.line_ids[1], {"name": "김하나"}), Draft(company.line_ids[2], {"name": "x" * 51})]
    options: dict[str, Any] = {"on_error": OnError.SKIP_BAD_ROWS, "idempotency_key": "key"}
    first = await save(company, *drafts, **options)
    assert await save(company, *drafts, **options) == first
    assert first.problems == [Problem(ErrorCode.TOO_LONG, ("rows", "1", "name"), {"maximum": "50"})]
    assert isinstance(first.outcomes[0].subscriber_id, UUID)
    assert len(await records(company)) == 1


async def test_IN_04_an_edit_from_a_revision_that_is_yet_to_come_is_a_conflict(company: Tenant) -> None:
    [first] = (await save(company, Draft(company.line_ids[1], {"name": "김하나"}))).outcomes
    with pytest.raises(Invalid) as refused:
        await save(company, Draft(company.line_ids[1], {"position": "팀장"}, first.subscriber_id, 2))
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [
        (ErrorCode.CONFLICT, ("rows", "0", "revision"))
    ]


async def test_IN_04_a_replacement_under_a_key_is_answered_and_repeated_like_any_other(company: Tenant) -> None:
    line = company.line_ids[0]
    [before] = (await save(company, Draft(line, {"name": "김하나"}))).outcomes
    options: dict[str, Any] = {"idempotency_key": "replacement"}

    replaced = await save(company, Draft(line, {"name": "이두리"}), **options)

    assert (replaced.outcomes[0].kind, replaced.outcomes[0].ended_id) == (Kind.REPLACED, before.subscriber_id)
    assert await save(company, Draft(line, {"name": "이두리"}), **options) == replaced
