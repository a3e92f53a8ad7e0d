"""What applied events do to the company, in the open transaction which has entered it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bizcall import admins, audit, companies, subscribers
from bizcall.admins import Welcome
from bizcall.audit import Actor
from bizcall.companies import LineDraft
from bizcall.database import query
from bizcall.errors import Collided, Invalid
from bizcall.models import Admin, Company
from bizcall.ports import Clock
from bizcall.provisioning.events import Event
from bizcall.provisioning.ledger import Fact, Facts, Subject


@dataclass(frozen=True)
class Newcomer:
    """A company that is about to be: keys and temporary password, made before the transaction."""

    company_id: UUID
    admin_id: UUID
    welcome: Welcome


async def keep_facts(subscription: str, facts: Facts) -> None:
    """Write what is known after the events; each fact is the latest of its subject already."""
    await query(
        """
        INSERT INTO provisioning_fact (subscription, subject, active, value, as_of, event_id)
        SELECT $1, * FROM unnest($2::text[], $3::boolean[], $4::text[], $5::timestamptz[], $6::text[])
        ON CONFLICT (subscription, subject) DO UPDATE SET
            active = excluded.active, value = excluded.value, as_of = excluded.as_of, event_id = excluded.event_id
        WHERE provisioning_fact.event_id <> excluded.event_id
        """,
        subscription,
        list(facts),
        [fact.active for fact in facts.values()],
        [fact.value for fact in facts.values()],
        [fact.as_of for fact in facts.values()],
        [fact.event_id for fact in facts.values()],
    )


async def establish(company_id: UUID, subscription: str, after: Facts, *, clock: Clock) -> None:
    """Make the company, without lines and administrator."""
    await Company.create(
        id=company_id,
        name=text(after, Subject.NAME),
        representative_number=text(after, Subject.REPRESENTATIVE),
        plan_code=text(after, Subject.PLAN),
        created_at=clock(),
    )
    await query(
        "INSERT INTO provisioning_subscription (subscription, company_id, completed_at) VALUES ($1, $2, $3)",
        subscription,
        company_id,
        clock(),
    )


async def appoint(newcomer: Newcomer, mobile: str, login_id: str, *, actor: Actor, clock: Clock) -> UUID:
    """Make the company's administrator; returns the outbox message with the welcome (ON-01).

    After the lines: who claims a number that is taken must not get as far as the login ID, which is another's too.
    """
    company_id = newcomer.company_id
    await Admin.create(id=newcomer.admin_id, company_id=company_id, name="", mobile=mobile, created_at=clock())
    return await admins.invite(
        company_id, newcomer.admin_id, login_id=login_id, welcome=newcomer.welcome, actor=actor, clock=clock
    )


async def amend(company_id: UUID, after: Facts, *, actor: Actor, clock: Clock) -> None:
    """Bring name, plan and representative number of a company up to what is known."""
    (row,) = await query(
        "SELECT name, plan_code, representative_number FROM company WHERE id = $1 FOR NO KEY UPDATE", company_id
    )
    representative = text(after, Subject.REPRESENTATIVE)
    await query(
        "UPDATE company SET name = $2, plan_code = $3, representative_number = $4"
        " WHERE id = $1 AND (name, plan_code, representative_number) IS DISTINCT FROM ($2, $3, $4)",
        company_id,
        text(after, Subject.NAME),
        text(after, Subject.PLAN),
        representative,
    )
    if representative != row["representative_number"]:
        await admins.rename(company_id, row["representative_number"], representative, actor=actor, clock=clock)


@dataclass(frozen=True)
class Difference:
    """What changed on the company's lines, by number."""

    added: Sequence[str]
    retired: Sequence[str]
    rids: Sequence[str]


async def change_lines(
    company_id: UUID, numbers: Mapping[str, Fact], since: Mapping[str, datetime], at: datetime
) -> Difference:
    """Bring the lines of these numbers up to what is known; others are left as they are.

    A line begins and ends by `since`, which tells since when its number is as it is, but never after the present moment
    `at`. Holdings, which are ours, end at that one. Raises Collided when another company took a number since the events
    were chosen.
    """
    since = {number: min(since[number], at) for number in numbers}
    rows = await query(
        "SELECT id, number, rid, created_at FROM line"
        " WHERE company_id = $1 AND number = ANY($2::text[]) AND retired_at IS NULL",
        company_id,
        list(numbers),
    )
    present = {row["number"]: row for row in rows}
    gone = [number for number in present if not numbers[number].active]
    added = [number for number, fact in numbers.items() if fact.active and number not in present]
    rids = {
        number: numbers[number].value
        for number, row in present.items()
        if numbers[number].active and numbers[number].value != row["rid"]
    }
    bare = [number for number, rid in rids.items() if rid is None]
    earlier = {
        number: since[number]
        for number, row in present.items()
        if numbers[number].active and since[number] < row["created_at"]
    }
    await subscribers.lock_lines(company_id, [present[number]["id"] for number in {*gone, *rids, *earlier}])
    await subscribers.end_on(company_id, [present[number]["id"] for number in gone], at)
    await companies.release(company_id, {number: since[number] for number, fact in numbers.items() if not fact.active})
    if earlier:
        await companies.antedate(company_id, earlier)
    await companies.set_rids(company_id, rids)
    await subscribers.switch_off_rid(company_id, [present[number]["id"] for number in bare], at)
    try:
        drafts = [LineDraft(number, numbers[number].value, since[number]) for number in added]
        await companies.claim(company_id, drafts)
    except Invalid as taken:
        raise Collided("another company took a number meanwhile") from taken
    return Difference(added, gone, list(rids))


async def record(company_id: UUID, event: Event, *, actor: Actor, clock: Clock) -> None:
    """The audit record of one event."""
    told = {"event": event.id, "kind": event.kind.value}
    await audit.record(company_id, actor, "provisioning.apply", [company_id], told, kind="Company", clock=clock)


async def record_lines(company_id: UUID, changed: Difference, *, actor: Actor, clock: Clock) -> None:
    """The audit record of what events did to the lines."""
    counts = {"added": len(changed.added), "retired": len(changed.retired), "rids": len(changed.rids)}
    if any(counts.values()):
        await audit.record(
            company_id, actor, "provisioning.lines_change", [company_id], counts, kind="Company", clock=clock
        )


def text(facts: Facts, subject: Subject) -> str:
    """The text of a subject that every completed subscription has."""
    value = facts[subject].value
    if value is None:
        raise LookupError(f"a completed subscription without {subject}")
    return value
