"""The representative number (FN-01)."""

from __future__ import annotations

import pytest

from bizcall import admins
from bizcall.errors import ErrorCode, Problem
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import ACTOR, records, refused
from tests.factories import Tenant
from tests.statements import counted

NOBODYS = "07099990000"


async def test_FN_01_any_number_of_the_company_finds_it(company: Tenant, stranger: Tenant) -> None:
    for number in company.numbers:
        assert await admins.find_representative(number, actor=ACTOR) == company.login_id
    assert await admins.find_representative(stranger.numbers[3], actor=ACTOR) == stranger.login_id


@pytest.mark.parametrize("spelling", ["{0}-{1}-{2}", " {0} {1} {2} ", "+82 70-{1}-{2}", "70{1}{2}", "({0}){1}-{2}"])
async def test_FN_01_in_any_spelling(company: Tenant, spelling: str) -> None:
    number = company.numbers[4]

    found = await admins.find_representative(spelling.format(number[:3], number[3:7], number[7:]), actor=ACTOR)

    assert found == company.login_id


@pytest.mark.parametrize("part", ["", "070", "{0:.10}", "{0}0", "%", "0701%", "\ud800", "\x00", NOBODYS])
async def test_FN_01_a_part_of_a_number_finds_nothing(company: Tenant, part: str) -> None:
    asked = admins.find_representative(part.format(company.numbers[4]), actor=ACTOR)

    assert await refused(asked) == Problem(ErrorCode.NOT_FOUND, ("number",))


async def test_FN_01_nor_does_the_administrators_mobile(company: Tenant) -> None:
    assert (await refused(admins.find_representative(company.mobile, actor=ACTOR))).code is ErrorCode.NOT_FOUND


async def test_FN_01_each_look_up_is_recorded_without_the_number(company: Tenant) -> None:
    await admins.find_representative(company.numbers[4], actor=ACTOR)
    await refused(admins.find_representative(NOBODYS, actor=ACTOR))

    (hit,) = await records(company.id)
    miss = (await records(PROVIDER_ID))[-1]
    assert (hit["action"], hit["subject_ids"], hit["details"]) == (
        "admins.representative_find",
        [company.id],
        '{"found": true}',
    )
    assert (miss["action"], miss["subject_ids"], miss["details"]) == (
        "admins.representative_find",
        [],
        '{"found": false}',
    )
    assert hit["address"] == miss["address"] == ACTOR.address


async def test_FN_01_hit_and_miss_cost_the_same_statements(company: Tenant) -> None:
    with counted() as hit:
        await admins.find_representative(company.numbers[4], actor=ACTOR)
    with counted() as miss:
        await refused(admins.find_representative(NOBODYS, actor=ACTOR))

    assert hit == miss
