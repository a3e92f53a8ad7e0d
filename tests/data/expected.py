"""What the reader must say about each file of the zoo, written down by hand from how the files were made.

A file is either refused with a code, or read: from which sheet and header row, how many rows, and what stands in the
cells that the file is about, as (kind, raw text) by reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bizcall.sheets import Kind, Refusal

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Readable:
    """A file that is read: number of rows, and some of its cells."""

    rows: int
    cells: Mapping[str, tuple[Kind, str]] = field(default_factory=dict)
    sheet: str = "사용자 등록"
    header_row: int = 1
    ignored: tuple[str, ...] = ()
    hidden: tuple[int, ...] = ()
    absent: tuple[str, ...] = ()


def _text(**cells: str) -> dict[str, tuple[Kind, str]]:
    return {reference: (Kind.TEXT, text) for reference, text in cells.items()}


_NFD_NAME = "\u1100\u1175\u11b7\u1106\u1175\u11ab\u110c\u116e\u11ab"
_FIRST = _text(A2="070-8000-1010", B2="김민준", C2="영업팀", D2="대리", E2="010-2345-6701", G2="OFF", H2="ON")

READABLE: Mapping[str, Readable] = {
    "blank_rows": Readable(3, _text(B2="김민준", B5="이서연", B11="박지후")),
    "dates": Readable(
        2, {"C2": (Kind.DATE, "46024"), "D2": (Kind.DATE, "46085.2125"), "A2": (Kind.TEXT, "070-8000-1010")}
    ),
    "error_cells": Readable(
        1,
        {
            "C2": (Kind.ERROR, "#N/A"),
            "E2": (Kind.ERROR, "#REF!"),
            "H2": (Kind.BOOLEAN, "TRUE"),
            "B2": (Kind.TEXT, "김민준"),
        },
    ),
    "escapes": Readable(1, _text(B2="김\x01민준", C2="  영업팀\n", D2="_x0041_")),
    "exponents": Readable(2, _text(A2="7.08E+10", E2="1.02E+09")),
    "form_empty": Readable(20, _text(A2="070-8000-1010", A21="070-8000-1029"), absent=("B2", "G2")),
    "form_filled": Readable(20, _FIRST, absent=("B7",)),
    "formatted_tail": Readable(5, _FIRST, ignored=("사유",)),
    "formulas_cached": Readable(
        1, {"A2": (Kind.NUMBER, "7080001010"), "B2": (Kind.TEXT, "김민준"), "G2": (Kind.BOOLEAN, "TRUE")}
    ),
    "formulas_uncached": Readable(2, {"B2": (Kind.UNCALCULATED, ""), "D2": (Kind.UNCALCULATED, "")}),
    "full_width": Readable(2, _text(B2="　김민준 ", E2="０１０－２３４５－６７０１")),
    "google_sheets": Readable(1, _FIRST | _text(B2="김민준 ")),
    "header_aliases": Readable(5, _FIRST),
    "header_reordered": Readable(5, _text(C2="070-8000-1010", B2="김민준", A2="010-2345-6701", G2="ON", H2="OFF")),
    "header_shifted": Readable(5, _text(A5="070-8000-1010", B5="김민준", B9="정도윤"), header_row=4),
    "hidden_rows": Readable(5, _FIRST, hidden=(3,)),
    "hidden_sheet": Readable(2, _FIRST, sheet="명단"),
    "invisible": Readable(2, _text(B2="김\u200b민준\ufeff", C2="영업팀\u00a0")),
    "java_exponents": Readable(1, {"A2": (Kind.NUMBER, "7.08000101E9"), "E2": (Kind.NUMBER, "1.023456701E9")}),
    "libreoffice_form": Readable(20, _FIRST, absent=("B7",)),
    "libreoffice_formulas": Readable(2, {"B2": (Kind.TEXT, "y"), "D2": (Kind.NUMBER, "2")}),
    "libreoffice_lost_zeros": Readable(2, {"A2": (Kind.NUMBER, "7080001010"), "E2": (Kind.NUMBER, "1023456701")}),
    "long_text": Readable(2, _text(B2="김" * 1001)),
    "lost_zeros": Readable(2, {"A2": (Kind.NUMBER, "7080001010"), "E2": (Kind.NUMBER, "1023456701")}),
    "merged": Readable(5, _text(C2="영업팀", B3="이서연"), absent=("C3",)),
    "nfd": Readable(2, _text(B2=_NFD_NAME)),
    "number_formats": Readable(
        1, {"A2": (Kind.NUMBER, "7080001010"), "E2": (Kind.NUMBER, "1023456701"), "D2": (Kind.DATE, "46024")}
    ),
    "plain": Readable(5, _FIRST),
    "positional_cells": Readable(2, _FIRST),
    "prefixed_namespace": Readable(2, _FIRST),
    "shared_strings": Readable(5, _FIRST),
    "stored_upper_case": Readable(2, _FIRST),
    "strict": Readable(2, _FIRST),
    "wrong_dimension": Readable(2, _FIRST),
}

REFUSED: Mapping[str, Refusal] = {
    "absolute_name": Refusal.UNSAFE_NAME,
    "binary_renamed": Refusal.BINARY_EXCEL,
    "bomb_512mb": Refusal.UNPACKED_TOO_LARGE,
    "column_zzzzzz": Refusal.DAMAGED,
    "csv_cp949": Refusal.CSV,
    "csv_utf8": Refusal.CSV,
    "csv_utf8_bom": Refusal.CSV,
    "cut_xml": Refusal.DAMAGED,
    "deep": Refusal.UNPACKED_TOO_LARGE,
    "dtd_file": Refusal.FORBIDDEN_XML,
    "dtd_laughs": Refusal.FORBIDDEN_XML,
    "dtd_strings": Refusal.FORBIDDEN_XML,
    "empty": Refusal.EMPTY,
    "empty_rows": Refusal.UNPACKED_TOO_LARGE,
    "encrypted": Refusal.ENCRYPTED,
    "encrypted_entry": Refusal.ENCRYPTED,
    "external_link": Refusal.NO_SHEET,
    "far_cell": Refusal.TOO_MANY_COLUMNS,
    "flipped": Refusal.DAMAGED,
    "header_absent": Refusal.HEADER_NOT_FOUND,
    "header_duplicate": Refusal.HEADER_REPEATED,
    "header_missing": Refusal.HEADER_MISSING,
    "hidden_only": Refusal.NO_SHEET,
    "long_cell": Refusal.UNPACKED_TOO_LARGE,
    "long_comment": Refusal.UNPACKED_TOO_LARGE,
    "lying_directory": Refusal.DAMAGED,
    "macro": Refusal.MACRO,
    "macro_type_only": Refusal.MACRO,
    "many_names": Refusal.DAMAGED,
    "many_namespaces": Refusal.DAMAGED,
    "many_parts": Refusal.TOO_MANY_PARTS,
    "many_strings": Refusal.UNPACKED_TOO_LARGE,
    "newlines": Refusal.UNPACKED_TOO_LARGE,
    "no_rows": Refusal.NO_ROWS,
    "no_workbook": Refusal.DAMAGED,
    "noise": Refusal.NOT_A_WORKBOOK,
    "old_excel_renamed": Refusal.OLD_EXCEL,
    "open_document_renamed": Refusal.OPEN_DOCUMENT,
    "repeated_name": Refusal.REPEATED_NAME,
    "rows_20001": Refusal.TOO_MANY_ROWS,
    "rows_backwards": Refusal.DAMAGED,
    "secured_drm": Refusal.ENCRYPTED,
    "string_index": Refusal.DAMAGED,
    "symbolic_link": Refusal.UNSAFE_NAME,
    "traversal_name": Refusal.UNSAFE_NAME,
    "truncated": Refusal.DAMAGED,
    "tsv_utf16": Refusal.CSV,
    "web_page_renamed": Refusal.HTML,
    "wide_row": Refusal.UNPACKED_TOO_LARGE,
    "word_renamed": Refusal.NOT_A_WORKBOOK,
    "xml_spreadsheet_renamed": Refusal.XML_SPREADSHEET,
    "zip_renamed": Refusal.NOT_A_WORKBOOK,
}

# What the bombs meet once the check of the packing ratio is out of the way: the bounds while reading.
INNER: Mapping[str, Refusal] = {
    "bomb_512mb": Refusal.UNPACKED_TOO_LARGE,
    "deep": Refusal.DAMAGED,
    "empty_rows": Refusal.DAMAGED,
    "long_cell": Refusal.TEXT_TOO_LARGE,
    "long_comment": Refusal.TEXT_TOO_LARGE,
    "many_strings": Refusal.TEXT_TOO_LARGE,
    "newlines": Refusal.TEXT_TOO_LARGE,
    "wide_row": Refusal.TEXT_TOO_LARGE,
    "many_names": Refusal.DAMAGED,
    "many_namespaces": Refusal.DAMAGED,
    "lying_directory": Refusal.DAMAGED,
}


def path(name: str) -> Path:
    """The file with this name in the tables above."""
    return FOLDER / f"{name}.xlsx"
