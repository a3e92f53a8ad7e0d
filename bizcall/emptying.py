"""A company whose contract has ended is emptied, table by table (CO-03, P7); `bizcall/disposal.py` says when.

Each visit deletes at most so many rows in so many seconds, in one transaction, and goes on where rows are left: a visit
that was killed has done nothing, and one that comes again finds nothing to do, or what has come since. `OTHERWISE`
says what becomes of the other tables; a test holds both lists to PostgreSQL's catalogue, so that none is forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from bizcall.database import query

ROWS_MOST = 5_000
"""Of one visit, all tables together."""

SECONDS_MOST = 2.0
"""Of one visit: after them no further statement begins."""

PORTION = 500
"""Rows of one statement, so that the seconds are looked at often enough."""

NAME = "종료된 기업"
"""What an emptied company is called; its number and its key tell which one it was."""

EMPTIED: Mapping[str, str] = {
    "delivery_directory": "delivery_id",
    "delivery_attempt": "delivery_id, number",
    "delivery": "id",
    "delivery_count": "day, channel",
    "invitation": "id",
    "invitation_batch": "id",
    "import_deadline": "import_id",
    "import_finding": "id",
    "import_row": "id",
    "import": "id",
    "upload": "id",
    "export_deadline": "export_id",
    "export": "id",
    "feed_reject": "file_id, line",
    "feed_file": "id",
    "call": "id, started_at",
    "message": "id, sent_at",
    "correction": "kind, id, started_at",
    "customer": "id",
    "erased_customer": "number_hash",
    "call_hour": "hour",
    "call_department_hour": "hour, department_id",
    "call_department_day": "day, department_id",
    "call_line_day": "day, line_id, subscriber_id, department_id",
    "call_line_month": "month, line_id, subscriber_id, department_id",
    "message_hour": "hour",
    "message_department_hour": "hour, department_id",
    "message_department_day": "day, department_id",
    "message_line_day": "day, line_id, subscriber_id, department_id",
    "message_line_month": "month, line_id, subscriber_id, department_id",
    "membership": "subscriber_id, started_at",
    "subscriber": "id",
    "department": "id",
    "line": "id",
    "number_directory": "number",
    "access_review": "month",
    "idempotency_key": "key",
    # With the challenge go its codes.
    "challenge": "id",
    "session": "id",
    "device": "id",
    "account_message": "id",
    "former_password": "admin_id, replaced_at",
    "outbox": "id",
}
"""The tables of a company that lose all its rows, with what tells these apart; whoever refers to others comes first."""

OTHERWISE: Mapping[str, str] = {
    "company": "all that is kept refers to it; its name goes",
    "company_directory": "operators see that the contract has ended, and when",
    "admin": "audit records name administrators by key; contacts and name go by the rules of disposal",
    "credential": "goes with the administrator's contacts, by the same rule",
    "audit_record": "1096 days; they name keys and counts",
    "audit_seal": "as long as the records",
    "audit_chain": "as long as the records",
    "provisioning_subscription": "no event makes a company of it again; what it says beside goes by its name",
    "provisioning_event": "goes by the subscription, with what it adds up to",
    "verification_code": "goes with its challenge",
}
"""The other tables that name a company, and what becomes of their rows."""

# By the database's clock too, as its policies have it: whoever came before they let him would stop half-way.
_IS_DUE = """
SELECT 1 FROM company_directory WHERE company_id = $1 AND state = 'ENDED' AND state_changed_at <= $2
AND ended_at <= now() - interval '90 days'
FOR NO KEY UPDATE SKIP LOCKED
"""
_NAMELESS = """
UPDATE company SET name = $2, plan_code = NULL WHERE id = $1 AND (name, plan_code) IS DISTINCT FROM ($2, NULL)
RETURNING id
"""


@dataclass(frozen=True)
class Visit:
    """What a visit deleted, rows by table, and whether it found nothing more to delete."""

    gone: Counter[str]
    whole: bool


async def empty(
    company_id: UUID, before: datetime, *, rows_most: int = ROWS_MOST, timer: Callable[[], float] = monotonic
) -> Visit:
    """Delete what a company has whose contract had ended by then, in its open transaction.

    Of a company that goes on, or ended later, nothing. `timer` tells seconds.
    """
    gone = Counter[str]()
    if not await query(_IS_DUE, company_id, before):
        return Visit(gone, whole=True)
    until = timer() + SECONDS_MOST
    for statement in _statements():
        portion = deleted = PORTION
        while deleted == portion:
            portion = min(PORTION, rows_most - gone.total())
            if portion <= 0 or timer() >= until:
                return Visit(gone, whole=False)
            [counts] = await query(statement, company_id, portion)
            deleted = sum(counts.values())
            gone.update({table: count for table, count in counts.items() if count})
    if renamed := await query(_NAMELESS, company_id, NAME):
        gone["company"] = len(renamed)
    return Visit(gone, whole=True)


def _statements() -> Iterator[str]:
    """What deletes up to $2 rows of company $1, and tells how many by table."""
    for table, key in EMPTIED.items():
        yield _deletion(table, key)
    # The database's own function; this role has no DELETE there.
    yield "SELECT events AS provisioning_event, facts AS provisioning_fact FROM provisioning_empty($1, $2)"


def _deletion(table: str, key: str) -> str:
    """Chosen first, once: PostgreSQL may run a subquery of IN again for each row, and LIMIT would bound nothing."""
    same = " AND ".join(f"gone.{column} = chosen.{column}" for column in key.split(", "))
    return f"""
        WITH chosen AS MATERIALIZED (SELECT {key} FROM {table} WHERE company_id = $1 LIMIT $2),
        deleted AS (DELETE FROM {table} AS gone USING chosen WHERE gone.company_id = $1 AND {same} RETURNING 1)
        SELECT count(*) AS "{table}" FROM deleted
    """  # noqa: S608 - constants
