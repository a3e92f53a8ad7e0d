"""Hashes of passwords."""

from __future__ import annotations

from argon2 import Parameters, Type, extract_parameters

from bizcall.admins import passwords


def test_AU_22_nobodys_hash_costs_what_everybodys_does() -> None:
    assert extract_parameters(passwords.NOBODYS) == Parameters(
        type=Type.ID,
        version=19,
        salt_len=16,
        hash_len=32,
        time_cost=passwords.TIME_COST,
        memory_cost=passwords.MEMORY_KIB,
        parallelism=passwords.PARALLELISM,
    )


def test_A8_the_cost_is_at_least_what_OWASP_asks_for() -> None:
    assert passwords.MEMORY_KIB >= 19 * 1024
    assert passwords.TIME_COST >= 2


async def test_nobodys_password_is_never_right() -> None:
    assert not (await passwords.compare(None, "anything")).right


async def test_two_hashes_of_one_password_differ() -> None:
    assert await passwords.hashed("abcdefghi1") != await passwords.hashed("abcdefghi1")
