"""The home screen: what an administrator sees first, from a few statements on rollups and short lists (HM-01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bizcall import months, notices, stats
from bizcall.database import query, reading
from bizcall.history.filters import HistoryFilter
from bizcall.paging import Slice
from bizcall.ports import Clock
from bizcall.stats import Granularity, Group, Measures
from bizcall.stats.rollups import Facts

NOTICES_SHOWN = 5


class Area(StrEnum):
    """A place that the home screen leads to, in the order in which it shows them."""

    NOTICES = "NOTICES"
    PLANS = "PLANS"
    MANUALS = "MANUALS"
    LINES = "LINES"
    CALL_STATISTICS = "CALL_STATISTICS"
    CALL_HISTORY = "CALL_HISTORY"
    MESSAGE_STATISTICS = "MESSAGE_STATISTICS"
    MESSAGE_HISTORY = "MESSAGE_HISTORY"
    MY_INFORMATION = "MY_INFORMATION"


@dataclass(frozen=True)
class Shortcut:
    """A place, and how much waits there: new notices, lines that nobody holds; None where nothing is counted."""

    area: Area
    waiting: int | None = None


@dataclass(frozen=True)
class Month:
    """What happened in the present month of Korea's calendar, as far as data has arrived."""

    measures: Measures
    as_of: datetime | None


def present_month(clock: Clock) -> tuple[date, date]:
    """The first and the last day of the present month."""
    first = months.shifted(months.today(clock), 0)
    return first, months.shifted(first, 1) - timedelta(days=1)


async def month(company_id: UUID, facts: Facts, clock: Clock) -> Month:
    """The calls or the messages of the present month, from the rollup of the company's hours."""
    wanted = HistoryFilter(*present_month(clock))
    async with reading(company_id):
        answer = stats.statistics(company_id, facts, wanted, Granularity.MONTH, Group.COMPANY)
        (row,) = (await answer.page(Slice(first=1))).rows
        return Month(row.total, await stats.as_of(company_id, facts))


async def shortcuts(company_id: UUID, clock: Clock) -> list[Shortcut]:
    """All areas, two of them with what waits there."""
    async with reading(company_id):
        (free,) = await query(
            "SELECT count(*) AS n FROM line WHERE line.company_id = $1 AND retired_at IS NULL AND NOT EXISTS ("
            "SELECT FROM subscriber WHERE subscriber.company_id = $1 AND line_id = line.id AND ended_at IS NULL)",
            company_id,
        )
        waiting = {Area.NOTICES: await notices.fresh_count(company_id, clock()), Area.LINES: int(free["n"])}
    return [Shortcut(area, waiting.get(area)) for area in Area]
