"""A workbook: sheets of rows, one after the other as each is full, and a last one that tells what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any
from xml.sax.saxutils import quoteattr

from bizcall.sheets.streaming.archive import Archive
from bizcall.sheets.streaming.cells import HEADER, PLAIN, TEXT, Column, Shared, escaped

ROWS_A_SHEET = 1_048_576
"""Rows of a sheet of Excel, its header included."""

SHEET_BYTES = 2 * 1024**3
"""Unpacked bytes after which a further sheet begins, although it has room for rows."""

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FONT = '<sz val="11"/><name val="맑은 고딕"/><family val="2"/>'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    f'<fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFD9E1F2"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    # In the order of PLAIN, HEADER, MOMENT, NUMBER, TEXT.
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class Book:
    """Rows go in by `add`, bytes come out of `add` and `end`; whoever stops midway has no workbook."""

    def __init__(
        self,
        columns: Sequence[Column],
        name: str,
        *,
        rows_a_sheet: int = ROWS_A_SHEET,
        sheet_bytes: int = SHEET_BYTES,
        archive: Archive | None = None,
    ) -> None:
        self._columns, self._name = columns, name
        self._rows_a_sheet, self._sheet_bytes = rows_a_sheet, sheet_bytes
        self._archive = archive or Archive()
        self._shared = Shared()
        self._sheets: list[str] = []
        self._filters: list[str] = []
        for column in columns:
            column.begin(self._shared)
        self.rows = 0
        self._begin()

    def add(self, rows: Sequence[Sequence[Any]]) -> bytes:
        """Further rows; returns what is ready of the file. Raises ArchiveTooLarge."""
        while rows:
            if self._filled >= self._rows_a_sheet or self._archive.size > self._sheet_bytes:
                self._end()
                self._begin()
            room = self._rows_a_sheet - self._filled
            part, rows = rows[:room], rows[room:]
            self._archive.add(self._xml(part).encode())
            self._filled += len(part)
            self.rows += len(part)
        return self._archive.taken()

    def end(self, told: Iterable[tuple[str, str]], *, name: str = "조회 조건") -> bytes:
        """The last sheet, a table of two columns, and the end of the file."""
        self._end()
        self._tell(told, name)
        archive, shared = self._archive, self._shared.texts
        archive.begin("xl/sharedStrings.xml")
        archive.add(f'{_XML}<sst xmlns="{_MAIN}">'.encode())
        for start in range(0, len(shared), 2000):
            archive.add("".join(f"<si>{text}</si>" for text in shared[start : start + 2000]).encode())
        archive.add(b"</sst>")
        archive.end()
        archive.whole("xl/styles.xml", _STYLES)
        archive.whole("xl/workbook.xml", self._workbook())
        archive.whole("xl/_rels/workbook.xml.rels", self._relationships())
        archive.whole("_rels/.rels", _relationships([("officeDocument", "xl/workbook.xml")]))
        archive.whole("[Content_Types].xml", self._types())
        archive.close()
        return archive.taken()

    def _xml(self, rows: Sequence[Sequence[Any]]) -> str:
        values = list(zip(*rows, strict=True))
        cells = [column.cells(values[column.place]) for column in self._columns]
        # One join of all cells: joining each row first takes four times as long.
        return "".join(chain.from_iterable(zip(repeat("<row>"), *cells, repeat("</row>"))))

    def _begin(self) -> None:
        """A sheet with its header."""
        number = len(self._sheets) + 1
        self._sheets.append(self._name if number == 1 else f"{self._name} {number}")
        self._archive.begin(f"xl/worksheets/sheet{number}.xml")
        widths = _widths([column.width for column in self._columns])
        pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        header = _row([column.header for column in self._columns], HEADER)
        view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        self._archive.add(f'{_XML}<worksheet xmlns="{_MAIN}">{view}{widths}<sheetData>{header}'.encode())
        self._filled = 1

    def _end(self) -> None:
        last = _letters(len(self._columns))
        self._archive.add(f'</sheetData><autoFilter ref="A1:{last}{self._filled}"/></worksheet>'.encode())
        self._archive.end()
        self._filters.append(f"$A$1:${last}${self._filled}")

    def _tell(self, told: Iterable[tuple[str, str]], name: str) -> None:
        self._sheets.append(name)
        rows = "".join(_row((label,), HEADER, (text,)) for label, text in told)
        self._archive.whole(
            f"xl/worksheets/sheet{len(self._sheets)}.xml",
            f'{_XML}<worksheet xmlns="{_MAIN}">{_widths([18, 80])}<sheetData>{rows}</sheetData></worksheet>',
        )

    def _workbook(self) -> str:
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{place}" r:id="rId{place}"/>'
            for place, name in enumerate(self._sheets, 1)
        )
        # Without these names LibreOffice shows no filter.
        filters = "".join(
            f'<definedName name="_xlnm._FilterDatabase" localSheetId="{place}" hidden="1">'
            f"'{self._sheets[place]}'!{area}</definedName>"
            for place, area in enumerate(self._filters)
        )
        return (
            f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets>'
            f"<definedNames>{filters}</definedNames></workbook>"
        )

    def _relationships(self) -> str:
        sheets = [("worksheet", f"worksheets/sheet{place}.xml") for place in range(1, len(self._sheets) + 1)]
        return _relationships([*sheets, ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")])

    def _types(self) -> str:
        parts = {f"worksheets/sheet{place}": "worksheet" for place in range(1, len(self._sheets) + 1)}
        parts |= {"workbook": "sheet.main", "styles": "styles", "sharedStrings": "sharedStrings"}
        overrides = "".join(
            f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPE}.{kind}+xml"/>' for part, kind in parts.items()
        )
        return (
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        )


def _relationships(targets: Iterable[tuple[str, str]]) -> str:
    told = "".join(
        f'<Relationship Id="rId{place}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(targets, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>'


def _row(texts: Iterable[str], style: int, further: Iterable[str] = ()) -> str:
    styled = chain(((text, style) for text in texts), ((text, TEXT) for text in further))
    cells = "".join(f'<c s="{s}" t="inlineStr"><is>{escaped(text)}</is></c>' for text, s in styled)
    return f"<row>{cells}</row>"


def _widths(widths: Sequence[float]) -> str:
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width:g}" customWidth="1" style="{PLAIN}"/>'
        for place, width in enumerate(widths, 1)
    )
    return f"<cols>{columns}</cols>"


def _letters(place: int) -> str:
    """The name of a column: A, B … Z, AA."""
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
