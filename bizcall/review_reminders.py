"""The monthly review of access records is asked for by e-mail (RV-01, P2).

    remind   the schedule's part: from nine on, in the first days of a month, a message for each administrator of the
             companies whose people were looked at in the month before, and which have not confirmed their review
    deliver  the consumer's part, in the queue `deliveries`

Operators are asked for the provider's own trail alike. The e-mail has sums and says where to review; it names nobody.
A company is taken once a day, in the transaction that writes its messages, so a run may end anywhere and the next one
goes on, and who can be asked only later is asked the day after; that an administrator has one message a month, the
database sees to as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from email.headerregistry import Address
from typing import Any
from uuid import UUID

from bizcall import access_reviews
from bizcall.access_reviews import GRACE, Review
from bizcall.database import directory, query, tenant
from bizcall.dispatch import account_messages, bodies, claims, mails
from bizcall.dispatch.codes import Outcome
from bizcall.dispatch.mails import SENDER, Letterhead
from bizcall.dispatch.wording import rendered
from bizcall.models.accounts import AccountMessage, MessageKind
from bizcall.months import begins, shifted, today
from bizcall.ports import Clock, GatewayRefused, Mail, now

logger = logging.getLogger(__name__)

BEGINS = timedelta(hours=9)
"""From when on people are asked on each of these days, in Korea."""

COMPANIES_MOST = 500
"""Companies that one run looks at."""


async def remind(*, stop: Callable[[], bool] = lambda: False, clock: Clock = now) -> int:
    """Write the messages that are due, until `stop`, and return how many; none once reviews are overdue.

    A company that fails keeps no other from its turn; the failures are raised at the end.
    """
    day = today(clock)
    first = shifted(day, 0)
    if not begins(day) + BEGINS <= clock() < begins(first) + GRACE:
        return 0
    month = shifted(first, -1)
    written, failures = 0, []
    for company_id in await _waiting(month, day):
        if stop():
            break
        try:
            written += await _ask(company_id, month, clock)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("companies that could not be asked for their review", failures)
    return written


async def deliver(
    body: Mapping[str, Any], *, mail: Mail, letterhead: Letterhead, site_url: str, clock: Clock = now
) -> Outcome:
    """Send the message that `{"message": "<uuid>"}` names; raises GatewayBusy for it to come again, and Malformed."""
    message_id = bodies.key(body, "message")
    if not site_url:
        raise RuntimeError("SITE_URL is not set")
    async with directory():
        row = await AccountMessage.get_or_none(id=message_id)
    if row is None or row.month is None:
        return Outcome.DONE_BEFORE
    # Before the message is claimed: whatever fails here is tried again.
    seen = await access_reviews.review(row.company_id, row.month, clock=clock)

    async def send(claimed: dict[str, Any]) -> str:
        reference = str(message_id)
        text = rendered("account.access_review.mail.txt", _words(claimed["company"], seen, site_url))
        subject = f"[{SENDER}] {_named(seen.month)} 개인정보 접속 기록을 점검해 주세요"
        try:
            to = Address(addr_spec=claimed["email"])
            whole = mails.written(subject, text, letterhead, to=to, reference=reference, at=clock())
        except Exception as error:
            # What is no address, the package for mail refuses in many ways; nothing has left.
            logger.exception("a message could not be written", extra={"message_id": reference})
            raise GatewayRefused("ADDRESS") from error
        return await mail.send(whole, to=claimed["email"], reference=reference)

    return await account_messages.carry(message_id, send, clock=clock)


async def _waiting(month: date, day: date) -> list[UUID]:
    """Companies with records that have not confirmed the month and had no turn this day, COMPANIES_MOST at most."""
    async with directory():
        rows = await query(
            "SELECT company_id FROM audit_chain JOIN company_directory USING (company_id)"
            # Others are asked once their contract is resumed.
            " WHERE audit_chain.number > 0 AND company_directory.state = 'ACTIVE'"
            " AND (reviewed_month IS NULL OR reviewed_month < $1) AND (reminded_on IS NULL OR reminded_on < $2)"
            " ORDER BY company_id LIMIT $3",
            month,
            day,
            COMPANIES_MOST,
        )
    return [row["company_id"] for row in rows]


async def _ask(company_id: UUID, month: date, clock: Clock) -> int:
    """Write a message for each administrator of the company who can sign in, has an address and has none yet."""
    async with tenant(company_id):
        taken = await query(
            "UPDATE audit_chain SET reminded_on = $3 WHERE company_id = $1"
            " AND (reviewed_month IS NULL OR reviewed_month < $2)"
            " AND (reminded_on IS NULL OR reminded_on < $3) RETURNING company_id",
            company_id,
            month,
            today(clock),
        )
        if not taken:
            return 0
        rows = await query(
            "SELECT admin.id, admin.email FROM admin JOIN credential"
            " ON credential.company_id = admin.company_id AND credential.admin_id = admin.id"
            " WHERE admin.company_id = $1 AND credential.registered_at IS NOT NULL AND credential.ended_at IS NULL"
            " AND credential.suspended_at IS NULL AND admin.email IS NOT NULL AND NOT EXISTS ("
            "SELECT FROM account_message AS told WHERE told.company_id = admin.company_id AND told.admin_id = admin.id"
            " AND told.kind = $2 AND told.month = $3) ORDER BY admin.id",
            company_id,
            MessageKind.ACCESS_REVIEW.value,
            month,
        )
        if not rows or not (await access_reviews.review(company_id, month, clock=clock)).looks:
            return 0
        for row in rows:
            await account_messages.put(
                company_id,
                row["id"],
                MessageKind.ACCESS_REVIEW,
                email=row["email"],
                month=month,
                queue=claims.QUEUE,
                clock=clock,
            )
    return len(rows)


def _named(month: date) -> str:
    return f"{month.year}년 {month.month}월"


def _words(company: str, seen: Review, site_url: str) -> dict[str, Any]:
    return {
        "company": company,
        "month": _named(seen.month),
        "records": f"{seen.records:,}",
        "looks": f"{seen.looks:,}",
        "downloads": f"{seen.downloaded:,}",
        "unexplained": f"{seen.unexplained:,}",
        "site_url": site_url,
    }
