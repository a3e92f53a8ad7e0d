"""Plans: what companies subscribe, and the guide that everybody may read (AU-30, SU-01)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from uuid import UUID

from bizcall import audit, texts
from bizcall.audit import Actor
from bizcall.database import query, reading, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models import Plan
from bizcall.models.companies import PROVIDER_ID
from bizcall.ports import Clock, now

PLANS_MOST = 50
NAME_LONGEST = 50
GUIDE_LONGEST = 2_000
FEE_MOST = 100_000_000
PLACE_MOST = 10_000
CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,29}", re.ASCII)


async def guide(company_id: UUID | None) -> list[Plan]:
    """All plans in the guide's order, at most 50. `company_id` is the reader's; who is not signed in has none."""
    async with reading(company_id or PROVIDER_ID):
        return await Plan.all().order_by("place", "code").limit(PLANS_MOST)


async def of_companies(company_id: UUID, codes: Collection[str]) -> Mapping[str, Plan]:
    """Plans by their codes."""
    async with reading(company_id):
        return {plan.code: plan for plan in await Plan.filter(code__in=list(codes))}


async def exists(code: str) -> bool:
    """Whether there is such a plan, in the open transaction; what can be no code, be it any text, is none."""
    return CODE.fullmatch(code) is not None and bool(await query("SELECT 1 FROM plan WHERE code = $1", code))


async def save(
    code: str,
    name: str,
    *,
    description: str = "",
    monthly_fee: int | None = None,
    place: int = 0,
    actor: Actor,
    clock: Clock = now,
) -> Plan:
    """Make a plan or change it; `description` is its text in the guide, `monthly_fee` in won. For operators.

    Raises Invalid at `code`, `name`, `guide`, `monthlyFee`, `sortOrder`; TOO_MANY for the fifty-first plan.
    """
    title, text = texts.clean(name).text, description.strip()
    _check(code, title, text, monthly_fee, place)
    async with tenant(PROVIDER_ID):
        # Held until the end, so that two new plans at once don't pass the limit together.
        await query("LOCK TABLE plan IN SHARE ROW EXCLUSIVE MODE")
        (count,) = await query("SELECT count(*) FILTER (WHERE code <> $1) AS others FROM plan", code)
        if count["others"] >= PLANS_MOST:
            raise Invalid(Problem(ErrorCode.TOO_MANY, ("code",), {"maximum": str(PLANS_MOST)}))
        await query(
            """
            INSERT INTO plan (code, name, guide, monthly_fee, place) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (code) DO UPDATE SET
                name = excluded.name, guide = excluded.guide, monthly_fee = excluded.monthly_fee,
                place = excluded.place
            """,
            code,
            title,
            text,
            monthly_fee,
            place,
        )
        await audit.record(PROVIDER_ID, actor, "plans.save", details={"code": code}, kind="Plan", clock=clock)
        return await Plan.get(code=code)


def _check(code: str, name: str, description: str, monthly_fee: int | None, place: int) -> None:
    problems = []
    if not CODE.fullmatch(code):
        problems.append(Problem(ErrorCode.INVALID_FORMAT, ("code",)))
    if not name:
        problems.append(Problem(ErrorCode.REQUIRED, ("name",)))
    if len(name) > NAME_LONGEST:
        problems.append(Problem(ErrorCode.TOO_LONG, ("name",), {"maximum": str(NAME_LONGEST)}))
    if len(description) > GUIDE_LONGEST:
        problems.append(Problem(ErrorCode.TOO_LONG, ("guide",), {"maximum": str(GUIDE_LONGEST)}))
    if monthly_fee is not None and not 0 <= monthly_fee <= FEE_MOST:
        bounds = {"minimum": "0", "maximum": str(FEE_MOST)}
        problems.append(Problem(ErrorCode.OUT_OF_RANGE, ("monthlyFee",), bounds))
    if not 0 <= place <= PLACE_MOST:
        problems.append(Problem(ErrorCode.OUT_OF_RANGE, ("sortOrder",), {"minimum": "0", "maximum": str(PLACE_MOST)}))
    if problems:
        raise Invalid(*problems)
