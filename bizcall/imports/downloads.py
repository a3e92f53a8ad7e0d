"""Records of links to the files of imports: no link leaves without one (P1)."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from bizcall import audit
from bizcall.audit import Actor
from bizcall.ports import Clock


class File(StrEnum):
    """What a link leads to, as its record names it."""

    FORM = "FORM"
    REFUSED_ROWS = "REFUSED_ROWS"


async def record(company_id: UUID, actor: Actor, file: File, import_id: UUID | None = None, *, clock: Clock) -> None:
    """Record in the open transaction that somebody is about to get a link to this file, of an import perhaps."""
    subjects, kind = ([company_id], "Company") if import_id is None else ([import_id], "Import")
    await audit.record(company_id, actor, "imports.download", subjects, {"file": file}, kind=kind, clock=clock)
