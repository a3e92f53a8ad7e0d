"""What calls and messages have in common when they are loaded, attributed and corrected, as data and as SQL."""

from __future__ import annotations

from dataclasses import dataclass

from bizcall.models.calls import NOBODY
from bizcall.models.feeds import FeedKind
from bizcall.stats.rollups import CALLS, MESSAGES, Facts

_COMMON = (
    'place integer, id text COLLATE "C", moment timestamptz, number text, customer_number text, revision smallint,'
    ' replaces_id text COLLATE "C", replaces_moment timestamptz, below smallint'
)


@dataclass(frozen=True)
class Kind:
    """A kind of fact: its table, the columns of the rows that are staged, and which of these are its own."""

    kind: FeedKind
    facts: Facts
    staged: str
    own: tuple[str, ...]


KINDS = {
    FeedKind.CALLS: Kind(FeedKind.CALLS, CALLS, f"{_COMMON}, type text, seconds integer", ("type", "seconds")),
    FeedKind.MESSAGES: Kind(
        FeedKind.MESSAGES, MESSAGES, f"{_COMMON}, direction text, kind text, text text", ("direction", "kind", "text")
    ),
}

LINE = """
line.company_id = $1 AND line.number = record.number AND line.created_at <= record.moment
    AND (line.retired_at IS NULL OR record.moment < line.retired_at)
"""
"""On which line a record with a number and a moment was: the company's own line of that time."""

HELD = """
LEFT JOIN subscriber ON subscriber.company_id = $1 AND subscriber.line_id = line.id
    AND subscriber.started_at <= record.moment
    AND (subscriber.ended_at IS NULL OR record.moment < subscriber.ended_at)
LEFT JOIN membership ON membership.company_id = $1 AND membership.subscriber_id = subscriber.id
    AND membership.started_at <= record.moment
    AND (membership.ended_at IS NULL OR record.moment < membership.ended_at)
"""
"""Who held that line, and in which department, at that moment."""

ATTRIBUTES = (
    f"line.id AS line_id, coalesce(subscriber.id, '{NOBODY}') AS subscriber_id,"
    f" coalesce(membership.department_id, '{NOBODY}') AS department_id"
)
