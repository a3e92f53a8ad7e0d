"""An invitation, its messages and their attempts (IN-10)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from bizcall.audit.views import DELIVERIES
from bizcall.invitations import listing
from bizcall.models import Delivery as DeliveryRow
from bizcall.models import DeliveryAttempt as AttemptRow
from bizcall.models import Invitation as InvitationRow
from bizcall.models.dispatch import AttemptOutcome, Channel, DeliveryReason, DeliveryState
from bizcall.subscribers import listing as subscribers_listing
from schema.context import Info
from schema.enums import described
from schema.node import Node, key_or_nothing
from schema.personal import personal
from schema.subscribers import Subscriber

if TYPE_CHECKING:
    from schema.invitations.batches import InvitationBatch

described(
    Channel,
    "By which way a message goes.",
    {Channel.SMS: "A text message to the mobile, short or long.", Channel.EMAIL: "An e-mail."},
    name="Channel",
)
described(
    DeliveryState,
    "How far a message has come. The last four are final until a report comes or somebody sends it again.",
    {
        DeliveryState.QUEUED: "Waits for a worker, until `dueAt` at least.",
        DeliveryState.SENDING: "A worker is handing it to the gateway, or the gateway is being asked about it.",
        DeliveryState.SENT: "The gateway took it; no report has come yet.",
        DeliveryState.DELIVERED: "The gateway reported that it arrived.",
        DeliveryState.FAILED: "It did not and will not arrive; `reason` and `gatewayCode` say why.",
        DeliveryState.UNKNOWN: "It may have been sent, and nobody can tell. It is not sent again by itself.",
    },
)
described(
    DeliveryReason,
    "Why a message was put off, ended, or is unknown; new members may come.",
    {
        DeliveryReason.DAILY_LIMIT: "The company's messages of the day are used up; it waits for midnight in Korea.",
        DeliveryReason.GATEWAY_PAUSED: "The gateway keeps failing and is left alone for a moment.",
        DeliveryReason.GATEWAY_BUSY: "The gateway did not take it for the moment; as a final reason, too often.",
        DeliveryReason.GATEWAY_REFUSED: "The gateway will never take it, for example because the number can't be.",
        DeliveryReason.NOT_DELIVERED: "The gateway took it and reported later that it did not arrive.",
        DeliveryReason.NO_ANSWER: "The gateway gave no answer, and can't tell whether it has the message.",
        DeliveryReason.NOT_TAKEN: "The gateway gave no answer, and says that it has no such message.",
        DeliveryReason.INVITATION_EXPIRED: "The invitation was over before the message could be sent.",
        DeliveryReason.SUBSCRIBER_CHANGED: "The subscriber, his switch for the app or this contact was changed before.",
        DeliveryReason.COMPANY_INACTIVE: "The company was suspended, or its contract had ended.",
        DeliveryReason.INTERNAL: "A fault of ours; tell us.",
    },
)
described(
    AttemptOutcome,
    "What came of one attempt. ACCEPTED, UNCERTAIN and SENDING may have reached the recipient.",
    {
        AttemptOutcome.SENDING: "It is under way.",
        AttemptOutcome.ACCEPTED: "The gateway took the message.",
        AttemptOutcome.REFUSED: "The gateway refused the message for good.",
        AttemptOutcome.BUSY: "The gateway did not take it for the moment.",
        AttemptOutcome.UNCERTAIN: "Nobody can tell whether the gateway took it.",
        AttemptOutcome.ABSENT: "The gateway says that it has no such message.",
        AttemptOutcome.DROPPED: "It was given up before the gateway was asked.",
    },
    name="DeliveryAttemptOutcome",
)


@strawberry.type(description="One attempt at a message.")
class DeliveryAttempt:
    """A `bizcall.models.DeliveryAttempt`."""

    number: int = strawberry.field(description="Counts from 1.")
    gateway: str = strawberry.field(description="The gateway's name.")
    outcome: AttemptOutcome = strawberry.field(description="What came of it.")
    code: str | None = strawberry.field(description="What the gateway said, in its own words; null if nothing.")
    claimed_at: datetime = strawberry.field(description="When it began.")
    ended_at: datetime | None = strawberry.field(description="When it was known what came of it.")

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, AttemptRow)


@strawberry.type(description="One message of an invitation.")
class Delivery(Node):
    """A `bizcall.models.Delivery`."""

    row = DeliveryRow
    fetch = staticmethod(listing.deliveries_by_ids)

    channel: Channel = strawberry.field(description="By which way it goes.")
    recipient: str = personal(DELIVERIES, description="The mobile number or e-mail address that it goes to.")
    state: DeliveryState = strawberry.field(description="How far it has come.")
    gateway_code: str | None = strawberry.field(description="What the gateway said, in its own words; null if nothing.")
    due_at: datetime = strawberry.field(description="From when on it may go out.")
    sent_at: datetime | None = strawberry.field(description="When a gateway took it; null if none has.")
    finished_at: datetime | None = strawberry.field(description="When it reached a final state; null before.")
    created_at: datetime = strawberry.field(description="When it was asked for.")

    @strawberry.field(description="Why it was put off, ended, or is unknown; null where there is nothing to explain.")
    def reason(self, parent: strawberry.Parent[DeliveryRow]) -> DeliveryReason | None:
        """The row has it as text."""
        return None if parent.reason is None else DeliveryReason(parent.reason)

    @strawberry.field(
        description="The latest 50 attempts, oldest first. More than one that may have reached the recipient means "
        "that he may have got the message twice."
    )
    async def attempts(self, info: Info, parent: strawberry.Parent[DeliveryRow]) -> list[DeliveryAttempt]:
        """One statement for all messages of an answer."""
        return cast("list[DeliveryAttempt]", await info.context.load(listing.attempts_of, parent.id) or [])


@strawberry.type(description="A subscriber asked to install the app, with a temporary password.")
class Invitation(Node):
    """A `bizcall.models.Invitation`."""

    row = InvitationRow
    fetch = staticmethod(listing.by_ids)

    created_at: datetime = strawberry.field(description="When it was asked for.")
    expires_at: datetime = strawberry.field(description="Until when its temporary password is good: 7 days.")

    @strawberry.field(description="Who is invited.")
    async def subscriber(self, info: Info, parent: strawberry.Parent[InvitationRow]) -> Subscriber | None:
        """One statement for all invitations of an answer."""
        return cast("Subscriber | None", await info.context.load(subscribers_listing.by_ids, parent.subscriber_id))

    @strawberry.field(description="The request that it came of.")
    async def batch(
        self, info: Info, parent: strawberry.Parent[InvitationRow]
    ) -> Annotated[InvitationBatch, strawberry.lazy("schema.invitations.batches")] | None:
        """One statement for all invitations of an answer."""
        return cast("InvitationBatch | None", await info.context.load(listing.batches_by_ids, parent.batch_id))

    @strawberry.field(description="Its messages, one a channel: at most 2, the text message first.")
    async def deliveries(self, info: Info, parent: strawberry.Parent[InvitationRow]) -> list[Delivery]:
        """One statement for all invitations of an answer."""
        return cast("list[Delivery]", await info.context.load(listing.deliveries_of, parent.id) or [])


@strawberry.input(description="Which invitations; fields that are left out let all through.")
class InvitationFilter:
    """See `bizcall.invitations.listing.InvitationFilter`."""

    states: list[DeliveryState] | None = strawberry.field(
        default=None, description="A message is in one of these states; at most 6."
    )
    channels: list[Channel] | None = strawberry.field(
        default=None, description="That message goes by one of these ways; at most 2."
    )
    subscriber_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="One of these subscribers is invited; at most 500."
    )
    batch_id: strawberry.ID | None = strawberry.field(default=None, description="They came of this request.")

    def wanted(self) -> listing.InvitationFilter:
        """What `bizcall` filters by; ids of nothing find nothing."""
        ids = self.subscriber_ids
        return listing.InvitationFilter(
            states=self.states or (),
            channels=self.channels or (),
            subscriber_ids=None if ids is None else [key_or_nothing(each, "Subscriber") for each in ids],
            batch_id=None if self.batch_id is None else key_or_nothing(self.batch_id, "InvitationBatch"),
        )
