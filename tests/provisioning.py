"""The provider's systems in tests: events of subscriptions, each with numbers that no other test has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from bizcall import plans, provisioning
from bizcall.audit import Actor, ActorKind, system
from bizcall.database import directory, enter, query, tenant
from bizcall.dispatch import outbox
from bizcall.models.provisioning import EventState, ProvisioningEvent
from tests.accounts import KEYS
from tests.doubles import MemoryStorage, RecordingQueue, Turned

START = datetime(2026, 3, 1, tzinfo=UTC)
OPERATOR = Actor(ActorKind.OPERATOR, UUID(int=7), address="203.0.113.9", request_id="request-9")
PLANS = ("TEST-BASIC", "TEST-PLUS")

_serials = count(1)


async def make_plans() -> None:
    """The plans that events of tests name."""
    for place, code in enumerate(PLANS):
        await plans.save(code, f"요금제 {code}", place=place, actor=OPERATOR)


def moment(hours: float) -> str:
    """A time in the provider's spelling, so many hours after the beginning."""
    return (START + timedelta(hours=hours)).isoformat()


@dataclass
class Provider:
    """A subscription of its own, with what surrounds it in memory."""

    queue: RecordingQueue = field(default_factory=RecordingQueue)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    clock: Turned = field(default_factory=Turned)
    serial: int = field(default_factory=lambda: next(_serials))

    @property
    def subscription(self) -> str:
        """Its id."""
        return f"S-{self.serial}"

    @property
    def mobile(self) -> str:
        """The administrator's."""
        return f"0106{self.serial:07d}"

    def number(self, place: int) -> str:
        """One of its numbers."""
        return f"0{7050000000 + self.serial * 100 + place}"

    def event(self, name: str, hours: float, kind: str, **fields: Any) -> dict[str, Any]:
        """An event; its id is told apart from those of other subscriptions."""
        return {
            "id": f"{self.subscription}:{name}",
            "kind": kind,
            "occurredAt": moment(hours),
            "subscription": self.subscription,
            **fields,
        }

    def completed(self, *places: int, name: str = "completed", hours: float = 0, **fields: Any) -> dict[str, Any]:
        """The subscription with the lines of these places."""
        given = {
            "company": {"name": f"청약상사 {self.serial}"},
            "plan": PLANS[0],
            "adminMobile": self.mobile,
            "lines": [{"number": self.number(place)} for place in places],
        }
        return self.event(name, hours, "SUBSCRIPTION_COMPLETED", **{**given, **fields})

    def changed(self, name: str, hours: float, **fields: Any) -> dict[str, Any]:
        """Lines come and go."""
        return self.event(name, hours, "LINES_CHANGED", **fields)

    async def apply(self, event: dict[str, Any] | bytes, actor: Actor | None = None) -> ProvisioningEvent:
        """Apply an event, and carry out what it leaves on the queue."""
        body = event if isinstance(event, bytes) else orjson.dumps(event)
        found = await provisioning.apply(
            body, keys=KEYS, actor=actor or system("request-1"), queue=self.queue, clock=self.clock
        )
        await self.work()
        return found

    async def work(self) -> None:
        """What the worker does until its queue is empty."""
        while letters := [letter for name, letter in self.queue.letters if name == "provisioning"]:
            self.queue.letters = [kept for kept in self.queue.letters if kept[0] != "provisioning"]
            for letter in letters:
                await self.settle(orjson.loads(letter.body)["subscription"])

    async def settle(self, subscription: str | None = None) -> None:
        """Try the events that wait."""
        await provisioning.settle(
            subscription or self.subscription, keys=KEYS, storage=self.storage, queue=self.queue, clock=self.clock
        )

    async def drop(self, body: bytes, name: str = "event.json") -> None:
        """A file arrives."""
        key = f"feeds/provisioning/{name}"
        await self.storage.write(key, body, content_type="application/json")
        await self.receive(key)

    async def receive(self, key: str = "feeds/provisioning/event.json") -> None:
        """Its arrival is told."""
        await provisioning.receive(key, keys=KEYS, storage=self.storage, queue=self.queue, clock=self.clock)
        await self.work()

    async def answer(self, name: str = "event.json") -> dict[str, Any]:
        """The file that says why it was refused."""
        answer: dict[str, Any] = orjson.loads(await self.storage.body(f"feeds/rejects/provisioning/{name}"))
        return answer

    async def standing(self, name: str) -> tuple[EventState, str | None, str]:
        """How an event stands, why, and at which of its fields."""
        found = await self.found(name)
        return found.state, found.reason, found.path

    async def found(self, name: str) -> ProvisioningEvent:
        """How an event stands now; the latest, where it was rejected and sent again."""
        async with directory():
            rows = ProvisioningEvent.filter(event_id=f"{self.subscription}:{name}").order_by("received_at", "id")
            return (await rows)[-1]

    async def company_id(self) -> UUID | None:
        """The company that the subscription became."""
        async with directory():
            rows = await query(
                "SELECT company_id FROM provisioning_subscription WHERE subscription = $1", self.subscription
            )
        return rows[0]["company_id"] if rows else None

    async def state(self) -> dict[str, Any]:
        """All that events can change, told by places instead of numbers so that subscriptions can be compared."""
        key = await self.company_id()
        if key is None:
            return {}
        async with tenant(key):
            (company,) = await query("SELECT name, plan_code, representative_number FROM company WHERE id = $1", key)
            lines = await query(
                "SELECT number, rid FROM line WHERE company_id = $1 AND retired_at IS NULL ORDER BY number", key
            )
            owned = await query("SELECT number FROM number_directory WHERE company_id = $1 ORDER BY number", key)
            logins = await query("SELECT login_id FROM credential WHERE company_id = $1", key)
            listed = await query("SELECT * FROM company_directory WHERE company_id = $1", key)
            welcomes = await query("SELECT count(*) AS n FROM account_message WHERE company_id = $1", key)
        return {
            "name": company["name"].removesuffix(f" {self.serial}"),
            "plan": company["plan_code"],
            "representative": self.place(company["representative_number"]),
            "lines": {self.place(row["number"]): self.place(row["rid"]) for row in lines},
            "owned": [self.place(row["number"]) for row in owned],
            "logins": [self.place(row["login_id"]) for row in logins],
            "listed": [self.place(row["representative_number"]) for row in listed],
            "welcomes": welcomes[0]["n"],
        }

    def place(self, number: str | None) -> int | None:
        """Which of its numbers it is."""
        return int(number) - int(self.number(0)) if number else None

    async def records(self) -> list[dict[str, Any]]:
        """The company's audit records in their order."""
        key = await self.company_id()
        assert key
        async with directory():
            await enter(key)
            return await query("SELECT * FROM audit_record WHERE company_id = $1 ORDER BY id", key)

    async def publish(self) -> None:
        """Send what a process that died left in the outbox."""
        async with directory():
            rows = await query("SELECT id FROM outbox WHERE queue = 'provisioning'")
        await outbox.publish([row["id"] for row in rows], queue=self.queue)
        await self.work()
