"""Why somebody looks at what is hidden: asked before a customer, a text or an unmasked file is shown (CU-01, MS-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bizcall import texts
from bizcall.errors import ErrorCode, Invalid, Problem

NOTE_LEAST, NOTE_MOST = 5, 200
DISTINCT_LEAST = 3
"""Different letters or digits in a note: "....." and "ㅁㅁㅁㅁㅁ" say nothing."""


class Purpose(StrEnum):
    """The kinds of reasons."""

    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    CALL_BACK = "CALL_BACK"
    DISPUTE = "DISPUTE"
    QUALITY_CHECK = "QUALITY_CHECK"
    LEGAL_DUTY = "LEGAL_DUTY"
    INCIDENT = "INCIDENT"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Reason:
    """A purpose, and a note of 5–200 characters in the person's own words."""

    purpose: Purpose
    note: str

    def checked(self, *path: str) -> Reason:
        """Itself with a clean note; raises Invalid at `note` under the path for one that says nothing."""
        return Reason(self.purpose, said(self.note, *path, "note"))

    def told(self) -> Mapping[str, str]:
        """For the details of an audit record."""
        return {"reason": self.purpose, "note": self.note}


def needed(reason: Reason | None) -> Reason:
    """The reason `checked`; raises Invalid, REQUIRED at `reason` where there is none."""
    if reason is None:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("reason",)))
    return reason.checked()


def said(note: str, *field: str) -> str:
    """A note of 5–200 characters, clean.

    Raises Invalid at `field`: REQUIRED, TOO_SHORT, TOO_LONG, and INVALID_FORMAT for one that says nothing.
    """
    clean = texts.clean(note).text
    letters = [character.casefold() for character in clean if character.isalnum()]
    if not letters:
        raise Invalid(Problem(ErrorCode.REQUIRED, field))
    if len(clean) < NOTE_LEAST:
        raise Invalid(Problem(ErrorCode.TOO_SHORT, field, {"minimum": str(NOTE_LEAST)}))
    if len(clean) > NOTE_MOST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, field, {"maximum": str(NOTE_MOST)}))
    if len(set(letters)) < DISTINCT_LEAST:
        raise Invalid(Problem(ErrorCode.INVALID_FORMAT, field))
    return clean
