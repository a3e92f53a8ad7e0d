"""Workbooks of millions of rows, made as their rows come in and never held whole (X1 … X4).

    book = Book([Moments("통화 일시", 0), Texts("사용자", 1), Numbers("통화 시간(초)", 2)], name="통화 이력")
    for batch in batches:                       # sequences of tuples
        out.write(book.add(batch))              # the bytes that are ready
    out.write(book.end([("조회 조건", "…")]))

Memory is bounded whatever the rows: strings are shared as long as there is room, and written in place afterwards.

Own code beside `form` (openpyxl) and `refused` (XlsxWriter): benchmarks/exporting.py has both as peers. openpyxl and
XlsxWriter build an object or a dozen calls for each cell, which costs thirty times the processor time; the
quickest, a writer in Rust, pulls rows from an iterator of Python's and keeps the file until it is whole, so it can't
wait for a database and feed a bucket meanwhile, and it types cells by their value rather than by their column.
"""

from __future__ import annotations

from bizcall.sheets.streaming.archive import ArchiveTooLarge
from bizcall.sheets.streaming.book import ROWS_A_SHEET, Book
from bizcall.sheets.streaming.cells import CUT, TEXT_LONGEST, Moments, Numbers, Telephones, Texts, escaped

__all__ = [
    "CUT",
    "ROWS_A_SHEET",
    "TEXT_LONGEST",
    "ArchiveTooLarge",
    "Book",
    "Moments",
    "Numbers",
    "Telephones",
    "Texts",
    "escaped",
]
