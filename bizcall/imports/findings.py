"""What is found in the cells of a sheet (BK-03): codes that programs know, and sentences that people read.

A sentence is made from the code where it is shown, never stored: in the API by the language of the request, in
workbooks in Korean.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from bizcall.models.imports import Severity
from bizcall.sheets import Column, Sentence

ORIGINAL_MOST = 200
"""Characters kept of what stood in a cell."""


class FindingCode(StrEnum):
    """What was found; stable, since the API publishes it."""

    HIDDEN_ROW = "HIDDEN_ROW"

    LOST_ZERO = "LOST_ZERO"
    DECIMAL = "DECIMAL"
    EXPONENT = "EXPONENT"
    CLEANED = "CLEANED"
    SWITCH_READ = "SWITCH_READ"

    DIGITS_LOST = "DIGITS_LOST"
    ERROR_CELL = "ERROR_CELL"
    NOT_CALCULATED = "NOT_CALCULATED"
    DATE_FOUND = "DATE_FOUND"
    NOT_TEXT = "NOT_TEXT"
    TOO_LONG = "TOO_LONG"
    NUMBER_MISSING = "NUMBER_MISSING"
    NUMBER_INVALID = "NUMBER_INVALID"
    NUMBER_UNKNOWN = "NUMBER_UNKNOWN"
    NUMBER_REPEATED = "NUMBER_REPEATED"
    NAME_MISSING = "NAME_MISSING"
    MOBILE_INVALID = "MOBILE_INVALID"
    EMAIL_INVALID = "EMAIL_INVALID"
    DEPARTMENT_UNKNOWN = "DEPARTMENT_UNKNOWN"
    DEPARTMENT_MISSPELT = "DEPARTMENT_MISSPELT"
    DEPARTMENT_RETIRED = "DEPARTMENT_RETIRED"
    SWITCH_INVALID = "SWITCH_INVALID"
    NO_RID = "NO_RID"
    CONFLICT = "CONFLICT"

    @property
    def severity(self) -> Severity:
        """What it means for the row."""
        if self is FindingCode.HIDDEN_ROW:
            return Severity.NOTED
        return Severity.REPAIRED if self in _REPAIRS else Severity.REFUSED


_REPAIRS = {
    FindingCode.LOST_ZERO,
    FindingCode.DECIMAL,
    FindingCode.EXPONENT,
    FindingCode.CLEANED,
    FindingCode.SWITCH_READ,
}


class Finding(NamedTuple):
    """One finding: `number` is the sheet's row; `column` is None for the row as a whole, and `cell` then empty."""

    number: int
    column: Column | None
    cell: str
    code: FindingCode
    original: str
    params: Mapping[str, str]


SENTENCES: Mapping[FindingCode, Sentence] = {
    FindingCode.HIDDEN_ROW: Sentence(
        "숨겨진 행입니다. 숨겨진 행도 함께 등록됩니다.",
        "This row is hidden; hidden rows are registered too.",
    ),
    FindingCode.LOST_ZERO: Sentence(
        "맨 앞의 0이 없어 {value}(으)로 고쳤습니다.",
        "The leading 0 was lost; read as {value}.",
    ),
    FindingCode.DECIMAL: Sentence(
        "소수점이 붙어 있어 {value}(으)로 고쳤습니다.",
        "A decimal part was taken off; read as {value}.",
    ),
    FindingCode.EXPONENT: Sentence(
        "지수 형식으로 저장된 숫자를 {value}(으)로 고쳤습니다.",
        "The number was stored as a power of ten; read as {value}.",
    ),
    FindingCode.CLEANED: Sentence(
        "불필요한 공백, 전각 문자 또는 분리된 한글을 정리하여 '{value}'(으)로 읽었습니다.",
        "Blanks, full-width characters or decomposed Hangul were cleaned; read as '{value}'.",
    ),
    FindingCode.SWITCH_READ: Sentence("{value}으로 읽었습니다.", "Read as {value}."),
    FindingCode.DIGITS_LOST: Sentence(
        "번호가 지수 형식으로 바뀌어 원래 숫자를 알 수 없습니다. 셀 서식을 '텍스트'로 바꾼 후 다시 입력해 주세요.",
        "The number became a power of ten and its digits are lost. Format the cell as text and type it again.",
    ),
    FindingCode.ERROR_CELL: Sentence(
        "수식 오류({value})입니다. 값을 직접 입력해 주세요.",
        "The cell holds the error {value}. Type the value.",
    ),
    FindingCode.NOT_CALCULATED: Sentence(
        "계산되지 않은 수식입니다. 수식 대신 값을 입력하거나 Excel에서 저장한 후 다시 올려 주세요.",
        "The formula was never calculated. Type the value, or save the file in Excel.",
    ),
    FindingCode.DATE_FOUND: Sentence(
        "날짜로 바뀐 값입니다. 셀 서식을 '텍스트'로 바꾼 후 다시 입력해 주세요.",
        "The value was turned into a date. Format the cell as text and type it again.",
    ),
    FindingCode.NOT_TEXT: Sentence(
        "글자가 아닌 값입니다. 셀 서식을 '텍스트'로 바꾼 후 다시 입력해 주세요.",
        "This is not a text. Format the cell as text and type it again.",
    ),
    FindingCode.TOO_LONG: Sentence(
        "너무 깁니다. {maximum}자 이내로 줄여 주세요.", "At most {maximum} characters are allowed."
    ),
    FindingCode.NUMBER_MISSING: Sentence(
        "가입 전화번호가 없습니다. 등록할 회선의 번호를 입력해 주세요.",
        "The company number is missing.",
    ),
    FindingCode.NUMBER_INVALID: Sentence(
        "올바른 전화번호가 아닙니다(예: 070-1234-5678).", "This is no telephone number."
    ),
    FindingCode.NUMBER_UNKNOWN: Sentence(
        "우리 회사의 가입 전화번호가 아닙니다. 번호를 확인해 주세요.",
        "This is not a number of your company.",
    ),
    FindingCode.NUMBER_REPEATED: Sentence(
        "같은 가입 전화번호가 {row}행에도 있습니다. 한 행만 남겨 주세요.",
        "The same number stands in row {row} too. Keep one of them.",
    ),
    FindingCode.NAME_MISSING: Sentence(
        "사용자명이 없습니다. 번호를 사용할 직원의 이름을 입력해 주세요.", "The name is missing."
    ),
    FindingCode.MOBILE_INVALID: Sentence(
        "올바른 휴대폰 번호가 아닙니다(예: 010-1234-5678).",
        "This is no mobile number (such as 010-1234-5678).",
    ),
    FindingCode.EMAIL_INVALID: Sentence(
        "올바른 이메일 주소가 아닙니다(예: user@example.com).", "This is no e-mail address."
    ),
    FindingCode.DEPARTMENT_UNKNOWN: Sentence(
        "등록되지 않은 부서입니다. [부서 관리]에서 먼저 추가하거나 등록된 부서를 입력해 주세요: {existing}",
        "There is no such department. There are: {existing}",
    ),
    FindingCode.DEPARTMENT_MISSPELT: Sentence(
        "등록되지 않은 부서입니다. '{near}' 부서를 뜻하는지 확인해 주세요.",
        "There is no such department. Is '{near}' meant?",
    ),
    FindingCode.DEPARTMENT_RETIRED: Sentence(
        "미리보기 후에 삭제된 부서입니다. 다른 부서를 입력한 후 다시 올려 주세요.",
        "The department was deleted after the preview.",
    ),
    FindingCode.SWITCH_INVALID: Sentence("ON 또는 OFF를 입력해 주세요.", "Give ON or OFF."),
    FindingCode.NO_RID: Sentence(
        "RID가 없는 회선은 RID를 사용할 수 없습니다. OFF로 바꿔 주세요.",
        "This line has no RID; give OFF.",
    ),
    FindingCode.CONFLICT: Sentence(
        "미리보기 후에 이 회선의 정보가 변경되어 등록하지 않았습니다. 현재 정보를 확인한 후 다시 올려 주세요.",
        "The line was changed after the preview, so the row was not registered.",
    ),
}


def sentence(code: str, params: Mapping[str, str], *, english: bool = False) -> str:
    """The sentence of a finding, its params filled in; Korean unless `english`."""
    known = SENTENCES[FindingCode(code)]
    return (known.en if english else known.ko).format_map(params)
