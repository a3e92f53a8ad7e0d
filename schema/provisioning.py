"""The provider's events, as operators see and send them (ON-01)."""

from __future__ import annotations

from datetime import datetime

import strawberry

from bizcall.models import ProvisioningEvent as ProvisioningEventRow
from bizcall.models.provisioning import EventKind, EventState
from bizcall.provisioning import Reason, reasons
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.messages import Language

described(
    EventKind,
    "What an event tells.",
    {
        EventKind.SUBSCRIPTION_COMPLETED: "A subscription is completed: a company with lines and an administrator.",
        EventKind.LINES_CHANGED: "Lines come, go or change their RID; perhaps another one represents the company.",
        EventKind.SUBSCRIPTION_CHANGED: "The company has another name or plan.",
    },
    name="ProvisioningEventKind",
)
described(
    EventState,
    "Where an event stands.",
    {
        EventState.APPLIED: "It took effect, once and for all.",
        EventState.WAITING: "It can't be applied yet; `reason` says what it waits for. After 24 hours it is rejected.",
        EventState.REJECTED: "It changed nothing, and `reason` says why. Mended, it may be sent again under its id.",
    },
    name="ProvisioningEventState",
)
described(
    Reason,
    "Why an event waits or was rejected; new members may come.",
    {reason: told.en for reason, told in reasons.SENTENCES.items()},
    name="ProvisioningReason",
)


@strawberry.type(description="An event of the provider's.")
class ProvisioningEvent:
    """A `bizcall.models.ProvisioningEvent`."""

    subscription: str | None = strawberry.field(
        description="The provider's id of the subscription; null where a rejected file doesn't tell it."
    )
    kind: EventKind | None = strawberry.field(
        description="What it tells; null where the content of a file was refused."
    )
    state: EventState = strawberry.field(description="Where it stands.")
    path: str = strawberry.field(description="Where in the event the reason lies: lines.3.number; may be empty.")
    source: str = strawberry.field(
        description="The file's name below feeds/provisioning/; empty for an operator's event."
    )
    occurred_at: datetime | None = strawberry.field(description="When it happened; null like `kind`.")
    received_at: datetime = strawberry.field(description="When it came, for the last time if it was rejected before.")

    @strawberry.field(description="The provider's id of the event; null where a rejected file doesn't tell it.")
    def reference(self, parent: strawberry.Parent[ProvisioningEventRow]) -> str | None:
        """No id of ours: it is what the provider's systems know it by."""
        return parent.event_id

    @strawberry.field(description="Why it waits or was rejected; null once it is applied.")
    def reason(self, parent: strawberry.Parent[ProvisioningEventRow]) -> Reason | None:
        """Stable; `message` is for people."""
        return Reason(parent.reason) if parent.reason is not None else None

    @strawberry.field(
        description="The reason for people; null once it is applied. Korean, or English when Accept-Language asks so."
    )
    def message(self, info: Info, parent: strawberry.Parent[ProvisioningEventRow]) -> str | None:
        """Its wording is no contract."""
        if parent.reason is None:
            return None
        return reasons.sentence(parent.reason, english=info.context.language is Language.EN)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, ProvisioningEventRow)


@strawberry.input(description="Which events; fields that are left out let all through.")
class ProvisioningEventFilter:
    """All must hold."""

    states: list[EventState] | None = strawberry.field(default=None, description="States, at most 3.")
    search: str | None = strawberry.field(
        default=None,
        description="A whole id of an event or a subscription, or a part of a file's name; at most 100 characters.",
    )


@strawberry.input(description="The company of a subscription.")
class ProvisioningCompanyInput:
    """Its name."""

    name: str = strawberry.field(description="1–100 characters.")


@strawberry.input(description="A line as it is from now on.")
class ProvisioningLineInput:
    """All of it."""

    number: str = strawberry.field(description="070, 02 or another area's, with or without hyphens.")
    rid: str | None = strawberry.field(default=None, description="Its RID; left out, it has none.")


@strawberry.input(
    description="An event, as the provider's systems drop it as a file; which fields it has goes by its kind. "
    "An event with more than 500 lines has to come as a file."
)
class ProvisioningApplyInput:
    """The contract of docs/provisioning.md."""

    id: str = strawberry.field(
        description="The event's own id: 1–100 letters, digits and . _ : - The same id with the same content "
        "changes nothing."
    )
    kind: EventKind = strawberry.field(description="What it tells.")
    occurred_at: datetime = strawberry.field(description="When it happened; of two events the later one wins.")
    subscription: str = strawberry.field(description="The subscription's id: 1–100 letters, digits and . _ : -")
    company: ProvisioningCompanyInput | None = strawberry.field(default=None, description="The company.")
    plan: str | None = strawberry.field(default=None, description="A plan's code.")
    admin_mobile: str | None = strawberry.field(default=None, description="Where the welcome message goes.")
    lines: list[ProvisioningLineInput] | None = strawberry.field(
        default=None, description="Lines that are subscribed, at most 500."
    )
    retire: list[str] | None = strawberry.field(default=None, description="Numbers that are given up, at most 500.")
    representative_number: str | None = strawberry.field(
        default=None, description="The number that represents the company from now on."
    )


@strawberry.type(
    description="The event, applied or waiting. Errors, at the paths of the event's fields: REQUIRED, INVALID_FORMAT, "
    "TOO_MANY, DUPLICATE, CONFLICT; NOT_FOUND at `plan`; KEY_REUSED at `id`; DUPLICATE at `subscription` where "
    "another event has completed it."
)
class ProvisioningApplyPayload(Payload):
    """Recorded in the company's trail."""

    event: ProvisioningEvent | None = strawberry.field(default=None, description="The event.")
