"""Two populated companies for each process that runs these tests; sweeps leave the second one as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from local.postgres import Postgres
from tests.security.ledger import Ledger, ledger
from tests.security.office import Office
from tests.security.populated import populated
from tests.security.sweep import Sweep, sweep


@pytest.fixture(scope="session")
async def books(db: None, postgres: Postgres) -> AsyncIterator[Ledger]:
    """Reads every row of a company."""
    async with ledger(postgres) as opened:
        yield opened


@pytest.fixture(scope="session")
async def victim(db: None) -> Office:
    """The company whose data is looked for."""
    return await populated()


@pytest.fixture
async def attacker(db: None) -> Office:
    """The company whose administrator looks for it."""
    return await populated()


@pytest.fixture
async def swept(attacker: Office, victim: Office, books: Ledger) -> AsyncIterator[Sweep]:
    """A sweep that has not begun."""
    async with sweep(attacker, victim, books) as begun:
        yield begun
