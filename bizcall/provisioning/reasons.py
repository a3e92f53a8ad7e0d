"""Why an event waits or is refused: stable reasons, each with a sentence in Korean and in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bizcall import texts
from bizcall.errors import ErrorCode, Invalid, Problem


class Reason(StrEnum):
    """The first group is wrong with an event by itself, the second with what is known, the third is waited for."""

    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO_LARGE"
    WRONG_TYPE = "WRONG_TYPE"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    MISSING_FIELD = "MISSING_FIELD"
    FIELD_OF_ANOTHER_KIND = "FIELD_OF_ANOTHER_KIND"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    BAD_ID = "BAD_ID"
    BAD_NAME = "BAD_NAME"
    BAD_TIME = "BAD_TIME"
    BAD_NUMBER = "BAD_NUMBER"
    BAD_RID = "BAD_RID"
    BAD_MOBILE = "BAD_MOBILE"
    NUMBER_TWICE = "NUMBER_TWICE"
    TOO_MANY_LINES = "TOO_MANY_LINES"

    UNKNOWN_PLAN = "UNKNOWN_PLAN"
    EVENT_ID_REUSED = "EVENT_ID_REUSED"
    COMPLETED_BEFORE = "COMPLETED_BEFORE"
    SUBSCRIPTION_ENDED = "SUBSCRIPTION_ENDED"

    UNKNOWN_SUBSCRIPTION = "UNKNOWN_SUBSCRIPTION"
    NUMBER_TAKEN = "NUMBER_TAKEN"
    REPRESENTATIVE_NEEDED = "REPRESENTATIVE_NEEDED"


class Sentence(NamedTuple):
    """The same in two languages, and the code under which a mutation tells it."""

    ko: str
    en: str
    code: ErrorCode


SENTENCES: Mapping[Reason, Sentence] = {
    Reason.MALFORMED: Sentence(
        "JSON 형식이 아니거나 UTF-8로 저장되지 않은 파일입니다.",
        "The file is no JSON object in UTF-8.",
        ErrorCode.INVALID_FORMAT,
    ),
    Reason.TOO_LARGE: Sentence(
        "파일이 너무 큽니다. 1 MiB 이하로 나누어 보내 주세요.",
        "The file is too large; an event has at most 1 MiB.",
        ErrorCode.TOO_LONG,
    ),
    Reason.WRONG_TYPE: Sentence(
        "값의 종류가 맞지 않습니다.", "The value is of another type than asked for.", ErrorCode.INVALID_FORMAT
    ),
    Reason.UNKNOWN_FIELD: Sentence("알 수 없는 항목입니다.", "There is no such field.", ErrorCode.INVALID_FORMAT),
    Reason.MISSING_FIELD: Sentence("필수 항목이 없습니다.", "This field is missing.", ErrorCode.REQUIRED),
    Reason.FIELD_OF_ANOTHER_KIND: Sentence(
        "이 종류의 이벤트에는 쓸 수 없는 항목입니다.", "An event of this kind has no such field.", ErrorCode.CONFLICT
    ),
    Reason.UNKNOWN_KIND: Sentence(
        "알 수 없는 이벤트 종류입니다.", "There is no such kind of event.", ErrorCode.INVALID_FORMAT
    ),
    Reason.BAD_ID: Sentence(
        "ID는 영문자, 숫자와 . _ : - 로 이루어진 1~100자여야 합니다.",
        "An id is 1 to 100 letters, digits and the signs . _ : -",
        ErrorCode.INVALID_FORMAT,
    ),
    Reason.BAD_NAME: Sentence(
        "기업 이름은 1~100자여야 합니다.", "A company's name has 1 to 100 characters.", ErrorCode.INVALID_FORMAT
    ),
    Reason.BAD_TIME: Sentence(
        "시각은 시간대가 있는 ISO 8601 형식이어야 하며 미래일 수 없습니다.",
        "A time is ISO 8601 with an offset, and not in the future.",
        ErrorCode.INVALID_FORMAT,
    ),
    Reason.BAD_NUMBER: Sentence(
        "가입할 수 있는 전화번호(070 또는 지역번호)가 아닙니다.",
        "This is no number that a company can subscribe: 070 or an area's.",
        ErrorCode.INVALID_FORMAT,
    ),
    Reason.BAD_RID: Sentence(
        "RID로 쓸 수 있는 전화번호가 아닙니다.", "This number can be no RID.", ErrorCode.INVALID_FORMAT
    ),
    Reason.BAD_MOBILE: Sentence(
        "관리자 휴대폰 번호가 올바르지 않습니다.", "This is no mobile number.", ErrorCode.INVALID_FORMAT
    ),
    Reason.NUMBER_TWICE: Sentence(
        "같은 번호가 이벤트에 두 번 있습니다.", "The number stands twice in the event.", ErrorCode.DUPLICATE
    ),
    Reason.TOO_MANY_LINES: Sentence(
        "한 이벤트의 회선은 최대 10,000개입니다.", "An event has at most 10,000 lines.", ErrorCode.TOO_MANY
    ),
    Reason.UNKNOWN_PLAN: Sentence(
        "등록되지 않은 요금제입니다.", "There is no plan with this code.", ErrorCode.NOT_FOUND
    ),
    Reason.EVENT_ID_REUSED: Sentence(
        "같은 ID의 이벤트를 다른 내용으로 이미 받았습니다.",
        "Another event with this id was received before.",
        ErrorCode.KEY_REUSED,
    ),
    Reason.COMPLETED_BEFORE: Sentence(
        "이 청약은 다른 이벤트로 이미 완료되었습니다.",
        "Another event has completed this subscription before.",
        ErrorCode.DUPLICATE,
    ),
    Reason.SUBSCRIPTION_ENDED: Sentence(
        "계약이 종료된 청약입니다. 새 청약은 새 ID로 보내 주세요.",
        "The contract of this subscription has ended; another one has an id of its own.",
        ErrorCode.STATE,
    ),
    Reason.UNKNOWN_SUBSCRIPTION: Sentence(
        "청약 완료 이벤트가 아직 오지 않은 청약입니다.",
        "The event that completes this subscription has not come yet.",
        ErrorCode.NOT_FOUND,
    ),
    Reason.NUMBER_TAKEN: Sentence(
        "번호를 아직 다른 기업이 사용하고 있습니다.", "The number is still another company's.", ErrorCode.CONFLICT
    ),
    Reason.REPRESENTATIVE_NEEDED: Sentence(
        "대표 번호를 해지하려면 사용 중인 다른 번호를 대표 번호로 지정하는 이벤트가 필요합니다.",
        "The representative number goes only when an event names another line of the company in its place.",
        ErrorCode.STATE,
    ),
}


@dataclass(frozen=True)
class Finding:
    """A reason, and the path into the event with indexes as text."""

    reason: Reason
    path: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The path as it is listed: lines.3.number; names of unknown fields in it may be any text, and NUL with it."""
        return texts.clean(".".join(self.path)).text[:200]


class Refused(Invalid):
    """An event that is not even kept waiting; nothing was changed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(*(Problem(SENTENCES[found.reason].code, found.path) for found in findings))
        self.findings = findings


def sentence(reason: str, *, english: bool = False) -> str:
    """A reason for people; Korean unless `english`."""
    told = SENTENCES[Reason(reason)]
    return told.en if english else told.ko
