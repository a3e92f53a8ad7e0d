"""Companies as operators see them: a list, one masked, and one entered to see its people, with a reason.

Names, mobiles and addresses are masked by the rule that hides customers (`bizcall/masking.py`). Entering leaves a
record in the provider's trail before anybody is shown, and two in the company's own, which name whom he saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tortoise.expressions import Q

from bizcall import audit, phones, texts
from bizcall.audit import Actor
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.models import Admin, CompanyDirectory, LineRow
from bizcall.models.companies import PROVIDER_ID, CompanyState
from bizcall.paging import Listing, Order, Slice
from bizcall.ports import Clock, now
from bizcall.reasons import Reason
from bizcall.subscribers import listing as subscribers

SEARCH_LONGEST = 100
LINES_MOST = 100
"""Lines that one entering shows; a search finds others."""

ADMINS_MOST = 20


class OrderField(StrEnum):
    """What companies can be ordered by."""

    NAME = "NAME"
    NUMBER = "NUMBER"
    CREATED_AT = "CREATED_AT"


COLUMNS: Mapping[OrderField, tuple[str, ...]] = {
    OrderField.NAME: ("name", "company_id"),
    OrderField.NUMBER: ("representative_number", "company_id"),
    OrderField.CREATED_AT: ("created_at", "company_id"),
}


@dataclass(frozen=True)
class Overview:
    """A company: how many lines it has, how many of them are held, and its administrators, in order of appointment."""

    company: CompanyDirectory
    lines: int
    held: int
    admins: Sequence[Admin]


@dataclass(frozen=True)
class Entered:
    """The company with the first 100 lines that were looked for, by number, and whoever holds them."""

    overview: Overview
    lines: Sequence[LineRow]
    has_more: bool


async def listing(
    search: str | None = None,
    *,
    states: Sequence[CompanyState] | None = None,
    order: OrderField = OrderField.NAME,
    descending: bool = False,
) -> Listing[CompanyDirectory]:
    """Companies but the provider. `search` is a part of the name, or a whole number of theirs or their admin's mobile.

    With `states` only those whose contract stands so. Raises Invalid: TOO_LONG at `filter.search`.
    """
    rows = CompanyDirectory.exclude(company_id=PROVIDER_ID)
    if states is not None:
        rows = rows.filter(state__in=[state.value for state in states])
    if search is not None:
        if len(search) > SEARCH_LONGEST:
            raise Invalid(Problem(ErrorCode.TOO_LONG, ("filter", "search"), {"maximum": str(SEARCH_LONGEST)}))
        text = texts.clean(search).text
        number = phones.normalise(text)
        found = Q(name__icontains=text)
        if number is not None:
            found |= Q(company_id__in=await _having(number))
        rows = rows.filter(found)
    return Listing(rows, Order(f"companies {order}", COLUMNS[order], descending))


async def mobiles(_company_id: UUID, company_ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """Where the codes of each company's administrators go, for loaders of operators; in an open transaction."""
    rows = await query(
        "SELECT company_id, array_agg(mobile ORDER BY created_at, admin_id) AS mobiles FROM credential"
        " WHERE company_id = ANY($1::uuid[]) AND ended_at IS NULL GROUP BY company_id",
        list(company_ids),
    )
    return {row["company_id"]: row["mobiles"] for row in rows}


async def overview(company_id: UUID) -> Overview:
    """One company; raises NotFound, for the provider too."""
    async with tenant(company_id, read_only=True):
        return await _overview(company_id)


async def enter(company_id: UUID, reason: Reason, *, actor: Actor, search: str = "", clock: Clock = now) -> Entered:
    """See a company's people unmasked. `search` is as on the subscribers' screen: part of a number, name or department.

    Raises NotFound, and Invalid: what is wrong with the reason, TOO_LONG at `search`.
    """
    reason = reason.checked()
    if len(search) > SEARCH_LONGEST:
        raise Invalid(Problem(ErrorCode.TOO_LONG, ("search",), {"maximum": str(SEARCH_LONGEST)}))
    await overview(company_id)
    async with tenant(PROVIDER_ID):
        await audit.record(
            PROVIDER_ID, actor, "companies.enter", [company_id], reason.told(), kind="Company", clock=clock
        )
    wanted = subscribers.LineFilter(search=search)
    async with tenant(company_id):
        found = await _overview(company_id)
        page = await subscribers.listing(company_id, wanted, clock=clock).page(Slice(first=LINES_MOST))
        seen = [row.subscriber_id for row in page.rows if row.subscriber_id is not None]
        details = {**reason.told(), "count": len(seen), "admins": len(found.admins)}
        await audit.record(company_id, actor, "companies.enter", seen, details, kind="Subscriber", clock=clock)
        keys = [admin.id for admin in found.admins]
        await audit.record(company_id, actor, "admins.view", keys, reason.told(), kind="Admin", clock=clock)
    return Entered(found, page.rows, page.has_next)


async def _overview(company_id: UUID) -> Overview:
    row = await CompanyDirectory.exclude(company_id=PROVIDER_ID).get_or_none(company_id=company_id)
    if row is None:
        raise NotFound
    [counts] = await query(
        "SELECT count(*) AS lines, count(subscriber_id) AS held FROM line_row WHERE company_id = $1", company_id
    )
    people = Admin.filter(company_id=company_id, ended_at__isnull=True).order_by("created_at", "id")
    return Overview(row, counts["lines"], counts["held"], await people.limit(ADMINS_MOST))


async def _having(number: str) -> list[UUID]:
    """Companies that have this number, or whose administrators' codes go there."""
    async with directory():
        rows = await query(
            "SELECT company_id FROM number_directory WHERE number = $1 UNION"
            " SELECT company_id FROM company_directory WHERE representative_number = $1 UNION"
            " SELECT company_id FROM credential WHERE mobile = $1 AND ended_at IS NULL LIMIT 100",
            number,
        )
    return [row["company_id"] for row in rows]
