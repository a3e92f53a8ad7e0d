"""What operators do to administrators' accounts (ON-02, AU-22, AU-31, AU-32); each act stands in the company's trail.

An operator acts on one company by entering it: the transaction sees no other one's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bizcall import audit, phones, texts
from bizcall.admins import codes, credentials, locks, profiles, sessions
from bizcall.audit import Actor
from bizcall.database import directory, query, tenant
from bizcall.dispatch import outbox
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.models import Admin
from bizcall.models.accounts import AccountRow
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, Queue, now


@dataclass(frozen=True)
class Operator:
    """An operator's account; `registered_at` is None while he has a temporary password. The mobile is masked."""

    login_id: str
    name: str
    mobile: str
    registered_at: datetime | None


async def account(admin_id: UUID) -> AccountRow:
    """An administrator's account, of whichever company; raises NotFound. Operators' own accounts are not among them."""
    async with directory():
        row = await AccountRow.exclude(company_id=PROVIDER_ID).get_or_none(id=admin_id)
    if row is None:
        raise NotFound
    return row


async def welcome_resend(
    representative_number: str, company_name: str, *, keys: Keys, actor: Actor, queue: Queue, clock: Clock = now
) -> AccountRow:
    """Send the welcome message again, with a fresh temporary password (ON-02).

    Number and name must both be the company's. Raises NotFound, and Invalid (STATE) for an administrator who has
    registered already: he resets his password, or is replaced.
    """
    number, name = phones.normalise(representative_number) or "", texts.clean(company_name).text
    async with directory():
        row = await AccountRow.exclude(company_id=PROVIDER_ID).get_or_none(
            representative_number=number, company_name=name, login_id=number
        )
    if row is None:
        raise NotFound
    welcome = await credentials.prepare(row.id, keys=keys)
    async with tenant(row.company_id):
        message = await credentials.invite(
            row.company_id, row.id, login_id=number, welcome=welcome, actor=actor, clock=clock
        )
    await outbox.publish([message], queue=queue)
    return await account(row.id)


async def unlock(admin_id: UUID, *, actor: Actor, clock: Clock = now) -> AccountRow:
    """Clear the account's locks (AU-22); raises NotFound."""
    found = await account(admin_id)
    if found.login_id is None:
        raise NotFound
    async with tenant(found.company_id):
        await locks.clear(found.login_id)
        await audit.record(found.company_id, actor, "admins.unlock", [admin_id], kind="Admin", clock=clock)
    return await account(admin_id)


async def sessions_end(admin_id: UUID, *, actor: Actor, clock: Clock = now) -> int:
    """End all sessions of an account and return how many there were; raises NotFound."""
    found = await account(admin_id)
    async with tenant(found.company_id):
        ended = await sessions.end(found.company_id, admin_id, clock())
        await audit.record(
            found.company_id,
            actor,
            "admins.sessions_end",
            [admin_id],
            {"sessions": len(ended)},
            kind="Admin",
            clock=clock,
        )
    return len(ended)


async def replace(
    admin_id: UUID, mobile: str, *, keys: Keys, actor: Actor, queue: Queue, clock: Clock = now
) -> AccountRow:
    """Put another administrator in the place of one who left or lost his mobile (AU-32).

    The former one's sessions, challenges and browsers end with the account; the next one gets the same login ID, a
    welcome message to the new mobile, and registers. Raises NotFound, also when he was replaced already, and Invalid
    (INVALID_FORMAT at `mobile`).
    """
    number = codes.mobile_of(mobile)
    found = await account(admin_id)
    next_id = uuid7()
    welcome = await credentials.prepare(next_id, keys=keys)
    async with tenant(found.company_id):
        login_id = await credentials.end(found.company_id, admin_id, clock())
        await Admin.create(id=next_id, company_id=found.company_id, name="", mobile=number)
        message = await credentials.invite(
            found.company_id, next_id, login_id=login_id, welcome=welcome, actor=actor, clock=clock
        )
        await audit.record(found.company_id, actor, "admins.replace", [admin_id, next_id], kind="Admin", clock=clock)
    await outbox.publish([message], queue=queue)
    return await account(next_id)


async def operator_create(
    login_id: str, name: str, mobile: str, *, keys: Keys, actor: Actor, queue: Queue, clock: Clock = now
) -> UUID:
    """Make an operator's account, or send a fresh temporary password to one that has not registered; returns its key.

    `login_id` is a name of 3 to 20 small letters, digits and `._-`, the first a letter; he gets a welcome message and
    registers like an administrator. For the command line only. Raises Invalid: INVALID_FORMAT; REQUIRED and TOO_LONG at
    `name`; STATE when he has registered; DUPLICATE when somebody else made it at this moment.
    """
    problems: list[Problem] = []
    if not credentials.OPERATOR_ID.fullmatch(login_id):
        problems.append(Problem(ErrorCode.INVALID_FORMAT, ("loginId",)))
    try:
        profile = profiles.Profile(name, None, None, None).checked()
    except Invalid as invalid:
        problems.extend(invalid.problems)
    try:
        number = codes.mobile_of(mobile)
    except Invalid as invalid:
        problems.extend(invalid.problems)
    if problems:
        raise Invalid(*problems)
    async with directory():
        waiting = await query(
            "SELECT admin_id FROM credential WHERE company_id = $1 AND login_id = $2", PROVIDER_ID, login_id
        )
    key: UUID = waiting[0]["admin_id"] if waiting else uuid7()
    welcome = await credentials.prepare(key, keys=keys)
    async with tenant(PROVIDER_ID):
        if waiting:
            # Locked before his row, as everywhere; who has registered is refused below, and nothing of this stays.
            await query("SELECT 1 FROM credential WHERE admin_id = $1 FOR UPDATE", key)
            await query(
                "UPDATE admin SET name = $3, mobile = $4 WHERE company_id = $1 AND id = $2",
                PROVIDER_ID,
                key,
                profile.name,
                number,
            )
        else:
            await Admin.create(id=key, company_id=PROVIDER_ID, name=profile.name, mobile=number)
        message = await credentials.invite(
            PROVIDER_ID, key, login_id=login_id, welcome=welcome, actor=actor, clock=clock
        )
    await outbox.publish([message], queue=queue)
    return key


async def operators() -> list[Operator]:
    """The operators whose accounts have not ended, by login ID."""
    async with tenant(PROVIDER_ID, read_only=True):
        rows = await query(
            """
            SELECT credential.login_id, admin.name, credential.mobile, credential.registered_at
            FROM credential JOIN admin ON admin.company_id = $1 AND admin.id = credential.admin_id
            WHERE credential.company_id = $1 AND credential.ended_at IS NULL ORDER BY credential.login_id
            """,
            PROVIDER_ID,
        )
    return [Operator(**{**row, "mobile": codes.masked(row["mobile"])}) for row in rows]


async def operator_end(login_id: str, *, actor: Actor, clock: Clock = now) -> UUID:
    """End an operator's account with its sessions, and return its key; raises NotFound. For the command line only."""
    async with tenant(PROVIDER_ID):
        rows = await query(
            "SELECT admin_id FROM credential WHERE company_id = $1 AND login_id = $2", PROVIDER_ID, login_id
        )
        if not rows:
            raise NotFound
        key: UUID = rows[0]["admin_id"]
        await credentials.end(PROVIDER_ID, key, clock())
        await audit.record(PROVIDER_ID, actor, "admins.operator_end", [key], kind="Admin", clock=clock)
    return key
