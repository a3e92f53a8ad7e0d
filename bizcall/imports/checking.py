"""What a sheet would do to a company: each row against the line that it names, its holder and the departments.

Plain computing on what `receiving` has read from the database, so that it can run in a thread and be tested alone.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from bizcall.errors import Problem
from bizcall.imports import cells
from bizcall.imports.cells import Draft
from bizcall.imports.findings import Finding, FindingCode
from bizcall.models.imports import Action
from bizcall.sheets import Column, Sheet, read_sheet
from bizcall.subscribers import rules
from bizcall.subscribers.entries import EDITABLE

DEPARTMENTS_NAMED = 10
"""How many departments the refusal of an unknown one lists."""

MISSPELLINGS = 100
"""For how many different unknown names a near match is looked for: comparing is slow and a file may be full of them."""

FINDINGS_MOST = 40_000
"""More are no list with mistakes but something else; memory is bounded by it, and by the next one."""

FOUND_TEXT_MOST = 2_000_000
"""Characters kept of what stood in cells with findings, all together."""


class TooManyFindings(Exception):
    """The file is wrong in more places than can be told."""


@dataclass(slots=True)
class CheckedRow:
    """A row as it will be registered: fields as the table `import_row` has them, in the order of `storing.rows_of`."""

    number: int
    action: Action
    line_id: UUID | None = None
    line_number: str | None = None
    subscriber_id: UUID | None = None
    revision: int | None = None
    name: str = ""
    department_id: UUID | None = None
    position: str = ""
    mobile: str | None = None
    email: str | None = None
    rid_enabled: bool = False
    app_enabled: bool = False
    given: dict[str, str] | None = None


@dataclass(frozen=True)
class Reading:
    """A sheet read to its end; `ignored` counts rows that name nobody."""

    sheet: Sheet
    drafts: Sequence[Draft]
    ignored: int

    @property
    def numbers(self) -> list[str]:
        """The company numbers that the rows name."""
        return list({draft.line_number for draft in self.drafts if draft.line_number is not None})


@dataclass(frozen=True)
class Checked:
    """The preview of a sheet."""

    rows: Sequence[CheckedRow]
    findings: Sequence[Finding]
    counts: Mapping[Action, int] = field(default_factory=dict)

    @cached_property
    def content(self) -> bytes:
        """The rows as JSON, an object each."""
        # The driver's UUIDs are a class of their own, which orjson doesn't know.
        return orjson.dumps(self.rows, default=str)

    @property
    def content_hash(self) -> str:
        """What stands for exactly these rows: a registration names it, so that nothing else can be meant."""
        return hashlib.sha256(self.content).hexdigest()


def read(data: bytes) -> Reading:
    """Read a workbook to its end; raises `SheetRefused` or `TooManyFindings`."""
    sheet = read_sheet(data)
    drafts, ignored, found, text = [], 0, 0, 0
    for row in sheet.rows:
        draft = cells.read(row, sheet.columns)
        if draft is None:
            ignored += 1
            continue
        drafts.append(draft)
        if draft.findings:
            found += len(draft.findings)
            text += sum(len(finding.original) for finding in draft.findings)
            text += sum(len(given) for given in draft.refused.values())
            if found > FINDINGS_MOST or text > FOUND_TEXT_MOST:
                raise TooManyFindings
    return Reading(sheet, drafts, ignored)


def check(reading: Reading, lines: Iterable[Mapping[str, Any]], departments: Mapping[str, UUID]) -> Checked:
    """The preview. `lines` are rows of `line_row` for the numbers read; `departments` maps names to keys, in order.

    Raises `TooManyFindings`.
    """
    by_number = {line["number"]: line for line in lines}
    columns = reading.sheet.columns
    namesakes = _repeated(reading.drafts)
    suggest = _suggestions(list(departments))
    rows, findings = [], []
    for draft in reading.drafts:
        line = _line(draft, by_number, namesakes, columns)
        department_id = None
        if draft.department is not None:
            department_id = departments.get(draft.department)
            if department_id is None:
                cell = f"{columns[Column.DEPARTMENT]}{draft.number}"
                code, params = suggest(draft.department)
                draft.refuse(Column.DEPARTMENT, cell, code, draft.department, **params)
        row = None if line is None else _compared(draft, line, department_id, columns)
        if row is None or draft.bad:
            row = CheckedRow(
                draft.number,
                Action.REFUSED,
                line_number=draft.line_number,
                name=draft.name or "",
                given=draft.given(),
            )
        rows.append(row)
        findings += draft.findings
        if len(findings) > FINDINGS_MOST:
            raise TooManyFindings
    return Checked(rows, findings, Counter(row.action for row in rows))


def _repeated(drafts: Sequence[Draft]) -> Mapping[str, Sequence[int]]:
    """Numbers that several rows name, with those rows."""
    rows = defaultdict(list)
    for draft in drafts:
        if draft.line_number is not None:
            rows[draft.line_number].append(draft.number)
    return {number: found for number, found in rows.items() if len(found) > 1}


def _line(
    draft: Draft,
    by_number: Mapping[str, Mapping[str, Any]],
    namesakes: Mapping[str, Sequence[int]],
    columns: Mapping[Column, str],
) -> Mapping[str, Any] | None:
    """The line that a row names, or None with the reason noted."""
    if draft.line_number is None:
        return None
    cell = f"{columns[Column.NUMBER]}{draft.number}"
    line = by_number.get(draft.line_number)
    if line is None:
        # Another company's number answers exactly like one that doesn't exist.
        draft.refuse(Column.NUMBER, cell, FindingCode.NUMBER_UNKNOWN, draft.line_number)
    elif others := namesakes.get(draft.line_number):
        # Which of them is right nobody can tell, so none of them is registered.
        other = next(number for number in others if number != draft.number)
        draft.refuse(Column.NUMBER, cell, FindingCode.NUMBER_REPEATED, draft.line_number, row=str(other))
        line = None
    return line


def _compared(
    draft: Draft, line: Mapping[str, Any], department_id: UUID | None, columns: Mapping[Column, str]
) -> CheckedRow:
    """The row as it would be registered on its line, beside whoever holds the line now (IN-03).

    A column that the sheet lacks leaves the holder's value; a cell left empty empties it, but for the switches.
    """
    row = CheckedRow(
        draft.number,
        Action.NEW,
        line["id"],
        draft.line_number,
        None,
        None,
        draft.name or "",
        department_id,
        draft.position or "",
        draft.mobile,
        draft.email,
        draft.rid or False,
        draft.app or False,
    )
    if line["subscriber_id"] is not None:
        row.subscriber_id, row.revision = line["subscriber_id"], line["revision"]
        row.action = Action.REPLACED if _somebody_else(row, line, columns) else Action.CHANGED
    if row.action is Action.CHANGED:
        _keep(row, draft, line, columns)
    if isinstance(rules.clean_rid_enabled(row.rid_enabled, line["rid"]), Problem):
        cell = f"{columns[Column.RID]}{draft.number}" if Column.RID in columns else ""
        draft.refuse(Column.RID, cell, FindingCode.NO_RID, "ON")
    return row


def _somebody_else(row: CheckedRow, line: Mapping[str, Any], columns: Mapping[Column, str]) -> bool:
    """Whether name and contacts both differ from the holder's; contacts that the sheet lacks don't differ."""
    if row.name == line["name"]:
        return False
    told = [
        (new, old)
        for column, new, old in (
            (Column.MOBILE, row.mobile, line["mobile"]),
            (Column.EMAIL, row.email and row.email.lower(), line["email"] and line["email"].lower()),
        )
        if column in columns
    ]
    same = any(new is not None and new == old for new, old in told)
    return not same and any(new != old for new, old in told)


def _keep(row: CheckedRow, draft: Draft, line: Mapping[str, Any], columns: Mapping[Column, str]) -> None:
    """Take over from the holder what the sheet doesn't say, and see whether anything is left to change."""
    if Column.DEPARTMENT not in columns:
        row.department_id = line["department_id"]
    if Column.POSITION not in columns:
        row.position = line["position"]
    if Column.MOBILE not in columns:
        row.mobile = line["mobile"]
    if Column.EMAIL not in columns:
        row.email = line["email"]
    if draft.rid is None:
        row.rid_enabled = line["rid_enabled"] and line["rid"] is not None
    if draft.app is None:
        row.app_enabled = line["app_enabled"]
    if all(getattr(row, name) == line[name] for name in EDITABLE):
        row.action = Action.UNCHANGED


def _suggestions(names: Sequence[str]) -> Callable[[str], tuple[FindingCode, dict[str, str]]]:
    """What to say of an unknown department: the one that was probably meant, else which there are."""
    listed = ", ".join(names[:DEPARTMENTS_NAMED]) + (", …" if len(names) > DEPARTMENTS_NAMED else "") or "–"
    spelt = {_bare(name): name for name in names}
    answers: dict[str, tuple[FindingCode, dict[str, str]]] = {}

    def suggest(unknown: str) -> tuple[FindingCode, dict[str, str]]:
        if unknown not in answers:
            near = spelt.get(_bare(unknown))
            if near is None and len(answers) < MISSPELLINGS:
                near = next(iter(difflib.get_close_matches(unknown, names, n=1)), None)
            answers[unknown] = (
                (FindingCode.DEPARTMENT_UNKNOWN, {"existing": listed})
                if near is None
                else (FindingCode.DEPARTMENT_MISSPELT, {"near": near})
            )
        return answers[unknown]

    return suggest


def _bare(name: str) -> str:
    return name.replace(" ", "").lower()
