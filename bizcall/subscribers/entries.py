"""What is wanted of a line's row, who holds the line, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from bizcall.errors import Problem


@dataclass(frozen=True, slots=True)
class Seen:
    """Whom the author of an entry saw on the line; the default is nobody."""

    subscriber_id: UUID | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line's row shall be; its texts have passed `rules.clean`.

    With `subscriber_id` it edits that holding, which must be the line's current one and stand at `revision`. Without,
    it starts a holding and ends the line's current one, if any; where `seen` is given, only if that is still whom
    the author saw.
    """

    line_id: UUID
    name: str
    subscriber_id: UUID | None = None
    revision: int | None = None
    department_id: UUID | None = None
    position: str = ""
    mobile: str | None = None
    email: str | None = None
    rid_enabled: bool = False
    app_enabled: bool = False
    seen: Seen | None = None


class Kind(StrEnum):
    """What became of an entry."""

    NEW = "NEW"
    CHANGED = "CHANGED"
    REPLACED = "REPLACED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An entry's result. `subscriber_id` is the holding that stands now, None when refused; `problem` says why.

    `ended_id` is the holding that a replacement ended.
    """

    subscriber_id: UUID | None
    kind: Kind
    problem: Problem | None = None
    ended_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """The current holding of a line."""

    id: UUID
    line_id: UUID
    department_id: UUID | None
    name: str
    position: str
    mobile: str | None
    email: str | None
    rid_enabled: bool
    app_enabled: bool
    revision: int
    started_at: datetime
    updated_at: datetime

    def matches(self, entry: Entry) -> bool:
        """Whether an edit to `entry` would change nothing."""
        return all(getattr(self, name) == getattr(entry, name) for name in EDITABLE)


EDITABLE = ("department_id", "name", "position", "mobile", "email", "rid_enabled", "app_enabled")
