"""The form to fill in (BK-01)."""

from __future__ import annotations

import asyncio
import re

import pytest

from bizcall.imports import form
from bizcall.sheets import Column
from tests.factories import make_tenant
from tests.imports import Desk, person, values


async def written(desk: Desk) -> list[list[object]]:
    """The rows of the form that was stored last."""
    return values(await desk.storage.body(desk.storage.written[-1]))


async def test_BK_01_a_form_is_stored_under_the_companys_prefix_and_linked_for_five_minutes(desk: Desk) -> None:
    made = await form.create(desk.company.id, desk.actor, storage=desk.storage, clock=desk.clock)

    assert re.fullmatch(f"results/forms/{desk.company.id}/[0-9a-f]{{32}}.xlsx", desk.storage.written[-1])
    assert desk.storage.written[-1] in made.download.url
    assert (made.download.expires_at - desk.clock()).total_seconds() == 300
    header, *rows = await written(desk)
    assert [str(cell).removesuffix(" *") for cell in header] == [column.label for column in Column]
    assert len([row for row in rows if row[0]]) == len(desk.company.numbers)


async def test_BK_01_a_company_with_more_free_lines_than_the_form_takes_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(form, "LINES_MOST", 4)
    desk = Desk(await make_tenant(lines=5))

    made = await form.create(desk.company.id, desk.actor, storage=desk.storage)

    assert (made.lines, made.more_lines) == (4, True)


async def test_BK_01_a_company_without_free_lines_gets_an_empty_form() -> None:
    desk = Desk(await make_tenant(lines=1))
    await desk.register(await desk.preview(person(desk.company.numbers[0])))

    made = await form.create(desk.company.id, desk.actor, storage=desk.storage)

    assert (made.lines, made.more_lines) == (0, False)


async def test_BK_01_forms_made_at_the_same_time_are_two_objects(desk: Desk) -> None:
    await asyncio.gather(*(form.create(desk.company.id, desk.actor, storage=desk.storage) for _ in range(2)))

    assert len(set(desk.storage.written)) == 2
