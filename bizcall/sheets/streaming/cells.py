"""Columns, and the XML of their cells.

A column makes the cells of a whole batch at a time: what it has met before is a look-up, done by Python's own loops.
Each kind of column has one kind of cell, so a text is a text whatever it looks like: no formula, no lost zero (X1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from bizcall import months

TEXT_LONGEST = 32_767
"""What a cell of Excel holds, in UTF-16's units."""

CUT = "…(잘림)"
"""The end of a text that was longer."""

SHARED_MOST = 30_000
REMEMBERED_MOST = 40_000
REMEMBERED_LONGEST = 100
"""Bounds of memory: strings of a workbook that are shared, cells of a column that are kept, and characters of each."""

EMPTY = "<c/>"

_ODD = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_SPELLED = {chr(code): f"_x{code:04X}_" for code in range(0x20)}
_NO_CHARACTER = "\ufffd"
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_DAY = 86_400
# Seconds from Excel's first day in Korea to 1970.
_AHEAD = (date(1970, 1, 1) - date(1899, 12, 30)).days * _DAY + int(months.KOREA.utcoffset(None).total_seconds())
# Nearly all texts: nothing to escape, decided at the speed of the regular expression engine, a text or a batch at once.
_UNESCAPED = "[0-9A-Za-z가-힣+().,:/~!?@#*-]+"
_PLAIN = re.compile(f"{_UNESCAPED}(?: {_UNESCAPED})*").fullmatch
_PLAIN_LINES = re.compile(f"{_UNESCAPED}(?:[ \n]{_UNESCAPED})*").fullmatch


def escaped(text: str) -> str:
    """The element `t` of a text: cut if it is too long, and what XML or Excel would take amiss escaped.

    Control characters, and what looks like the escape of one, become `_xHHHH_`; what is no character becomes U+FFFD.
    """
    if len(text) <= REMEMBERED_LONGEST and _PLAIN(text):
        return f"<t>{text}</t>"
    if len(text) > TEXT_LONGEST // 2:
        text = _cut(text)
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _ODD.sub(lambda found: _SPELLED.get(found[0], _NO_CHARACTER), text)
    return f'<t xml:space="preserve">{text}</t>'


def _cut(text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * TEXT_LONGEST:
        return text
    # Half of a pair that the cut leaves behind is dropped with it.
    return units[: 2 * (TEXT_LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT


class Shared:
    """The strings that stand once in the workbook, as long as there is room for `most`."""

    most = SHARED_MOST

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int | None:
        """The place of a string, which is given one if there is room; None if there isn't."""
        place = self._places.get(text)
        if place is None and len(self.texts) < self.most and len(text) <= REMEMBERED_LONGEST:
            place = self._places[text] = len(self.texts)
            self.texts.append(escaped(text))
        return place


class _Made(dict[Any, str]):
    """Cells by value; the first ones that come are kept."""

    def __init__(self, make: Callable[[Any], str], most: int = REMEMBERED_MOST) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, value: Any) -> str:
        made = self._make(value)
        if len(self) < self._most and (not isinstance(value, str) or len(value) <= REMEMBERED_LONGEST):
            self[value] = made
        return made


class Column:
    """A column: its header, which value of a row is its own, and its width in characters. None is an empty cell."""

    def __init__(self, header: str, place: int, width: float) -> None:
        self.header, self.place, self.width = header, place, width

    def begin(self, shared: Shared) -> None:
        """Make ready for a workbook with these shared strings."""

    def cells(self, values: Sequence[Any]) -> list[str]:
        """The cells of a batch."""
        raise NotImplementedError


class Texts(Column):
    """Texts, shown through `show`. `repeated` says that values come again, so that they are worth remembering."""

    def __init__(
        self,
        header: str,
        place: int,
        width: float = 16,
        *,
        show: Callable[[Any], str] | None = None,
        repeated: bool = True,
    ) -> None:
        super().__init__(header, place, width)
        self._show, self._repeated = show, repeated

    def begin(self, shared: Shared) -> None:
        """Remember nothing of another workbook."""
        self._shared = shared
        self._made = _Made(self._cell)

    def cells(self, values: Sequence[Any]) -> list[str]:
        """Looked up, or written in place."""
        if self._repeated:
            return list(map(self._made.__getitem__, values))
        if _all_plain(values):
            return [f"{_BEGIN}{value}{_END}" for value in values]
        return [self._inline(value) if value else EMPTY for value in values]

    def _cell(self, value: Any) -> str:
        text = (self._show(value) if self._show else value) if value is not None else ""
        if not text:
            return EMPTY
        place = self._shared.place(text)
        return self._inline(text) if place is None else f'<c s="{TEXT}" t="s"><v>{place}</v></c>'

    @staticmethod
    def _inline(text: str) -> str:
        return f'<c s="{TEXT}" t="inlineStr"><is>{escaped(text)}</is></c>'


class Telephones(Texts):
    """Telephone numbers of many people, each shown by `show` with its last four digits.

    Millions of those with eleven digits have few beginnings: it is these that are remembered.
    """

    def __init__(self, header: str, place: int, *, show: Callable[[str], str]) -> None:
        super().__init__(header, place, show=show)
        self._shown = show

    def begin(self, shared: Shared) -> None:
        """Remember nothing of another workbook."""
        super().begin(shared)
        self._begun = _Made(self._beginning)

    def cells(self, values: Sequence[Any]) -> list[str]:
        """Put together from the beginning and the last four digits; others are looked up."""
        begun, made = self._begun, self._made
        return [
            f"{begun[value[:7]]}{value[7:]}{_END}" if value and len(value) == 11 and value.isdecimal() else made[value]
            for value in values
        ]

    def _beginning(self, seven: str) -> str:
        return _BEGIN + self._shown(f"{seven}0000").removesuffix("0000")


class Numbers(Column):
    """Whole numbers."""

    def __init__(self, header: str, place: int, width: float = 12) -> None:
        super().__init__(header, place, width)
        self._made = _Made(lambda value: EMPTY if value is None else f'<c s="{NUMBER}"><v>{value:d}</v></c>')

    def cells(self, values: Sequence[Any]) -> list[str]:
        """Looked up."""
        return list(map(self._made.__getitem__, values))


class Moments(Column):
    """Moments of Korea's clocks, out of whole seconds since 1970."""

    def __init__(self, header: str, place: int, width: float = 20) -> None:
        super().__init__(header, place, width)

    def cells(self, values: Sequence[Any]) -> list[str]:
        """Excel counts days and parts of them. With nine decimals LibreOffice shows the second before."""
        return [f'<c s="{MOMENT}"><v>{(value + _AHEAD) / _DAY:.12f}</v></c>' for value in values]


def _all_plain(texts: Sequence[Any]) -> bool:
    """Whether each is a short text without anything to escape."""
    if not all(texts) or max(map(len, texts)) > REMEMBERED_LONGEST:
        return False
    lines = "\n".join(texts)
    return lines.count("\n") == len(texts) - 1 and _PLAIN_LINES(lines) is not None


PLAIN, HEADER, MOMENT, NUMBER, TEXT = range(5)
"""Places in the table of styles, which `book` writes."""

# Around a text in its cell that needs no escaping.
_BEGIN, _END = f'<c s="{TEXT}" t="inlineStr"><is><t>', "</t></is></c>"
