"""Whatever is applied in whatever order, holdings and memberships tell one consistent story (IN-03)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizcall import departments
from bizcall.audit import system
from bizcall.database import query, tenant
from bizcall.departments import Removal
from bizcall.errors import Invalid
from bizcall.subscribers import Entry, Seen, apply, editing, holders
from tests.factories import Tenant, make_tenant

START = datetime(2027, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One thing that happens: rows saved, a line freed or a department removed; `minute` may run backwards."""

    minute: int
    kind: str
    rows: list[tuple[int, str, int, int]]


rows = st.lists(
    st.tuples(
        st.integers(0, 2),  # which line
        st.sampled_from(["edit", "stale", "replace", "seen", "unchanged"]),
        st.integers(0, 2),  # which department, the last being none
        st.integers(0, 3),  # which name
    ),
    min_size=1,
    max_size=4,
)
steps = st.lists(
    st.builds(Step, st.integers(0, 5), st.sampled_from(["save", "save", "save", "free", "reorganise"]), rows),
    min_size=1,
    max_size=8,
)


async def entries(company: Tenant, choices: list[UUID | None], step: Step) -> list[Entry]:
    """What the step's rows mean as things stand."""
    now = await holders(company.id, company.line_ids)
    made = []
    for line, kind, department, name in step.rows:
        line_id = company.line_ids[line]
        holder = now.get(line_id)
        entry: dict[str, Any] = {"name": f"사람{name}", "department_id": choices[department]}
        if holder and kind == "unchanged":
            entry = {"name": holder.name, "department_id": holder.department_id}
        if holder and kind in ("edit", "stale", "unchanged"):
            entry |= {"subscriber_id": holder.id, "revision": holder.revision - (kind == "stale")}
        if kind == "seen":
            entry["seen"] = Seen(holder.id, holder.revision) if holder else Seen()
        made.append(Entry(line_id, **entry))
    return made


async def happen(company: Tenant, step: Step) -> None:
    """Do the step."""
    at = START + timedelta(minutes=step.minute)
    standing = [row.id for row in await departments.current(company.id)][:2]
    choices = [*standing, *[None] * (3 - len(standing))]
    if step.kind == "reorganise" and choices[0]:
        await departments.save(
            company.id,
            system(),
            create=[f"부서 {step.minute} {choices[0]}"[:50]],
            remove=[Removal(choices[0], move_to=choices[1], no_department=choices[1] is None)],
            clock=lambda: at,
        )
        return
    async with tenant(company.id):
        wanted = await entries(company, choices, step)
        if step.kind == "save":
            await apply(company.id, wanted, at=at)
            return
        found = (await holders(company.id, [wanted[0].line_id])).get(wanted[0].line_id)
    if found:
        try:
            await editing.remove(company.id, system(), found.id, revision=found.revision, clock=lambda: at)
        except Invalid as refused:
            raise AssertionError("nobody else was there") from refused


async def check(company: Tenant) -> None:
    """The story holds together."""
    async with tenant(company.id):
        people = await query(
            "SELECT id, line_id, department_id, started_at, ended_at, updated_at FROM subscriber"
            " WHERE company_id = $1 ORDER BY line_id, started_at, ended_at NULLS LAST",
            company.id,
        )
        spans = await query(
            "SELECT subscriber_id, department_id, started_at, ended_at FROM membership"
            " WHERE company_id = $1 ORDER BY subscriber_id, started_at",
            company.id,
        )
    for line_id in company.line_ids:
        told = [row for row in people if row["line_id"] == line_id]
        assert [row["ended_at"] for row in told].count(None) <= 1
        for before, after in pairwise(told):
            assert before["ended_at"] is not None
            assert before["ended_at"] <= after["started_at"]
    for person in people:
        own = [span for span in spans if span["subscriber_id"] == person["id"]]
        assert own[0]["started_at"] == person["started_at"]
        for before, after in pairwise(own):
            assert before["started_at"] < before["ended_at"] == after["started_at"]
        assert own[-1]["ended_at"] == person["ended_at"]
        assert own[-1]["department_id"] == person["department_id"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(story=steps)
async def test_IN_03_any_sequence_of_changes_leaves_one_consistent_history(db: None, story: list[Step]) -> None:
    company = await make_tenant(lines=3)
    for step in story:
        await happen(company, step)
        await check(company)
