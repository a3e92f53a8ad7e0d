"""A database that falls silent under a worker (D3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizcall.errors import Unavailable
from bizcall.exports import claims, running
from bizcall.history.filters import HistoryFilter
from bizcall.models.exports import State
from local.postgres import Postgres
from tests.doubles import MemoryStorage
from tests.exports import Clerk, Hooked
from tests.factories import Tenant
from tests.feeding import DAY, Feeder, began, call
from tests.patience import PATIENCE, ends
from tests.proxy import between

HANG = 2.0
"""The patience for one statement here, in seconds; the function has more."""


async def test_D3_a_database_that_falls_silent_under_a_file_is_given_up_in_time_and_the_next_one_is_whole(
    company: Tenant, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 20)
    monkeypatch.setattr(running, "EVERY", timedelta(0))
    await began(company.id)
    await Feeder(company.id).load([call(company.numbers[0], f"c{n}") for n in range(200)])
    clerk = Clerk(company)
    export = await clerk.ask(wanted=HistoryFilter(DAY.date(), DAY.date()))

    async with between(postgres.url("app"), command_timeout=HANG) as wire:

        async def silent() -> None:
            wire.hang()

        clerk.storage = Hooked(hook=silent)
        async with ends(before=PATIENCE):
            with pytest.raises(Unavailable):
                await clerk.work(export)
        await wire.heal()
    assert (clerk.storage.written, len(clerk.storage.aborted)) == ([], 1)
    assert (await clerk.row(export.id)).state is State.RUNNING

    clerk.storage = MemoryStorage()
    clerk.clock.turn(seconds=claims.LEASE.total_seconds() + 1)
    assert await clerk.work(export) is State.COMPLETED
    assert len((await clerk.workbook(export.id)).rows) == 200
