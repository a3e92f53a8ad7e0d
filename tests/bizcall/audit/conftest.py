"""What tests of the chain of seals share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from local.postgres import Postgres
from tests.auditing import Owner
from tests.factories import Tenant


@pytest.fixture
async def owner(company: Tenant, postgres: Postgres) -> AsyncIterator[Owner]:
    """Statements of the role that owns the tables, who may do everything; $1 is the company."""
    connection = await asyncpg.connect(postgres.url("owner"))
    await connection.execute("SELECT set_config('app.company_id', $1, false)", str(company.id))

    async def run(sql: str, *parameters: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await connection.fetch(sql, company.id, *parameters)]

    yield run
    await connection.close()
