"""The one filter as SQL, over facts and over rollups: no other code makes it that (ST-02, ST-03, MS-01).

So a sum, a list's count and a sheet's rows can't differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from bizcall import months
from bizcall.history.filters import HistoryFilter, hours_of, keys_of, names_customer, types_of
from bizcall.history.tails import INDEXED, numbers_ending

if TYPE_CHECKING:
    from bizcall.stats.rollups import Facts, Rollup

_LAST_LETTER = chr(0x10FFFF)


class Where(NamedTuple):
    """A condition, without the word WHERE, and the values of its parameters $1, $2 … in their order."""

    sql: str
    parameters: list[Any]


def conditions(
    company_id: UUID,
    wanted: HistoryFilter,
    facts: Facts,
    *,
    after: Sequence[Any] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Where:
    """The filter over the table of facts, which goes by its own name in the statement. `wanted` must be checked.

    $1 is the company, $2 and $3 are the period's bounds, always; whoever adds parameters goes on after the last one.
    With `after`, the values of a statement's earlier parameters, all of them stand behind those. `since` and `until`
    (outside) narrow the period's bounds.
    """
    name, values = facts.table, list(after)
    moment = f"{name}.{facts.moment}"
    company = _given(values, company_id)
    first, after_last = months.begins(wanted.from_on), months.begins(wanted.to_on + timedelta(days=1))
    since_, until_ = _given(values, max(first, since or first)), _given(values, min(after_last, until or after_last))
    parts = [
        f"{name}.company_id = {company}",
        f"{moment} >= {since_}",
        f"{moment} < {until_}",
        *_sieved(facts, wanted, values),
    ]
    # The index of customers leads with the last four characters, so each condition names them.
    if (number := wanted.customer_number) is not None:
        parts.append(f"{name}.customer_tail = {_given(values, number[-INDEXED:])}")
        parts.append(f"{name}.customer_number = {_given(values, number)}")
    if (tail := wanted.customer_tail) is not None:
        last = _given(values, tail[-INDEXED:])
        parts.append(f"{name}.customer_tail = {last}")
        if len(tail) > INDEXED:
            numbers = numbers_ending(
                facts, company=company, since=since_, until=until_, last=last, tail=_given(values, tail)
            )
            parts.append(f"{name}.customer_number = ANY(ARRAY({numbers}))")
    if (start := wanted.customer_name) is not None:
        # A range of the bytes' order instead of LIKE, which under row-level security uses no index. A function of a
        # column uses none either; behind OFFSET 0 what it gives is a column.
        parts.append(
            f"({name}.customer_tail, {name}.customer_number) IN"  # noqa: S608 - constants
            f" (SELECT right(customer.number, {INDEXED}), customer.number FROM customer"
            f" WHERE customer.company_id = {company} AND customer.name >= {_given(values, start)}"
            f" AND customer.name < {_given(values, beyond(start))} OFFSET 0)"
        )
    return Where(" AND ".join(parts), values)


def sieve(wanted: HistoryFilter, facts: Facts, *, after: Sequence[Any]) -> Where:
    """What `conditions` ask of each fact that lies in the period, but for the customer; parameters go on after those.

    The facts may be those of a subquery which goes by the table's name.
    """
    values = list(after)
    return Where(" AND ".join(_sieved(facts, wanted, values)) or "true", values)


def rollup_conditions(company_id: UUID, wanted: HistoryFilter, rollup: Rollup) -> Where:
    """The filter over a rollup which it is `expressible` by, but for the types, which are columns there (`sums_of`).

    $1 is the company, $2 and $3 the bounds of the buckets.
    """
    name, bucket = rollup.table, f"{rollup.table}.{rollup.bucket}"
    since: date = wanted.from_on
    until: date = wanted.to_on + timedelta(days=1)
    if rollup.bucket == "hour":
        since, until = months.begins(since), months.begins(until)
    elif rollup.bucket == "month":
        since = since.replace(day=1)
    values: list[Any] = [company_id, since, until]
    parts = [f"{name}.company_id = $1", f"{bucket} >= $2", f"{bucket} < $3"]
    if rollup.bucket != "hour":
        parts += _timed(bucket, wanted, values)
    elif wanted.weekdays is not None or len(hours_of(wanted)) < 24:
        # An index finds hours that are named; to ask each row's clock takes longer than to add it up.
        parts.append(f"{bucket} = ANY({_given(values, _hours(wanted))}::timestamptz[])")
    parts += _placed(name, wanted, values)
    return Where(" AND ".join(parts), values)


def sums_of(wanted: HistoryFilter, facts: Facts) -> str:
    """How many facts of the filter's types a row of a rollup counts, as an expression over its columns."""
    return f"({' + '.join(kind.lower() for kind in types_of(wanted, facts)) or '0'})"


def expressible(wanted: HistoryFilter, rollup: Rollup) -> bool:
    """Whether the rows of a rollup can answer the filter exactly.

    No rollup knows customers. What a rollup's bucket or scope is too coarse for, it can't answer; types it always can.
    """
    if names_customer(wanted):
        return False
    if any(keys is not None and column not in rollup.scope for column, keys in keys_of(wanted).items()):
        return False
    if rollup.bucket == "hour":
        return True
    if wanted.hours is not None and len(hours_of(wanted)) < 24:
        return False
    return rollup.bucket == "day" or (wanted.weekdays is None and _whole_months(wanted))


def beyond(start: str) -> str:
    """What all texts that begin with `start` lie before, in the order of bytes."""
    return start + _LAST_LETTER


def _given(values: list[Any], value: Any) -> str:
    """The parameter that a value becomes."""
    values.append(value)
    return f"${len(values)}"


def _sieved(facts: Facts, wanted: HistoryFilter, values: list[Any]) -> list[str]:
    """Weekdays, hours, types and keys."""
    parts = _timed(f"{facts.table}.{facts.moment} AT TIME ZONE 'Asia/Seoul'", wanted, values)
    if (types := types_of(wanted, facts)) != facts.types:
        parts.append(f"{facts.table}.{facts.type} = ANY({_given(values, list(types))}::text[])")
    return [*parts, *_placed(facts.table, wanted, values)]


def _timed(local: str, wanted: HistoryFilter, values: list[Any]) -> list[str]:
    """Weekdays and hours of a moment of Korea's clocks."""
    parts = []
    if wanted.weekdays is not None:
        days = _given(values, sorted(wanted.weekdays))
        parts.append(f"extract(isodow FROM {local})::integer = ANY({days}::integer[])")
    if wanted.hours is not None and len(hours := hours_of(wanted)) < 24:
        parts.append(f"extract(hour FROM {local})::integer = ANY({_given(values, hours)}::integer[])")
    return parts


def _hours(wanted: HistoryFilter) -> list[datetime]:
    """The first moments of all hours that weekdays and hours let through, at most those of three months."""
    hours = [timedelta(hours=hour) for hour in hours_of(wanted)]
    days = (wanted.from_on + timedelta(days=number) for number in range((wanted.to_on - wanted.from_on).days + 1))
    let = (months.begins(day) for day in days if wanted.weekdays is None or day.isoweekday() in wanted.weekdays)
    return [midnight + hour for midnight in let for hour in hours]


def _placed(name: str, wanted: HistoryFilter, values: list[Any]) -> list[str]:
    """Department, line and subscriber."""
    return [
        f"{name}.{column} = ANY({_given(values, list(keys))}::uuid[])"
        for column, keys in keys_of(wanted).items()
        if keys is not None
    ]


def _whole_months(wanted: HistoryFilter) -> bool:
    return wanted.from_on.day == 1 and (wanted.to_on + timedelta(days=1)).day == 1
