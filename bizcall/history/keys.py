"""Keys of calls and messages: the exchange's id and the moment together, since only both are unique."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bizcall.database import query, reading

if TYPE_CHECKING:
    from bizcall.stats.rollups import Facts

_TEXT = re.compile(r"(\d{1,11})\.([!-~]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FactKey:
    """`moment` is in whole seconds, as feeds tell it. As text it is `<seconds since 1970>.<id>`."""

    id: str
    moment: datetime

    def __str__(self) -> str:
        return f"{int(self.moment.timestamp())}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> FactKey | None:
        """The key of a text; None for a text that is none."""
        parts = _TEXT.fullmatch(text)
        return None if parts is None else cls(parts[2], datetime.fromtimestamp(int(parts[1]), UTC))


async def rows_by_keys(company_id: UUID, facts: Facts, columns: str, keys: Collection[FactKey]) -> list[dict[str, Any]]:
    """Those columns, named with their table, of the facts with these keys; other companies' are left out."""
    table, moment = facts.table, facts.moment
    async with reading(company_id):
        return await query(
            f"SELECT {columns} FROM unnest($2::text[], $3::timestamptz[]) AS one (id, at)"  # noqa: S608 - constants
            f" JOIN {table} ON {table}.company_id = $1 AND {table}.id = one.id AND {table}.{moment} = one.at",
            company_id,
            [key.id for key in keys],
            [key.moment for key in keys],
        )
