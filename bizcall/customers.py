"""Customers: the outside parties, as the app's address books tell of them; read-only here (CU-01)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from bizcall import parties, texts
from bizcall.database import reading
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.history.conditions import beyond
from bizcall.keyed import rows_by_ids
from bizcall.models import Customer
from bizcall.paging import Listing, Order


@dataclass(frozen=True)
class CustomerFilter:
    """Which customers: `name` is how the name begins, `number` is exact in any spelling; None lets all through."""

    name: str | None = None
    number: str | None = None


def listing(company_id: UUID, wanted: CustomerFilter, *, descending: bool = False) -> Listing[Customer]:
    """The customers that the filter lets through, by name; raises Invalid for a bad filter.

    Capitals count, and the order is that of the letters' codes: for Hangul the alphabet's. Cursors say nothing of
    name and number, which may be masked.
    """
    rows = Customer.filter(company_id=company_id)
    if wanted.name is not None:
        name = _bounded(texts.clean(wanted.name).text, "name", parties.NAME_MOST)
        rows = rows.filter(name__gte=name, name__lt=beyond(name))
    if wanted.number is not None:
        rows = rows.filter(number=_bounded(parties.customer_number(wanted.number), "number", parties.NUMBER_MOST))
    return Listing(rows, Order("customers", ("name", "number"), descending, named_by=("updated_at", "id")))


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Customer]:
    """Customers by key; other companies' are left out."""
    return await rows_by_ids(Customer, company_id, ids)


async def by_numbers(company_id: UUID, numbers: Collection[str]) -> dict[str, Customer]:
    """Customers by their number as facts tell it."""
    async with reading(company_id):
        rows = await Customer.filter(company_id=company_id, number__in=list(numbers))
    return {row.number: row for row in rows}


def _bounded(text: str, field: str, most: int) -> str:
    if not text:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("filter", field)))
    if len(text) > most:
        raise Invalid(Problem(ErrorCode.TOO_LONG, ("filter", field), {"maximum": str(most)}))
    return text
