"""An administrator who can sign in, and his way through it, for tests of everything behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from bizcall import admins, dispatch
from bizcall.admins import Half, SignedIn
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query
from bizcall.dispatch import Keys
from bizcall.settings import Settings
from tests.doubles import Phone, RecordingQueue, Turned
from tests.factories import Tenant

PASSWORD = "Correct0Horse"
ACTOR = Actor(ActorKind.NOBODY, address="203.0.113.7", request_id="request-1")
SECRET = "k" * 64
KEYS = Keys(SECRET)
SETTINGS = Settings(stage="test", site_url="https://admin.example", manual_url="https://admin.example/manual")


@dataclass
class Person:
    """The administrator of a company, with a clock, queue and phone of his own."""

    company: Tenant
    clock: Turned = field(default_factory=Turned)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    phone: Phone = field(default_factory=Phone)

    async def register(self, password: str = PASSWORD) -> Person:
        """Let him sign in with the company's representative number and this password."""
        await admins.register_credential(
            self.company.id,
            self.company.admin_id,
            login_id=self.company.login_id,
            password=password,
            actor=ACTOR,
            clock=self.clock,
        )
        return self

    async def sign_in(
        self, password: str = PASSWORD, *, login_id: str | None = None, device: str | None = None
    ) -> Half:
        """The first step."""
        return await admins.sign_in(
            login_id or self.company.login_id, password, device_token=device, actor=ACTOR, clock=self.clock
        )

    async def ask(self, half: Half) -> str:
        """Ask for a code, wait for the SMS and read it."""
        await admins.code_send(half.token, actor=ACTOR, queue=self.queue, clock=self.clock)
        await self.deliver()
        return self.phone.code

    async def deliver(self) -> dispatch.Outcome:
        """What the worker does with the last message of the queue."""
        _, letter = self.queue.letters[-1]
        return await dispatch.deliver(
            orjson.loads(letter.body), sms=self.phone, keys=KEYS, settings=SETTINGS, clock=self.clock
        )

    async def verify(self, half: Half, code: str, *, device: str | None = None) -> SignedIn:
        """The second step, of somebody who has registered."""
        signed_in = await self.step(half, code, device=device)
        assert isinstance(signed_in, SignedIn)
        return signed_in

    async def step(self, half: Half, code: str, *, device: str | None = None) -> SignedIn | Half:
        """The second step, whatever it leads to."""
        return await admins.verify(
            half.token, code, device_token=device, user_agent="test", keys=KEYS, actor=ACTOR, clock=self.clock
        )

    async def complete(self, *, device: str | None = None) -> SignedIn:
        """Both steps."""
        half = await self.sign_in(device=device)
        return await self.verify(half, await self.ask(half), device=device)

    async def actions(self) -> list[str]:
        """The company's audit records in their order, by action."""
        return [row["action"] for row in await records(self.company.id)]


async def records(company_id: UUID) -> list[dict[str, Any]]:
    """The company's audit records in their order."""
    async with directory():
        await query("SELECT set_config('app.company_id', $1, true)", str(company_id))
        return await query("SELECT * FROM audit_record WHERE company_id = $1 ORDER BY id", company_id)


def wrong(code: str) -> str:
    """Six digits that are not this code."""
    return f"{(int(code) + 1) % 10**6:06d}"
