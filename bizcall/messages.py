"""The history of messages (MS-01). Their texts are in no list: one is read by a reveal, with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bizcall import months
from bizcall.history.filters import HistoryFilter
from bizcall.history.keys import FactKey, rows_by_keys
from bizcall.history.listing import FactListing
from bizcall.models import Message
from bizcall.models.messages import MessageDirection, MessageKind
from bizcall.paging import Pages
from bizcall.ports import Clock, now
from bizcall.stats.rollups import MESSAGES

_COLUMNS = (
    "message.id, message.sent_at, message.line_id, message.subscriber_id, message.department_id, message.direction,"
    " message.kind, message.customer_number, char_length(message.text) AS text_length"
)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as lists show it: of its text only how many characters it has. Nil keys are as a call's."""

    id: str
    sent_at: datetime
    line_id: UUID
    subscriber_id: UUID
    department_id: UUID
    direction: MessageDirection
    kind: MessageKind
    customer_number: str
    text_length: int

    @property
    def key(self) -> FactKey:
        """By which it is found again."""
        return FactKey(self.id, self.sent_at)


def listing(
    company_id: UUID, wanted: HistoryFilter, *, descending: bool = True, clock: Clock = now, kept: int = months.KEPT
) -> Pages[MessageRow]:
    """The messages that the filter lets through, by the moment of sending; raises Invalid for a bad filter."""
    return FactListing(company_id, wanted.checked(clock, kept=kept), MESSAGES, Message, _COLUMNS, _row, descending)


async def by_keys(company_id: UUID, keys: Collection[FactKey]) -> dict[FactKey, MessageRow]:
    """Messages by key; other companies' are left out."""
    rows = await rows_by_keys(company_id, MESSAGES, _COLUMNS, keys)
    return {row.key: row for row in map(_row, rows)}


def _row(found: Mapping[str, Any]) -> MessageRow:
    kinds = {"direction": MessageDirection(found["direction"]), "kind": MessageKind(found["kind"])}
    return MessageRow(**{**found, **kinds})
