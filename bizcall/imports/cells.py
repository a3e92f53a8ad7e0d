"""One row of a sheet made canonical, cell by cell: what can be repaired is repaired and told, the rest refused (BK-03).

Needs no database. The rules for a person's fields are those of `bizcall.subscribers.rules`; here stands only what
spreadsheets do to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bizcall import departments, phones, texts
from bizcall.errors import ErrorCode, Problem
from bizcall.imports.findings import ORIGINAL_MOST, Finding, FindingCode
from bizcall.sheets import Cell, Column, Kind, SheetRow
from bizcall.subscribers import rules

GIVEN_MOST = 300
"""Characters of a refused cell that come back in the workbook to mend; more than any column may have."""

_WHOLE = re.compile(r"(-?\d+)(?:\.0+)?")
_PLAIN_NUMBER = re.compile(r"[0-9 -]+")

_ON = ("on", "o", "y", "yes", "true", "t", "1", "예", "네", "사용", "사용함", "○", "〇", "◯", "ㅇ", "v", "✓", "✔", "√")
_OFF = ("off", "x", "n", "no", "false", "f", "0", "아니오", "아니요", "미사용", "사용안함", "안함", "×", "✗", "✘", "-")
_SWITCHES = {**dict.fromkeys(_ON, True), **dict.fromkeys(_OFF, False)}
_UNCHANGED_SWITCHES = {"ON": True, "OFF": False}


@dataclass(slots=True)
class Draft:
    """A row's values, cleaned; None where the cell is empty (or was refused, see `refused`).

    `refused` holds what stood in the cells that were refused. Row and column of each finding are the sheet's.
    """

    number: int
    line_number: str | None = None
    name: str | None = None
    department: str | None = None
    position: str | None = None
    mobile: str | None = None
    email: str | None = None
    rid: bool | None = None
    app: bool | None = None
    findings: list[Finding] = field(default_factory=list)
    refused: dict[Column, str] = field(default_factory=dict)
    bad: bool = False

    def refuse(self, column: Column | None, cell: str, code: FindingCode, original: str = "", **params: str) -> None:
        """Note why the row can't be registered."""
        self.findings.append(Finding(self.number, column, cell, code, original[:ORIGINAL_MOST], params))
        self.bad = True

    def given(self) -> dict[str, str]:
        """What stands in the row, by column, for the workbook to mend: cleaned where that worked, else as it stood."""
        values = spelt(
            number=self.line_number,
            name=self.name,
            department=self.department,
            position=self.position,
            mobile=self.mobile,
            email=self.email,
            rid=self.rid,
            app=self.app,
        )
        return {column.value: text for column, text in {**values, **self.refused}.items() if text}


def read(row: SheetRow, columns: Mapping[Column, str]) -> Draft | None:
    """The row's values with findings; None for a row that names nobody, as the form has for lines left free.

    `columns` maps the sheet's columns to their letters.
    """
    draft = Draft(row.number)
    for column, cell in row.cells.items():
        _READERS[column](draft, column, cell)
    if _nobody(draft):
        return None
    if draft.line_number is None and Column.NUMBER not in draft.refused:
        draft.refuse(Column.NUMBER, f"{columns[Column.NUMBER]}{row.number}", FindingCode.NUMBER_MISSING)
    if draft.name is None and Column.NAME not in draft.refused:
        draft.refuse(Column.NAME, f"{columns[Column.NAME]}{row.number}", FindingCode.NAME_MISSING)
    if row.hidden:
        draft.findings.insert(0, Finding(row.number, None, "", FindingCode.HIDDEN_ROW, "", {}))
    return draft


def spelt(
    *,
    number: str | None,
    name: str | None,
    department: str | None,
    position: str | None,
    mobile: str | None,
    email: str | None,
    rid: bool | None,
    app: bool | None,
) -> dict[Column, str]:
    """A row's values as the form has them, empty ones left out."""
    switches = {True: "ON", False: "OFF", None: None}
    values = {
        Column.NUMBER: number and phones.formatted(number),
        Column.NAME: name,
        Column.DEPARTMENT: department,
        Column.POSITION: position,
        Column.MOBILE: mobile and phones.formatted(mobile),
        Column.EMAIL: email,
        Column.RID: switches[rid],
        Column.APP: switches[app],
    }
    return {column: text for column, text in values.items() if text}


def storable(text: str) -> str:
    """A raw text as PostgreSQL and JSON can hold it: sheets may spell out NUL and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _nobody(draft: Draft) -> bool:
    """Whether nothing but the number column says anything; a switch that is OFF says nothing either."""
    told = draft.name or draft.department or draft.position or draft.mobile or draft.email or draft.rid or draft.app
    return not told and draft.refused.keys() <= {Column.NUMBER}


def _refuse(draft: Draft, column: Column, cell: Cell, code: FindingCode, **params: str) -> None:
    original = storable(cell.text[:GIVEN_MOST])
    draft.refused[column] = original
    draft.refuse(column, cell.reference, code, original, **params)


def _repair(draft: Draft, column: Column, cell: Cell, code: FindingCode, value: str) -> None:
    original = storable(cell.text[:ORIGINAL_MOST])
    draft.findings.append(
        Finding(draft.number, column, cell.reference, code, original, {"value": value[:ORIGINAL_MOST]})
    )


def _readable(draft: Draft, column: Column, cell: Cell) -> bool:
    """Whether the cell holds a value at all; if not, it is refused here."""
    if cell.kind is Kind.ERROR:
        _refuse(draft, column, cell, FindingCode.ERROR_CELL, value=storable(cell.text[:ORIGINAL_MOST]))
    elif cell.kind is Kind.UNCALCULATED:
        _refuse(draft, column, cell, FindingCode.NOT_CALCULATED)
    elif cell.kind is Kind.DATE:
        _refuse(draft, column, cell, FindingCode.DATE_FOUND)
    else:
        return True
    return False


def _text(draft: Draft, column: Column, cell: Cell) -> str | None:
    """A cell's text, cleaned; None when it is empty or was refused."""
    if cell.kind is Kind.TEXT:
        text, repaired = texts.clean(cell.text)
        if repaired and text:
            _repair(draft, column, cell, FindingCode.CLEANED, text)
        return text or None
    if not _readable(draft, column, cell):
        return None
    whole = _WHOLE.fullmatch(cell.text) if cell.kind is Kind.NUMBER else None
    if whole is None:
        _refuse(draft, column, cell, FindingCode.NOT_TEXT)
        return None
    return whole[1]


def _ruled(
    rule: Callable[[str], str | Problem | None], code: FindingCode
) -> Callable[[Draft, Column, Cell], str | None]:
    """A reader that applies a rule of the subscribers to the cleaned text and tells its refusal as `code`."""

    def ruled(draft: Draft, column: Column, cell: Cell) -> str | None:
        # Nearly every cell of nearly every file: a text that stays as it is.
        if cell.kind is Kind.TEXT and rule(cell.text) == cell.text:
            return cell.text
        text = _text(draft, column, cell)
        if text is None:
            return None
        value = rule(text)
        if not isinstance(value, Problem):
            return value
        if value.code is ErrorCode.TOO_LONG:
            _refuse(draft, column, cell, FindingCode.TOO_LONG, maximum=value.params["maximum"])
        else:
            _refuse(draft, column, cell, code)
        return None

    return ruled


def _phone(draft: Draft, column: Column, cell: Cell, invalid: FindingCode) -> str | None:
    if not _readable(draft, column, cell):
        return None
    found = phones.recover(cell.text, stored_as_number=cell.kind is Kind.NUMBER)
    if found.number is None:
        if cell.kind is Kind.TEXT and not texts.clean(cell.text).text:
            return None
        lost = found.damage is phones.Damage.EXPONENT
        _refuse(draft, column, cell, FindingCode.DIGITS_LOST if lost else invalid)
        return None
    if found.damage is not None:
        _repair(draft, column, cell, FindingCode(found.damage.value), phones.formatted(found.number))
    elif cell.kind is Kind.TEXT and not _PLAIN_NUMBER.fullmatch(cell.text) and texts.clean(cell.text).repaired:
        _repair(draft, column, cell, FindingCode.CLEANED, phones.formatted(found.number))
    return found.number


def _read_number(draft: Draft, column: Column, cell: Cell) -> None:
    draft.line_number = _phone(draft, column, cell, FindingCode.NUMBER_INVALID)


def _read_mobile(draft: Draft, column: Column, cell: Cell) -> None:
    if cell.kind is Kind.TEXT and _PLAIN_NUMBER.fullmatch(cell.text):
        plain = rules.clean_mobile(cell.text)
        if isinstance(plain, str):
            draft.mobile = plain
            return
    number = _phone(draft, column, cell, FindingCode.MOBILE_INVALID)
    if number is not None and isinstance(rules.clean_mobile(number), Problem):
        _refuse(draft, column, cell, FindingCode.MOBILE_INVALID)
        number = None
    draft.mobile = number


_name = _ruled(rules.clean_name, FindingCode.NAME_MISSING)
_position = _ruled(rules.clean_position, FindingCode.NOT_TEXT)
_email = _ruled(rules.clean_email, FindingCode.EMAIL_INVALID)


def _read_name(draft: Draft, column: Column, cell: Cell) -> None:
    draft.name = _name(draft, column, cell)


def _read_department(draft: Draft, column: Column, cell: Cell) -> None:
    name = _text(draft, column, cell)
    if name is not None and len(name) > departments.NAME_MOST:
        _refuse(draft, column, cell, FindingCode.TOO_LONG, maximum=str(departments.NAME_MOST))
        name = None
    draft.department = name


def _read_position(draft: Draft, column: Column, cell: Cell) -> None:
    draft.position = _position(draft, column, cell)


def _read_email(draft: Draft, column: Column, cell: Cell) -> None:
    draft.email = _email(draft, column, cell)


def _switch(draft: Draft, column: Column, cell: Cell) -> bool | None:
    if (value := _UNCHANGED_SWITCHES.get(cell.text)) is not None and cell.kind is Kind.TEXT:
        return value
    if not _readable(draft, column, cell):
        return None
    text = texts.clean(cell.text).text
    if not text:
        return None
    value = _SWITCHES.get(text.replace(" ", "").lower())
    if value is None:
        _refuse(draft, column, cell, FindingCode.SWITCH_INVALID)
    elif text.upper() not in _UNCHANGED_SWITCHES:
        _repair(draft, column, cell, FindingCode.SWITCH_READ, "ON" if value else "OFF")
    return value


def _read_rid(draft: Draft, column: Column, cell: Cell) -> None:
    draft.rid = _switch(draft, column, cell)


def _read_app(draft: Draft, column: Column, cell: Cell) -> None:
    draft.app = _switch(draft, column, cell)


_READERS: Mapping[Column, Callable[[Draft, Column, Cell], None]] = {
    Column.NUMBER: _read_number,
    Column.NAME: _read_name,
    Column.DEPARTMENT: _read_department,
    Column.POSITION: _read_position,
    Column.MOBILE: _read_mobile,
    Column.EMAIL: _read_email,
    Column.RID: _read_rid,
    Column.APP: _read_app,
}
