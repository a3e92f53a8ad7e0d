"""Administrators and their sessions, and who is signed in (AU-31)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import cast

import strawberry

from bizcall import admins, companies
from bizcall.admins import AdminState, Role, sessions
from bizcall.audit.views import ADMINS
from bizcall.database import reading
from bizcall.models import AccountMessage as AccountMessageRow
from bizcall.models import AccountRow
from bizcall.models import Admin as AdminRow
from bizcall.models import Session as SessionRow
from bizcall.models.accounts import MessageState
from schema.companies import Company
from schema.context import Info
from schema.enums import described
from schema.node import Node, encode
from schema.personal import personal
from schema.scalars import PhoneNumber

described(
    Role,
    "What somebody who is signed in is.",
    {
        Role.ADMIN: "An administrator of a company.",
        Role.OPERATOR: "The provider's own staff.",
        Role.SERVICE: "Another server of the provider, with a credential of its own; never a viewer.",
    },
)
described(
    AdminState,
    "Where an administrator's account stands.",
    {
        AdminState.INVITED: "The welcome message was sent; nobody has registered yet.",
        AdminState.REGISTERED: "An administrator has registered.",
        AdminState.LOCKED: "Signing in is locked for a while after too many failures.",
        AdminState.ENDED: "Another administrator took the place, or the company's contract ended.",
    },
)
described(
    MessageState,
    "How far a message to an account has come.",
    {
        MessageState.QUEUED: "It waits to be sent.",
        MessageState.SENDING: "It is being handed to the gateway.",
        MessageState.SENT: "The gateway took it.",
        MessageState.FAILED: "It was not sent, and will not be; send another.",
        MessageState.UNKNOWN: "The gateway gave no answer: it may have arrived. It is not repeated by itself.",
    },
    name="AccountMessageState",
)


@strawberry.enum(description="What somebody who is signed in may do. New members may come.")
class Permission(Enum):
    """Each role has its own; all of a role have the same."""

    SUBSCRIBERS_MANAGE = strawberry.enum_value(
        "SUBSCRIBERS_MANAGE", description="See the lines and who holds them, and change that."
    )
    DEPARTMENTS_MANAGE = strawberry.enum_value("DEPARTMENTS_MANAGE", description="See and change the departments.")
    IMPORTS_MANAGE = strawberry.enum_value(
        "IMPORTS_MANAGE", description="Upload files of subscribers, preview and register them."
    )
    INVITATIONS_SEND = strawberry.enum_value("INVITATIONS_SEND", description="Invite subscribers to the phone app.")
    AUDIT_READ = strawberry.enum_value("AUDIT_READ", description="Read who did what to whose data.")
    ADMINS_MANAGE = strawberry.enum_value(
        "ADMINS_MANAGE", description="Find administrators of all companies, unlock, invite and replace them."
    )
    PROVISIONING_APPLY = strawberry.enum_value("PROVISIONING_APPLY", description="Set up companies and their numbers.")


PERMISSIONS = {
    Role.ADMIN: [
        Permission.SUBSCRIBERS_MANAGE,
        Permission.DEPARTMENTS_MANAGE,
        Permission.IMPORTS_MANAGE,
        Permission.INVITATIONS_SEND,
        Permission.AUDIT_READ,
    ],
    Role.OPERATOR: [Permission.ADMINS_MANAGE, Permission.PROVISIONING_APPLY, Permission.AUDIT_READ],
}


@strawberry.type(description="A message to an administrator's mobile.")
class AccountMessage:
    """A `bizcall.models.AccountMessage`."""

    state: MessageState = strawberry.field(description="How far it has come.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    sent_at: datetime | None = strawberry.field(description="When the gateway took it.")

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, AccountMessageRow)


@strawberry.type(
    description="A person who signs in to manage a company. What he told of himself is null for operators, "
    "who know accounts and not people."
)
class Admin(Node):
    """A `bizcall.models.AccountRow`."""

    row = AccountRow
    fetch = staticmethod(admins.visible_to)

    login_id: str | None = strawberry.field(description="What is typed to sign in; null once the account has ended.")
    company_name: str = strawberry.field(description="The company's name.")
    representative_number: PhoneNumber = strawberry.field(description="The company's representative number.")
    created_at: datetime = strawberry.field(description="When this administrator was set up.")
    registered_at: datetime | None = strawberry.field(description="When the administrator registered.")
    ended_at: datetime | None = strawberry.field(
        description="When another administrator took the place, or the company's contract ended."
    )
    password_changed_at: datetime = strawberry.field(description="When the password was last set.")
    temporary_until: datetime | None = strawberry.field(
        description="Until when the temporary password is good; null once the administrator has registered."
    )

    @strawberry.field(description="Where the account stands.")
    def state(self, info: Info, parent: strawberry.Parent[AccountRow]) -> AdminState:
        """By the clock of the request."""
        return admins.state(parent, info.context.services.clock())

    @strawberry.field(description="Until when signing in is locked; null when it isn't.")
    def locked_until(self, info: Info, parent: strawberry.Parent[AccountRow]) -> datetime | None:
        """Of any browser's counter, the latest."""
        until = parent.locked_until
        return until if until is not None and until > info.context.services.clock() else None

    @strawberry.field(description="The latest welcome message; null when there was none in the last 90 days.")
    async def welcome(self, info: Info, parent: strawberry.Parent[AccountRow]) -> AccountMessage | None:
        """How the invitation to the administrator himself went (ON-01)."""
        return cast("AccountMessage | None", await info.context.load(admins.welcomes, parent.id))

    @personal(ADMINS, description="1–50 characters; empty before registration.")
    async def name(self, info: Info, parent: strawberry.Parent[AccountRow]) -> str | None:
        """The company's own."""
        return (await _person(info, parent)).name if _own(info, parent) else None

    @strawberry.field(description="Free text, perhaps empty.")
    async def department(self, info: Info, parent: strawberry.Parent[AccountRow]) -> str | None:
        """The company's own."""
        return (await _person(info, parent)).department if _own(info, parent) else None

    @strawberry.field(description="Free text, perhaps empty.")
    async def position(self, info: Info, parent: strawberry.Parent[AccountRow]) -> str | None:
        """The company's own."""
        return (await _person(info, parent)).position if _own(info, parent) else None

    @personal(ADMINS, description="Null before registration, too.")
    async def email(self, info: Info, parent: strawberry.Parent[AccountRow]) -> str | None:
        """The company's own."""
        return (await _person(info, parent)).email if _own(info, parent) else None

    @strawberry.field(description="The mobile that codes go to, by its last four digits: 010-****-1234.")
    def mobile_masked(self, parent: strawberry.Parent[AccountRow]) -> str:
        """Whole numbers are revealed by mutations only."""
        return admins.masked(parent.mobile)


def _own(info: Info, row: AccountRow) -> bool:
    return row.company_id == info.context.company_id


async def _person(info: Info, row: AccountRow) -> AdminRow:
    return cast("AdminRow", await info.context.load(admins.people, row.id))


@strawberry.type(description="A session that has not ended.")
class Session:
    """A `bizcall.models.Session`."""

    created_at: datetime = strawberry.field(description="When it began.")
    seen_at: datetime = strawberry.field(description="When it was last used, to the minute.")
    expires_at: datetime = strawberry.field(description="When it ends in any case.")
    address: str = strawberry.field(description="The network address that it began from.")

    @strawberry.field(description="Opaque; for sessionEnd.")
    def id(self, parent: strawberry.Parent[SessionRow]) -> strawberry.ID:
        """Sessions are no nodes: only their account sees them."""
        return encode("Session", parent.id)

    @strawberry.field(description="Whether it is the one that this request presents.")
    def is_current(self, info: Info, parent: strawberry.Parent[SessionRow]) -> bool:
        """So that a page can mark it."""
        return parent.id == info.context.signed_in.session_id

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, SessionRow)


@strawberry.type(description="Who is signed in, and until when.")
class Viewer:
    """A `bizcall.admins.Viewer`."""

    role: Role = strawberry.field(description="What the viewer is.")
    idle_until: datetime = strawberry.field(
        description="When the session ends if it is not used: the limit `sessionIdle` (30 minutes, unless the "
        "deployment says otherwise) after the last operation that asked for more than `viewer`, `rateLimit`, `limits` "
        "and `documents`, which pages may poll."
    )
    expires_at: datetime = strawberry.field(description="When the session ends in any case: 12 hours after signing in.")
    fresh_until: datetime | None = strawberry.field(
        description="Until when the last right code counts for what answers `CODE_REQUIRED`: 10 minutes."
    )

    @strawberry.field(description="The administrator, or the operator.")
    async def admin(self, info: Info, parent: strawberry.Parent[admins.Viewer]) -> Admin:
        """Always there: rows of administrators are never deleted."""
        return cast("Admin", await info.context.load(admins.by_ids, parent.admin_id))

    @strawberry.field(description="The administrator's company; for an operator the provider.")
    async def company(self, info: Info, parent: strawberry.Parent[admins.Viewer]) -> Company:
        """Always there likewise."""
        return cast("Company", await info.context.load(companies.by_ids, parent.company_id))

    @strawberry.field(description="What the viewer may do; at most 20.")
    def permissions(self, parent: strawberry.Parent[admins.Viewer]) -> list[Permission]:
        """Those of the role."""
        return PERMISSIONS[parent.role]

    @strawberry.field(description="The account's sessions that have not ended, newest first; at most 3.")
    async def sessions(self, info: Info, parent: strawberry.Parent[admins.Viewer]) -> list[Session]:
        """A further sign-in ends the oldest."""
        services = info.context.services
        async with reading(parent.company_id):
            rows = await sessions.alive(parent, idle=services.settings.session_idle, clock=services.clock)
        return cast("list[Session]", rows)

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, admins.Viewer)
