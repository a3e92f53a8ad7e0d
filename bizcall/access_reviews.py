"""The monthly review of access records (RV-01, P3): what a month's sum up to, and that somebody has looked at them.

A company reviews its own trail; operators that of the provider, where what they and the commands did stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from bizcall import audit, reasons
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, reading, tenant
from bizcall.errors import ErrorCode, Forbidden, Invalid, Problem
from bizcall.models import AccessReview, AuditRecord
from bizcall.months import begins, shifted, today
from bizcall.ports import Clock, now

FIRST_MONTH = date(2020, 1, 1)
"""Before it nothing was recorded anywhere."""

DOWNLOADS_MOST = 100
"""Downloads that a review names; all of them are in the audit trail."""

ACTORS_MOST = 100
"""The same of people, those first who did most."""

GRACE = timedelta(days=10)
"""After a month has ended, before its review is overdue."""

OVERDUE_MOST = 5_000

FIRST_HOUR, LAST_HOUR = 8, 20
"""Office hours in Korea, Monday to Friday: from eight on, and until eight in the evening."""


@dataclass(frozen=True)
class Acts:
    """Acts of one sort in the month, and how many objects they were done to."""

    action: str
    records: int
    subjects: int


@dataclass(frozen=True)
class Person:
    """Who acted: `views` are looks at personal data, of which some were `out_of_hours`. `id` is None for nobody."""

    kind: ActorKind
    id: UUID | None
    records: int
    views: int
    downloads: int
    out_of_hours: int


@dataclass(frozen=True)
class Review:
    """A month, its sums, its newest downloads, and the confirmation, if there is one.

    `unexplained` are downloads whose records tell no reason.
    """

    company_id: UUID
    month: date
    acts: Sequence[Acts]
    people: Sequence[Person]
    downloads: Sequence[AuditRecord]
    unexplained: int
    confirmed: AccessReview | None

    @property
    def records(self) -> int:
        """All of the month."""
        return sum(each.records for each in self.acts)

    @property
    def looks(self) -> int:
        """Those of looks at personal data, downloads among them."""
        return sum(each.records for each in self.acts if _is_look(each.action))

    @property
    def downloaded(self) -> int:
        """Those of downloads, also beyond the newest that are named."""
        return sum(each.records for each in self.acts if each.action.endswith(".download"))


async def review(company_id: UUID, month: date, *, clock: Clock = now) -> Review:
    """Sum up the records of the month in which the day `month` lies, in Korea.

    Raises Invalid (OUT_OF_RANGE at `monthOn`) for a month before 2020 or one that has not begun.
    """
    first = _month(month, clock)
    since, until = begins(first), begins(shifted(first, 1))
    async with reading(company_id):
        rows = await query(
            """
            SELECT action, actor_kind, actor_id, count(*) AS records,
                   sum(CASE jsonb_typeof(details -> 'count') WHEN 'number' THEN (details ->> 'count')::numeric
                       ELSE cardinality(subject_ids) END)::bigint AS subjects,
                   count(*) FILTER (WHERE extract(isodow FROM at AT TIME ZONE 'Asia/Seoul') > 5
                       OR extract(hour FROM at AT TIME ZONE 'Asia/Seoul') NOT BETWEEN $4 AND $5 - 1) AS out_of_hours,
                   count(*) FILTER (WHERE action LIKE '%.download' AND NOT details ? 'reason') AS unexplained
            FROM audit_record WHERE company_id = $1 AND at >= $2 AND at < $3 GROUP BY 1, 2, 3
            """,
            company_id,
            since,
            until,
            FIRST_HOUR,
            LAST_HOUR,
        )
        found = AuditRecord.filter(company_id=company_id, at__gte=since, at__lt=until, action__endswith=".download")
        downloads = await found.order_by("-at", "-id").limit(DOWNLOADS_MOST)
        confirmed = await AccessReview.get_or_none(company_id=company_id, month=first)
    unexplained = sum(row["unexplained"] for row in rows)
    return Review(company_id, first, _acts(rows), _people(rows), downloads, unexplained, confirmed)


async def confirm(company_id: UUID, actor: Actor, month: date, note: str, *, clock: Clock = now) -> Review:
    """Say that the records of a month that is over were reviewed, and what was found.

    Raises Invalid: at `monthOn` OUT_OF_RANGE as `review` does, STATE while the month lasts and once confirmed; at
    `note` what `reasons.said` refuses.
    """
    if actor.id is None:
        raise Forbidden
    note = reasons.said(note, "note")
    first = _month(month, clock)
    if first >= shifted(today(clock), 0):
        raise Invalid(Problem(ErrorCode.STATE, ("monthOn",)))
    async with tenant(company_id):
        seen = await review(company_id, first, clock=clock)
        made = await query(
            "INSERT INTO access_review (company_id, month, reviewed_by, note, records, reviewed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (company_id, month) DO NOTHING RETURNING month",
            company_id,
            first,
            actor.id,
            note,
            seen.records,
            clock(),
        )
        if not made:
            raise Invalid(Problem(ErrorCode.STATE, ("monthOn",)))
        await query(
            "INSERT INTO audit_chain (company_id, reviewed_month) VALUES ($1, $2) ON CONFLICT (company_id) DO UPDATE"
            " SET reviewed_month = greatest(audit_chain.reviewed_month, excluded.reviewed_month)",
            company_id,
            first,
        )
        details = {"month": f"{first:%Y-%m}", "records": seen.records, "note": note}
        await audit.record(company_id, actor, "audit.review", details=details, clock=clock)
        return await review(company_id, first, clock=clock)


async def overdue(*, clock: Clock = now) -> list[UUID]:
    """Companies with records whose latest due month nobody has confirmed ten days after its end, 5,000 at most."""
    due = shifted(today(lambda: clock() - GRACE), -1)
    async with directory():
        rows = await query(
            "SELECT company_id FROM audit_chain JOIN company_directory USING (company_id)"
            " WHERE audit_chain.number > 0 AND company_directory.created_at < $2"
            # Of a company whose contract is suspended or has ended nobody can sign in to do it.
            " AND company_directory.state = 'ACTIVE'"
            " AND (reviewed_month IS NULL OR reviewed_month < $1) LIMIT $3",
            due,
            begins(shifted(due, 1)),
            OVERDUE_MOST,
        )
    return [row["company_id"] for row in rows]


def ends(month: date) -> datetime:
    """The moment from which on a month may be confirmed."""
    return begins(shifted(month, 1))


def _month(day: date, clock: Clock) -> date:
    last = today(clock)
    if not FIRST_MONTH <= day <= last:
        span = {"minimum": str(FIRST_MONTH), "maximum": str(last)}
        raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, ("monthOn",), span))
    return shifted(day, 0)


def _is_look(action: str) -> bool:
    """Whether somebody saw people's data by it, or laid it open to be seen."""
    return ".view" in action or action.endswith((".reveal", ".enter", ".download")) or action == "companies.policy"


def _acts(rows: Sequence[dict[str, Any]]) -> list[Acts]:
    records, subjects = Counter[str](), Counter[str]()
    for row in rows:
        records[row["action"]] += row["records"]
        subjects[row["action"]] += row["subjects"]
    return [Acts(action, count, subjects[action]) for action, count in records.most_common()]


def _people(rows: Sequence[dict[str, Any]]) -> list[Person]:
    who: dict[tuple[str, UUID | None], Counter[str]] = {}
    for row in rows:
        counts = who.setdefault((row["actor_kind"], row["actor_id"]), Counter())
        counts["records"] += row["records"]
        if _is_look(row["action"]):
            counts["views"] += row["records"]
            counts["out_of_hours"] += row["out_of_hours"]
        if row["action"].endswith(".download"):
            counts["downloads"] += row["records"]
    people = [
        Person(ActorKind(kind), key, sums["records"], sums["views"], sums["downloads"], sums["out_of_hours"])
        for (kind, key), sums in who.items()
    ]
    return sorted(people, key=lambda person: (-person.records, person.kind, str(person.id)))[:ACTORS_MOST]
