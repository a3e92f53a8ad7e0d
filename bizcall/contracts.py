"""A company's contract: operators suspend it, resume it (CO-01), and end it (CO-02).

    ACTIVE ⇄ SUSPENDED ─▶ ENDED ◀─ ACTIVE

Suspended: all its administrators' sessions end at once, and nobody signs in, registers or resets a password, as if
there were no such account; the phone app's server is refused; exports under way are cancelled, and no message leaves.
Whatever comes in for it goes on being taken, so that nothing of the time is lost: feeds, provisioning events, dropped
files, and a registration that was asked for before.

Ended, for good: the administrators' accounts end, the lines are retired with their holdings, and other companies may
have the numbers; events and feeds that come for it are refused. 90 days later the company is emptied
(`bizcall/emptying.py`, CO-03).

Each act leaves a record in the provider's trail before anything is done, and one in the company's own with it, as
entering a company does (`bizcall/overviews.py`): a transaction sees one company. An act that met with another one and
is repeated may so stand in the provider's trail twice, and in the company's once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from bizcall import admins, audit, companies, exports, phones, provisioning, subscribers
from bizcall.audit import Actor
from bizcall.database import directory, query, tenant
from bizcall.dispatch import publish
from bizcall.errors import Collided, ErrorCode, Invalid, NotFound, Problem
from bizcall.models import CompanyDirectory
from bizcall.models.companies import PROVIDER_ID, CompanyState
from bizcall.ports import Clock, Queue, now
from bizcall.reasons import Reason


async def suspend(company_id: UUID, reason: Reason, *, actor: Actor, clock: Clock = now) -> CompanyDirectory:
    """Suspend the contract; of a company that is suspended already nothing changes.

    Raises NotFound, and Invalid: what is wrong with the reason, STATE at `id` of one whose contract has ended.
    """
    reason = reason.checked()
    found = await _continuing(company_id)
    if found.state is CompanyState.SUSPENDED:
        return found
    await _announce(company_id, "companies.suspend", reason, actor, clock)
    at = clock()
    async with tenant(company_id):
        await admins.suspending.hold(company_id)
        await _move(company_id, {CompanyState.ACTIVE}, CompanyState.SUSPENDED, at)
        sessions = await admins.suspending.suspend(company_id, at)
        cancelled = await exports.cancel_all(company_id, at)
        details = {**reason.told(), "sessions": sessions, "exports": cancelled}
        await audit.record(company_id, actor, "companies.suspend", [company_id], details, kind="Company", clock=clock)
    return await _company(company_id)


async def resume(company_id: UUID, reason: Reason, *, actor: Actor, clock: Clock = now) -> CompanyDirectory:
    """Put the contract in force again; of a company whose contract is, nothing changes.

    Its administrators sign in with the passwords that they had. Raises as `suspend` does.
    """
    reason = reason.checked()
    found = await _continuing(company_id)
    if found.state is CompanyState.ACTIVE:
        return found
    await _announce(company_id, "companies.resume", reason, actor, clock)
    async with tenant(company_id):
        await admins.suspending.hold(company_id)
        await _move(company_id, {CompanyState.SUSPENDED}, CompanyState.ACTIVE, clock())
        await admins.suspending.resume(company_id)
        await audit.record(
            company_id, actor, "companies.resume", [company_id], reason.told(), kind="Company", clock=clock
        )
    return await _company(company_id)


async def end(
    company_id: UUID,
    representative_number: str,
    reason: Reason,
    *,
    actor: Actor,
    queue: Queue,
    clock: Clock = now,
) -> CompanyDirectory:
    """End the contract for good; of a company whose contract has ended already nothing changes.

    The representative number, in any spelling, says once more which company is meant. Raises NotFound, and Invalid:
    what is wrong with the reason, CONFLICT at `representativeNumber` when it is another company's or none.
    """
    reason = reason.checked()
    found = await _company(company_id)
    if phones.normalise(representative_number) != found.representative_number:
        raise Invalid(Problem(ErrorCode.CONFLICT, ("representativeNumber",)))
    if found.state is CompanyState.ENDED:
        return found
    await _announce(company_id, "companies.end", reason, actor, clock)
    at = clock()
    async with tenant(company_id):
        # Locks in the order in which the provider's events take them.
        await provisioning.hold(company_id)
        numbers, holdings = await _retire(company_id, at)
        await admins.suspending.hold(company_id)
        await _move(company_id, {CompanyState.ACTIVE, CompanyState.SUSPENDED}, CompanyState.ENDED, at)
        ended = await admins.suspending.end(company_id, at)
        await exports.cancel_all(company_id, at)
        messages = await provisioning.close(company_id, numbers, clock=clock)
        details = {**reason.told(), "lines": len(numbers), "holdings": holdings, "admins": len(ended)}
        await audit.record(company_id, actor, "companies.end", [company_id], details, kind="Company", clock=clock)
    await publish(messages, queue=queue)
    return await _company(company_id)


async def _retire(company_id: UUID, at: datetime) -> tuple[list[str], int]:
    """Retire all lines in the open transaction; returns their numbers and how many holdings ended."""
    lines = await query("SELECT id FROM line WHERE company_id = $1 AND retired_at IS NULL", company_id)
    line_ids = list(await subscribers.lock_lines(company_id, [row["id"] for row in lines]))
    holdings = await subscribers.end_on(company_id, line_ids, at)
    rows = await query("SELECT number FROM line WHERE company_id = $1 AND id = ANY($2::uuid[])", company_id, line_ids)
    numbers = sorted(row["number"] for row in rows)
    await companies.release(company_id, dict.fromkeys(numbers, at))
    return numbers, len(holdings)


async def _company(company_id: UUID) -> CompanyDirectory:
    """The company, however its contract stands; raises NotFound, for the provider too."""
    async with directory():
        found = await CompanyDirectory.exclude(company_id=PROVIDER_ID).get_or_none(company_id=company_id)
    if found is None:
        raise NotFound
    return found


async def _continuing(company_id: UUID) -> CompanyDirectory:
    """The company; raises NotFound, and Invalid (STATE at `id`) when its contract has ended."""
    found = await _company(company_id)
    if found.state is CompanyState.ENDED:
        raise Invalid(Problem(ErrorCode.STATE, ("id",)))
    return found


async def _announce(company_id: UUID, action: str, reason: Reason, actor: Actor, clock: Clock) -> None:
    """The record in the provider's trail."""
    async with tenant(PROVIDER_ID):
        await audit.record(PROVIDER_ID, actor, action, [company_id], reason.told(), kind="Company", clock=clock)


async def _move(company_id: UUID, before: Collection[CompanyState], after: CompanyState, at: datetime) -> None:
    """Change the state in the open transaction; raises Collided when somebody else has done so meanwhile."""
    rows = await query(
        """
        UPDATE company_directory SET state = $3, state_changed_at = $4
        WHERE company_id = $1 AND state = ANY($2::text[]) RETURNING company_id
        """,
        company_id,
        [state.value for state in before],
        after.value,
        at,
    )
    if not rows:
        raise Collided("the contract was changed meanwhile")
