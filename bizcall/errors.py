"""The failures that a caller can cause or must expect.

    BizCallError
    ├── Invalid            the input breaks a rule; carries one Problem per bad field
    ├── Unauthenticated    nobody is signed in, or the session has ended
    ├── Forbidden          somebody is signed in who may not do this
    ├── NotFound           no such object in this company (another company's is the same)
    ├── Throttled          too often; says when to try again
    └── Unavailable        the database or a neighbour is away; safe to try again
        └── Collided       the database undid this transaction in favour of another one

`Invalid` becomes `userErrors` of a payload; the others become top-level GraphQL errors (mapped once in
`resolvers/errors.py`). Everything that is not a `BizCallError` is a bug.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ErrorCode(StrEnum):
    """Why an input was refused. Stable: clients switch on it."""

    REQUIRED = "REQUIRED"
    INVALID_FORMAT = "INVALID_FORMAT"
    TOO_LONG = "TOO_LONG"
    TOO_SHORT = "TOO_SHORT"
    TOO_MANY = "TOO_MANY"
    DUPLICATE = "DUPLICATE"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    STATE = "STATE"
    NO_RID = "NO_RID"
    APP_DISABLED = "APP_DISABLED"
    NO_RECIPIENT = "NO_RECIPIENT"
    CREDENTIALS = "CREDENTIALS"
    TEMPORARY_EXPIRED = "TEMPORARY_EXPIRED"
    GUESSABLE = "GUESSABLE"
    REUSED = "REUSED"
    OTHER_MOBILE = "OTHER_MOBILE"
    LOCKED = "LOCKED"
    CODE_WRONG = "CODE_WRONG"
    CODE_EXPIRED = "CODE_EXPIRED"
    CODE_REQUIRED = "CODE_REQUIRED"
    TOO_SOON = "TOO_SOON"
    CONTENT_CHANGED = "CONTENT_CHANGED"
    KEY_REUSED = "KEY_REUSED"
    ROW_REFUSED = "ROW_REFUSED"
    BAD_CURSOR = "BAD_CURSOR"
    OUT_OF_RANGE = "OUT_OF_RANGE"


@dataclass(frozen=True)
class Problem:
    """One bad field: where it is in the input, why it is refused, and values that a message may name.

    `field` is the path into the input with indexes as text, for example ("rows", "3", "appEnabled").
    `params` must hold no secret; they are sent to the client and fill the message's template. The names in both are
    published as they are, so they are spelled in camelCase.
    """

    code: ErrorCode
    field: tuple[str, ...] = ()
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


class BizCallError(Exception):
    """Root of the expected failures."""


class Invalid(BizCallError):
    """The input breaks at least one rule; nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(f"{'.'.join(p.field)}: {p.code}" for p in problems))
        self.problems: Sequence[Problem] = problems


class Unauthenticated(BizCallError):
    """Nobody is signed in."""


class Forbidden(BizCallError):
    """The signed-in person may not do this."""


class NotFound(BizCallError):
    """There is no such object in this company."""


class Throttled(BizCallError):
    """Too many requests; `retry_at` says from when on a new one is answered."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"retry at {retry_at.isoformat()}")
        self.retry_at = retry_at


class Unavailable(BizCallError):
    """The database or a service is away for the moment; the same request may be sent again."""


class Collided(Unavailable):
    """A deadlock or a serialization failure: this transaction was rolled back whole, a new attempt may succeed."""
