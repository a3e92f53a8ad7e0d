"""Invitations to the app: what was sent to whom, and what became of it (IN-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import strawberry

from bizcall.audit.views import DELIVERIES
from bizcall.invitations import listing
from bizcall.models import Delivery as DeliveryRow
from bizcall.models import DeliveryAttempt as AttemptRow
from bizcall.models import Invitation as InvitationRow
from bizcall.models import InvitationBatch as BatchRow
from bizcall.models.dispatch import AttemptOutcome, Channel, DeliveryReason, DeliveryState
from bizcall.paging import Slice
from bizcall.subscribers import listing as subscribers_listing
from schema.companies import OnError
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.jobs import Job, JobError, JobStatus, Progress
from schema.node import Node, key_or_nothing
from schema.personal import personal
from schema.subscribers import LineFilter, Subscriber

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
    ) -> Annotated[InvitationBatch, strawberry.lazy("schema.invitations")] | None:
        """One statement for all invitations of an answer."""
        return cast("InvitationBatch | None", await info.context.load(listing.batches_by_ids, parent.batch_id))

    @strawberry.field(description="Its messages, one a channel: at most 2, the text message first.")
    async def deliveries(self, info: Info, parent: strawberry.Parent[InvitationRow]) -> list[Delivery]:
        """One statement for all invitations of an answer."""
        return cast("list[Delivery]", await info.context.load(listing.deliveries_of, parent.id) or [])


@strawberry.type(description="How many messages are in which state.")
class DeliveryCounts:
    """Of one batch."""

    queued: int = strawberry.field(description="QUEUED.")
    sending: int = strawberry.field(description="SENDING.")
    sent: int = strawberry.field(description="SENT.")
    delivered: int = strawberry.field(description="DELIVERED.")
    failed: int = strawberry.field(description="FAILED.")
    unknown: int = strawberry.field(description="UNKNOWN.")


async def _state(info: Info, parent: BatchRow) -> listing.BatchProgress:
    """How far the batch has come; one statement for all batches of an answer."""
    return await info.context.load(listing.progress_of, parent.id) or listing.BatchProgress()


async def _status(info: Info, parent: strawberry.Parent[BatchRow]) -> JobStatus:
    found = await _state(info, parent)
    if found.done == found.total:
        return JobStatus.COMPLETED
    return JobStatus.QUEUED if found.started_at is None else JobStatus.RUNNING


async def _progress(info: Info, parent: strawberry.Parent[BatchRow]) -> Progress:
    found = await _state(info, parent)
    return Progress(done=found.done, total=found.total)


async def _started_at(info: Info, parent: strawberry.Parent[BatchRow]) -> datetime | None:
    return (await _state(info, parent)).started_at


async def _finished_at(info: Info, parent: strawberry.Parent[BatchRow]) -> datetime | None:
    return (await _state(info, parent)).finished_at


def _error(parent: strawberry.Parent[BatchRow]) -> JobError | None:
    """Messages fail one by one, never the job."""
    return None


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


@strawberry.type(
    description="One request for invitations. As a job it runs until every message is SENT, FAILED or UNKNOWN: "
    "poll it, then look at what failed."
)
class InvitationBatch(Node, Job):
    """A `bizcall.models.InvitationBatch`."""

    row = BatchRow
    fetch = staticmethod(listing.batches_by_ids)

    created_at: datetime = strawberry.field(description="When it was asked for.")
    status: JobStatus = strawberry.field(
        resolver=_status, description="QUEUED until the first message goes out; COMPLETED also when messages failed."
    )
    progress: Progress = strawberry.field(
        resolver=_progress, description="Messages on which nobody works any more, of all."
    )
    started_at: datetime | None = strawberry.field(resolver=_started_at, description="When the first one went out.")
    finished_at: datetime | None = strawberry.field(
        resolver=_finished_at, description="When the last one was finished; null before."
    )
    error: JobError | None = strawberry.field(resolver=_error, description="Always null: messages fail one by one.")

    @strawberry.field(description="How many messages are in which state.")
    async def counts(self, info: Info, parent: strawberry.Parent[BatchRow]) -> DeliveryCounts:
        """One statement for all batches of an answer."""
        states = (await _state(info, parent)).states
        return DeliveryCounts(**{state.value.lower(): states.get(state, 0) for state in DeliveryState})

    @strawberry.field(description="Its invitations, newest first.")
    async def invitations(
        self,
        info: Info,
        parent: strawberry.Parent[BatchRow],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        states: Annotated[
            list[DeliveryState] | None, strawberry.argument(description="A message is in one of these states.")
        ] = None,
    ) -> Connection[Invitation]:
        """See `listing.listing`."""
        wanted = listing.InvitationFilter(states=states or (), batch_id=parent.id)
        return await Connection.of(info, listing.listing(parent.company_id, wanted), Slice(first, after, last, before))


@strawberry.input(
    description="Whom to invite: `subscriberIds`, or everybody whom `filter` finds. Each gets a message by each of the "
    "channels that he can be reached by."
)
class InvitationsSendInput:
    """One of both."""

    subscriber_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="1–500 subscribers, each once. Not with `filter`."
    )
    filter: LineFilter | None = strawberry.field(
        default=None, description="The subscribers on the lines that it lets through, at most 5,000."
    )
    expected_count: int | None = strawberry.field(
        default=None,
        description="Needed with `filter`: how many subscribers it is to find. If it finds others, nothing is sent.",
    )
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.SMS, Channel.EMAIL], description="By which ways, at most 2; both if left out."
    )
    on_error: OnError = strawberry.field(
        default=OnError.REJECT_ALL, description="What happens to the others when some can't be invited."
    )
    idempotency_key: str = strawberry.field(
        description="1–255 characters; the same key with the same input gets the first answer, for 24 hours."
    )


@strawberry.type(description="The request; its messages go out in the background.")
class InvitationsSendPayload(Payload):
    """With SKIP_BAD_ROWS both fields may be filled."""

    job: InvitationBatch | None = strawberry.field(
        default=None, description="Poll it; null when nobody could be invited."
    )


@strawberry.input(description="Which invitations to send again.")
class InvitationsResendInput:
    """Those with messages that failed or are unknown."""

    invitation_ids: list[strawberry.ID] = strawberry.field(
        description="1–500 invitations, each once, with a message that is FAILED or UNKNOWN."
    )
    channels: list[Channel] = strawberry.field(
        default_factory=lambda: [Channel.SMS, Channel.EMAIL],
        description="Whose failed messages to send again, at most 2; of both if left out.",
    )
    on_error: OnError = strawberry.field(
        default=OnError.REJECT_ALL, description="What happens to the others when some can't be sent again."
    )
    idempotency_key: str = strawberry.field(
        description="1–255 characters; the same key with the same input gets the first answer, for 24 hours."
    )


@strawberry.type(description="The invitations of which messages go out again, in the background.")
class InvitationsResendPayload(Payload):
    """With SKIP_BAD_ROWS both fields may be filled."""

    invitations: list[Invitation] | None = strawberry.field(
        default=None, description="At most 500, in the order of the input; null when nothing goes out."
    )
