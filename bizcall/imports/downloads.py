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


REASON = "BULK_REGISTRATION"
"""Why: each file is good for one thing only, to be filled in or mended and registered, so nobody is asked (P3)."""


async def record(
    company_id: UUID, actor: Actor, file: File, rows: int, import_id: UUID | None = None, *, clock: Clock
) -> None:
    """Record in the open transaction that somebody is about to get a link to this file, of an import perhaps.

    `rows` is how many people or, in a form, free lines stand in it.
    """
    subjects, kind = ([company_id], "Company") if import_id is None else ([import_id], "Import")
    details = {"file": file, "reason": REASON, "rows": rows}
    await audit.record(company_id, actor, "imports.download", subjects, details, kind=kind, clock=clock)
