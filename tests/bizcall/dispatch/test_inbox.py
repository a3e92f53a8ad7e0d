"""A message that arrives again changes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizcall.database import directory, query, tenant
from bizcall.dispatch import inbox
from bizcall.ids import uuid7
from bizcall.ports import now
from tests.factories import Tenant


async def arrive(company: Tenant, message: str, *, consumer: str = "test") -> bool:
    """One delivery, with its effect in a transaction of the company."""
    async with tenant(company.id):
        return await inbox.first_time(consumer, message)


async def test_a_message_takes_effect_once_for_each_consumer(company: Tenant) -> None:
    message = str(uuid7())

    assert [await arrive(company, message) for _ in range(3)] == [True, False, False]
    assert await arrive(company, message, consumer="other")


async def test_of_deliveries_at_once_one_takes_effect(company: Tenant) -> None:
    message = str(uuid7())

    assert sum(await asyncio.gather(*(arrive(company, message) for _ in range(30)))) == 1


async def test_an_effect_that_failed_may_be_tried_again(company: Tenant) -> None:
    message = str(uuid7())

    async def fail() -> None:
        async with tenant(company.id):
            assert await inbox.first_time("test", message)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await arrive(company, message)


async def test_prune_forgets_what_no_queue_can_bring_again(company: Tenant) -> None:
    old, recent = str(uuid7()), str(uuid7())
    await arrive(company, recent)
    async with directory():
        await query(
            "INSERT INTO inbox (consumer, message_id, done_at) VALUES ('test', $1, $2)",
            old,
            now() - timedelta(days=15, seconds=1),
        )

    assert await inbox.prune() >= 1

    assert not await arrive(company, recent)
    assert await arrive(company, old)
