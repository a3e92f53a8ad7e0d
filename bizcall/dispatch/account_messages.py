"""What accounts are told beside codes. By SMS: the welcome (ON-01), changes (PW-01, ME-01), an ended session (S4), that
the company masks its customers no more (CU-01). By e-mail: that a review is due (P2).

    put      in the transaction of the change: a row, and a queue's message which names it
    deliver  the part of the consumer of `sms`: claim, send, record
    carry    the same for e-mails, whose words their own module has (`bizcall.review_reminders`)
    expire   the schedule's part: end what no queue brings any more

The temporary password is derived when the message is sent; it stands in no row and in no queue (AU-24).

    QUEUED ─▶ SENDING ─▶ SENT
               │  ├────▶ FAILED    the gateway refused it for good; or, from QUEUED, it came too late or is out of date
               │  └────▶ UNKNOWN   no answer, or the worker died: it may have arrived, so it is not repeated
               └───────▶ QUEUED    certainly not taken: the queue brings it again
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID

from bizcall import masking, texts
from bizcall.database import directory, query
from bizcall.dispatch import outbox
from bizcall.dispatch.codes import QUEUE, Outcome
from bizcall.dispatch.texts import TextMessage, fitted, subject
from bizcall.dispatch.wording import rendered
from bizcall.ids import uuid7
from bizcall.keys import Keys
from bizcall.models.accounts import AccountMessage, MessageKind, MessageState
from bizcall.months import KOREA
from bizcall.ports import Clock, GatewayBusy, GatewayRefused, GatewayUncertain, Sms, now
from bizcall.settings import Settings

TEMPORARY = timedelta(hours=72)
"""How long the welcome's temporary password is good for."""

LATEST = timedelta(hours=24)
"""A message that couldn't leave for so long is not sent any more; an operator resends a welcome."""

TOO_LATE = "TOO_LATE"
COMPANY_INACTIVE = "COMPANY_INACTIVE"
"""The company's contract is suspended or has ended."""

SUPERSEDED = "SUPERSEDED"
"""The temporary password of this welcome is void: a later one was made, or the account has registered or ended.

Or somebody has confirmed the review meanwhile that the e-mail asks for.
"""

LOST = "LOST"
SUBJECT = "[LGU+] AI비즈콜 관리자 안내"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """Where administrators go: their web page, and the manual's download."""

    url: str
    manual_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """That of this deployment; raises RuntimeError where the environment lacks SITE_URL or MANUAL_URL."""
        if not settings.site_url or not settings.manual_url:
            raise RuntimeError("SITE_URL or MANUAL_URL is not set")
        return cls(settings.site_url, settings.manual_url)


async def put(
    company_id: UUID,
    admin_id: UUID,
    kind: MessageKind,
    mobile: str | None = None,
    *,
    email: str | None = None,
    month: date | None = None,
    queue: str = QUEUE,
    key: UUID | None = None,
    session_id: UUID | None = None,
    clock: Clock = now,
) -> UUID:
    """Write a message into the open transaction; returns the outbox message, to be published after the commit.

    It goes to the mobile; an ACCESS_REVIEW of that `month` to the `email`, by another `queue`.
    `key` is the row's, where it had to be known before: the temporary password of a WELCOME is made of it.
    `session_id` is the session that a SESSION_DISPLACED tells of.
    """
    row = await AccountMessage.create(
        id=key or uuid7(),
        company_id=company_id,
        admin_id=admin_id,
        kind=kind,
        session_id=session_id,
        mobile=mobile,
        email=email,
        month=month,
        created_at=clock(),
    )
    return await outbox.put(queue, {"message": str(row.id)}, company_id=company_id, clock=clock)


async def put_for_all(company_id: UUID, kind: MessageKind, *, clock: Clock = now) -> list[UUID]:
    """Write an SMS for everybody who signs in for the company; returns outbox messages as `put` does."""
    rows = await query(
        "INSERT INTO account_message (id, company_id, admin_id, kind, mobile, state, created_at)"
        " SELECT gen_random_uuid(), company_id, admin_id, $2, mobile, $3, $4 FROM credential"
        " WHERE company_id = $1 AND registered_at IS NOT NULL AND ended_at IS NULL AND suspended_at IS NULL"
        " RETURNING id",
        company_id,
        kind.value,
        MessageState.QUEUED.value,
        clock(),
    )
    bodies = [{"message": str(row["id"])} for row in rows]
    return await outbox.put_many(QUEUE, bodies, company_id=company_id, clock=clock)


async def deliver(message_id: UUID, *, sms: Sms, keys: Keys, site: Site, clock: Clock = now) -> Outcome:
    """Send one message; raises GatewayBusy when it was certainly not taken, and the queue is to bring it again."""

    async def send(row: dict[str, Any]) -> str:
        text = _text(row, keys, site)
        return await sms.send(row["mobile"], text.text, subject=text.subject, reference=str(message_id))

    return await carry(message_id, send, clock=clock)


async def carry(message_id: UUID, send: Callable[[dict[str, Any]], Awaitable[str]], *, clock: Clock = now) -> Outcome:
    """Claim a message, let `send` hand its row to a gateway, whose id it returns, and record what came of it.

    Raises GatewayBusy as `deliver` does.
    """
    claimed = await _claim(message_id, clock)
    if isinstance(claimed, Outcome):
        return claimed
    try:
        gateway_id = await send(claimed)
    except GatewayBusy as busy:
        await _mark(message_id, MessageState.QUEUED, reason=busy.code)
        raise
    except GatewayRefused as refused:
        await _mark(message_id, MessageState.FAILED, reason=refused.code)
        return Outcome.REFUSED
    except GatewayUncertain as uncertain:
        await _mark(message_id, MessageState.UNKNOWN, reason=uncertain.code)
        _warn(message_id)
        return Outcome.UNCERTAIN
    await _mark(message_id, MessageState.SENT, gateway_id=gateway_id, clock=clock)
    return Outcome.SENT


async def expire(*, clock: Clock = now) -> int:
    """End messages that waited for too long, as those of a dead-letter queue do, and return how many there were."""
    async with directory():
        rows = await query(
            """
            UPDATE account_message SET
                reason = CASE state WHEN 'QUEUED' THEN $2 ELSE $3 END,
                state = CASE state WHEN 'QUEUED' THEN 'FAILED' ELSE 'UNKNOWN' END
            WHERE state IN ('QUEUED', 'SENDING') AND created_at < $1 RETURNING id, state
            """,
            clock() - LATEST,
            TOO_LATE,
            LOST,
        )
    for row in rows:
        if row["state"] == MessageState.UNKNOWN:
            _warn(row["id"])
    return len(rows)


def _warn(message_id: UUID) -> None:
    """Tell operators, who alone can see to it that the person learns what the message said."""
    logger.warning(
        "nobody knows whether an account's message arrived",
        extra={"event": "ACCOUNT_MESSAGE_UNKNOWN", "message_id": str(message_id)},
    )


async def _claim(message_id: UUID, clock: Clock) -> dict[str, Any] | Outcome:
    """Take a queued message, or say why there is nothing to send."""
    async with directory():
        rows = await query(
            """
            SELECT message.kind, message.state, message.mobile, message.email, message.admin_id, message.id,
                   message.created_at, coalesce(credential.login_id, '') AS login_id, company.name AS company,
                   session.address AS session_address, session.created_at AS session_at,
                   company.state <> 'ACTIVE' AS inactive,
                   message.kind = $2 AND (
                       credential.registered_at IS NOT NULL OR credential.ended_at IS NOT NULL OR EXISTS (
                           SELECT 1 FROM account_message AS later
                           WHERE later.admin_id = message.admin_id AND later.kind = $2
                             AND (later.created_at, later.id) > (message.created_at, message.id)
                       )
                   ) OR EXISTS (
                       SELECT 1 FROM audit_chain AS chain
                       WHERE chain.company_id = message.company_id AND chain.reviewed_month >= message.month
                   ) AS superseded
            FROM account_message AS message
            JOIN credential ON credential.company_id = message.company_id AND credential.admin_id = message.admin_id
            JOIN company_directory AS company ON company.company_id = message.company_id
            LEFT JOIN session ON session.company_id = message.company_id AND session.id = message.session_id
            WHERE message.id = $1 FOR UPDATE OF message
            """,
            message_id,
            MessageKind.WELCOME.value,
        )
        if not rows or rows[0]["state"] not in (MessageState.QUEUED, MessageState.SENDING):
            return Outcome.DONE_BEFORE
        (row,) = rows
        if row["state"] == MessageState.SENDING:
            # The queue brings a message again only after its worker is dead.
            await _set(message_id, MessageState.UNKNOWN, reason=LOST)
            _warn(message_id)
            return Outcome.UNCERTAIN
        late = clock() - row["created_at"] > LATEST
        if row["inactive"] or row["superseded"] or late:
            reason = COMPANY_INACTIVE if row["inactive"] else SUPERSEDED if row["superseded"] else TOO_LATE
            await _set(message_id, MessageState.FAILED, reason=reason)
            return Outcome.EXPIRED
        await _set(message_id, MessageState.SENDING)
        return row


def _text(row: dict[str, Any], keys: Keys, site: Site) -> TextMessage:
    words = {
        "company": texts.clean(row["company"]).text,
        "login_id": row["login_id"],
        "password": keys.password(row["id"], row["admin_id"]) if row["kind"] == MessageKind.WELCOME else "",
        "site": site,
        "hours": int(TEMPORARY.total_seconds() // 3600),
        "at": f"{row['created_at'].astimezone(KOREA):%Y-%m-%d %H:%M}",
        "session_at": row["session_at"] and f"{row['session_at'].astimezone(KOREA):%Y-%m-%d %H:%M}",
        "session_address": masking.address(row["session_address"] or ""),
    }
    sent = fitted(rendered(f"account.{row['kind'].lower()}.txt", words))
    return TextMessage(sent.text, subject(SUBJECT) if sent.long else None)


async def _mark(
    message_id: UUID,
    state: MessageState,
    *,
    gateway_id: str | None = None,
    reason: str | None = None,
    clock: Clock | None = None,
) -> None:
    async with directory():
        await _set(message_id, state, gateway_id=gateway_id, reason=reason, clock=clock)


async def _set(
    message_id: UUID,
    state: MessageState,
    *,
    gateway_id: str | None = None,
    reason: str | None = None,
    clock: Clock | None = None,
) -> None:
    await query(
        "UPDATE account_message SET state = $2, gateway_id = $3, reason = $4, sent_at = $5 WHERE id = $1",
        message_id,
        state.value,
        gateway_id,
        reason,
        clock() if clock is not None else None,
    )
