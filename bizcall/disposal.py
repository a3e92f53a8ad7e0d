"""Disposal of personal data (P7, article 13): what is forgotten when, and one person on request.

    what                                   forgotten                                              when
    subscribers who left                   name, position, mobile, address                        90 days after
    former administrators and operators    mobile, address, department, position, old passwords   90 days after
                                           name, once no audit record can name him any more       3 years after
    rows and findings of imports           all of them                                            90 days after its end
    recipients of invitations              mobile or address                                      90 days after its end
    exports                                the request, with whatever customer it asked for       90 days after
    companies whose contract has ended     all but audit records and admins' names               90 days after

Who was erased as a customer is remembered by a hash (`bizcall/erasures.py`), so that no older record brings him back.
Holdings, departments, times and counts stay: history and statistics go on counting a person without a name. All else
that is personal goes by other clocks (docs/operations.md). The policy stands here in one place rather than in each
feature, because it is one promise and is published as one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bizcall import audit, emptying, erasures, phones, reasons
from bizcall.audit import Actor, forgetting
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, NotFound, Problem
from bizcall.models import Customer
from bizcall.models.companies import PROVIDER_ID
from bizcall.parties import NUMBER_MOST, customer_number
from bizcall.ports import Clock, now

KEPT = timedelta(days=90)
NAMES_KEPT = forgetting.KEPT
"""As long as audit records are kept, which name a former administrator by his key."""

EVERY = timedelta(days=1)
"""How often a company is visited."""

FAILED_EVERY = timedelta(hours=1)
"""How long a company waits whose visit failed."""

COMPANIES_MOST = 20
ROWS_MOST = 500
"""Of one run; and of one sort of row in a visit, after which the company is visited again by the next run."""

_ABROAD = re.compile(rf"\+(?!82)\d[\d ().-]{{6,{NUMBER_MOST - 2}}}", re.ASCII)

logger = logging.getLogger(__name__)

# Chosen into an array, because PostgreSQL may run a subquery of IN again for each row, and LIMIT would bound nothing.
# A person who holds another line by now is no leaver: his former holding keeps his name.
_SUBSCRIBERS = """
UPDATE subscriber SET name = '', position = '', mobile = NULL, email = NULL, forgotten_at = $4
WHERE company_id = $1 AND id = ANY(ARRAY(
    SELECT id FROM subscriber gone
    WHERE company_id = $1 AND ended_at <= $2 AND forgotten_at IS NULL AND NOT EXISTS (
        SELECT FROM subscriber held WHERE held.company_id = $1 AND held.ended_at IS NULL AND held.name = gone.name
        AND (held.mobile = gone.mobile OR held.email = gone.email))
    ORDER BY ended_at LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_ADMINS = """
WITH forgotten AS (
    UPDATE admin SET mobile = '', email = NULL, department = '', position = '', forgotten_at = $4
    WHERE company_id = $1 AND id = ANY(ARRAY(
        SELECT id FROM admin WHERE company_id = $1 AND ended_at <= $2 AND mobile <> ''
        ORDER BY ended_at LIMIT $3 FOR UPDATE SKIP LOCKED))
    RETURNING id
), passwords AS (
    DELETE FROM former_password WHERE company_id = $1 AND admin_id IN (SELECT id FROM forgotten)
), accounts AS (
    UPDATE credential SET mobile = '' WHERE company_id = $1 AND admin_id IN (SELECT id FROM forgotten)
)
SELECT id FROM forgotten
"""
_NAMES = """
UPDATE admin SET name = '', forgotten_at = $4 WHERE company_id = $1 AND id = ANY(ARRAY(
    SELECT id FROM admin WHERE company_id = $1 AND ended_at <= $2 AND name <> ''
    ORDER BY ended_at LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_FINDINGS = """
DELETE FROM import_finding WHERE company_id = $1 AND id = ANY(ARRAY(
    SELECT import_finding.id FROM import
    JOIN import_finding ON import_finding.company_id = $1 AND import_finding.import_id = import.id
    WHERE import.company_id = $1 AND import.finished_at <= $2 LIMIT $3))
RETURNING id
"""
_ROWS = """
DELETE FROM import_row WHERE company_id = $1 AND id = ANY(ARRAY(
    SELECT import_row.id FROM import JOIN import_row ON import_row.company_id = $1 AND import_row.import_id = import.id
    WHERE import.company_id = $1 AND import.finished_at <= $2 LIMIT $3))
RETURNING id
"""
_DELIVERIES = """
UPDATE delivery SET recipient = '' WHERE company_id = $1 AND id = ANY(ARRAY(
    SELECT id FROM delivery WHERE company_id = $1 AND finished_at <= $2 AND recipient <> ''
    ORDER BY finished_at LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_EXPORTS = """
WITH gone AS (
    DELETE FROM export WHERE company_id = $1 AND id = ANY(ARRAY(
        SELECT id FROM export WHERE company_id = $1 AND created_at <= $2 AND state NOT IN ('QUEUED', 'RUNNING')
        ORDER BY created_at LIMIT $3))
    RETURNING id
), deadlines AS (
    DELETE FROM export_deadline WHERE company_id = $1 AND export_id IN (SELECT id FROM gone)
)
SELECT id FROM gone
"""


@dataclass(frozen=True)
class Rule:
    """One line of the policy: what it is called in the record, how long it is kept, and the statement that forgets.

    A statement takes company, the latest moment that is forgotten and how many rows, then the present moment, if it
    keeps them; it returns their ids.
    """

    name: str
    kept: timedelta
    statement: str


RULES = (
    Rule("subscribers", KEPT, _SUBSCRIBERS),
    Rule("admins", KEPT, _ADMINS),
    Rule("adminNames", NAMES_KEPT, _NAMES),
    Rule("importFindings", KEPT, _FINDINGS),
    Rule("importRows", KEPT, _ROWS),
    Rule("recipients", KEPT, _DELIVERIES),
    Rule("exports", KEPT, _EXPORTS),
)


async def dispose_due(*, clock: Clock = now, stop: Callable[[], bool] = lambda: False) -> int:
    """Forget what is over in up to 20 companies that were not visited for a day; return how many rows.

    What fails in one company keeps no other from its turn, and is raised at the end; that one is visited again after an
    hour.
    """
    at = clock()
    forgotten, seen, failures = 0, list[UUID](), list[Exception]()
    while len(seen) < COMPANIES_MOST and not stop() and (company_id := await _taken(at, seen)):
        seen.append(company_id)
        try:
            forgotten += await dispose(company_id, clock=clock)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("companies whose disposal failed", failures)
    return forgotten


async def dispose(
    company_id: UUID, *, clock: Clock = now, rows_most: int = ROWS_MOST, emptied_most: int = emptying.ROWS_MOST
) -> int:
    """Forget what is over in a company, at most `rows_most` of each sort; return how many rows. May be repeated.

    A company whose contract ended 90 days ago is emptied, by `emptied_most` rows of all its tables.
    """
    at = clock()
    counts = dict[str, int]()
    async with tenant(company_id):
        visit = await emptying.empty(company_id, at - KEPT, rows_most=emptied_most)
        if visit.gone:
            await audit.record(
                company_id,
                audit.system(),
                "companies.empty",
                [company_id],
                dict(visit.gone),
                kind="Company",
                clock=clock,
            )
        keys = list[UUID]()
        # Most of what they forget goes anyway: they come once the rest has gone.
        for rule in RULES if visit.whole else ():
            present = [at] if "$4" in rule.statement else []
            rows = await query(rule.statement, company_id, at - rule.kept, rows_most, *present)
            if rows:
                counts[rule.name] = len(rows)
            if rule.name == "subscribers":
                keys = [row["id"] for row in rows]
        if counts:
            await audit.record(
                company_id, audit.system(), "people.forget", keys, counts, kind="Subscriber", clock=clock
            )
    more = rows_most in counts.values() or not visit.whole
    async with directory():
        # Where there is more it is due again, after all that were due before.
        await query(
            "UPDATE company_directory SET disposed_at = $2 WHERE company_id = $1",
            company_id,
            at - EVERY if more else at,
        )
    return sum(counts.values()) + visit.gone.total()


async def erase(
    representative_number: str, contact: str, note: str, *, actor: Actor, clock: Clock = now
) -> Mapping[str, int]:
    """Erase somebody who asks for it from one company, by his mobile number or e-mail address; tell how many rows.

    A customer also by a number from abroad, and by whatever else the address book knows him by. He goes as if his time
    were over: from holdings that have ended, imports, recipients, address book and exports; no record of before brings
    him back into the address book. Calls and messages stay until their month is dropped. `note` says who asked, and
    why. Raises NotFound for an unknown company; Invalid: INVALID_FORMAT at `contact`, STATE there while he holds a line
    or is an administrator (end that first), and what `reasons.said` refuses at `note`.
    """
    note = reasons.said(note, "note")
    value = customer_number(contact)
    company_id, at = await _company(representative_number), clock()
    async with tenant(company_id):
        if not _is_contact(value) and not await Customer.exists(company_id=company_id, number=value):
            raise Invalid(Problem(ErrorCode.INVALID_FORMAT, ("contact",)))
        if await query(_HOLDS, company_id, value):
            raise Invalid(Problem(ErrorCode.STATE, ("contact",)))
        await erasures.remember(company_id, value, at)
        counts, keys = dict[str, int](), list[UUID]()
        for name, statement in _ERASURES.items():
            # The moment stands only in what keeps a row.
            rows = await query(statement, company_id, value, *([at] if "$3" in statement else []))
            counts[name] = len(rows)
            if name == "subscribers":
                keys = [row["id"] for row in rows]
        details = {**counts, "note": note}
        await audit.record(company_id, actor, "people.erase", keys, details, kind="Subscriber", clock=clock)
    logger.info("a person was erased", extra={"company_id": str(company_id), "rows": sum(counts.values())})
    return counts


_HOLDS = """
SELECT 1 FROM subscriber
WHERE company_id = $1 AND ended_at IS NULL AND (mobile = $2 OR lower(email) = lower($2))
UNION ALL
SELECT 1 FROM admin WHERE company_id = $1 AND ended_at IS NULL AND (mobile = $2 OR lower(email) = lower($2))
"""

_ERASURES: Mapping[str, str] = {
    "subscribers": """
        UPDATE subscriber SET name = '', position = '', mobile = NULL, email = NULL, forgotten_at = $3
        WHERE company_id = $1 AND ended_at IS NOT NULL AND (mobile = $2 OR lower(email) = lower($2)) RETURNING id
    """,
    "admins": """
        WITH forgotten AS (
            UPDATE admin SET mobile = '', email = NULL, department = '', position = '', forgotten_at = $3
            WHERE company_id = $1 AND ended_at IS NOT NULL AND (mobile = $2 OR lower(email) = lower($2)) RETURNING id
        ), passwords AS (
            DELETE FROM former_password WHERE company_id = $1 AND admin_id IN (SELECT id FROM forgotten)
        ), messages AS (
            DELETE FROM account_message WHERE company_id = $1 AND admin_id IN (SELECT id FROM forgotten)
        ), codes AS (
            DELETE FROM challenge WHERE company_id = $1 AND admin_id IN (SELECT id FROM forgotten)
        ), accounts AS (
            UPDATE credential SET mobile = '' WHERE company_id = $1 AND admin_id IN (SELECT id FROM forgotten)
        )
        SELECT id FROM forgotten
    """,
    # Refused rows keep what stood in their cells: there numbers are compared by their digits.
    "importRows": """
        WITH gone AS (
            DELETE FROM import_row WHERE company_id = $1 AND (mobile = $2 OR lower(email) = lower($2) OR EXISTS (
                SELECT FROM jsonb_each_text(given) cell
                WHERE lower(cell.value) = lower($2) OR regexp_replace(cell.value, '[^0-9]', '', 'g') = $2))
            RETURNING id, import_id, number
        ), findings AS (
            DELETE FROM import_finding WHERE company_id = $1
            AND (import_id, number) IN (SELECT import_id, number FROM gone)
        )
        SELECT id FROM gone
    """,
    # Of unfinished messages too: he holds no line, so none of them leaves any more; worker or sweep ends them.
    "recipients": """
        UPDATE delivery SET recipient = '' WHERE company_id = $1 AND lower(recipient) = lower($2) RETURNING id
    """,
    # Of unfinished ones too, whose worker then finds its claim lost. By the name under which he stands until now.
    "exports": """
        WITH gone AS (
            DELETE FROM export WHERE company_id = $1 AND (
                asked -> 'filter' ->> 'customer_number' = $2
                OR asked -> 'filter' ->> 'customer_tail' = right($2, length(asked -> 'filter' ->> 'customer_tail'))
                OR EXISTS (SELECT FROM customer WHERE customer.company_id = $1 AND customer.number = $2
                           AND starts_with(customer.name, asked -> 'filter' ->> 'customer_name')))
            RETURNING id
        ), deadlines AS (
            DELETE FROM export_deadline WHERE company_id = $1 AND export_id IN (SELECT id FROM gone)
        )
        SELECT id FROM gone
    """,
    "customers": "DELETE FROM customer WHERE company_id = $1 AND number = $2 RETURNING id",
}


def _is_contact(value: str) -> bool:
    """Whether it is written as a number or an address is: what is known to nobody may be mistyped."""
    return "@" in value or phones.normalise(value) is not None or _ABROAD.fullmatch(value) is not None


async def _taken(at: datetime, seen: list[UUID]) -> UUID | None:
    """The company that has been due for longest, but for those seen.

    It counts as one that failed until its visit is done, so that a process that ends midway takes nobody's turn.
    """
    async with directory():
        rows = await query(
            """
            UPDATE company_directory SET disposed_at = $2 WHERE company_id = ANY(ARRAY(
                SELECT company_id FROM company_directory
                WHERE (disposed_at IS NULL OR disposed_at <= $1) AND company_id <> ALL($3::uuid[])
                ORDER BY disposed_at NULLS FIRST LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED))
            RETURNING company_id
            """,
            at - EVERY,
            at - EVERY + FAILED_EVERY,
            seen,
        )
    return rows[0]["company_id"] if rows else None


async def _company(representative_number: str) -> UUID:
    number = phones.normalise(representative_number) or ""
    async with directory():
        rows = await query(
            # The number of a company whose contract has ended may be another one's by now.
            "SELECT company_id FROM company_directory WHERE representative_number = $1 AND company_id <> $2"
            " ORDER BY state = 'ENDED', created_at DESC",
            number,
            PROVIDER_ID,
        )
    if not rows:
        raise NotFound
    company_id: UUID = rows[0]["company_id"]
    return company_id
