"""The monthly review of access records is asked for by e-mail (RV-01, P2).

    remind   the schedule's part: in the first days of a month, a message for each administrator of the companies whose
             people were looked at in the month before, and which have not confirmed their review
    deliver  the consumer's part, in the queue `deliveries`

Operators are asked for the provider's own trail alike. The e-mail has sums and says where to review; it names nobody.
A company is taken once a month, in the transaction that writes its messages, so a run may end anywhere and the next one
goes on; that an administrator has one message a month, the database sees to as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from bizcall import access_reviews
from bizcall.access_reviews import GRACE, Review
from bizcall.database import directory, query, tenant
from bizcall.dispatch import account_messages, claims, messages, outbox
from bizcall.dispatch.codes import Malformed, Outcome
from bizcall.dispatch.messages import Letterhead
from bizcall.ids import uuid7
from bizcall.models.accounts import AccountMessage, MessageKind
from bizcall.months import begins, shifted, today
from bizcall.ports import Clock, GatewayRefused, Mail, now

logger = logging.getLogger(__name__)

BEGINS = timedelta(hours=9)
"""When on a month's first day the first are asked, in Korea."""

COMPANIES_MOST = 500
"""Companies that one run looks at."""


async def remind(*, stop: Callable[[], bool] = lambda: False, clock: Clock = now) -> int:
    """Write the messages that are due, until `stop`, and return how many; none once reviews are overdue.

    A company that fails keeps no other from its turn; the failures are raised at the end.
    """
    first = shifted(today(clock), 0)
    if not begins(first) + BEGINS <= clock() < begins(first) + GRACE:
        return 0
    month = shifted(first, -1)
    written, failures = 0, []
    for company_id in await _waiting(month):
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
    try:
        message_id = UUID(body["message"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed("a message names no row") from error
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
        text = messages.rendered("account.access_review.mail.txt", _words(claimed["company"], seen, site_url))
        subject = f"{_named(seen.month)} 개인정보 접속 기록을 점검해 주세요"
        try:
            whole = messages.plain_mail(subject, text, letterhead, to=claimed["email"], reference=reference, at=clock())
        except Exception as error:
            # What is no address, the package for mail refuses in many ways; nothing has left.
            logger.exception("a message could not be written", extra={"message_id": reference})
            raise GatewayRefused("ADDRESS") from error
        return await mail.send(whole, to=claimed["email"], reference=reference)

    return await account_messages.carry(message_id, send, clock=clock)


async def _waiting(month: date) -> list[UUID]:
    """Companies with records that were neither asked for this month nor have confirmed it, COMPANIES_MOST at most."""
    async with directory():
        rows = await query(
            "SELECT company_id FROM audit_chain WHERE number > 0 AND (reviewed_month IS NULL OR reviewed_month < $1)"
            " AND (reminded_month IS NULL OR reminded_month < $1) ORDER BY company_id LIMIT $2",
            month,
            COMPANIES_MOST,
        )
    return [row["company_id"] for row in rows]


async def _ask(company_id: UUID, month: date, clock: Clock) -> int:
    """Write a message for each administrator of the company who can sign in and has an address."""
    async with tenant(company_id):
        taken = await query(
            "UPDATE audit_chain SET reminded_month = $2 WHERE company_id = $1"
            " AND (reviewed_month IS NULL OR reviewed_month < $2)"
            " AND (reminded_month IS NULL OR reminded_month < $2) RETURNING company_id",
            company_id,
            month,
        )
        if not taken or not (await access_reviews.review(company_id, month, clock=clock)).looks:
            return 0
        rows = await query(
            "SELECT admin.id, admin.email FROM admin JOIN credential"
            " ON credential.company_id = admin.company_id AND credential.admin_id = admin.id"
            " WHERE admin.company_id = $1 AND credential.registered_at IS NOT NULL AND credential.ended_at IS NULL"
            " AND credential.suspended_at IS NULL AND admin.email IS NOT NULL ORDER BY admin.id",
            company_id,
        )
        for row in rows:
            message = await AccountMessage.create(
                id=uuid7(),
                company_id=company_id,
                admin_id=row["id"],
                kind=MessageKind.ACCESS_REVIEW,
                email=row["email"],
                month=month,
                created_at=clock(),
            )
            await outbox.put(claims.QUEUE, {"message": str(message.id)}, company_id=company_id, clock=clock)
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
