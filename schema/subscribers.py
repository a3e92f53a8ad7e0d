"""Lines and the subscribers who hold them (IN-01 … IN-04)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import strawberry

from bizcall import departments, phones
from bizcall.audit.views import SUBSCRIBERS
from bizcall.invitations import listing as invitations
from bizcall.models import LineRow
from bizcall.models import Subscriber as SubscriberRow
from bizcall.subscribers import Kind, listing
from schema.companies import OnError
from schema.connections import OrderDirection
from schema.context import Info
from schema.departments import Department
from schema.enums import described
from schema.errors import Payload
from schema.node import Node
from schema.personal import personal
from schema.scalars import EmailAddress, PhoneNumber

if TYPE_CHECKING:
    from schema.invitations import Invitation

described(
    listing.OrderField,
    "What lines can be ordered by.",
    {
        listing.OrderField.NUMBER: "By the line's number.",
        listing.OrderField.NAME: "By the subscriber's name; free lines count as nameless.",
        listing.OrderField.DEPARTMENT: "By the department's name, then the subscriber's.",
        listing.OrderField.UPDATED_AT: "By the time of the last change.",
    },
    name="LineOrderField",
)
described(
    listing.OnboardingState,
    "How far a subscriber has come with the app.",
    {
        listing.OnboardingState.REGISTERED: "Registered on the line, and not invited yet.",
        listing.OnboardingState.INVITED: "An invitation has been sent.",
        listing.OnboardingState.SIGNED_IN: "Has signed in to the app.",
    },
)
described(
    Kind,
    "What became of a row.",
    {
        Kind.NEW: "A free line has got a subscriber.",
        Kind.CHANGED: "The subscriber was edited.",
        Kind.REPLACED: "The line's holding was ended and another one started.",
        Kind.UNCHANGED: "The row said what stood there already; nothing was written.",
        Kind.REFUSED: "Nothing was changed; `userErrors` says why.",
    },
    name="SaveOutcome",
)


@strawberry.type(description="A subscribed number, with the person who holds it.")
class Line(Node):
    """A `bizcall.models.LineRow`."""

    row = LineRow
    fetch = staticmethod(listing.lines_by_ids)

    number: PhoneNumber = strawberry.field(description="The number, digits only.")
    rid: PhoneNumber | None = strawberry.field(
        description="The representative caller ID that the line may present; null when it has none."
    )
    updated_at: datetime = strawberry.field(
        description="When the row was last changed; of a line that nobody holds, since when it is the company's."
    )

    @strawberry.field(description="The number with hyphens.")
    def number_formatted(self, parent: strawberry.Parent[LineRow]) -> str:
        """For people."""
        return phones.formatted(parent.number)

    @strawberry.field(description="The RID with hyphens.")
    def rid_formatted(self, parent: strawberry.Parent[LineRow]) -> str | None:
        """For people."""
        return None if parent.rid is None else phones.formatted(parent.rid)

    @strawberry.field(description="Who holds the line now; null when it is free.")
    async def subscriber(
        self, info: Info, parent: strawberry.Parent[LineRow]
    ) -> Annotated[Subscriber, strawberry.lazy("schema.subscribers")] | None:
        """One statement for all lines of an answer."""
        if parent.subscriber_id is None:
            return None
        return cast("Subscriber | None", await info.context.load(listing.by_ids, parent.subscriber_id))


@strawberry.type(description="How far a subscriber has come with the app.")
class Onboarding:
    """Told by the subscriber's row; the newest invitation is loaded when it is asked for."""

    subscriber_id: strawberry.Private[UUID]
    state: listing.OnboardingState = strawberry.field(description="How far.")
    invited_at: datetime | None = strawberry.field(description="When an invitation was last sent; null if never.")
    signed_in_at: datetime | None = strawberry.field(description="When the app was first signed in to; null if never.")

    @strawberry.field(description="The newest invitation, sent or not; null if there is none.")
    async def invitation(self, info: Info) -> Annotated[Invitation, strawberry.lazy("schema.invitations")] | None:
        """One statement for all subscribers of an answer."""
        return cast("Invitation | None", await info.context.load(invitations.newest_of, self.subscriber_id))


@strawberry.type(description="A person's holding of a line, from one moment to another.")
class Subscriber(Node):
    """A `bizcall.models.Subscriber`."""

    row = SubscriberRow
    fetch = staticmethod(listing.by_ids)

    name: str = personal(SUBSCRIBERS, description="1–50 characters; empty once the person was forgotten.")
    position: str = strawberry.field(description="Free text of at most 50 characters; may be empty.")
    mobile: PhoneNumber | None = personal(SUBSCRIBERS, description="The mobile number, digits only.")
    email: EmailAddress | None = personal(SUBSCRIBERS, description="The e-mail address.")
    rid_enabled: bool = strawberry.field(description="Whether calls present the line's RID.")
    app_enabled: bool = strawberry.field(description="Whether the person may use the phone app.")
    revision: int = strawberry.field(description="Counts the changes; saving asks for the one that was seen.")
    invited_at: datetime | None = strawberry.field(description="When the app invitation was last sent; null if never.")
    started_at: datetime = strawberry.field(description="Since when the person has held the line.")
    ended_at: datetime | None = strawberry.field(description="Until when; null while the person holds the line.")
    forgotten_at: datetime | None = strawberry.field(
        description="When name, position and contacts of a person who had left were forgotten; null before."
    )
    updated_at: datetime = strawberry.field(description="When the holding was last changed.")

    @personal(SUBSCRIBERS, description="The mobile number with hyphens.")
    def mobile_formatted(self, parent: strawberry.Parent[SubscriberRow]) -> str | None:
        """For people."""
        return None if parent.mobile is None else phones.formatted(parent.mobile)

    @strawberry.field(description="How far the person has come with the app.")
    def onboarding(self, parent: strawberry.Parent[SubscriberRow]) -> Onboarding:
        """From the row."""
        return Onboarding(
            subscriber_id=parent.id,
            state=listing.onboarding(parent),
            invited_at=parent.invited_at,
            signed_in_at=parent.app_signed_in_at,
        )

    @strawberry.field(description="The department; of a past holding, that of its last day.")
    async def department(self, info: Info, parent: strawberry.Parent[SubscriberRow]) -> Department | None:
        """One statement for all subscribers of an answer."""
        if parent.department_id is None:
            return None
        return cast("Department | None", await info.context.load(departments.by_ids, parent.department_id))

    @strawberry.field(description="The line; null when the company no longer has it.")
    async def line(self, info: Info, parent: strawberry.Parent[SubscriberRow]) -> Line | None:
        """One statement for all subscribers of an answer."""
        return cast("Line | None", await info.context.load(listing.lines_by_ids, parent.line_id))


@strawberry.input(description="The order of lines.")
class LineOrder:
    """Ends in the key."""

    field: listing.OrderField = strawberry.field(default=listing.OrderField.NUMBER, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(
    description="Which lines; fields that are left out let all through. "
    "What is asked of a subscriber lets no free line through."
)
class LineFilter:
    """See `bizcall.subscribers.listing.LineFilter`."""

    search: str | None = strawberry.field(
        default=None,
        description="A part of the number, with or without hyphens, of the subscriber's name or of the department's.",
    )
    held: bool | None = strawberry.field(default=None, description="Whether somebody holds the line.")
    department_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The subscriber is in one of these departments; at most 500."
    )
    app_enabled: bool | None = strawberry.field(default=None, description="Whether the subscriber may use the app.")
    rid_enabled: bool | None = strawberry.field(default=None, description="Whether calls present the line's RID.")
    invited: bool | None = strawberry.field(default=None, description="Whether an app invitation was sent.")
    onboarding: list[listing.OnboardingState] | None = strawberry.field(
        default=None, description="The subscriber has come as far as one of these with the app; at most 3."
    )
    invited_never_signed_in_for_days: int | None = strawberry.field(
        default=None,
        description="The subscriber was last invited so many days ago or earlier, 0–3650, "
        "and has never signed in to the app.",
    )


@strawberry.input(description="Whom the client saw on a line.")
class SeenHolderInput:
    """A `bizcall.subscribers.Seen`."""

    subscriber_id: strawberry.ID = strawberry.field(description="The subscriber.")
    revision: int = strawberry.field(description="The subscriber's revision.")


@strawberry.input(
    description="A row to save. With `subscriberId` it edits the line's subscriber, and fields that are left out keep "
    "their values; without, it registers somebody on the line and ends the holding of whoever had it."
)
class SubscriberRowInput:
    """A `bizcall.subscribers.editing.Draft`."""

    line_id: strawberry.ID = strawberry.field(description="The line.")
    subscriber_id: strawberry.ID | None = strawberry.field(default=None, description="The subscriber to edit.")
    revision: int | None = strawberry.field(
        default=None, description="The revision that was edited; needed with `subscriberId`. Another one is a CONFLICT."
    )
    seen_holder: strawberry.Maybe[SeenHolderInput | None] = strawberry.field(
        description="Only without `subscriberId`: whom the client saw on the line, null for nobody. "
        "If it is somebody else by now, the row is a CONFLICT. Left out, whoever holds the line is replaced."
    )
    name: strawberry.Maybe[str] = strawberry.field(description="1–50 characters; needed without `subscriberId`.")
    department_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The department; null for none."
    )
    position: strawberry.Maybe[str | None] = strawberry.field(description="At most 50 characters.")
    mobile: strawberry.Maybe[PhoneNumber | None] = strawberry.field(
        description="A Korean mobile number; null for none."
    )
    email: strawberry.Maybe[EmailAddress | None] = strawberry.field(description="An e-mail address; null for none.")
    rid_enabled: strawberry.Maybe[bool] = strawberry.field(
        description="Whether calls present the line's RID; NO_RID where the line has none."
    )
    app_enabled: strawberry.Maybe[bool] = strawberry.field(description="Whether the person may use the phone app.")


@strawberry.input(description="Rows of the subscribers screen, one or many.")
class SubscribersSaveInput:
    """All in one transaction."""

    rows: list[SubscriberRowInput] = strawberry.field(description="1–500 rows, each of another line.")
    on_error: OnError = strawberry.field(
        default=OnError.REJECT_ALL, description="What happens to the good rows when others are bad."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1–255 characters; the same key with the same rows gets the first answer, for 24 hours.",
    )


@strawberry.type(description="What became of a row of the input.")
class SavedRow:
    """An outcome; its objects are loaded when they are asked for."""

    line_id: strawberry.Private[UUID]
    subscriber_id: strawberry.Private[UUID | None]
    outcome: Kind = strawberry.field(description="What was done.")

    @strawberry.field(description="The row's line as it stands now; null when the company has no such line.")
    async def line(self, info: Info) -> Line | None:
        """After the transaction."""
        return cast("Line | None", await info.context.load(listing.lines_by_ids, self.line_id))

    @strawberry.field(description="The subscriber of the row; null when the row was refused.")
    async def subscriber(self, info: Info) -> Subscriber | None:
        """After the transaction."""
        if self.subscriber_id is None:
            return None
        return cast("Subscriber | None", await info.context.load(listing.by_ids, self.subscriber_id))


@strawberry.type(
    description="What became of the rows. Errors of a row: REQUIRED, TOO_LONG, INVALID_FORMAT, NO_RID, NOT_FOUND, "
    "DUPLICATE (its line stands in an earlier row), CONFLICT (somebody changed it meanwhile: reload). "
    "Of all: REQUIRED, TOO_MANY, KEY_REUSED."
)
class SubscribersSavePayload(Payload):
    """With SKIP_BAD_ROWS both fields may be filled."""

    rows: list[SavedRow] | None = strawberry.field(
        default=None, description="1–500 results in the order of the input; null when nothing was saved."
    )


@strawberry.input(description="Which state of the subscriber was seen.")
class SubscriberRemoveInput:
    """For optimism (IN-04)."""

    revision: int = strawberry.field(description="The subscriber's revision; another one is a CONFLICT.")


@strawberry.type(
    description="What became of the subscriber. Errors: NOT_FOUND; CONFLICT (changed or removed meanwhile: reload)."
)
class SubscriberRemovePayload(Payload):
    """The holding as it ended."""

    subscriber: Subscriber | None = strawberry.field(default=None, description="The holding, ended.")
    line: Line | None = strawberry.field(default=None, description="The line, free.")
