"""A company, its administrator and its desks, by which tests of security do what is done in it."""

from __future__ import annotations

import io
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import openpyxl

from bizcall import admins, exports
from bizcall.admins import Viewer
from bizcall.audit import Actor, ActorKind
from bizcall.database import query, tenant
from bizcall.history.filters import HistoryFilter
from bizcall.history.keys import FactKey
from bizcall.models import Import
from bizcall.months import KOREA
from bizcall.reasons import Purpose, Reason
from bizcall.subscribers import editing
from schema.node import encode
from tests.accounts import ACTOR, KEYS, Person
from tests.dispatching import Campaign
from tests.doubles import MemoryStorage, RecordingQueue, Turned
from tests.factories import Tenant
from tests.imports import Desk, person, workbook
from tests.publishing import Desk as OperatorsDesk
from tests.publishing import make_desk


@dataclass
class Office:
    """A populated company, its administrator with an open session, and what stands around it.

    `exchange` begins the ids that others gave: those of its calls, its messages and the provider's events. All calls
    and messages are of the moment `at`. `mobiles` are those of its subscribers, then those of its two customers.
    """

    company: Tenant
    word: str
    clock: Turned
    queue: RecordingQueue
    storage: MemoryStorage
    viewer: Viewer
    token: str
    device: str
    mobiles: list[str]
    ids: dict[str, UUID | FactKey]
    exchange: str
    at: datetime
    serial: count[int] = field(default_factory=lambda: count(1))

    @property
    def actor(self) -> Actor:
        """The administrator."""
        return Actor(ActorKind.ADMIN, self.company.admin_id)

    @property
    def desk(self) -> Desk:
        """Its way through imports."""
        return Desk(self.company, storage=self.storage, queue=self.queue, clock=self.clock)

    @property
    def person(self) -> Person:
        """The administrator as he signs in."""
        return Person(self.company, clock=self.clock, queue=self.queue)

    @property
    def campaign(self) -> Campaign:
        """Its way through invitations."""
        return Campaign(self.company, clock=self.clock, queue=self.queue)

    @property
    def subscription(self) -> str:
        """The provider's id of it."""
        return f"S-{self.word[1:]}"

    def fresh(self) -> str:
        """A text that this company has not had, with its word in it."""
        return f"{self.word}{next(self.serial)}"


Builder = Callable[[Office], Awaitable[dict[str, Any]]]
"""What makes an input for an office."""


def own(office: Office, name: str) -> str:
    """An id of the office's own."""
    key = office.ids[name]
    return encode(name, key if isinstance(key, UUID) else str(key))


async def preview(office: Office, rows: list[list[Any]]) -> Import:
    """A checked import of a file whose name, sheet and one header hold the word."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(rows)))
    sheet = book.worksheets[0]
    sheet.title = f"{office.word}명단"
    sheet.cell(1, sheet.max_column + 1, f"{office.word}비고")
    stream = io.BytesIO()
    book.save(stream)
    return await office.desk.receive(await office.desk.upload(stream.getvalue(), f"{office.fresh()}.xlsx"))


async def previewed(office: Office, *, refused: bool = False) -> Import:
    """A fresh import that waits for its registration; with `refused`, one that has refused rows."""
    number = office.company.numbers[12]
    mobile = f"{office.word}번호" if refused else "01044445555"
    return await preview(office, [person(number, f"{office.word}새", mobile=mobile)])


async def exported(office: Office) -> UUID:
    """The key of a fresh export that waits; those that waited before are cancelled, since only ten may."""
    async with tenant(office.company.id):
        waiting = await query("SELECT id FROM export WHERE company_id = $1 AND state = 'QUEUED'", office.company.id)
    for row in waiting:
        await exports.cancel(office.company.id, office.actor, row["id"], clock=office.clock)
    day = office.at.astimezone(KOREA).date()
    made = await exports.request(
        office.company.id,
        office.actor,
        exports.Asked(exports.Kind.CALLS, HistoryFilter(day, day, customer_name=office.word)),
        unmasked=False,
        reason=Reason(Purpose.DISPUTE, "민원 처리"),
        idempotency_key=office.fresh(),
        queue=office.queue,
        clock=office.clock,
    )
    return made.id


async def operator() -> UUID:
    """The key of an operator who has registered."""
    return await admins.operator_create(
        f"op{secrets.token_hex(4)}", "운영자", "01012340000", keys=KEYS, actor=ACTOR, queue=RecordingQueue()
    )


async def operators_desk(office: Office) -> OperatorsDesk:
    """The desk of an operator who works with this office's bucket and clock."""
    return await make_desk(storage=office.storage, clock=office.clock, word=office.word)


async def holder(office: Office, place: int) -> dict[str, Any]:
    """Whoever holds the line of that place."""
    async with tenant(office.company.id):
        [row] = await query(
            "SELECT * FROM subscriber WHERE company_id = $1 AND line_id = $2 AND ended_at IS NULL",
            office.company.id,
            office.company.line_ids[place],
        )
    return row


async def leave(office: Office, place: int) -> dict[str, Any]:
    """Let him go, and return what was known of him."""
    row = await holder(office, place)
    await editing.remove(office.company.id, office.actor, row["id"], revision=row["revision"], clock=office.clock)
    return row
