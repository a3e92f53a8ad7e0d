"""The database that every test shares: real PostgreSQL, migrated once, reached as the role that serves requests.

Nothing is rolled back and nothing is cleaned up between tests: each test works in a company of its own, as tenants do.
"""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator, Iterator

import pytest

from bizcall import database, migrate
from local.postgres import Postgres
from tests.factories import Tenant, make_tenant
from tests.statements import Recorded


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A throw-away server without fsync."""
    server = Postgres(pathlib.Path(tmp_path_factory.mktemp("postgres")), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def db(postgres: Postgres) -> AsyncIterator[None]:
    """The migrated database, connected as `app`."""
    await migrate.apply(postgres.url("owner"))
    await database.connect(postgres.url("app"), size=5, connection_class=Recorded)
    yield
    await database.disconnect()


@pytest.fixture
async def company(db: None) -> Tenant:
    """A company of this test's own: 10 lines (every third with a RID), 2 departments, 1 administrator, nobody registered."""
    return await make_tenant()


@pytest.fixture
async def stranger(db: None) -> Tenant:
    """Another company, for what must never be seen."""
    return await make_tenant()
