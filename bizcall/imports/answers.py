"""The workbooks that go back to people: refused rows to mend, and beside a dropped file what became of it.

Made of what is committed, after the commit: whoever asks for the same answer twice gets the same object, so a worker
that died between the two has lost nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from bizcall import departments
from bizcall.database import query, tenant
from bizcall.imports import cells, findings, keys, refusals, storing
from bizcall.models import Import
from bizcall.models.imports import Action, Severity, Source, State
from bizcall.ports import Storage
from bizcall.sheets import Column, RefusedRow, ResultRow, refused_workbook, result_workbook

_OUTCOMES = {
    Action.NEW: "신규 등록",
    Action.CHANGED: "변경",
    Action.REPLACED: "사용자 교체",
    Action.UNCHANGED: "변경 없음",
    Action.REFUSED: "거절",
}
_NOT_REGISTERED = "등록하지 않음"

Reasons = Mapping[Column | None, str]


async def give(company_id: UUID, import_id: UUID, *, storage: Storage) -> None:
    """Store the answers that this import still lacks."""
    async with tenant(company_id, read_only=True):
        found = await Import.get_or_none(company_id=company_id, id=import_id)
    if found is None or found.state is State.CHECKING:
        return
    if found.source is Source.INBOX:
        if found.result_key is None and found.state not in storing.UNFINISHED:
            await _store(found, "result_key", await _place(found), await _result(found), storage)
    elif found.refused_key is None and found.rows_refused + found.rows_conflicting:
        await _store(found, "refused_key", keys.refused(company_id, import_id), await _refused(found), storage)


async def _place(found: Import) -> str:
    """Where the result of a dropped file goes: beside it, unless a newer file has taken its place there."""
    async with tenant(found.company_id, read_only=True):
        same_name = Import.filter(company_id=found.company_id, object_key=found.object_key)
        newest = await same_name.order_by("-created_at", "-id").first()
    return keys.result(found.object_key, found.id, replaced=newest is not None and newest.id != found.id)


async def _store(found: Import, column: str, key: str, body: bytes, storage: Storage) -> None:
    await storage.write(key, body, content_type=keys.CONTENT_TYPE)
    async with tenant(found.company_id):
        # Only if nothing has happened since: a registration in between asks for a workbook of its own.
        await Import.filter(company_id=found.company_id, id=found.id, state=found.state).update(**{column: key})


async def _refused(found: Import) -> bytes:
    async with tenant(found.company_id, read_only=True):
        reasons = await _reasons(found)
        rows = await _rows(found, list(reasons))
        choices = [row.name for row in await departments.current(found.company_id)]
    mended = (RefusedRow(values=_values(row), reasons=reasons[row["number"]]) for row in rows)
    return await asyncio.to_thread(refused_workbook, mended, choices)


async def _result(found: Import) -> bytes:
    if found.refusal is not None and found.sheet_name is None:
        told = refusals.sentence(found.refusal, found.refusal_params)
        return await asyncio.to_thread(result_workbook, [ResultRow(1, {}, _OUTCOMES[Action.REFUSED], told)])
    async with tenant(found.company_id, read_only=True):
        reasons = await _reasons(found)
        rows = await _rows(found, None)
    return await asyncio.to_thread(result_workbook, (_told(row, reasons.get(row["number"], {})) for row in rows))


def _told(row: Mapping[str, Any], reasons: Reasons) -> ResultRow:
    """A row of the result; one that stayed out because of others has no reason of its own."""
    refused = row["action"] == Action.REFUSED
    outcome = _OUTCOMES[Action(row["outcome"])] if row["outcome"] else _NOT_REGISTERED
    return ResultRow(
        number=row["number"],
        values=_values(row),
        outcome=_OUTCOMES[Action.REFUSED] if refused else outcome,
        reason=" ".join(f"[{column.label}] {text}" if column else text for column, text in reasons.items()),
    )


async def _reasons(found: Import) -> dict[int, dict[Column | None, str]]:
    """Why rows were refused: sentences by row and column."""
    told: dict[int, dict[Column | None, str]] = defaultdict(dict)
    for row in await query(
        "SELECT number, column_name, code, params FROM import_finding"
        " WHERE company_id = $1 AND import_id = $2 AND severity = $3 ORDER BY number, place",
        found.company_id,
        found.id,
        Severity.REFUSED.value,
    ):
        column = Column(row["column_name"]) if row["column_name"] else None
        sentence = findings.sentence(row["code"], orjson.loads(row["params"]))
        before = told[row["number"]].get(column)
        told[row["number"]][column] = f"{before} {sentence}" if before else sentence
    return told


async def _rows(found: Import, numbers: list[int] | None) -> list[dict[str, Any]]:
    """The rows with these numbers (None: all), each with its department's name, in the sheet's order."""
    return await query(
        """
        SELECT number, action, outcome, given, line_number, import_row.name, department.name AS department, position,
               mobile, email, rid_enabled, app_enabled
        FROM import_row
        LEFT JOIN department ON department.company_id = import_row.company_id AND department.id = department_id
        WHERE import_row.company_id = $1 AND import_id = $2 AND ($3::int[] IS NULL OR number = ANY($3::int[]))
        ORDER BY number
        """,
        found.company_id,
        found.id,
        numbers,
    )


def _values(row: Mapping[str, Any]) -> dict[Column, str]:
    """What stands in the row's cells: as the sheet had it when the row was refused, else as it would be registered."""
    if row["given"] is not None:
        return {Column(column): text for column, text in orjson.loads(row["given"]).items()}
    return cells.spelt(
        number=row["line_number"],
        name=row["name"],
        department=row["department"],
        position=row["position"],
        mobile=row["mobile"],
        email=row["email"],
        rid=row["rid_enabled"],
        app=row["app_enabled"],
    )
