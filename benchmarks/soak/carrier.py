"""The gateway for text messages: Solapi's double, slower than the original and out of order on demand."""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.gateways.solapi_server import Fault, SolapiServer

OUTAGE = (Fault.AWAY, Fault.CUT, Fault.BROKEN, Fault.PROXY, Fault.PATIENCE)
CONFUSION = (
    Fault.CUT_TAKEN,
    Fault.CUT_HALFWAY_TAKEN,
    Fault.MALFORMED_TAKEN,
    Fault.SLOW_TAKEN,
    Fault.PROXY_TAKEN,
    Fault.SILENT_TAKEN,
)
"""Every one of these takes the message and doesn't say so."""

REPORT_SECONDS = 5.0
REPORTED_AFTER = timedelta(seconds=8)
LATENCY_SECONDS = 0.6
FAILING = 0.02
"""The part of messages which the carrier reports as not delivered."""

DELIVERED, NO_SUCH_PHONE = "4000", "3059"


class Late:
    """A connection whose answers leave late, so that a worker can be killed between the taking and the answer."""

    def __init__(self, writer: asyncio.StreamWriter, seconds: float) -> None:
        self._writer, self._seconds = writer, seconds
        self._held = b""

    def write(self, piece: bytes) -> None:
        """Hold it."""
        self._held += piece

    async def drain(self) -> None:
        """Let go, late."""
        await asyncio.sleep(self._seconds)
        self._writer.write(self._held)
        self._held = b""
        await self._writer.drain()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


class Carrier(SolapiServer):
    """The double of one account; `disturb` makes it fail for a while."""

    dice: random.Random
    disturbed: tuple[Fault, ...] = ()

    async def _answer(
        self, writer: asyncio.StreamWriter, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> None:
        await asyncio.sleep(self.dice.uniform(0, LATENCY_SECONDS))
        # Only sending is disturbed by confusion: a look-up that fails is merely asked again.
        if self.disturbed and (method == "POST" or self.disturbed is OUTAGE):
            self.faults.append(self.dice.choice(self.disturbed))
        late: Any = Late(writer, self.dice.uniform(0, LATENCY_SECONDS))
        await super()._answer(late, method, target, headers, body)

    async def report(self) -> None:
        """Tell of messages what became of them, for as long as it runs."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            at = datetime.now(UTC)
            for message_id, message in list(self.messages.items()):
                taken = datetime.fromisoformat(message["dateCreated"])
                if message["statusCode"] == "2000" and at - taken > REPORTED_AFTER:
                    code = NO_SUCH_PHONE if self.dice.random() < FAILING else DELIVERED
                    self.tell(message_id, code, at=at)

    def received(self) -> Mapping[UUID, list[str]]:
        """The ids of the messages that were taken, by delivery."""
        found: dict[UUID, list[str]] = defaultdict(list)
        for message_id, message in self.messages.items():
            reference = str(message.get("customFields", {}).get("reference", ""))
            if match := re.fullmatch(r"([0-9a-f]{32})-\d+", reference):
                found[UUID(hex=match[1])].append(message_id)
        return found

    def texts(self, mobile: str) -> list[str]:
        """What was sent to that mobile, the newest last."""
        return [message["text"] for message in self.messages.values() if message["to"] == mobile]

    async def code_for(self, mobile: str, *, known: int = 0) -> str:
        """The code in the newest text to that mobile, as soon as there are more than `known`; raises TimeoutError."""
        for _ in range(300):
            texts = self.texts(mobile)
            if len(texts) > known and (found := re.search(r"\d{6}", texts[-1])):
                return found[0]
            await asyncio.sleep(0.1)
        raise TimeoutError("no code came")


@asynccontextmanager
async def carrier(seed: int) -> AsyncIterator[Carrier]:
    """A carrier on a port of its own."""
    account = Carrier()
    account.dice = random.Random(seed)
    server = await asyncio.start_server(account.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    account.url = f"http://{host}:{port}"
    reporting = asyncio.create_task(account.report())
    try:
        yield account
    finally:
        reporting.cancel()
        server.close()
