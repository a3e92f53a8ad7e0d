"""The audit trail over GraphQL: list, filters, orders, labels, and that reading it is recorded itself (P1, P2)."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bizcall import audit
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from resolvers.audit import ACTIONS_MOST
from schema.audit import LABELS
from schema.node import encode
from tests.accounts import Person, records
from tests.console import Console, console
from tests.factories import Tenant

BIZCALL = Path(__file__).parents[2] / "bizcall"
ACTION = re.compile(r"[a-z]+\.[a-z_]+")
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
LIST = """
query (
  $first: Int, $after: String, $last: Int, $before: String, $filter: AuditRecordFilter, $orderBy: AuditRecordOrder
) {
  auditRecords(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    nodes {
      id actedAt actorKind actor { name } action actionLabel subjectKind subjectCount subjectIds address requestId
      details { name value }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount { value precision }
  }
}
"""
ACTIONS = "query ($filter: AuditRecordFilter) { auditRecords(first: 100, filter: $filter) { nodes { action } } }"


@pytest.fixture
async def client(company: Tenant) -> AsyncIterator[Console]:
    async with console(company) as made:
        yield made


async def act(company: Tenant, action: str, minute: int = 0, *subjects: UUID, **named: Any) -> None:
    """A record of the administrator's, so many minutes after START."""
    actor = named.pop("actor", Actor(ActorKind.ADMIN, company.admin_id, "203.0.113.7", "request-1"))
    async with tenant(company.id):
        await audit.record(
            company.id,
            actor,
            action,
            subjects,
            named,
            kind="Subscriber" if subjects else "",
            clock=lambda: START + timedelta(minutes=minute),
        )


async def actions(client: Console, **wanted: Any) -> list[str]:
    """The actions that a filter lets through, without those of having asked."""
    nodes = (await client.ask(ACTIONS, filter=wanted))["nodes"]
    return [node["action"] for node in nodes if node["action"] != "audit.view"]


async def test_P1_a_record_tells_who_did_what_to_whom_from_where(company: Tenant, client: Console) -> None:
    subjects = [uuid7(), uuid7()]
    await Person(company).register()
    await act(company, "subscribers.save", 0, *subjects, new=2, onError="REJECT_ALL", ok=True)
    page = await client.ask(LIST, first=10, filter={"actions": ["subscribers."]})
    (node,) = page["nodes"]
    assert node.pop("id")
    assert node == {
        "actedAt": "2026-03-01T09:00:00+00:00",
        "actorKind": "ADMIN",
        "actor": {"name": "김관리"},
        "action": "subscribers.save",
        "actionLabel": "사용자 등록·변경",
        "subjectKind": "Subscriber",
        "subjectCount": 2,
        "subjectIds": [encode("Subscriber", key) for key in subjects],
        "address": "203.0.113.7",
        "requestId": "request-1",
        "details": [
            {"name": "new", "value": "2"},
            {"name": "ok", "value": "true"},
            {"name": "onError", "value": "REJECT_ALL"},
        ],
    }
    assert page["totalCount"] == {"value": 1, "precision": "EXACT"}


async def test_P1_reading_the_trail_is_recorded_also_where_nothing_is_found(company: Tenant, client: Console) -> None:
    assert (await client.ask(LIST, first=10))["nodes"] == []
    (first,) = await records(company.id)
    assert (first["action"], first["subject_ids"], first["details"]) == ("audit.view", [], '{"count": 0}')
    (seen,) = (await client.ask(LIST, first=10))["nodes"]
    assert (seen["action"], seen["actionLabel"]) == ("audit.view", "감사 기록 조회")
    assert [row["subject_ids"] for row in await records(company.id)] == [[], [first["id"]]]
    await client.ask("{ auditRecords(first: 1) { totalCount { value } } }")
    assert len(await records(company.id)) == 3


async def test_the_list_is_walked_both_ways_in_both_orders(company: Tenant, client: Console) -> None:
    for minute in (0, 1, 1, 2, 3):
        await act(company, f"x.n{minute}", minute)
    wanted = {"until": "2026-04-01T00:00:00Z"}

    async def walk(step: str, cursor: str, edge: str, **order: Any) -> list[str]:
        found, place = [], None
        while True:
            page = await client.ask(LIST, **{step: 2, cursor: place}, filter=wanted, **order)
            nodes = [node["action"] for node in page["nodes"]]
            found += nodes if step == "first" else nodes[::-1]
            more = page["pageInfo"]["hasNextPage" if step == "first" else "hasPreviousPage"]
            if not more:
                return found
            place = page["pageInfo"][edge]

    newest = ["x.n3", "x.n2", "x.n1", "x.n1", "x.n0"]
    assert await walk("first", "after", "endCursor") == newest
    assert await walk("last", "before", "startCursor") == newest[::-1]
    ascending = {"orderBy": {"direction": "ASC"}}
    assert await walk("first", "after", "endCursor", **ascending) == newest[::-1]
    assert await walk("last", "before", "startCursor", **ascending) == newest


async def test_records_are_found_by_time_action_actor_and_subject(company: Tenant, client: Console) -> None:
    whom, colleague = uuid7(), uuid7()
    await act(company, "subscribers.save", 0, whom)
    await act(company, "subscribers.move", 1, uuid7(), whom)
    await act(company, "subscribersx.save", 2)
    await act(company, "admins.sign_in", 3, actor=Actor(ActorKind.ADMIN, colleague))
    await act(company, "imports.apply", 4, actor=audit.system())
    assert await actions(client, **{"from": "2026-03-01T09:03:00Z"}) == ["imports.apply", "admins.sign_in"]
    assert await actions(client, until="2026-03-01T18:01:00+09:00") == ["subscribers.save"]
    assert await actions(client, actions=["subscribers."]) == ["subscribers.move", "subscribers.save"]
    assert await actions(client, actions=["imports.apply", "admins."]) == ["imports.apply", "admins.sign_in"]
    assert await actions(client, actions=["imports"]) == []
    assert await actions(client, actions=["%.", "_."]) == []
    assert await actions(client, actions=[]) == []
    assert await actions(client, actorId=encode("Admin", colleague)) == ["admins.sign_in"]
    assert await actions(client, actorId=encode("Subscriber", colleague)) == []
    assert await actions(client, subjectId=encode("Subscriber", whom)) == ["subscribers.move", "subscribers.save"]
    assert await actions(client, subjectId=encode("Department", whom)) == []
    for nothing in ("", "x", "가" * 500):
        assert await actions(client, subjectId=nothing) == []
        assert await actions(client, actorId=nothing) == []


async def test_too_many_actions_are_refused(client: Console) -> None:
    answer = await client.answer(ACTIONS, filter={"actions": ["x.y"] * (ACTIONS_MOST + 1)})
    (error,) = answer["errors"]
    assert error["extensions"]["problems"][0]["field"] == ["filter", "actions"]


async def test_another_companys_records_are_not_there(company: Tenant, stranger: Tenant, client: Console) -> None:
    whom = uuid7()
    await act(stranger, "subscribers.save", 0, whom)
    (row,) = await records(stranger.id)
    assert await actions(client) == []
    assert await actions(client, subjectId=encode("Subscriber", whom)) == []
    found = await client.answer(f'{{ node(id: "{encode("AuditRecord", row["id"])}") {{ id }} }}')
    assert found["data"] == {"node": None}


async def test_a_long_record_shows_its_first_subjects_and_counts_all(company: Tenant, client: Console) -> None:
    await act(company, "subscribers.view", 0, *(uuid7() for _ in range(150)))
    (node,) = (await client.ask(LIST, first=1))["nodes"]
    assert (len(node["subjectIds"]), node["subjectCount"]) == (100, 150)


@pytest.mark.parametrize("kind", list(ActorKind))
async def test_everybody_who_acts_is_told(company: Tenant, client: Console, kind: ActorKind) -> None:
    await act(company, "x.y", actor=Actor(kind))
    (node,) = (await client.ask(LIST, first=1))["nodes"]
    assert (node["actorKind"], node["actor"], node["actionLabel"]) == (kind, None, "x.y")


async def test_labels_are_told_in_the_language_asked_for(company: Tenant, client: Console) -> None:
    await act(company, "admins.sign_in")
    client.http.headers["accept-language"] = "en"
    (node,) = (await client.ask(LIST, first=1))["nodes"]
    assert node["actionLabel"] == "Signed in"


async def test_the_newest_page_is_read_from_an_index(company: Tenant) -> None:
    listing = audit.listing(company.id)
    sql = listing.rows.order_by("-at", "-id").limit(101).sql(params_inline=True)
    async with tenant(company.id):
        # Of a few rows the planner would rather sort.
        for method in ("seqscan", "bitmapscan", "sort"):
            await query(f"SET LOCAL enable_{method} = off")
        plan = "\n".join(row["QUERY PLAN"] for row in await query(f"EXPLAIN {sql}"))
    assert "audit_record_at" in plan
    assert "Sort" not in plan


def used() -> Iterator[str]:
    """The actions that the code records: the texts of that form in the modules that write records, and the views."""
    for path in BIZCALL.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            if name in ("View", "Act", "audit.Act"):
                yield from _texts(call.args[0], tree)
            elif name in ("audit.record", "record") and len(call.args) > 2:
                yield from _texts(call.args[2], tree)


def _texts(given: ast.expr, tree: ast.Module) -> Iterator[str]:
    """A constant, or what a name may stand for: the texts of that form anywhere in the module."""
    where: ast.AST = given if isinstance(given, ast.Constant) else tree
    for node in ast.walk(where):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ACTION.fullmatch(node.value):
            yield node.value


def test_every_action_of_the_code_has_a_label_in_both_languages() -> None:
    found = set(used())
    assert {"subscribers.save", "departments.rename", "admins.sign_in_lock", "audit.view", "imports.download"} <= found
    assert found == LABELS.keys()
    assert all(korean and english and korean != english for korean, english in LABELS.values())


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_P1_a_moment_beyond_the_calendar_is_told_as_the_clients_fault(client: Console, moment: str) -> None:
    answer = await client.answer(ACTIONS, filter={"from": moment})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
