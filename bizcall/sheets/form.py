"""The registration form (BK-01), made by openpyxl: one row per line, ready to be filled in."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from bizcall import phones
from bizcall.sheets.columns import REQUIRED, Column, column_names
from bizcall.sheets.layout import SHEET, WIDTHS, Cells, Look, add_lists, begin_sheet, drop_downs, protect, saved
from bizcall.sheets.outgoing import FormLine

_HELP = "작성 안내"
_HELP_ROWS = (
    ("항목", "필수", "작성 방법"),
    ("가입 전화번호", "필수", "회사가 가입한 번호입니다. 미리 채워져 있으며 수정할 수 없습니다."),
    ("사용자명", "필수", "번호를 사용할 직원의 이름입니다. 비워 둔 행은 등록하지 않습니다."),
    ("부서", "선택", "목록에서 선택합니다. 목록에 없는 부서는 먼저 [부서 관리]에서 추가해 주세요."),
    ("직책", "선택", "예: 대리, 과장, 팀장"),
    (
        "휴대폰 번호",
        "선택",
        "예: 010-1234-5678. 하이픈(-)은 없어도 됩니다. 맨 앞의 0이 지워지지 않았는지 확인해 주세요.",
    ),
    ("이메일", "선택", "예: user@example.com. 앱 설치 안내를 받으려면 휴대폰 번호나 이메일 중 하나는 있어야 합니다."),
    ("RID 사용", "선택", "ON 또는 OFF. 대표 발신번호(RID)가 있는 번호만 ON으로 할 수 있습니다."),
    ("앱 사용", "선택", "ON 또는 OFF. 앱을 사용할 직원은 ON을 선택합니다."),
    ("", "", ""),
    ("주의", "", "열 제목을 바꾸거나 지우지 마세요. 파일은 'Excel 통합 문서(*.xlsx)'로, 암호 없이 저장해 주세요."),
    ("주의", "", "한 번에 최대 20,000행, 5MB까지 올릴 수 있습니다."),
)
_HELP_WIDTHS = (18, 8, 96)


def form_file(lines: Sequence[FormLine], departments: Sequence[str]) -> bytes:
    """See `writing.make_form`."""
    book = Workbook(write_only=True)
    columns = dict(zip(Column, column_names(len(Column)), strict=True))
    sheet = begin_sheet(book, SHEET, [WIDTHS[column] for column in Column])
    for validation in drop_downs(len(departments), max(1, len(lines)), columns):
        if columns[Column.RID] not in str(validation.sqref):
            sheet.data_validations.append(validation)
    for validation in _rid_choices(lines, columns[Column.RID]):
        sheet.data_validations.append(validation)
    protect(sheet)
    cells = Cells(sheet)
    sheet.append(cells.header([f"{column.label}{' *' if column in REQUIRED else ''}" for column in Column]))
    for line in lines:
        number = cells.text(phones.formatted(line.number), Look.LOCKED)
        sheet.append([number, *(cells.text("") for _ in range(len(Column) - 1))])
    _add_help(book)
    add_lists(book, departments)
    return saved(book)


def _rid_choices(lines: Sequence[FormLine], letters: str) -> list[DataValidation]:
    """Two drop-downs, since a line without a RID can only have it off (IN-02)."""
    either = DataValidation(type="list", formula1='"ON,OFF"', allow_blank=True, showErrorMessage=True)
    off = DataValidation(type="list", formula1='"OFF"', allow_blank=True, showErrorMessage=True, showInputMessage=True)
    either.errorTitle = off.errorTitle = Column.RID.label
    either.error = "ON 또는 OFF를 선택해 주세요."
    off.error = off.prompt = "이 번호에는 대표 발신번호(RID)가 없어 ON으로 할 수 없습니다."
    runs: list[tuple[bool, int, int]] = []
    for row, line in enumerate(lines, start=2):
        has_rid = line.rid is not None
        if runs and runs[-1][0] is has_rid:
            runs[-1] = (has_rid, runs[-1][1], row)
        else:
            runs.append((has_rid, row, row))
    for has_rid, first, last in runs:
        (either if has_rid else off).add(f"{letters}{first}:{letters}{last}")
    return [validation for validation in (either, off) if validation.sqref]


def _add_help(book: Workbook) -> None:
    sheet = begin_sheet(book, _HELP, _HELP_WIDTHS)
    header, *rows = _HELP_ROWS
    cells = Cells(sheet)
    sheet.append(cells.header(header))
    for row in rows:
        sheet.append([cells.text(text, Look.LOCKED) for text in row])
    protect(sheet)
