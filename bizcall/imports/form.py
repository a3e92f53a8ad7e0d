"""The form to fill in (BK-01): the company's free lines in a workbook, to be downloaded from the bucket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from bizcall import departments
from bizcall.audit import Actor
from bizcall.database import query, tenant
from bizcall.downloads import Download, link
from bizcall.imports import downloads, keys
from bizcall.imports.downloads import File
from bizcall.ports import Clock, Storage, now
from bizcall.sheets import FormLine, make_form

LINES_MOST = 5_000
FILE_NAME = "사용자 일괄 등록 양식.xlsx"


@dataclass(frozen=True)
class Form:
    """A form that lies ready: how many lines stand in it, and whether the company has further free ones."""

    download: Download
    lines: int
    more_lines: bool


async def create(company_id: UUID, actor: Actor, *, storage: Storage, clock: Clock = now) -> Form:
    """Make the form with the free lines in the order of their numbers, the first 5,000 of them, and the departments."""
    async with tenant(company_id):
        free = await query(
            "SELECT number, rid FROM line_row WHERE company_id = $1 AND subscriber_id IS NULL ORDER BY number LIMIT $2",
            company_id,
            LINES_MOST + 1,
        )
        choices = [row.name for row in await departments.current(company_id)]
        lines = [FormLine(row["number"], row["rid"]) for row in free[:LINES_MOST]]
        await downloads.record(company_id, actor, File.FORM, len(lines), clock=clock)
    body = await asyncio.to_thread(make_form, lines, choices)
    key = keys.form(company_id)
    await storage.write(key, body, content_type=keys.CONTENT_TYPE)
    return Form(await link(storage, key, FILE_NAME, clock), len(lines), len(free) > LINES_MOST)
