"""Clients of the whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bizcall.admins import passwords
from bizcall.database import tenant
from bizcall.ids import uuid7
from bizcall.models import Admin
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import Person
from tests.console import Console as SignedIn
from tests.console import console as signed_in
from tests.factories import Tenant
from tests.resolvers.admins.desk import Console, opened, wiring


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost next to nothing, where their cost is not what is tested."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "TIME_COST", 1)


@pytest.fixture
async def console(company: Tenant) -> AsyncIterator[Console]:
    """The company's administrator, registered, before a client that is not signed in."""
    async with opened(await Person(company).register()) as console:
        yield console


@pytest.fixture
async def operator(console: Console) -> AsyncIterator[SignedIn]:
    """An operator's client, on the clock and queue of the same person."""
    key = uuid7()
    provider = Tenant(PROVIDER_ID, key, f"010{key.int % 10**8:08d}", [f"op.{key.hex[-12:]}"], [])
    async with tenant(PROVIDER_ID):
        await Admin.create(id=key, company_id=PROVIDER_ID, name="박운영", mobile=provider.mobile)
    async with signed_in(provider, wiring(console.person)) as client:
        yield client
