"""What the schedule forgets of signing in."""

from __future__ import annotations

import pytest

from bizcall import admins
from bizcall.database import directory, query
from tests.accounts import ACTOR, KEYS, OTHER_PASSWORD, Person

pytestmark = pytest.mark.usefixtures("swift")


async def rows(person: Person, table: str) -> int:
    """How many rows of his a table has."""
    async with directory():
        (row,) = await query(f"SELECT count(*) AS found FROM {table} WHERE admin_id = $1", person.company.admin_id)
    return int(row["found"])


@pytest.mark.parametrize(
    ("table", "kept", "over"),
    [
        ("challenge", {"days": 2, "minutes": 10}, {"seconds": 1}),
        ("verification_code", {"days": 2, "minutes": 10}, {"seconds": 1}),
        ("session", {"days": 30, "hours": 12}, {"seconds": 1}),
        ("device", {"days": 180}, {"seconds": 1}),
        ("account_message", {"days": 90}, {"seconds": 1}),
    ],
)
async def test_each_is_kept_for_its_time(
    newcomer: Person, table: str, kept: dict[str, float], over: dict[str, float]
) -> None:
    await newcomer.register()
    await newcomer.complete()
    assert await rows(newcomer, table)

    newcomer.clock.turn(**kept)
    await admins.prune(clock=newcomer.clock)
    assert await rows(newcomer, table)

    newcomer.clock.turn(**over)
    assert await admins.prune(clock=newcomer.clock)
    assert not await rows(newcomer, table)


async def test_a_reset_in_which_nobody_stands_is_forgotten_too(person: Person) -> None:
    half, code = await person.reset_code()
    await admins.reset_verify(half.token, code, keys=KEYS, actor=ACTOR, clock=person.clock)
    await admins.reset(
        half.token, None, OTHER_PASSWORD, OTHER_PASSWORD, actor=ACTOR, queue=person.queue, clock=person.clock
    )
    mine = "SELECT 1 FROM verification_code WHERE mobile = $1"
    async with directory():
        assert await query(mine, person.company.mobile)

    person.clock.turn(days=3)
    await admins.prune(clock=person.clock)

    async with directory():
        assert not await query(mine, person.company.mobile)
        assert not await query("SELECT 1 FROM challenge WHERE mobile = $1", person.company.mobile)
    assert await person.sign_in(OTHER_PASSWORD)
