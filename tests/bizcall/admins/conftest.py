"""Administrators who can sign in, and one who has just been sent a welcome message."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from bizcall.admins import passwords
from tests.accounts import Person
from tests.factories import Tenant


@pytest.fixture
async def person(company: Tenant) -> Person:
    """The administrator of this test's company."""
    return await Person(company).register()


@pytest.fixture
async def newcomer(company: Tenant) -> Person:
    """The same, before his first sign-in; his phone shows the temporary password."""
    made = Person(company)
    await made.invite()
    return made


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost next to nothing, where their cost is not what is tested."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "TIME_COST", 1)


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were compared with a hash."""
    made: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        made.append(password)
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    return made
