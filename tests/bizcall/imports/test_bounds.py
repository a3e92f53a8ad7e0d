"""What a file may cost, however wrong it is (BK-02, BK-03)."""

from __future__ import annotations

import pytest

from bizcall.imports import checking
from bizcall.models.imports import State
from tests.imports import Desk, person, values, workbook


@pytest.mark.parametrize("limit", ["FINDINGS_MOST", "FOUND_TEXT_MOST"])
async def test_BK_03_a_file_that_is_wrong_almost_everywhere_is_refused_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(checking, limit, 20)
    rows = [person(number, "홍", mobile="없음", email="없음") for number in desk.company.numbers]
    rows += [person("0212345678", "홍", mobile="없음", email="없음")] * 5

    refused = await desk.receive(await desk.drop(workbook(rows)))

    assert (refused.state, refused.refusal) == (State.REFUSED, "TOO_MANY_FINDINGS")
    assert await desk.rows(refused) == []
    assert refused.result_key
    assert "너무 많아" in str(values(await desk.storage.body(refused.result_key)))


async def test_BK_03_findings_that_only_the_company_tells_are_counted_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "FINDINGS_MOST", 9)

    refused = await desk.preview(*(person(number, "홍", department="없음") for number in desk.company.numbers))

    assert (refused.state, refused.refusal) == (State.REFUSED, "TOO_MANY_FINDINGS")


async def test_BK_03_of_a_refused_cell_only_the_beginning_is_kept(desk: Desk) -> None:
    number = desk.company.numbers[0]
    previewed = await desk.preview(person(number, "홍", department="부" * 900, position="과" * 900))

    (row,) = await desk.rows(previewed)
    assert row.given is not None
    assert {len(row.given["DEPARTMENT"]), len(row.given["POSITION"])} == {300}
    assert [(finding.code, len(finding.original)) for finding in await desk.findings(previewed)] == [
        ("TOO_LONG", 200),
        ("TOO_LONG", 200),
    ]
