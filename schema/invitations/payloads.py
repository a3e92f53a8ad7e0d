"""What is sent to ask for invitations, and what is answered (IN-10)."""

from __future__ import annotations

import strawberry

from bizcall.models.dispatch import Channel
from schema.companies import OnError
from schema.errors import Payload
from schema.invitations.batches import InvitationBatch
from schema.invitations.sent import Invitation
from schema.subscribers import LineFilter


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
