"""The short way through a worksheet: rows spelled as Excel, LibreOffice and XlsxWriter spell them, by one expression.

Why there are two ways: building elements costs twice what reading such a row costs in all. The expression accepts a
small part of XML, spelled out completely, in which a row can mean one thing only: no entities, comments, formulas or
namespaces. At the first character that is spelled otherwise `Departed` is raised, and the caller goes on with the
parser, which also decides whether the file is damaged. Before and after the rows the parser is asked here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

_BEGIN = b"<sheetData>"
_END = "</sheetData>"
_ROW_END = "</row>"
_LONGEST_PROLOGUE = 64 * 1024
_LONGEST_TAIL = 256 * 1024
_LONGEST_ROW = 256 * 1024
_BLANK = " \t\n"
_TEXT = "([^<&\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*)"
_CELL = re.compile(
    '<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,5})")?(?: t="([a-zA-Z]+)")?'
    f'(?:/>|><v>{_TEXT}</v></c>|><is><t(?: xml:space="preserve")?>{_TEXT}</t></is></c>)'
)
PARTS = 7
"""What splitting by `_CELL` gives per cell: the text before it, then its six groups."""
# Attributes are bounded, because what they say is remembered.
_BOUNDARY = re.compile(
    '(</row>)|<row r="([1-9][0-9]{0,6})"((?: [A-Za-z][A-Za-z0-9:]{0,30}="[^"<&\r\n]{0,100}"){0,20})(/?)>'
)
_ATTRIBUTE = re.compile(' ([A-Za-z][A-Za-z0-9:]*)="([^"]*)"')


class Departed(Exception):
    """The worksheet is spelled in another way from here on; nothing is said about whether that is right."""


class QuickRow(NamedTuple):
    """A row: seven parts per cell, which are a filler, letters, digits, style, type, value and inline text.

    None is what a cell doesn't have. That the digits are the row's own number is for the reader of the cells to see.
    """

    number: int
    hidden: bool
    parts: list[str | None]


def quick_rows(chunks: Iterable[bytes], namespaces: Iterable[str]) -> Iterator[QuickRow]:
    """The rows in order, each with its own number; raises `Departed` as soon as this way ends.

    `namespaces` are those of a worksheet, in braces. That the numbers grow is for the caller to see.
    """
    source = iter(chunks)
    parser, rest = _prologue(source, namespaces)
    text = ""
    while True:
        text, undecoded = _decoded(text, rest)
        end = text.find(_END)
        cut = end if end >= 0 else text.rfind(_ROW_END) + len(_ROW_END)
        if cut >= len(_ROW_END) or end >= 0:
            yield from _rows(text[:cut])
            text = text[cut:]
        if end >= 0:
            _check_tail(parser, text.encode() + undecoded, source)
            return
        if len(text) > _LONGEST_ROW:
            raise Departed
        chunk = next(source, b"")
        if not chunk:
            raise Departed
        rest = undecoded + chunk


def _prologue(source: Iterator[bytes], namespaces: Iterable[str]) -> tuple[expat.XMLParserType, bytes]:
    """A parser that stands before the first row, and what has been read beyond it."""
    head = b""
    while _BEGIN not in head:
        chunk = next(source, b"")
        if not chunk or len(head) > _LONGEST_PROLOGUE:
            raise Departed
        head += chunk
    at = head.index(_BEGIN) + len(_BEGIN)
    parser = expat.ParserCreate(namespace_separator="}")
    opened: list[str] = []

    def depart(*_: object) -> None:
        raise Departed

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() != "utf-8":
            raise Departed

    parser.StartDoctypeDeclHandler = depart
    parser.XmlDeclHandler = declared
    parser.StartElementHandler = lambda name, _: opened.append(name)
    parser.EndElementHandler = lambda _: opened.pop() and None
    _parse(parser, head[:at], final=False)
    if opened not in ([f"{space[1:]}worksheet", f"{space[1:]}sheetData"] for space in namespaces):
        raise Departed
    parser.StartElementHandler = parser.EndElementHandler = None
    return parser, head[at:]


def _check_tail(parser: expat.XMLParserType, tail: bytes, source: Iterator[bytes]) -> None:
    for chunk in source:
        tail += chunk
        if len(tail) > _LONGEST_TAIL:
            raise Departed
    _parse(parser, tail, final=True)


def _parse(parser: expat.XMLParserType, data: bytes, *, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except expat.ExpatError as error:
        raise Departed from error


def _decoded(text: str, data: bytes) -> tuple[str, bytes]:
    """`text` continued by `data`, and the bytes of a character that is cut off at the end."""
    for cut in range(min(4, len(data) + 1)):
        try:
            return text + data[: len(data) - cut].decode("utf-8"), data[len(data) - cut :]
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                break
    raise Departed


def _rows(text: str) -> Iterator[QuickRow]:
    """Rows of a text that begins before a row and ends after one; every character of it must be accounted for."""
    parts = _CELL.split(text)
    number, hidden, begun, ended_at = 0, False, 0, 0
    for at, between in enumerate(parts[::PARTS]):
        if not between:
            continue
        pieces = _BOUNDARY.split(between)
        if "".join(pieces[::5]).strip(_BLANK):
            raise Departed
        for ended, digits, attributes, alone in zip(
            pieces[1::5], pieces[2::5], pieces[3::5], pieces[4::5], strict=True
        ):
            if ended:
                if not number:
                    raise Departed
                yield QuickRow(number, hidden, parts[begun * PARTS : at * PARTS])
                number, ended_at = 0, at
            elif number or ended_at != at:
                raise Departed
            else:
                hidden = _hidden(attributes)
                if not alone:
                    number, begun = int(digits), at
    if number or ended_at * PARTS != len(parts) - 1:
        raise Departed


@lru_cache(maxsize=256)
def _hidden(attributes: str) -> bool:
    pairs = _ATTRIBUTE.findall(attributes)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names) or "r" in names or any(name.startswith("xmlns") for name in names):
        raise Departed
    return dict(pairs).get("hidden") in ("1", "true")
