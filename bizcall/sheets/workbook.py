"""The parts around the rows: which sheets there are and are visible, the shared strings, and which styles are dates."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from sys import getsizeof
from typing import NamedTuple
from xml.etree.ElementTree import Element

from bizcall.sheets.archive import Archive
from bizcall.sheets.limits import Limits
from bizcall.sheets.refusals import Refusal, SheetRefused
from bizcall.sheets.xml import batches, local_name

_OFFICE = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
SPREADSHEET = (
    "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}",
    "{http://purl.oclc.org/ooxml/spreadsheetml/main}",
)
"""Namespaces of the transitional and the strict form of the format, as they stand before a tag."""
_MACRO_TYPE = "macroEnabled"
# The built-in number formats that show a date or a time, those of East Asian Excel included.
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WIDEST_STYLE_TABLE = 65_500
_MOST_SHEETS = 100
_POINTER = 8


class SheetPart(NamedTuple):
    """A worksheet: its name as on the tab, its part in the archive, and whether its tab is shown."""

    name: str
    part: str
    visible: bool


class Strings:
    """The shared strings, within the room that the limits give them."""

    def __init__(self, limits: Limits) -> None:
        self.texts: list[str] = []
        self._limits = limits
        self._room = limits.string_bytes

    def add(self, texts: Iterable[str]) -> None:
        """Append strings, empty if they are blank; refuses what exceeds the limits."""
        longest = self._limits.cell_chars
        kept = ["" if text.isspace() else text if len(text) <= longest else text[: longest + 1] for text in texts]
        self.texts += kept
        self._room -= sum(map(getsizeof, kept)) + len(kept) * _POINTER
        if self._room < 0:
            raise SheetRefused(Refusal.TEXT_TOO_LARGE, where="sharedStrings.xml")

    def at(self, index: str) -> str:
        """The string that a cell names. Raises `ValueError` or `IndexError` if there is none."""
        # A minus sign would count from the end.
        return self.texts[int(index)] if index.isdecimal() else self.texts[len(self.texts)]


class Workbook(NamedTuple):
    """Everything that reading a sheet needs; `dates` are the cell styles that show a number as a date or time."""

    sheets: list[SheetPart]
    strings: Strings
    dates: frozenset[str]


def open_workbook(archive: Archive, limits: Limits) -> Workbook:
    """Read the small parts and the shared strings. Raises `SheetRefused`."""
    _check_types(archive)
    root = {kind: target for kind, target, _ in _relationships(archive, "")}
    part = root.get("officeDocument")
    if part is None:
        raise SheetRefused(Refusal.NOT_A_WORKBOOK)
    relationships = list(_relationships(archive, part))
    targets = {identifier: target for kind, target, identifier in relationships if kind == "worksheet"}
    sheets = _sheets(archive, part, targets)
    strings, dates = Strings(limits), frozenset[str]()
    for kind, target, _ in relationships:
        if kind == "sharedStrings" and target in archive:
            _read_strings(archive, target, strings)
        elif kind == "styles" and target in archive:
            dates = _dates(archive, target)
    return Workbook(sheets, strings, dates)


def plain_text(item: Element) -> str:
    """The text of an `si` or `is` element: its runs joined, phonetic guides left out, `_xHHHH_` escapes resolved."""
    plain = len(item) == 1 and item[0].tag.endswith("}t")
    text = (item[0].text or "") if plain else "".join(_runs(item))
    return unescaped(text) if "_x" in text else text


def unescaped(text: str) -> str:
    """`_x000D_` and the like as the characters they stand for."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def _runs(item: Element) -> Iterable[str]:
    for child in item:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name == "r":
            yield from (part.text or "" for part in child if local_name(part) == "t")


def _check_types(archive: Archive) -> None:
    for _, types in batches(archive.chunks("[Content_Types].xml"), ("Types",), "[Content_Types].xml"):
        if any(_MACRO_TYPE in entry.get("ContentType", "") for entry in types):
            raise SheetRefused(Refusal.MACRO)


def _relationships(archive: Archive, part: str) -> Iterable[tuple[str, str, str]]:
    """(kind, target part, id) of each relationship inside the archive; external ones are never followed."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    for _, entries in batches(archive.chunks(path), ("Relationships",), path):
        for entry in entries:
            if entry.get("TargetMode") != "External":
                kind = entry.get("Type", "").rpartition("/")[2]
                target = posixpath.normpath(posixpath.join("/", folder, entry.get("Target", ""))).lstrip("/")
                yield kind, target, entry.get("Id", "")


def _sheets(archive: Archive, part: str, targets: dict[str, str]) -> list[SheetPart]:
    found = []
    for _, entries in batches(archive.chunks(part), ("sheets",), part):
        for entry in entries:
            identifier = next((value for office in _OFFICE if (value := entry.get(f"{{{office}}}id")) is not None), "")
            target = targets.get(identifier)
            # Chart and dialogue sheets have other relationships and no cells.
            if target is not None and target in archive:
                visible = entry.get("state", "visible") == "visible"
                found.append(SheetPart(entry.get("name", ""), target, visible))
    if len(found) > _MOST_SHEETS:
        raise SheetRefused(Refusal.TOO_MANY_PARTS, limit=_MOST_SHEETS)
    return found


def _read_strings(archive: Archive, part: str, strings: Strings) -> None:
    for _, items in batches(archive.chunks(part), ("sst",), part):
        strings.add(map(plain_text, items))


def _dates(archive: Archive, part: str) -> frozenset[str]:
    custom: dict[str, bool] = {}
    styles: list[str] = []
    for container, items in batches(archive.chunks(part), ("numFmts", "cellXfs"), part):
        if container == "numFmts":
            custom.update((item.get("numFmtId", ""), _shows_date(item.get("formatCode", ""))) for item in items)
        else:
            styles.extend(item.get("numFmtId", "0") for item in items)
        if len(custom) > _WIDEST_STYLE_TABLE or len(styles) > _WIDEST_STYLE_TABLE:
            raise SheetRefused(Refusal.DAMAGED, where=part)
    return frozenset(str(index) for index, style in enumerate(styles) if _is_date(style, custom))


def _is_date(number_format: str, custom: dict[str, bool]) -> bool:
    if number_format in custom:
        return custom[number_format]
    return number_format.isdecimal() and len(number_format) < 4 and int(number_format) in _DATE_FORMATS


def _shows_date(code: str) -> bool:
    shown = _NOT_SHOWN.sub("", code[:255])
    return _DATE_LETTERS.search(shown) is not None
