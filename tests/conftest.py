"""The database that every test shares: real PostgreSQL, migrated once, reached as the role that serves requests.

Nothing is rolled back and nothing is cleaned up between tests: each test works in a company of its own, as tenants do.
"""

from __future__ import annotations

import gc
import os
import pathlib
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest

from bizcall import database, migrate
from local import state
from local.postgres import Postgres
from tests.bizcall.catalogue import tenants
from tests.factories import Tenant, make_tenant
from tests.patience import wait_for_connections
from tests.statements import ON_PURPOSE, SENT, TENANTS, Recorded, forgets_company

pytest_plugins = ("tests.amazon",)

FOLDER = pathlib.Path(__file__).parent

# All tests of the API come from few addresses; those of the bounds bring others (tests/resolvers/test_throttles.py).
os.environ["EXEMPT_NETWORKS"] = "127.0.0.0/8,203.0.113.0/24"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the processes that run tests in parallel one takes a whole file, and all that share the running system.

    So what a file, or the system's journeys, set up is set up once. First, since pytest-xdist reads the groups in the
    same hook. Journeys, which take longest, begin first.
    """
    for item in items:
        shared = "system" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("system" if shared else str(item.path.relative_to(FOLDER))))
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def pytest_collection_finish() -> None:
    """Thousands of tests stay in memory to the end, which the collector of garbage needn't look through each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


@pytest.fixture(autouse=True)
def statements_name_their_company() -> Iterator[None]:
    """The first wall (docs/decisions/0004): row-level security alone neither prunes partitions nor reads well."""
    start = len(SENT)
    yield
    assert not {sql for sql in SENT[start:] if ON_PURPOSE not in sql and forgets_company(sql)}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A throw-away server without fsync."""
    home = state.scratch()
    server = Postgres(home, durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home)


@pytest.fixture(scope="session")
async def db(postgres: Postgres) -> AsyncIterator[None]:
    """The migrated database, connected as `app`."""
    await migrate.apply(postgres.url("owner"))
    TENANTS.update(await tenants(postgres))
    await database.connect(postgres.url("app"), size=5, connection_class=Recorded)
    wait_for_connections()
    yield
    await database.disconnect()


@pytest.fixture
async def company(db: None) -> Tenant:
    """A company of this test's own: 10 free lines (every third with a RID), 2 departments, 1 administrator."""
    return await make_tenant()


@pytest.fixture
async def stranger(db: None) -> Tenant:
    """Another company, for what must never be seen."""
    return await make_tenant()
