"""The catalogue of messages: for each error code its published meaning and its sentence in Korean and in English.

A sentence may name the problem's params in braces; where a problem lacks one, the sentence without params is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum
from string import Formatter

from bizcall.errors import ErrorCode, Problem
from bizcall.months import KOREA

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d", re.ASCII)


class Language(StrEnum):
    """A language that messages are told in."""

    KO = "ko"
    EN = "en"


@dataclass(frozen=True)
class Entry:
    """What a code means (for the schema), what a front end does about it (for its guide), and what people read."""

    meaning: str
    ko: str
    en: str
    ko_with_params: str | None = None
    en_with_params: str | None = None
    _: KW_ONLY
    mend: str


KNOWN = frozenset(language.value for language in Language)

CATALOGUE: Mapping[ErrorCode, Entry] = {
    ErrorCode.REQUIRED: Entry(
        "A value is needed and missing.",
        "필수 항목입니다. 값을 입력해 주세요.",
        "This is required.",
        "소속된 사용자가 {members}명 있습니다. 옮길 부서를 선택해 주세요.",
        "It has {members} members. Choose a department for them.",
        mend="Ask for the value at `field`.",
    ),
    ErrorCode.INVALID_FORMAT: Entry(
        "The value is not of the form that is asked for.",
        "형식이 올바르지 않습니다. 입력한 값을 확인해 주세요.",
        "This is not in the right form.",
        mend="Show the form that the schema tells for the scalar or field.",
    ),
    ErrorCode.TOO_LONG: Entry(
        "The text is too long; `maximum` tells how many characters it may have.",
        "입력할 수 있는 길이를 넘었습니다.",
        "This is too long.",
        "최대 {maximum}자까지 입력할 수 있습니다.",
        "At most {maximum} characters are allowed.",
        mend="Bound the field by `maximum`.",
    ),
    ErrorCode.TOO_SHORT: Entry(
        "The text is too short; `minimum` tells how many characters it must have.",
        "입력한 값이 너무 짧습니다.",
        "This is too short.",
        "{minimum}자 이상 입력해 주세요.",
        "At least {minimum} characters are needed.",
        mend="Ask for at least `minimum` characters.",
    ),
    ErrorCode.TOO_MANY: Entry(
        "The list has too many entries; `maximum` tells how many it may have.",
        "한 번에 처리할 수 있는 개수를 넘었습니다.",
        "These are too many at once.",
        "한 번에 최대 {maximum}개까지 처리할 수 있습니다.",
        "At most {maximum} are allowed at once.",
        mend="Send several requests of at most `maximum`.",
    ),
    ErrorCode.OUT_OF_RANGE: Entry(
        "The number or the day lies outside `minimum` to `maximum`.",
        "허용된 범위를 벗어난 값입니다.",
        "This is out of range.",
        "{minimum}에서 {maximum} 사이의 값을 입력해 주세요.",
        "This must lie between {minimum} and {maximum}.",
        mend="Bound the control by `minimum` and `maximum`.",
    ),
    ErrorCode.DUPLICATE: Entry(
        "The same value stands twice in the input, or exists already.",
        "이미 있거나 중복된 값입니다. 다른 값을 입력해 주세요.",
        "This exists already.",
        mend="Mark the row at `field`, and ask for another value.",
    ),
    ErrorCode.NOT_FOUND: Entry(
        "There is no such object in this company.",
        "대상을 찾을 수 없습니다. 새로 고친 뒤 다시 시도해 주세요.",
        "There is no such object.",
        mend="Load the list again; the object is gone.",
    ),
    ErrorCode.CONFLICT: Entry(
        "Somebody else changed the object meanwhile, or the value contradicts another one in the input.",
        "다른 변경 사항이나 입력값과 충돌합니다. 새로 고친 뒤 다시 시도해 주세요.",
        "This conflicts with another change or value. Reload and try again.",
        mend="Load the object again, show what has changed, and let the user decide.",
    ),
    ErrorCode.STATE: Entry(
        "The object's state does not allow this now.",
        "현재 상태에서는 할 수 없는 작업입니다.",
        "This is not possible in the present state.",
        mend="Load the object again, and offer what its state allows.",
    ),
    ErrorCode.NO_RID: Entry(
        "The line has no representative caller ID (RID), so it can't be switched on.",
        "RID가 없는 회선은 RID를 사용할 수 없습니다. OFF로 바꿔 주세요.",
        "This line has no RID.",
        mend="Disable the switch for lines without RID.",
    ),
    ErrorCode.APP_DISABLED: Entry(
        "The subscriber may not use the app, so there is nothing to invite to; `count` tells how many, for a filter.",
        "앱 사용이 꺼져 있는 가입자입니다.",
        "The subscriber may not use the app.",
        "앱 사용이 꺼져 있는 가입자가 {count}명 있습니다.",
        "{count} subscribers may not use the app.",
        mend="Leave such subscribers out, or enable the app for them first.",
    ),
    ErrorCode.NO_RECIPIENT: Entry(
        "The subscriber has neither of what the channels need (mobile, e-mail); `count` tells how many, for a filter.",
        "휴대폰 번호나 이메일이 없어 보낼 수 없습니다.",
        "The subscriber has no mobile number or e-mail address for this.",
        "휴대폰 번호나 이메일이 없는 가입자가 {count}명 있습니다.",
        "{count} subscribers have no mobile number or e-mail address for this.",
        mend="Let the user complete mobile or e-mail, or choose another channel.",
    ),
    ErrorCode.CREDENTIALS: Entry(
        "Login ID or password is wrong.",
        "아이디 또는 비밀번호가 올바르지 않습니다.",
        "The ID or the password is wrong.",
        mend="Let the user type both again; after five failures follows `LOCKED`.",
    ),
    ErrorCode.TEMPORARY_EXPIRED: Entry(
        "The temporary password is right, but its time is over; the customer centre sends another.",
        "임시 비밀번호의 유효 기간이 지났습니다. 고객센터(1544-0001)에 재발송을 요청해 주세요.",
        "The temporary password has expired. Ask the customer centre (1544-0001) for another.",
        mend="Show the customer centre's number.",
    ),
    ErrorCode.GUESSABLE: Entry(
        "The password is among those that are guessed first, or holds the account's own number or name.",
        "추측하기 쉬운 비밀번호입니다. 전화번호, 회사명, 흔한 단어를 피해 주세요.",
        "This password is too easy to guess. Avoid numbers and names of the company, and common words.",
        mend="Ask for another password.",
    ),
    ErrorCode.REUSED: Entry(
        "The password is the present one or one of the last three.",
        "현재 비밀번호나 최근에 사용한 비밀번호는 사용할 수 없습니다.",
        "This is the present password or a recent one. Choose another.",
        mend="Ask for another password.",
    ),
    ErrorCode.OTHER_MOBILE: Entry(
        "The mobile is not the one given at subscription, to which alone the code is sent.",
        "신청한 기업 관리자 휴대폰 번호로만 인증번호를 받을 수 있습니다.",
        "The code is sent only to the mobile number given at subscription.",
        mend="Ask for the mobile given at subscription; changing it is for the customer centre.",
    ),
    ErrorCode.LOCKED: Entry(
        "Too many failures; `until` tells from when on it is possible again.",
        "여러 번 실패하여 잠시 이용할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        "Locked after too many failures. Try again later.",
        "여러 번 실패하여 {until}까지 이용할 수 없습니다.",
        "Locked after too many failures until {until}.",
        mend="Count down to `until`.",
    ),
    ErrorCode.CODE_WRONG: Entry(
        "The verification code is wrong.",
        "인증번호가 올바르지 않습니다.",
        "The verification code is wrong.",
        "인증번호가 올바르지 않습니다. {triesLeft}번 더 입력할 수 있습니다.",
        "The verification code is wrong. Tries left: {triesLeft}.",
        mend="Let the user type it again; `triesLeft` tells how often.",
    ),
    ErrorCode.CODE_EXPIRED: Entry(
        "The verification code is used up or too old; ask for another.",
        "인증번호가 만료되었습니다. 다시 요청해 주세요.",
        "The verification code has expired. Ask for another.",
        mend="Send another code.",
    ),
    ErrorCode.CODE_REQUIRED: Entry(
        "This needs a code that was right in the last ten minutes: viewerCodeSend, viewerCodeConfirm, then again.",
        "본인 확인이 필요합니다. 휴대폰으로 받은 인증번호를 입력한 뒤 다시 시도해 주세요.",
        "Confirm with a code sent to your mobile, then try again.",
        mend="Ask for a code by `viewerCodeSend` and `viewerCodeConfirm`, then send the same again.",
    ),
    ErrorCode.TOO_SOON: Entry(
        "Asked again too soon; `until` tells from when on it is possible.",
        "잠시 후 다시 요청해 주세요.",
        "Try again in a moment.",
        "{until} 이후에 다시 요청해 주세요.",
        "Try again after {until}.",
        mend="Disable the button until `until`.",
    ),
    ErrorCode.CONTENT_CHANGED: Entry(
        "The content is no longer the one that was shown.",
        "확인한 뒤 내용이 변경되었습니다. 다시 확인해 주세요.",
        "The content has changed since it was shown.",
        mend="Show the preview again, with its present `contentHash`.",
    ),
    ErrorCode.KEY_REUSED: Entry(
        "The idempotency key was used with another input.",
        "같은 요청 키가 다른 내용으로 이미 사용되었습니다.",
        "This idempotency key was used with another input.",
        mend="Make a new key for each thing the user does; keep it only to repeat the very same request.",
    ),
    ErrorCode.ROW_REFUSED: Entry(
        "Some rows have cells that were refused; `count` tells how many rows.",
        "오류가 있는 행이 있습니다.",
        "Some rows have errors.",
        "오류가 있는 행이 {count}개 있습니다.",
        "Rows with errors: {count}.",
        mend="Show the refused rows, or send `SKIP_BAD_ROWS` after asking.",
    ),
    ErrorCode.BAD_CURSOR: Entry(
        "The cursor is none of this list and order, or its row has changed since.",
        "이 목록의 커서가 아닙니다. 목록을 처음부터 다시 조회해 주세요.",
        "This is no cursor of this list in this order. Start the list again.",
        mend="Begin the list anew without `after` and `before`.",
    ),
}


def meaning(code: ErrorCode) -> str:
    """The published meaning of a code."""
    return CATALOGUE[code].meaning


def message(problem: Problem, language: Language) -> str:
    """The problem's sentence in that language."""
    entry = CATALOGUE[problem.code]
    plain, template = (entry.ko, entry.ko_with_params) if language is Language.KO else (entry.en, entry.en_with_params)
    if template is None or not placeholders(template) <= problem.params.keys():
        return plain
    return template.format_map({name: _shown(value) for name, value in problem.params.items()})


def _shown(value: str) -> str:
    """A param as people read it: moments, which are ISO 8601 for machines, by the clocks of Korea."""
    if not _MOMENT.fullmatch(value):
        return value
    return f"{datetime.fromisoformat(value).astimezone(KOREA):%Y-%m-%d %H:%M:%S}"


def placeholders(template: str) -> set[str]:
    """The params that a template names."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def preferred(accept_language: str) -> Language:
    """The language that an Accept-Language header asks for; Korean unless English is wanted more."""
    best, language = 0.0, Language.KO
    for part in accept_language.split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        try:
            wanted = float(weight or 1)
        except ValueError:
            continue
        tag = name.strip().lower().split("-")[0]
        if tag in KNOWN and best < wanted <= 1:
            best, language = wanted, Language(tag)
    return language
