"""What an event must be: strict, closed and bounded (docs/provisioning.md)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from bizcall import phones, texts
from bizcall.idempotency import fingerprint
from bizcall.models.provisioning import EventKind
from bizcall.provisioning.reasons import Finding, Reason, Refused

FILE_MOST = 1024 * 1024
LINES_MOST = 10_000
FINDINGS_MOST = 100
NAME_LONGEST = 100
NUMBER_LONGEST = 40
"""With all that people put between the digits."""

FUTURE_MOST = timedelta(hours=1)
"""How far clocks may differ: an event of the far future would win over all that come after it."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ID = r"^[A-Za-z0-9._:-]{1,100}\z"


def _normal(text: str) -> str | None:
    return phones.normalise(text) if len(text) <= NUMBER_LONGEST else None


def _number(text: str) -> str:
    number = _normal(text)
    if number is None or not phones.is_company(number):
        raise PydanticCustomError(Reason.BAD_NUMBER, "no number of a company")
    return number


def _rid(text: str) -> str:
    number = _normal(text)
    if number is None or not number.startswith("0"):
        raise PydanticCustomError(Reason.BAD_RID, "no caller ID")
    return number


def _mobile(text: str) -> str:
    number = phones.mobile(text) if len(text) <= NUMBER_LONGEST else None
    if number is None:
        raise PydanticCustomError(Reason.BAD_MOBILE, "no mobile")
    return number


def _name(text: str) -> str:
    name = texts.clean(text).text
    if not 1 <= len(name) <= NAME_LONGEST:
        raise PydanticCustomError(Reason.BAD_NAME, "no name")
    return name


Key = Annotated[str, StringConstraints(pattern=ID)]
Number = Annotated[str, AfterValidator(_number)]
Rid = Annotated[str, AfterValidator(_rid)]
Mobile = Annotated[str, AfterValidator(_mobile)]
Name = Annotated[str, AfterValidator(_name)]


class _Part(BaseModel):
    # Fields bear the events' own names: with aliases pydantic would let Python's names pass as well, unread.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class GivenLine(_Part):
    """A line as it is from now on: without `rid` it has none."""

    number: Number
    rid: Rid | None = None


class GivenCompany(_Part):
    """The company's name."""

    name: Name


class Event(_Part):
    """An event whose values are in normal form; which fields it has goes by its kind."""

    id: Key
    kind: EventKind
    occurredAt: AwareDatetime  # noqa: N815
    subscription: Key
    company: GivenCompany | None = None
    plan: str | None = None
    adminMobile: Mobile | None = None  # noqa: N815
    lines: list[GivenLine] = Field(default=[], max_length=LINES_MOST)
    retire: list[Number] = Field(default=[], max_length=LINES_MOST)
    representativeNumber: Number | None = None  # noqa: N815

    @property
    def order(self) -> tuple[datetime, str]:
        """What decides between two events: the later one wins, and of the same moment the greater id."""
        return self.occurredAt, self.id

    @property
    def numbers(self) -> list[str]:
        """The numbers that it asks for or names."""
        named = {line.number for line in self.lines} | {*self.retire, self.representativeNumber or ""} - {""}
        return sorted(named)

    @property
    def fingerprint(self) -> bytes:
        """What tells contents apart, whatever the spelling of their values."""
        return fingerprint("provisioning", self.content())

    def content(self) -> dict[str, Any]:
        """The event as a JSON object, in normal form and without empty fields."""
        content: dict[str, Any] = orjson.loads(self.model_dump_json(exclude_none=True))
        return {name: value for name, value in content.items() if value != []} | {
            "occurredAt": self.occurredAt.astimezone(UTC).isoformat()
        }


_FIELDS = ("company", "plan", "adminMobile", "lines", "retire", "representativeNumber")
_NEEDED = {
    EventKind.SUBSCRIPTION_COMPLETED: ("company", "plan", "adminMobile", "lines"),
    EventKind.LINES_CHANGED: (),
    EventKind.SUBSCRIPTION_CHANGED: (),
}
_ONE_OF = {
    EventKind.LINES_CHANGED: ("lines", "retire", "representativeNumber"),
    EventKind.SUBSCRIPTION_CHANGED: ("company", "plan"),
}
_TYPES = {
    "json_invalid": Reason.MALFORMED,
    "json_type": Reason.MALFORMED,
    "model_type": Reason.WRONG_TYPE,
    "missing": Reason.MISSING_FIELD,
    "extra_forbidden": Reason.UNKNOWN_FIELD,
    "enum": Reason.UNKNOWN_KIND,
    "string_pattern_mismatch": Reason.BAD_ID,
    "too_long": Reason.TOO_MANY_LINES,
    "timezone_aware": Reason.BAD_TIME,
}


def read(body: bytes, at: datetime) -> Event:
    """The event in a file's bytes; raises Refused with at most 100 findings."""
    if len(body) > FILE_MOST:
        raise Refused([Finding(Reason.TOO_LARGE)])
    try:
        event = Event.model_validate_json(body.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)[:FINDINGS_MOST]
        raise Refused([_finding(each) for each in details]) from None
    if findings := [*_wrong(event, at)][:FINDINGS_MOST]:
        raise Refused(findings)
    return event


def names(body: bytes) -> tuple[str | None, str | None]:
    """Id and subscription of an event that was refused, where it tells them in their right form."""
    try:
        given = orjson.loads(body.removeprefix(codecs.BOM_UTF8))
        known = _Names.model_validate(given, extra="ignore")
    except (orjson.JSONDecodeError, ValidationError):
        return None, None
    return known.id, known.subscription


class _Names(BaseModel):
    id: Key
    subscription: Key | None = None


def _finding(detail: ErrorDetails) -> Finding:
    path = tuple(str(part) for part in detail["loc"])
    kind = detail["type"]
    if not path and kind == "model_type":
        return Finding(Reason.MALFORMED)
    if kind in Reason.__members__:
        return Finding(Reason(kind), path)
    if kind.startswith("datetime"):
        return Finding(Reason.BAD_TIME, path)
    return Finding(_TYPES.get(kind, Reason.WRONG_TYPE), path)


def _wrong(event: Event, at: datetime) -> Iterator[Finding]:
    """What the types of fields can't tell."""
    needed = _NEEDED[event.kind]
    allowed = needed or _ONE_OF[event.kind]
    for field in _FIELDS:
        if field in needed and not getattr(event, field):
            yield Finding(Reason.MISSING_FIELD, (field,))
        if field not in allowed and getattr(event, field):
            yield Finding(Reason.FIELD_OF_ANOTHER_KIND, (field,))
    if not needed and not any(getattr(event, field) for field in allowed):
        yield Finding(Reason.MISSING_FIELD, (allowed[0],))
    if not EARLIEST <= event.occurredAt <= at + FUTURE_MOST:
        yield Finding(Reason.BAD_TIME, ("occurredAt",))
    seen: set[str] = set()
    places: list[tuple[str, tuple[str, ...]]] = [
        (line.number, ("lines", str(index), "number")) for index, line in enumerate(event.lines)
    ]
    places += [(number, ("retire", str(index))) for index, number in enumerate(event.retire)]
    for number, path in places:
        if number in seen:
            yield Finding(Reason.NUMBER_TWICE, path)
        seen.add(number)
    if event.representativeNumber in event.retire:
        yield Finding(Reason.NUMBER_TWICE, ("representativeNumber",))
