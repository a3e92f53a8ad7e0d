"""The zoo through the whole import: what is repaired is told, what is refused has its sentence (BK-03)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bizcall.database import tenant
from bizcall.ids import uuid7
from bizcall.imports import findings, refusals
from bizcall.models import Admin, Company, Department, Line
from bizcall.models.imports import Severity, State
from tests.data.expected import FOLDER, READABLE, REFUSED
from tests.data.make.people import DEPARTMENTS, NUMBERS, ROWS
from tests.factories import Tenant
from tests.imports import Desk, values


@dataclass(frozen=True)
class Preview:
    """Rows that would be new, rows refused, rows that name nobody, and the codes found, by cell."""

    new: int
    refused: int = 0
    ignored: int = 0
    codes: dict[str, list[str]] = field(default_factory=dict)


PREVIEWS = {
    "blank_rows": Preview(3),
    "dates": Preview(1, 1, codes={"C2": ["DATE_FOUND"], "D2": ["DATE_FOUND"]}),
    "error_cells": Preview(0, 1, codes={"C2": ["ERROR_CELL"], "E2": ["ERROR_CELL"], "H2": ["SWITCH_READ"]}),
    "escapes": Preview(1, codes={"B2": ["CLEANED"], "C2": ["CLEANED"]}),
    "exponents": Preview(1, 1, codes={"A2": ["DIGITS_LOST"], "E2": ["DIGITS_LOST"]}),
    "form_empty": Preview(0, 0, 20),
    "form_filled": Preview(5, 0, 15),
    "formatted_tail": Preview(5),
    "formulas_cached": Preview(0, 1, codes={"A2": ["LOST_ZERO"], "G2": ["SWITCH_READ", "NO_RID"]}),
    "formulas_uncached": Preview(1, 1, codes={"B2": ["NOT_CALCULATED"], "D2": ["NOT_CALCULATED"]}),
    "full_width": Preview(2, codes={"B2": ["CLEANED"], "E2": ["CLEANED"], "F2": ["CLEANED"]}),
    "google_sheets": Preview(1, codes={"B2": ["CLEANED"]}),
    "header_aliases": Preview(5),
    "header_reordered": Preview(5),
    "header_shifted": Preview(5),
    "hidden_rows": Preview(5, codes={"": ["HIDDEN_ROW"]}),
    "hidden_sheet": Preview(2),
    "invisible": Preview(2, codes={"B2": ["CLEANED"], "C2": ["CLEANED"], "E2": ["CLEANED"]}),
    "java_exponents": Preview(1, codes={"A2": ["EXPONENT"], "E2": ["EXPONENT"]}),
    "libreoffice_form": Preview(5, 0, 15),
    "libreoffice_formulas": Preview(2),
    "libreoffice_lost_zeros": Preview(2, codes={"A2": ["LOST_ZERO"], "E2": ["LOST_ZERO"]}),
    "long_text": Preview(1, 1, codes={"B2": ["TOO_LONG"]}),
    "lost_zeros": Preview(2, codes={"A2": ["LOST_ZERO"], "E2": ["LOST_ZERO"]}),
    "merged": Preview(5),
    "nfd": Preview(2, codes={"B2": ["CLEANED"], "C2": ["CLEANED"]}),
    "number_formats": Preview(0, 1, codes={"A2": ["LOST_ZERO"], "D2": ["DATE_FOUND"], "E2": ["LOST_ZERO"]}),
    "plain": Preview(5),
    "positional_cells": Preview(2),
    "prefixed_namespace": Preview(2),
    "shared_strings": Preview(5),
    "stored_upper_case": Preview(2),
    "strict": Preview(2),
    "wrong_dimension": Preview(2),
}


@pytest.fixture
async def desk(db: None) -> Desk:
    """A company with the numbers and departments of the zoo, which stand in no directory of numbers."""
    made = Tenant(uuid7(), uuid7(), "01012345678", list(NUMBERS), [uuid7() for _ in NUMBERS])
    async with tenant(made.id):
        await Company.create(id=made.id, name="동물원", representative_number=NUMBERS[0])
        lines = zip(made.line_ids, NUMBERS, strict=True)
        await Line.bulk_create([Line(id=key, company_id=made.id, number=number) for key, number in lines])
        await Department.bulk_create([Department(id=uuid7(), company_id=made.id, name=name) for name in DEPARTMENTS])
        await Admin.create(id=made.admin_id, company_id=made.id, name="김관리", mobile=made.mobile)
    return Desk(made)


def test_every_readable_file_has_its_preview() -> None:
    assert PREVIEWS.keys() == READABLE.keys()


@pytest.mark.parametrize("name", sorted(PREVIEWS))
async def test_BK_03_what_people_do_to_sheets_is_repaired_or_named(desk: Desk, name: str) -> None:
    found = await desk.receive(await desk.upload((FOLDER / f"{name}.xlsx").read_bytes()))

    codes: dict[str, list[str]] = {}
    for finding in await desk.findings(found):
        codes.setdefault(finding.cell, []).append(finding.code)
        for english in (False, True):
            assert "{" not in findings.sentence(finding.code, finding.params, english=english)
    assert found.state is State.PREVIEWED
    assert Preview(found.rows_new, found.rows_refused, found.rows_ignored, codes) == PREVIEWS[name]


@pytest.mark.parametrize("name", ["lost_zeros", "full_width", "nfd", "invisible", "libreoffice_form"])
async def test_BK_03_what_was_repaired_is_registered_as_it_was_meant(desk: Desk, name: str) -> None:
    await desk.register(await desk.receive(await desk.upload((FOLDER / f"{name}.xlsx").read_bytes())))

    held = (await desk.holders())[NUMBERS[10]]
    assert (held["name"], held["department_name"], held["mobile"]) == (*ROWS[0][1:3], ROWS[0][4].replace("-", ""))


@pytest.mark.parametrize("name", sorted(REFUSED))
async def test_BK_03_what_is_no_list_of_users_is_refused_with_its_sentence(desk: Desk, name: str) -> None:
    found = await desk.receive(await desk.drop((FOLDER / f"{name}.xlsx").read_bytes(), f"{name}.xlsx"))

    assert (found.state, found.refusal) == (State.REFUSED, REFUSED[name].value)
    assert found.refusal is not None
    sentence = refusals.sentence(found.refusal, found.refusal_params)
    assert "{" not in sentence
    assert "{" not in refusals.sentence(found.refusal, found.refusal_params, english=True)
    assert found.result_key is not None
    assert any(sentence in str(cell) for row in values(await desk.storage.body(found.result_key)) for cell in row)
    assert await desk.holders() == {}


@pytest.mark.parametrize("name", sorted(name for name, preview in PREVIEWS.items() if preview.refused))
async def test_BK_02_the_workbook_of_refused_rows_names_each_bad_cell(desk: Desk, name: str) -> None:
    found = await desk.receive(await desk.upload((FOLDER / f"{name}.xlsx").read_bytes()))

    assert found.refused_key is not None
    text = " ".join(str(cell) for row in values(await desk.storage.body(found.refused_key)) for cell in row)
    for finding in await desk.findings(found):
        if finding.severity is Severity.REFUSED:
            assert findings.sentence(finding.code, finding.params) in text
