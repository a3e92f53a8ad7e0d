"""A company that invites its subscribers, with gateways that fail as they are told, for tests of everything behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from bizcall import invitations
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.dispatch import claims, deliveries, reports, resolving
from bizcall.dispatch.deliveries import Delivered
from bizcall.dispatch.mails import Letterhead
from bizcall.models import Subscriber
from bizcall.models.dispatch import Channel
from bizcall.ports import Fate, FateState, Report
from local.postgres import Postgres
from tests.accounts import KEYS
from tests.doubles import RecordingQueue, Turned
from tests.factories import Tenant

LETTERHEAD = Letterhead(Address("비즈콜", "no-reply", "bizcall.example"), "https://app.bizcall.example")
_names = count(1)


@dataclass(frozen=True)
class Call:
    """A message that a gateway was handed, whether it took it or not."""

    to: str
    reference: str
    text: str = ""
    raw: bytes = b""


@dataclass
class Gateway:
    """Takes messages by reference. `faults` is used up one a call (None is none), then `always` holds.

    A fault in `after` is raised when the message was taken. `seconds` is how long a call takes; `tells` whether it can
    be asked about a message, and `away` what asking it raises. Each has a name of its own, so that no test meets
    another's breaker.
    """

    name: str = field(default_factory=lambda: f"gateway {next(_names)}")
    calls: list[Call] = field(default_factory=list)
    taken: dict[str, Call] = field(default_factory=dict)
    faults: list[Exception | None] = field(default_factory=list)
    after: list[Exception | None] = field(default_factory=list)
    always: Exception | None = None
    seconds: float = 0.0
    tells: bool = True
    away: Exception | None = None
    fates: dict[str, Fate] = field(default_factory=dict)
    told: list[Report] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)

    async def take(self, call: Call) -> str:
        """Take it, or fail as told."""
        self.calls.append(call)
        await asyncio.sleep(self.seconds)
        fault = self.faults.pop(0) if self.faults else self.always
        if fault is not None:
            raise fault
        self.taken[call.reference] = call
        late = self.after.pop(0) if self.after else None
        if late is not None:
            raise late
        return self.id_of(call.reference)

    def id_of(self, reference: str) -> str:
        """The id that it gives a message."""
        return f"{self.name}:{reference}"

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """What it was told to say, else whether it took the message."""
        if self.away is not None:
            raise self.away
        if not self.tells:
            return None
        absent = Fate(FateState.ABSENT, None, "", since)
        taken = Fate(FateState.ACCEPTED, self.id_of(reference), "2000", since)
        return self.fates.get(reference, taken if reference in self.taken else absent)

    async def reports(self, since: datetime) -> AsyncIterator[Report]:
        """All that it has to say, whatever `since` is."""
        self.asked.append(since)
        for report in self.told:
            yield report
        if self.away is not None:
            raise self.away


class TextGateway(Gateway):
    """For text messages."""

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """Take it, or fail as told."""
        return await self.take(Call(to, reference, text=text))


class MailGateway(Gateway):
    """For e-mail."""

    async def send(self, message: bytes, *, to: str, reference: str) -> str:
        """Take it, or fail as told."""
        return await self.take(Call(to, reference, raw=message))


async def analyze(postgres: Postgres) -> None:
    """Let the planner know how many messages there are, as autovacuum does within a minute.

    Until then it takes the tables for empty, and goes through all messages for each.
    """
    owner = await asyncpg.connect(postgres.url("owner"))
    await owner.execute("ANALYZE subscriber, line, invitation, delivery, delivery_attempt, delivery_directory")
    await owner.close()


@dataclass
class Campaign:
    """A company, its subscribers, its gateways, and the workers between."""

    company: Tenant
    clock: Turned = field(default_factory=Turned)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    sms: TextGateway = field(default_factory=TextGateway)
    mail: MailGateway = field(default_factory=MailGateway)
    people: list[UUID] = field(default_factory=list)
    keys: count[int] = field(default_factory=lambda: count(1))

    @property
    def actor(self) -> Actor:
        """The company's administrator."""
        return Actor(ActorKind.ADMIN, self.company.admin_id)

    async def register(self, how_many: int = 1, **fields: Any) -> list[UUID]:
        """People on the next free lines, with the app switched on, a mobile and an address."""
        at = self.clock() - timedelta(days=30)
        made = []
        for place in range(len(self.people), len(self.people) + how_many):
            given = {"mobile": f"0107777{place:04d}", "email": f"user{place}@example.com", "app_enabled": True}
            made.append(
                Subscriber(
                    company_id=self.company.id,
                    line_id=self.company.line_ids[place],
                    name=f"직원{place}",
                    started_at=at,
                    updated_at=at,
                    **{**given, **fields},
                )
            )
        async with tenant(self.company.id):
            await Subscriber.bulk_create(made)
        self.people += [row.id for row in made]
        return [row.id for row in made]

    async def send(self, *subscriber_ids: UUID, **options: Any) -> invitations.Requested:
        """Invite them, all if none are named."""
        return await invitations.send(
            self.company.id,
            self.actor,
            list(subscriber_ids) or self.people,
            **{"idempotency_key": f"send {next(self.keys)}", "queue": self.queue, "clock": self.clock, **options},
        )

    async def one(self, channel: Channel = Channel.SMS) -> UUID:
        """One subscriber with one queued message; returns the message's key."""
        await self.register()
        await self.send(channels=[channel])
        return (await self.rows())[0]["id"]  # type: ignore[no-any-return]  # a UUID

    async def work(self, at_once: int = 1, **options: Any) -> list[Delivered]:
        """Carry out what is on the queue, `at_once` messages at a time."""
        bodies = [orjson.loads(letter.body) for name, letter in self.queue.letters if name == claims.QUEUE]
        self.queue.letters.clear()
        outcomes: list[Delivered] = []
        for start in range(0, len(bodies), at_once):
            part = bodies[start : start + at_once]
            outcomes += await asyncio.gather(*(self.deliver(body, **options) for body in part))
        return outcomes

    async def deliver(self, body: Any, **options: Any) -> Delivered:
        """One message of the queue."""
        return await deliveries.deliver(
            body, **{"sms": self.sms, "mail": self.mail, "keys": KEYS, "letterhead": LETTERHEAD, "clock": self.clock,
                     **options},
        )  # fmt: skip

    async def again(self) -> list[Delivered]:
        """What a minute's sweep sends of this company, carried out."""
        async with directory():
            due = await query(
                "DELETE FROM outbox WHERE company_id = $1 AND due_at <= $2 RETURNING body",
                self.company.id,
                self.clock(),
            )
        return [await self.deliver(orjson.loads(row["body"])) for row in due]

    async def resolve(self) -> None:
        """The sweep's look after this company's messages only: tests share the directory."""
        async with directory():
            await query("UPDATE delivery_directory SET due_at = NULL WHERE company_id <> $1", self.company.id)
        await resolving.resolve(sms=self.sms, queue=self.queue, clock=self.clock, limit=10_000)

    async def rows(self) -> list[dict[str, Any]]:
        """The company's messages, the oldest first."""
        async with tenant(self.company.id):
            return await query("SELECT * FROM delivery WHERE company_id = $1 ORDER BY id", self.company.id)

    async def row(self) -> dict[str, Any]:
        """The only message."""
        [row] = await self.rows()
        return row

    async def attempts(self) -> list[tuple[int, str]]:
        """Number and outcome of all attempts."""
        async with tenant(self.company.id):
            rows = await query(
                "SELECT number, outcome FROM delivery_attempt WHERE company_id = $1 ORDER BY delivery_id, number",
                self.company.id,
            )
        return [(row["number"], row["outcome"]) for row in rows]

    async def report(
        self, reference: str, state: FateState, *, number: int = 1, seconds: float = 0, named: bool = True
    ) -> bool:
        """A report on a message, as of `seconds` from now; with our reference in it if it is `named`."""
        gateway_id, at = self.sms.id_of(reference), self.clock() + timedelta(seconds=seconds)
        fate = Fate(state, gateway_id, f"code {state}", at)
        key = f"{gateway_id} {state} {number}"
        told = Report(key, self.sms.name, gateway_id, reference if named else None, fate)
        return await reports.take(told, clock=self.clock)
