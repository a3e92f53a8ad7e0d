"""An administrator who can sign in, and his way through it, for tests of everything behind it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import admins, dispatch
from bizcall.admins import Form, Half, Profile, SignedIn, Viewer, credentials, passwords
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.dispatch import outbox
from bizcall.errors import Invalid, Problem
from bizcall.keys import Keys
from bizcall.settings import Settings
from tests.doubles import Phone, RecordingQueue, Turned
from tests.factories import Tenant, employ

PASSWORD = "Correct0Horse"
OTHER_PASSWORD = "Battery1Staple"
WRONG = "Wrong00Horse"
ACTOR = Actor(ActorKind.NOBODY, address="203.0.113.7", request_id="request-1")
SECRET = "k" * 64
KEYS = Keys(SECRET)
SETTINGS = Settings(stage="test", site_url="https://admin.example", manual_url="https://admin.example/manual")


@dataclass
class Person:
    """The administrator of a company, with a clock, queue and phone of his own; `actor` tells from where he comes."""

    company: Tenant
    clock: Turned = field(default_factory=Turned)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    phone: Phone = field(default_factory=Phone)
    actor: Actor = ACTOR

    async def register(self, password: str = PASSWORD) -> Person:
        """Let him sign in with the company's representative number and this password, as if he had registered."""
        company, password_hash = self.company, await passwords.hashed(password)
        await employ(company.id, company.admin_id, company.login_id, company.mobile, password_hash)
        async with tenant(company.id):
            await credentials.settle(company.id, company.admin_id, password_hash, self.clock())
        return self

    async def invite(self) -> str:
        """Send him a welcome message; returns the temporary password that it tells."""
        welcome = await admins.prepare(self.company.admin_id, keys=KEYS)
        async with tenant(self.company.id):
            message = await admins.invite(
                self.company.id,
                self.company.admin_id,
                login_id=self.company.login_id,
                welcome=welcome,
                actor=self.actor,
                clock=self.clock,
            )
        await outbox.publish([message], queue=self.queue)
        await self.deliver()
        return self.phone.password

    def form(self, password: str = PASSWORD, **fields: Any) -> Form:
        """The form of the first sign-in, filled in well but for what is given."""
        profile = Profile("홍길동", "총무팀", "과장", "hong@example.com")
        return Form(**{"password_confirmation": password, "profile": profile, "mobile": self.company.mobile, **fields},
                    password=password)  # fmt: skip

    async def registration(self, temporary: str) -> Half:
        """The first sign-in up to its form."""
        return await self.registration_of(await self.sign_in(temporary))

    async def registration_of(self, half: Half) -> Half:
        """The code of a first sign-in, for the registration that it begins."""
        registration = await self.step(half, await self.ask(half))
        assert isinstance(registration, Half)
        return registration

    async def registration_code(self, registration: Half) -> str:
        """The second code of the first sign-in."""
        await admins.registration_code_send(
            registration.token, self.company.mobile, actor=self.actor, queue=self.queue, clock=self.clock
        )
        await self.deliver()
        return self.phone.code

    async def reset_code(self, mobile: str | None = None) -> tuple[Half, str]:
        """The first step of a reset: what it begins, and the code that arrives."""
        begun = await admins.reset_code_send(
            mobile or self.company.mobile, actor=self.actor, queue=self.queue, clock=self.clock
        )
        await self.deliver()
        return begun.half, self.phone.code

    async def sign_in(
        self, password: str = PASSWORD, *, login_id: str | None = None, device: str | None = None
    ) -> Half:
        """The first step."""
        return await admins.sign_in(
            login_id or self.company.login_id, password, device_token=device, actor=self.actor, clock=self.clock
        )

    async def ask(self, half: Half) -> str:
        """Ask for a code, wait for the SMS and read it."""
        await admins.code_send(half.token, actor=self.actor, queue=self.queue, clock=self.clock)
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
            half.token,
            code,
            device_token=device,
            user_agent="test",
            keys=KEYS,
            actor=self.actor,
            queue=self.queue,
            clock=self.clock,
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


async def refused(attempt: Awaitable[Any]) -> Problem:
    """The one problem of a refusal."""
    with pytest.raises(Invalid) as caught:
        await attempt
    (problem,) = caught.value.problems
    return problem


def signed_in(viewer: Viewer) -> Actor:
    """Who acts, once he has signed in."""
    return Actor(ActorKind(viewer.role), viewer.admin_id, ACTOR.address, ACTOR.request_id)


def wrong(code: str) -> str:
    """Six digits that are not this code."""
    return f"{(int(code) + 1) % 10**6:06d}"


async def operate(person: Person, login_id: str, name: str = "김운영", mobile: str | None = None) -> UUID:
    """An operator's account, its welcome delivered."""
    key = await admins.operator_create(
        login_id,
        name,
        mobile or person.company.mobile,
        keys=KEYS,
        actor=ACTOR,
        queue=person.queue,
        clock=person.clock,
    )
    await person.deliver()
    return key
