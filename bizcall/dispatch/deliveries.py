"""The consumer of the queue `deliveries`: claim a message, hand it to its gateway, record what came of it (IN-10).

Claim first: that somebody is about to call the gateway is committed before he does, so a worker that dies leaves a
message in SENDING, never one that nobody knows was sent. What a gateway certainly didn't take is tried again with
back-off. What it may have taken is not: the sweep asks the gateway (`resolving`), and where that can't tell, the
message is UNKNOWN and listed, because a temporary password must not go out a second time by itself.

The message of the queue holds keys only; the password is derived when the words are made (AU-24).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from bizcall.database import tenant
from bizcall.dispatch import bodies, breaker, claims, messages
from bizcall.dispatch.bodies import Malformed
from bizcall.dispatch.claims import Claim
from bizcall.dispatch.mails import Letterhead
from bizcall.dispatch.messages import Facts
from bizcall.keys import Keys
from bizcall.models.dispatch import AttemptOutcome, Channel, DeliveryReason, DeliveryState
from bizcall.ports import (
    Clock,
    GatewayBusy,
    GatewayDown,
    GatewayRefused,
    GatewayUncertain,
    Mail,
    Sms,
    now,
)

ASKED_AFTER = timedelta(seconds=20)
"""When a gateway that gave no answer is asked about the message: it may still be on its way there."""

CLOCKS_DIFFER = timedelta(seconds=5)
"""A worker whose clock is behind that of the sweep must not take a message for one that comes too early."""

SWIFT = timedelta(seconds=30)
"""How old a claim may be when the gateway is called, so that its answer comes before the lease ends.

A process that was frozen in between must not send what the gateway, asked about it, hasn't got: it may be out already.
"""

logger = logging.getLogger(__name__)


class Delivered(StrEnum):
    """What became of one message of the queue."""

    SENT = "SENT"
    DONE_BEFORE = "DONE_BEFORE"
    PUT_OFF = "PUT_OFF"
    FAILED = "FAILED"
    UNCERTAIN = "UNCERTAIN"


async def deliver(
    body: Mapping[str, Any],
    *,
    sms: Sms,
    mail: Mail,
    keys: Keys,
    letterhead: Letterhead,
    daily_most: int = claims.DAILY_MOST,
    clock: Clock = now,
) -> Delivered:
    """Send the message that `{"companyId": …, "delivery": …}` names, unless that was done or isn't due.

    Returns also when the gateway fails, because what is to happen then is recorded. Raises Malformed for a body that
    names no delivery, Unavailable when the database is away, for the message to come again.
    """
    company_id, delivery_id = bodies.key(body, "companyId"), bodies.key(body, "delivery")
    gateways = {Channel.SMS: sms.name, Channel.EMAIL: mail.name}
    began = clock()
    taken = await _claim(company_id, delivery_id, gateways, began, daily_most)
    if not isinstance(taken, Claim):
        return taken
    if clock() - began > SWIFT:
        return await _late(taken, clock())
    try:
        gateway_id = await _hand_over(taken, sms=sms, mail=mail, keys=keys, letterhead=letterhead, at=clock())
    except GatewayRefused as refused:
        return await _refused(taken, refused.code, clock())
    except GatewayBusy as busy:
        return await _busy(taken, busy, clock())
    except GatewayUncertain as uncertain:
        return await _uncertain(taken, uncertain.code, clock())
    except _Unwritable:
        return await _refused(taken, None, clock())
    except Exception as error:
        # A bug of ours or of an adapter, found out after the message may have left.
        logger.exception("a gateway failed in a way of its own", extra={"delivery": str(delivery_id)})
        return await _uncertain(taken, type(error).__name__, clock())
    async with tenant(company_id):
        await claims.accepted(company_id, delivery_id, taken.attempt, taken.gateway, gateway_id, clock())
        await _answered(taken)
    return Delivered.SENT


class _Unwritable(Exception):
    """The words of the message can't be made, so nothing has left."""


async def _claim(
    company_id: UUID, delivery_id: UUID, gateways: Mapping[Channel, str], at: datetime, daily_most: int
) -> Claim | Delivered:
    async with tenant(company_id):
        found = await claims.find(company_id, delivery_id, gateways)
        if found is None:
            raise Malformed("a message of the queue deliveries names no delivery")
        if found["state"] != DeliveryState.QUEUED or found["due_at"] > at + CLOCKS_DIFFER:
            return Delivered.DONE_BEFORE
        attempts, channel = found["attempts"], Channel(found["channel"])
        gateway = gateways[channel]
        if (reason := _hindrance(found, at)) is not None:
            await claims.ended(
                company_id, delivery_id, attempts, DeliveryState.FAILED, reason, at, outcome=AttemptOutcome.DROPPED
            )
            return Delivered.FAILED
        if found["absent_since"] is not None and at - found["absent_since"] > claims.AGAIN_WITHIN:
            # The look-up was in time, but the outbox, the queue, a pause or a back-off was not.
            await claims.ended(
                company_id, delivery_id, attempts, DeliveryState.UNKNOWN, DeliveryReason.NOT_TAKEN, at,
                outcome=AttemptOutcome.ABSENT,
            )  # fmt: skip
            logger.warning(
                "a message came too late to be sent again",
                extra={"event": "MESSAGE_UNKNOWN", "delivery": str(delivery_id)},
            )
            return Delivered.UNCERTAIN
        trial = found["open_until"] is not None
        if trial and not await breaker.may_try(gateway, at):
            until = claims.spread(max(found["open_until"], at))
            await claims.put_off(company_id, delivery_id, attempts, until, DeliveryReason.GATEWAY_PAUSED, at)
            return Delivered.PUT_OFF
        attempt = await claims.claim(company_id, delivery_id, channel, gateway, at, daily_most=daily_most)
        if attempt is None:
            if trial:
                await breaker.untried(gateway, at)
            until = claims.spread(claims.next_day(at))
            await claims.put_off(company_id, delivery_id, attempts, until, DeliveryReason.DAILY_LIMIT, at)
            return Delivered.PUT_OFF
    return Claim(
        company_id=company_id,
        delivery_id=delivery_id,
        attempt=attempt,
        tries=found["tries"] + 1,
        channel=channel,
        gateway=gateway,
        recipient=found["recipient"],
        invitation_id=found["invitation_id"],
        subscriber_id=found["subscriber_id"],
        expires_at=found["expires_at"],
        company=found["company"],
        name=found["name"],
        number=found["number"],
        trial=trial,
    )


def _hindrance(found: Mapping[str, Any], at: datetime) -> DeliveryReason | None:
    """Why a message must not leave any more; None when it may."""
    if found["inactive"]:
        return DeliveryReason.COMPANY_INACTIVE
    if not found["fit"]:
        return DeliveryReason.SUBSCRIBER_CHANGED
    return DeliveryReason.INVITATION_EXPIRED if found["expires_at"] <= at else None


async def _hand_over(claim: Claim, *, sms: Sms, mail: Mail, keys: Keys, letterhead: Letterhead, at: datetime) -> str:
    """Make the words and call the gateway; returns its id."""
    facts = Facts(
        company=claim.company,
        name=claim.name,
        number=claim.number,
        password=keys.password(claim.invitation_id, claim.subscriber_id),
        expires_at=claim.expires_at,
    )
    reference, to = claim.reference, claim.recipient
    try:
        if claim.channel is Channel.SMS:
            text = messages.text_message(facts, letterhead)
        else:
            raw = messages.mail(facts, letterhead, to=to, reference=reference, delivery_id=claim.delivery_id.hex, at=at)
    except Exception as error:
        logger.exception("a message could not be written", extra={"delivery": str(claim.delivery_id)})
        raise _Unwritable from error
    if claim.channel is Channel.SMS:
        return await sms.send(to, text.text, subject=text.subject, reference=reference)
    return await mail.send(raw, to=to, reference=reference)


async def _refused(claim: Claim, code: str | None, at: datetime) -> Delivered:
    """For good; without a code it was us who could not write it."""
    reason = DeliveryReason.INTERNAL if code is None else DeliveryReason.GATEWAY_REFUSED
    outcome = AttemptOutcome.DROPPED if code is None else AttemptOutcome.REFUSED
    async with tenant(claim.company_id):
        await claims.ended(
            claim.company_id, claim.delivery_id, claim.attempt, DeliveryState.FAILED, reason, at,
            outcome=outcome, code=code,
        )  # fmt: skip
        if code is not None:
            await _answered(claim)
    return Delivered.FAILED


async def _late(claim: Claim, at: datetime) -> Delivered:
    """Nothing has left; unless somebody has decided on the message meanwhile, it begins anew."""
    logger.warning("a claim was too old to be used", extra={"delivery": str(claim.delivery_id)})
    async with tenant(claim.company_id):
        await claims.put_off(
            claim.company_id, claim.delivery_id, claim.attempt, at + claims.backoff(claim.tries),
            DeliveryReason.INTERNAL, at, outcome=AttemptOutcome.DROPPED,
        )  # fmt: skip
    return Delivered.PUT_OFF


async def _answered(claim: Claim) -> None:
    """The gateway looked at a message, so it is there again."""
    if claim.trial:
        await breaker.recovered(claim.gateway)


async def _busy(claim: Claim, busy: GatewayBusy, at: datetime) -> Delivered:
    """Again later, as often as may be."""
    until = at + claims.backoff(claim.tries, busy.retry_after)
    last = claim.tries >= claims.TRIES_MOST or until >= claim.expires_at
    async with tenant(claim.company_id):
        if isinstance(busy, GatewayDown):
            await breaker.failed(claim.gateway, at)
        else:
            await _answered(claim)
        if last:
            await claims.ended(
                claim.company_id, claim.delivery_id, claim.attempt, DeliveryState.FAILED,
                DeliveryReason.GATEWAY_BUSY, at, outcome=AttemptOutcome.BUSY, code=busy.code,
            )  # fmt: skip
        else:
            await claims.put_off(
                claim.company_id, claim.delivery_id, claim.attempt, until,
                DeliveryReason.GATEWAY_BUSY, at, outcome=AttemptOutcome.BUSY, code=busy.code,
            )  # fmt: skip
    return Delivered.FAILED if last else Delivered.PUT_OFF


async def _uncertain(claim: Claim, code: str, at: datetime) -> Delivered:
    async with tenant(claim.company_id):
        await breaker.failed(claim.gateway, at)
        await claims.uncertain(claim.company_id, claim.delivery_id, claim.attempt, code, at + ASKED_AFTER, at)
    return Delivered.UNCERTAIN
