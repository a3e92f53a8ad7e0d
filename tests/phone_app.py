"""The phone app's server, and a subscriber who was invited, for tests of everything behind it (IN-11)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from bizcall.app_sign_in import COUNTER, AppUser, app_sign_in
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.errors import Invalid, Problem
from bizcall.ids import uuid7
from bizcall.keys import Keys
from tests.accounts import SECRET
from tests.dispatching import Campaign

SERVICE = Actor(ActorKind.SERVICE, uuid7(), "203.0.113.9", "request-9")
WRONG = "wrong2wrong2"


class CountingKeys(Keys):
    """Counts what it derives, which is what passwords are compared with."""

    def __init__(self) -> None:
        super().__init__(SECRET)
        self.derived = 0

    def password(self, message_id: UUID, person_id: UUID) -> str:
        """Count and derive."""
        self.derived += 1
        return super().password(message_id, person_id)


class App:
    """The app's server, and a subscriber who was invited."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign, self.keys = campaign, CountingKeys()
        self.number = campaign.company.numbers[0]

    async def sign_in(self, password: str, number: str | None = None) -> AppUser:
        """Ask."""
        return await app_sign_in(
            number or self.number, password, keys=self.keys, actor=SERVICE, clock=self.campaign.clock
        )

    async def invited(self) -> str:
        """The password of the latest invitation, as the worker derives it."""
        await self.campaign.send(self.campaign.people[0])
        async with tenant(self.campaign.company.id):
            rows = await query(
                "SELECT id, subscriber_id FROM invitation WHERE company_id = $1 ORDER BY id DESC",
                self.campaign.company.id,
            )
        return Keys(SECRET).password(rows[0]["id"], rows[0]["subscriber_id"])

    async def refused(self, password: str, number: str | None = None) -> Problem:
        """The one problem of a refusal."""
        with pytest.raises(Invalid) as caught:
            await self.sign_in(password, number)
        (problem,) = caught.value.problems
        return problem

    async def forgive(self) -> None:
        """Forget the failures so far."""
        async with directory():
            await query("DELETE FROM sign_in_attempt WHERE login_id = $1", COUNTER.format(self.number))

    async def change(self, assignment: str) -> None:
        """Change the subscriber."""
        async with tenant(self.campaign.company.id):
            await query(
                f"UPDATE subscriber SET {assignment} WHERE company_id = $1 AND id = $2",
                self.campaign.company.id,
                self.campaign.people[0],
            )

    async def subscriber(self) -> dict[str, Any]:
        """His row."""
        async with tenant(self.campaign.company.id):
            rows = await query(
                "SELECT * FROM subscriber WHERE company_id = $1 AND id = $2",
                self.campaign.company.id,
                self.campaign.people[0],
            )
        return rows[0]
