"""Departments: a flat list of names, changed in a dialog whose steps are saved together (DE-01).

A department is retired, never erased: history names the one of the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from bizcall import audit, texts
from bizcall.audit import Actor
from bizcall.database import query, reading, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.ids import uuid7
from bizcall.keyed import rows_by_ids
from bizcall.models import Department
from bizcall.paging import Listing, Order
from bizcall.ports import Clock, now
from bizcall.subscribers import saving
from bizcall.subscribers.changes import Changes

NAME_MOST = 50


@dataclass(frozen=True)
class Rename:
    """A department's further name."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Removal:
    """A department to retire. Its members go to `move_to`, or to the department created at `move_to_created` in the
    same save, or, when `no_department` says so, to none.
    """

    id: UUID
    move_to: UUID | None = None
    move_to_created: int | None = None
    no_department: bool = False

    @property
    def targets(self) -> int:
        """How many answers are given to the question where the members go."""
        return (self.move_to is not None) + (self.move_to_created is not None) + self.no_department


@dataclass(frozen=True)
class Saved:
    """What a save has done: keys in the order of the input."""

    created: list[UUID]
    renamed: list[UUID]
    removed: list[UUID]


class OrderField(StrEnum):
    """What the list of departments can be ordered by."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"


COLUMNS: Mapping[OrderField, str] = {OrderField.NAME: "name", OrderField.CREATED_AT: "created_at"}


def listing(
    company_id: UUID, *, search: str = "", order: OrderField = OrderField.NAME, descending: bool = False
) -> Listing[Department]:
    """The departments that stand; `search` is a part of the name, capitals ignored."""
    rows = Department.filter(company_id=company_id, retired_at__isnull=True)
    if wanted := texts.clean(search).text:
        rows = rows.filter(name__icontains=wanted)
    return Listing(rows, Order("departments", (COLUMNS[order], "id"), descending))


async def current(company_id: UUID) -> list[Department]:
    """The departments that stand, by name: the choices of the form (BK-01)."""
    async with reading(company_id):
        return await Department.filter(company_id=company_id, retired_at__isnull=True).order_by("name")


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Department]:
    """Departments by key, retired ones included."""
    return await rows_by_ids(Department, company_id, ids)


async def member_counts(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, int]:
    """How many hold a line in each of these departments now; those without members are left out."""
    async with reading(company_id):
        rows = await query(
            "SELECT department_id, count(*) AS n FROM subscriber"
            " WHERE company_id = $1 AND department_id = ANY($2::uuid[]) AND ended_at IS NULL GROUP BY department_id",
            company_id,
            list(ids),
        )
    return {row["department_id"]: row["n"] for row in rows}


async def save(
    company_id: UUID,
    actor: Actor,
    *,
    create: Sequence[str] = (),
    rename: Sequence[Rename] = (),
    remove: Sequence[Removal] = (),
    clock: Clock = now,
) -> Saved:
    """Commit all steps of the dialog or none (DE-01); raises Invalid with a problem per step that can't be.

    Names are compared as they will stand afterwards, so two may be swapped, and a name that is given up may be taken.
    """
    async with tenant(company_id):
        # Saves of departments wait for each other, so that each sees the names that it must differ from.
        await query("SELECT id FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id)
        touched = {step.id for step in rename} | {step.id for step in remove}
        touched |= {step.move_to for step in remove if step.move_to}
        await query(
            "SELECT id FROM department WHERE company_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE",
            company_id,
            list(touched),
        )
        standing = {row.id: row.name for row in await Department.filter(company_id=company_id, retired_at__isnull=True)}
        members = await member_counts(company_id, [step.id for step in remove])
        names, new_names, problems = _named(standing, create, rename, {step.id for step in remove})
        problems += _misplaced(standing, len(create), remove, members, {step.id for step in rename})
        if problems:
            raise Invalid(*problems)
        created = [uuid7() for _ in names]
        at = clock()
        await _retire(company_id, [step.id for step in remove], at)
        await _rename(company_id, {key: name for key, name in new_names.items() if name != standing[key]})
        await _create(company_id, dict(zip(created, names, strict=True)), at)
        moved = await _move_members(company_id, remove, created, at)
        saved = Saved(created, [step.id for step in rename], [step.id for step in remove])
        acts = [
            audit.Act("departments.create", saved.created, kind="Department"),
            audit.Act("departments.rename", saved.renamed, kind="Department"),
            audit.Act("departments.remove", saved.removed, kind="Department"),
            audit.Act("subscribers.move", moved, kind="Subscriber"),
        ]
        await audit.record_all(company_id, actor, [act for act in acts if act.subjects], clock=lambda: at)
    return saved


def _named(
    standing: Mapping[UUID, str], create: Sequence[str], rename: Sequence[Rename], removed: Collection[UUID]
) -> tuple[list[str], dict[UUID, str], list[Problem]]:
    """The cleaned names of the created and the renamed, and what is wrong with names."""
    problems = []
    wanted: list[tuple[str, tuple[str, ...]]] = []
    new_names: dict[UUID, str] = {}
    for index, step in enumerate(rename):
        path = ("rename", str(index))
        if step.id not in standing:
            problems.append(Problem(ErrorCode.NOT_FOUND, (*path, "id")))
        elif step.id in new_names:
            problems.append(Problem(ErrorCode.DUPLICATE, (*path, "id")))
        new_names[step.id] = texts.clean(step.name).text
        wanted.append((new_names[step.id], (*path, "name")))
    names = [texts.clean(name).text for name in create]
    wanted += [(name, ("create", str(index), "name")) for index, name in enumerate(names)]
    kept = [name for key, name in standing.items() if key not in new_names and key not in removed]
    uses = Counter(kept) + Counter(name for name, _ in wanted)
    for name, field in wanted:
        if not name:
            problems.append(Problem(ErrorCode.REQUIRED, field))
        elif len(name) > NAME_MOST:
            problems.append(Problem(ErrorCode.TOO_LONG, field, {"maximum": str(NAME_MOST)}))
        elif uses[name] > 1:
            problems.append(Problem(ErrorCode.DUPLICATE, field))
    return names, new_names, problems


def _misplaced(
    standing: Mapping[UUID, str],
    created: int,
    remove: Sequence[Removal],
    members: Mapping[UUID, int],
    renamed: Collection[UUID],
) -> list[Problem]:
    """What is wrong with removals: whom, and where their members go."""
    problems = []
    removed = Counter(step.id for step in remove)
    for index, step in enumerate(remove):
        path = ("remove", str(index))
        if step.id not in standing:
            problems.append(Problem(ErrorCode.NOT_FOUND, (*path, "id")))
        elif removed[step.id] > 1:
            problems.append(Problem(ErrorCode.DUPLICATE, (*path, "id")))
        elif step.id in renamed:
            problems.append(Problem(ErrorCode.CONFLICT, (*path, "id")))
        elif step.targets > 1:
            problems.append(Problem(ErrorCode.CONFLICT, (*path, "moveTo")))
        elif step.targets == 0 and members.get(step.id):
            problems.append(Problem(ErrorCode.REQUIRED, (*path, "moveTo"), {"members": str(members[step.id])}))
        elif step.move_to is not None and (step.move_to not in standing or step.move_to in removed):
            problems.append(Problem(ErrorCode.NOT_FOUND, (*path, "moveTo")))
        elif step.move_to_created is not None and not 0 <= step.move_to_created < created:
            problems.append(Problem(ErrorCode.NOT_FOUND, (*path, "moveToCreated")))
    return problems


async def _retire(company_id: UUID, ids: Sequence[UUID], at: datetime) -> None:
    if ids:
        await Department.filter(company_id=company_id, id__in=list(ids)).update(retired_at=at)


async def _rename(company_id: UUID, names: Mapping[UUID, str]) -> None:
    """Two steps, because the unique index is checked row by row: a swap would meet itself."""
    if names:
        await query(
            "UPDATE department SET name = id::text WHERE company_id = $1 AND id = ANY($2::uuid[])",
            company_id,
            list(names),
        )
        await query(
            "UPDATE department SET name = v.name FROM unnest($2::uuid[], $3::text[]) AS v (id, name)"
            " WHERE department.company_id = $1 AND department.id = v.id",
            company_id,
            list(names),
            list(names.values()),
        )


async def _create(company_id: UUID, names: Mapping[UUID, str], at: datetime) -> None:
    if names:
        await query(
            "INSERT INTO department (company_id, id, name, created_at)"
            " SELECT $1, v.id, v.name, $4 FROM unnest($2::uuid[], $3::text[]) AS v (id, name)",
            company_id,
            list(names),
            list(names.values()),
            at,
        )


async def _move_members(
    company_id: UUID, remove: Sequence[Removal], created: Sequence[UUID], at: datetime
) -> list[UUID]:
    """Members of the retired departments change department, under their lines' locks; returns who they are."""
    goals = {
        step.id: step.move_to if step.move_to_created is None else created[step.move_to_created] for step in remove
    }
    if not goals:
        return []
    rows = await query(
        "SELECT line_id FROM subscriber WHERE company_id = $1 AND department_id = ANY($2::uuid[]) AND ended_at IS NULL",
        company_id,
        list(goals),
    )
    lines = await saving.lock_lines(company_id, [row["line_id"] for row in rows])
    current_holders = (await saving.holders(company_id, lines)).values()
    movers = [(holder, holder.department_id) for holder in current_holders if holder.department_id in goals]
    changes = Changes(at)
    for holder, left in movers:
        changes.move(holder, goals[left])
    await changes.write(company_id)
    return [holder.id for holder, _ in movers]
