"""A company's contract: operators suspend it, and resume it (S3).

    ACTIVE ⇄ SUSPENDED

Suspended: all its administrators' sessions end at once, and nobody signs in, registers or resets a password, as if
there were no such account; the phone app's server is refused; exports under way are cancelled, and no message leaves.
Whatever comes in for it goes on being taken, so that nothing of the time is lost: feeds, provisioning events, dropped
files, and a registration that was asked for before.

Each act leaves a record in the provider's trail before anything is done, and one in the company's own with it, as
entering a company does (`bizcall/overviews.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from bizcall import admins, audit, exports
from bizcall.audit import Actor
from bizcall.database import directory, query, tenant
from bizcall.errors import Collided, ErrorCode, Invalid, NotFound, Problem
from bizcall.models import CompanyDirectory
from bizcall.models.companies import PROVIDER_ID, CompanyState
from bizcall.ports import Clock, now
from bizcall.reasons import Reason


async def suspend(company_id: UUID, reason: Reason, *, actor: Actor, clock: Clock = now) -> CompanyDirectory:
    """Suspend the contract; of a company that is suspended already nothing changes.

    Raises NotFound, and Invalid: what is wrong with the reason, STATE at `id` of one whose contract has ended.
    """
    reason = reason.checked()
    found = await _company(company_id)
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
    found = await _company(company_id)
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


async def _company(company_id: UUID) -> CompanyDirectory:
    """The company; raises NotFound, and Invalid (STATE at `id`) when its contract has ended."""
    async with directory():
        found = await CompanyDirectory.exclude(company_id=PROVIDER_ID).get_or_none(company_id=company_id)
    if found is None:
        raise NotFound
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
