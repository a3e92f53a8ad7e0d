"""Finds the list of users in a workbook and streams its rows."""

from __future__ import annotations

from typing import BinaryIO

from bizcall.sheets.cells import Sheet
from bizcall.sheets.limits import Limits


def read_sheet(source: bytes | BinaryIO, limits: Limits | None = None) -> Sheet:
    """Open a workbook, find the first visible sheet with a recognised header, and start reading it.

    Raises `SheetRefused` here or while `rows` is read; nothing else, whatever the bytes are.
    """
    raise NotImplementedError((source, limits))
