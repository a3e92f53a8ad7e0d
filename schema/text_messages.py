"""The history of messages (MS-01). Named so because `schema/messages.py` is the catalogue of what people are told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from bizcall import messages, stats
from bizcall.history.keys import FactKey
from bizcall.messages import MessageRow
from bizcall.models.messages import MessageDirection, MessageKind
from schema.connections import Connection, OrderDirection
from schema.context import Info
from schema.customers import RevealInput
from schema.enums import described
from schema.errors import Payload
from schema.history import Fact, HistoryFilterInput, freshness
from schema.node import Node, encode

described(
    MessageDirection,
    "Which way a message went.",
    {MessageDirection.SENT: "발신: the company sent it.", MessageDirection.RECEIVED: "수신: the company got it."},
)
described(
    MessageKind,
    "What sort of message.",
    {
        MessageKind.SMS: "A short one.",
        MessageKind.LMS: "A long one.",
        MessageKind.MMS: "One with pictures.",
    },
)


@strawberry.type(
    description="A message. It counts for whoever held the line, and in which department, when it was sent. "
    "Its text is read by `messageReveal`."
)
class Message(Fact, Node):
    """A `bizcall.messages.MessageRow`."""

    row = MessageRow
    fetch = staticmethod(messages.by_keys)
    parse = staticmethod(FactKey.parse)

    sent_at: datetime = strawberry.field(description="When it was sent.")
    direction: MessageDirection = strawberry.field(description="Which way it went.")
    kind: MessageKind = strawberry.field(description="What sort it is.")
    text_length: int = strawberry.field(description="How many characters its text has.")

    @strawberry.field(description="Opaque and stable; unique among all objects.")
    def id(self, parent: strawberry.Parent[MessageRow]) -> strawberry.ID:
        """The exchange's id and the moment."""
        return encode("Message", str(parent.key))


@strawberry.type(description="A page of messages.")
class MessageConnection(Connection[Message]):
    """A connection that says how fresh its data is."""

    @strawberry.field(description=freshness("messages"))
    async def as_of(self, info: Info) -> datetime | None:
        """In the query's transaction, so of the moment that the entries are of."""
        return await stats.as_of(info.context.company_id, stats.MESSAGES)


@strawberry.input(
    description="Which messages; fields that are left out let all through, empty lists nothing. "
    "Lists, statistics and Excel take the same one."
)
class MessageFilter(HistoryFilterInput):
    """See `HistoryFilterInput`."""


class MessageOrderField(StrEnum):
    """What messages have an index for: one thing, so that nobody reads it yet."""

    SENT_AT = "SENT_AT"


described(
    MessageOrderField,
    "What messages can be ordered by.",
    {MessageOrderField.SENT_AT: "By the moment of sending."},
)


@strawberry.input(description="The order of messages.")
class MessageOrder:
    """Ends in the key."""

    field: MessageOrderField = strawberry.field(default=MessageOrderField.SENT_AT, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which way.")


@strawberry.input(description="Why a message's text is opened. It is kept in the audit trail.")
class MessageRevealInput(RevealInput):
    """See `RevealInput`."""


@strawberry.type(
    description="A message's text. Errors: NOT_FOUND; REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class MessageRevealPayload(Payload):
    """Once."""

    text: str | None = strawberry.field(default=None, description="The text, at most 4,000 characters.")
