"""The breaker: a gateway that fails is left alone, by all processes together, until one message has got through again.

    GuardedSms(sms, Breaker(sms.name))       Sms
    GuardedMail(mail, Breaker(mail.name))    Mail

Ten failures within sixty seconds open it for thirty seconds. Then one message is let through as a probe: taken, it
closes the breaker; failed, it opens it again; if its process died, the next probe follows after thirty seconds.

What is open refuses with GatewayDown and the seconds until it is worth trying, without anything having left. Refusals
of single messages and requests for patience (429) don't count: a gateway that says them works.

Own code rather than a library: those keep their state in a process, and here a process is one of many that live shortly.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

from bizcall.database import directory, query
from bizcall.errors import BizCallError
from bizcall.ports import (
    Clock,
    Fate,
    GatewayBusy,
    GatewayDown,
    GatewayRefused,
    GatewayUncertain,
    Mail,
    Report,
    Sms,
    now,
)

FAILURES = 10
WINDOW = timedelta(seconds=60)
OPEN = timedelta(seconds=30)
PROBE = timedelta(seconds=30)
"""How long a probe may take before another one is let through; three times what a gateway's adapter waits."""

logger = logging.getLogger(__name__)


class Breaker:
    """That of one gateway. Every method is a transaction of its own, so call none inside of one."""

    def __init__(self, gateway: str, *, clock: Clock = now) -> None:
        self._gateway = gateway
        self._clock = clock

    async def guard(self, send: Callable[[], Awaitable[str]]) -> str:
        """Send, unless the breaker is open (GatewayDown), and let it know what came of it."""
        probing = await self._admit()
        try:
            gateway_id = await send()
        except (GatewayDown, GatewayUncertain):
            await self._noted(self._failed(probing))
            raise
        except (GatewayRefused, GatewayBusy):
            if probing:
                await self._noted(self._close())
            raise
        if probing:
            await self._noted(self._close())
        return gateway_id

    async def _admit(self) -> bool:
        """Let a message pass; True if it is the probe. Raises GatewayDown while the breaker is open."""
        at = self._clock()
        async with directory():
            (row,) = await query("SELECT open_until FROM gateway WHERE name = $1", self._gateway) or [{}]
            until: datetime | None = row.get("open_until")
            if until is None:
                return False
            if until <= at and await query(
                "UPDATE gateway SET open_until = $2 WHERE name = $1 AND open_until = $3 RETURNING name",
                self._gateway,
                at + PROBE,
                until,
            ):
                return True
        raise GatewayDown("breaker open", max((until - at).total_seconds(), 1.0))

    async def _failed(self, probing: bool) -> None:
        at = self._clock()
        async with directory():
            await query("INSERT INTO gateway (name) VALUES ($1) ON CONFLICT DO NOTHING", self._gateway)
            (row,) = await query("SELECT failures, open_until FROM gateway WHERE name = $1 FOR UPDATE", self._gateway)
            earliest = (at - WINDOW).timestamp()
            failures = [moment for moment in json.loads(row["failures"]) if moment > earliest]
            failures = [*failures, at.timestamp()][-FAILURES:]
            until: datetime | None = row["open_until"]
            # Messages that were under way when it opened fail later; they don't keep it open for longer.
            opens = probing or (until is None and len(failures) == FAILURES)
            await query(
                "UPDATE gateway SET failures = $2::jsonb, open_until = $3 WHERE name = $1",
                self._gateway,
                json.dumps(failures),
                at + OPEN if opens else until,
            )
        if opens:
            logger.error("gateway %s is left alone for %d s", self._gateway, OPEN.total_seconds())

    async def _close(self) -> None:
        async with directory():
            await query("UPDATE gateway SET failures = '[]', open_until = NULL WHERE name = $1", self._gateway)
        logger.warning("gateway %s works again", self._gateway)

    async def _noted(self, change: Awaitable[None]) -> None:
        try:
            await change
        except BizCallError:
            # What became of the message matters more than the count, and a lost count opens the breaker a little later.
            logger.exception("the breaker of %s could not be told", self._gateway)


class GuardedSms:
    """A gateway for text messages behind its breaker; look-ups and reports pass, for they cost nobody a message."""

    def __init__(self, sms: Sms, breaker: Breaker) -> None:
        self.name = sms.name
        self._sms = sms
        self._breaker = breaker

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """As the gateway's own."""
        return await self._breaker.guard(lambda: self._sms.send(to, text, subject=subject, reference=reference))

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """As the gateway's own."""
        return await self._sms.look_up(reference, to=to, since=since)

    def reports(self, since: datetime) -> AsyncIterator[Report]:
        """As the gateway's own."""
        return self._sms.reports(since)


class GuardedMail:
    """A gateway for e-mail behind its breaker."""

    def __init__(self, mail: Mail, breaker: Breaker) -> None:
        self.name = mail.name
        self._mail = mail
        self._breaker = breaker

    async def send(self, message: bytes, *, to: str, reference: str) -> str:
        """As the gateway's own."""
        return await self._breaker.guard(lambda: self._mail.send(message, to=to, reference=reference))
