"""Workbooks written as their rows come in: what stands in them, and that they stay small (X1, X2, X4)."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizcall import masking, phones
from bizcall.months import KOREA
from bizcall.sheets.streaming import (
    CUT,
    TEXT_LONGEST,
    ArchiveTooLarge,
    Book,
    Moments,
    Numbers,
    Telephones,
    Texts,
    escaped,
)
from bizcall.sheets.streaming.archive import Archive
from bizcall.sheets.streaming.cells import Shared
from bizcall.sheets.workbook import unescaped

Row = Sequence[Any]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def book(**options: Any) -> Book:
    """Four columns."""
    columns = [Moments("일시", 0), Texts("사용자", 1), Numbers("초", 2), Texts("내용", 3, repeated=False)]
    return Book(columns, "통화 이력", **options)


def written(rows: Sequence[Row], *, batch: int = 7, **options: Any) -> bytes:
    """The file of rows."""
    made = book(**options)
    pieces = [made.add(rows[start : start + batch]) for start in range(0, len(rows), batch)]
    return b"".join([*pieces, made.end([("조건", "=1+1")])])


def read(body: bytes) -> list[list[tuple[Any, ...]]]:
    """All sheets, as openpyxl reads them."""
    found = openpyxl.load_workbook(io.BytesIO(body))
    return [list(sheet.iter_rows(values_only=True)) for sheet in found.worksheets]


def strings(body: bytes) -> list[list[str]]:
    """The texts of the first sheet below its header, as Excel resolves them; openpyxl leaves escapes as they are."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        shared = [_text(item) for item in _parsed(archive, "xl/sharedStrings.xml")]
        _, *rows = _parsed(archive, "xl/worksheets/sheet1.xml").iter(f"{MAIN}row")
    return [
        [
            shared[int(cell.findtext(f"{MAIN}v", ""))] if cell.get("t") == "s" else _text(cell[0])
            for cell in row
            if cell.get("t") in ("s", "inlineStr")
        ]
        for row in rows
    ]


def _parsed(archive: zipfile.ZipFile, name: str) -> Element:
    return fromstring(archive.read(name))  # noqa: S314 - our own


def _text(item: Element) -> str:
    return unescaped(item[0].text or "")


@settings(max_examples=15, deadline=None)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=()), min_size=1, max_size=30)
        | st.sampled_from(
            [
                "=1+1",
                "@A1",
                "_x0041_",
                " 앞",
                "뒤\n",
                "줄\n바꿈",
                "한 칸",
                "두  칸",
                "줄\r\n",
                "_x005F_x0041_",
                "&<>",
                "0070",
                "\x00\x1f",
            ]
        ),
        max_size=40,
    )
)
def test_X1_X2_every_text_comes_back_as_a_text(texts: list[str]) -> None:
    rows = [(0, text, None, text) for text in texts]
    found = strings(written(rows))

    # What is no character at all is the one thing that can't come back.
    wanted = [
        "".join(
            "\ufffd" if character in "\ufffe\uffff" or "\ud800" <= character <= "\udfff" else character
            for character in text
        )
        for text in texts
    ]
    assert found == [[text, text] for text in wanted]


@pytest.mark.parametrize("show", [phones.formatted, masking.number])
@given(numbers=st.lists(st.from_regex(r"\A0\d{10}\Z") | st.text(alphabet="0189٣-<&없음 ", max_size=12), max_size=20))
def test_CU_01_numbers_made_of_their_beginnings_are_shown_like_any(
    show: Callable[[str], str], numbers: list[str]
) -> None:
    column = Telephones("고객 번호", 0, show=show)
    column.begin(Shared())
    found = Book([column], "통화 이력")
    body = found.add([(number,) for number in numbers]) + found.end([])
    assert strings(body) == [[show(number)] if show(number) else [] for number in numbers]


def test_X1_there_is_no_formula_and_every_part_is_well_formed() -> None:
    with zipfile.ZipFile(io.BytesIO(written([(0, "=HYPERLINK(1)", 1, "=1+1")]))) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert not [element for element in _parsed(archive, name).iter() if element.tag.endswith("}f")]


@pytest.mark.parametrize("character", ["가", "😀"])
def test_X2_a_text_too_long_for_a_cell_is_cut_with_a_mark(character: str) -> None:
    [_, (_, _, _, text)] = read(written([(0, "", 0, character * 40_000)]))[0]
    assert text.endswith(character + CUT)
    assert TEXT_LONGEST - 1 <= len(text.encode("utf-16-le")) // 2 <= TEXT_LONGEST
    units = len(character.encode("utf-16-le")) // 2
    fits = character * (TEXT_LONGEST // units)
    assert escaped(fits) == f'<t xml:space="preserve">{fits}</t>'


def test_X3_every_second_of_a_day_is_the_one_that_a_truncating_reader_sees() -> None:
    begin = int(datetime(2026, 10, 31, tzinfo=KOREA).timestamp())
    column = Moments("일시", 0)
    cells = column.cells(range(begin, begin + 86_400))
    for second, cell in enumerate(cells):
        serial = float(cell.partition("<v>")[2].partition("</v>")[0])
        seconds = (serial - int(serial)) * 86_400
        # Nearer to its own second than a millisecond, from either side.
        assert abs(seconds - second) < 0.001
    assert len(cells[1].partition(".")[2].partition("<")[0]) >= 10
    [_, (moment, *_)] = read(written([(begin + 86_399, "", 0, "")]))[0]
    assert moment == datetime(2026, 10, 31, 23, 59, 59)  # noqa: DTZ001 - a cell has no time zone


def test_a_sheet_that_is_full_is_followed_by_another() -> None:
    rows = [(second, "a", second, "b") for second in range(25)]
    for batch in (1, 7, 25):
        *sheets, told = read(written(rows, batch=batch, rows_a_sheet=11))
        assert [len(sheet) for sheet in sheets] == [11, 11, 6]
        assert [row[2] for sheet in sheets for row in sheet[1:]] == list(range(25))
        assert told == [("조건", "=1+1")]
    assert len(read(written(rows, batch=5, sheet_bytes=500))) > 3


def test_an_archive_that_grows_too_large_is_given_up() -> None:
    made = book(archive=Archive(most=2_000))
    chance = random.Random(1)
    made.add([(0, "", 0, chance.randbytes(500).hex())])
    with pytest.raises(ArchiveTooLarge):
        made.add([(0, "", 0, chance.randbytes(5_000).hex()) for _ in range(100)])


def test_strings_beyond_the_room_for_shared_ones_are_written_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shared, "most", 5)
    rows = [(0, f"사람 {place % 20}", place, "") for place in range(60)]
    body = written(rows)
    assert [row[1] for row in read(body)[0][1:]] == [row[1] for row in rows]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.read("xl/sharedStrings.xml").count(b"<si>") == 5


def peak(count: int) -> int:
    """The most memory that writing so many rows of two kilobytes takes, in bytes."""
    chance = random.Random(1)
    tracemalloc.start()
    made = book()
    for start in range(0, count, 500):
        made.add([(place, "김하나", 60, chance.randbytes(1000).hex()) for place in range(start, start + 500)])
    made.end([])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_X4_memory_is_flat() -> None:
    small, large = peak(1_000), peak(5_000)
    # The four thousand rows more are eight megabytes, and two of them packed.
    assert large - small < 1_000_000, (small, large)
