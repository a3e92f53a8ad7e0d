"""The subscribers screen: a row per line with whoever holds it now, searched, filtered and ordered (IN-01)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tortoise.expressions import Q

from bizcall import texts
from bizcall.database import reading
from bizcall.models import LineRow, Subscriber
from bizcall.paging import Listing, Order


class OrderField(StrEnum):
    """What the rows can be ordered by; free lines have empty names and the time at which they were added."""

    NUMBER = "NUMBER"
    NAME = "NAME"
    DEPARTMENT = "DEPARTMENT"
    UPDATED_AT = "UPDATED_AT"


COLUMNS: Mapping[OrderField, tuple[str, ...]] = {
    OrderField.NUMBER: ("number", "id"),
    OrderField.NAME: ("name", "number", "id"),
    OrderField.DEPARTMENT: ("department_name", "name", "number", "id"),
    OrderField.UPDATED_AT: ("updated_at", "id"),
}

_SEPARATORS = re.compile(r"[\s().-]+")


@dataclass(frozen=True)
class LineFilter:
    """Which rows; None means whichever. The last four match held lines only: a free line has no switches.

    `search` is a part of the number (written in any way), of the name or of the department's name. `department_ids`
    empty matches nothing.
    """

    search: str = ""
    held: bool | None = None
    department_ids: Sequence[UUID] | None = None
    app_enabled: bool | None = None
    rid_enabled: bool | None = None
    invited: bool | None = None


def listing(
    company_id: UUID,
    wanted: LineFilter,
    *,
    order: OrderField = OrderField.NUMBER,
    descending: bool = False,
) -> Listing[LineRow]:
    """The company's lines that the filter lets through."""
    rows = LineRow.filter(company_id=company_id)
    if text := texts.clean(wanted.search).text:
        found = Q(name__icontains=text) | Q(department_name__icontains=text)
        digits = _SEPARATORS.sub("", text)
        if digits.isascii() and digits.isdecimal():
            found |= Q(number__contains=digits)
        rows = rows.filter(found)
    if wanted.held is not None:
        rows = rows.filter(subscriber_id__isnull=not wanted.held)
    if wanted.department_ids is not None:
        rows = rows.filter(department_id__in=list(wanted.department_ids))
    if wanted.app_enabled is not None:
        rows = rows.filter(subscriber_id__isnull=False, app_enabled=wanted.app_enabled)
    if wanted.rid_enabled is not None:
        rows = rows.filter(subscriber_id__isnull=False, rid_enabled=wanted.rid_enabled)
    if wanted.invited is not None:
        rows = rows.filter(subscriber_id__isnull=False, invited_at__isnull=not wanted.invited)
    return Listing(rows, Order("lines", COLUMNS[order], descending))


async def lines_by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, LineRow]:
    """Lines by key; retired ones and other companies' are left out."""
    async with reading(company_id):
        rows = await LineRow.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in rows}


async def by_ids(company_id: UUID, ids: Collection[UUID]) -> dict[UUID, Subscriber]:
    """Holdings by key, past ones included; other companies' are left out."""
    async with reading(company_id):
        rows = await Subscriber.filter(company_id=company_id, id__in=list(ids))
    return {row.id: row for row in rows}
