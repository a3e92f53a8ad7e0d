"""An office with a history: people who came and went, random calls and messages, customers; and what a filter means.

`matches` says it in plain Python, a fact at a time: SQL is compared with it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall.database import query, tenant
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.ids import uuid7
from bizcall.models import Membership, Subscriber
from bizcall.models.calls import NOBODY, CallType
from bizcall.models.feeds import FeedKind
from bizcall.months import KOREA
from bizcall.paging import Page, Pages, Slice
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call, correction, message

CUSTOMERS = {
    "010-2000-1234": "홍길동",
    "010-2001-1234": "홍길순",
    "010-2002-5678": "김수",
    "02-300-5678": "Smith John",
    "+1 415 555 0134": "Smithson",
}
PARTIES = (*CUSTOMERS, "010-9999-9999", "031-200-1234", "발신번호표시제한", "")
OUTGOING = ("OUTGOING", "OUTGOING_FAILED", "SENT")
WEEKS = 5


@dataclass
class Office:
    """A company with facts, as the database has them; these are too many to be told with an example that fails."""

    company: Tenant
    subscribers: list[UUID] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list, init=False, repr=False)
    messages: list[dict[str, Any]] = field(default_factory=list, init=False, repr=False)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def departments(self) -> list[UUID]:
        """The company's two."""
        return list(self.company.departments.values())


async def hold(
    company: Tenant, line: int, name: str, since: datetime, until: datetime | None, department: UUID | None
) -> UUID:
    """Let somebody hold a line, in one department, from one moment to another."""
    key = uuid7()
    await Subscriber.create(
        id=key,
        company_id=company.id,
        line_id=company.line_ids[line],
        department_id=department,
        name=name,
        started_at=since,
        ended_at=until,
        updated_at=since,
    )
    await Membership.create(
        subscriber_id=key, company_id=company.id, department_id=department, started_at=since, ended_at=until
    )
    return key


def moments(chance: random.Random, count: int, since: datetime, days: int) -> list[datetime]:
    """Moments of so many days, often at the edges of days and hours, and some in one and the same second."""
    found = []
    for _ in range(count):
        at = since + timedelta(days=chance.randrange(days), hours=chance.choice((0, 0, 8, 9, 13, 22, 23)))
        found.append(at + timedelta(seconds=chance.choice((0, 0, 1, 1800, 3599))))
    return found


async def office(
    company: Tenant,
    *,
    facts: int = 300,
    parties: Sequence[str] = PARTIES,
    seed: int = 1,
    since: datetime = DAY,
    days: int = WEEKS * 7,
) -> Office:
    """Three lines with holders who change at midday of the tenth day, seven without; calls and messages on five.

    Some of these, and all customers, were told otherwise before.
    """
    chance, change = random.Random(seed), since + timedelta(days=10, hours=12)
    early = since - timedelta(days=100)
    await began(company.id, early)
    made = Office(company)
    async with tenant(company.id):
        for line, department in enumerate((*made.departments, None)):
            made.subscribers.append(await hold(company, line, f"옛 사람 {line}", early, change, department))
            made.subscribers.append(await hold(company, line, f"새 사람 {line}", change, None, made.departments[0]))
    calls = [
        call(
            company.numbers[chance.randrange(5)],
            f"c{place}",
            at,
            type=chance.choice(list(CallType)),
            seconds=chance.randrange(600),
            customer=chance.choice(parties),
        )
        for place, at in enumerate(moments(chance, facts, since, days))
    ]
    messages = [
        message(
            company.numbers[chance.randrange(5)],
            f"m{place}",
            at,
            direction=chance.choice(("SENT", "RECEIVED")),
            customer=chance.choice(parties),
        )
        for place, at in enumerate(moments(chance, facts, since, days))
    ]
    told = [
        {"number": number, "name": name, "details": f"{name} 단골", "updated_at": DAY.isoformat()}
        for number, name in CUSTOMERS.items()
    ]
    former = [{**each, "name": "옛 이름", "updated_at": (DAY - timedelta(days=1)).isoformat()} for each in told]
    for kind, records in ((FeedKind.CALLS, calls), (FeedKind.MESSAGES, messages)):
        await corrected(company, kind, records, moments(chance, facts, since, days), chance)
    customers = Feeder(company.id, FeedKind.CUSTOMERS)
    for place, part in enumerate((former[::2], told, former[1::2])):
        await customers.load(part, f"{place}.jsonl")
    async with tenant(company.id, read_only=True):
        made.calls = await query("SELECT * FROM call WHERE company_id = $1", company.id)
        made.messages = await query("SELECT * FROM message WHERE company_id = $1", company.id)
        known = await query("SELECT number, name FROM customer WHERE company_id = $1", company.id)
    assert [len(made.calls), len(made.messages)] == [facts, facts], "what was corrected is gone"
    made.names = {row["number"]: row["name"] for row in known}
    return made


async def corrected(
    company: Tenant, kind: FeedKind, records: list[dict[str, Any]], times: list[datetime], chance: random.Random
) -> None:
    """Load the records, every fourth as what corrects one that was on another line.

    Of three such, one was there at the same moment under the same id, one at another moment, one under another id, too.
    Of the former records every second one comes late, behind its correction.
    """
    moment = "started_at" if kind is FeedKind.CALLS else "sent_at"
    early: list[dict[str, Any]] = []
    late: list[dict[str, Any]] = []
    last = list(records)
    for place in range(0, len(records), 4):
        way = place // 4 % 3
        former = {**records[place], "line": company.numbers[chance.randrange(5)]}
        if way:
            former[moment] = times[place].isoformat()
        if way == 2:
            former["id"] += "-former"
        last[place] = correction(records[place], former, moment)
        (late if place % 8 else early).append(former)
    for number, part in enumerate((early, last, late)):
        await Feeder(company.id, kind).load(part, f"{number}.jsonl")


def matches(wanted: HistoryFilter, fact: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Whether the filter, checked, lets a fact through."""
    at = fact.get("started_at") or fact["sent_at"]
    local, kind, number = at.astimezone(KOREA), fact.get("type") or fact["direction"], fact["customer_number"]
    answers = [wanted.from_on <= local.date() <= wanted.to_on]
    if wanted.weekdays is not None:
        answers.append(local.isoweekday() in wanted.weekdays)
    if wanted.hours is not None:
        start, end = wanted.hours
        span = range(start, end) if start <= end else [*range(start, 24), *range(end)]
        answers.append(local.hour in span)
    if wanted.direction is not Direction.ALL:
        answers.append((kind in OUTGOING) is (wanted.direction is Direction.OUTGOING))
    for keys, column in (
        (wanted.types, "type" if "type" in fact else "direction"),
        (wanted.department_ids, "department_id"),
        (wanted.line_ids, "line_id"),
        (wanted.subscriber_ids, "subscriber_id"),
    ):
        answers.append(keys is None or fact[column] in keys)
    answers.append(wanted.customer_number in (None, number))
    answers.append(wanted.customer_tail is None or number[-len(wanted.customer_tail) :] == wanted.customer_tail)
    answers.append(wanted.customer_name is None or names.get(number, "").startswith(wanted.customer_name))
    return all(answers)


def whole(**fields: Any) -> HistoryFilter:
    """A filter of the whole five weeks."""
    first = DAY.date()
    return HistoryFilter(**{"from_on": first, "to_on": first + timedelta(weeks=WEEKS) - timedelta(days=1), **fields})


def day(offset: int) -> date:
    """A day of the history, by its distance from the first one."""
    return DAY.date() + timedelta(days=offset)


async def walk(pages: Pages[Any], size: int, *, backward: bool = False) -> list[Any]:
    """All rows of a list in its order, by pages of that size, from the start or from the end."""
    found: list[Page[Any]] = []
    part = Slice(last=size) if backward else Slice(first=size)
    while True:
        page = await pages.page(part)
        found.append(page)
        if not (page.has_previous if backward else page.has_next):
            ordered: Sequence[Page[Any]] = found[::-1] if backward else found
            return [row for page in ordered for row in page.rows]
        part = Slice(last=size, before=page.start_cursor) if backward else Slice(first=size, after=page.end_cursor)


__all__ = ["NOBODY", "Office", "day", "hold", "matches", "office", "walk", "whole"]
