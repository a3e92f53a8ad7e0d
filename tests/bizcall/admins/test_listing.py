"""Lists of administrators: what operators find, and what a company sees."""

from __future__ import annotations

from uuid import UUID

import pytest

from bizcall import admins
from bizcall.admins import AdminFilter, AdminState
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models.companies import PROVIDER_ID
from bizcall.paging import Slice
from tests.accounts import ACTOR, KEYS, WRONG, Person, refused
from tests.doubles import Turned
from tests.factories import Tenant, make_tenant

pytestmark = pytest.mark.usefixtures("swift")


async def found(person: Person, company_id: UUID | None = None, **wanted: object) -> list[UUID]:
    """The keys on the first page."""
    listing = admins.listing(company_id, AdminFilter(**wanted), person.clock())  # type: ignore[arg-type]  # a test's filter
    async with directory():
        page = await listing.page(Slice(first=100))
    return [row.id for row in page.rows]


async def test_an_operator_finds_by_a_part_of_the_name_and_by_whole_numbers(person: Person, stranger: Tenant) -> None:
    await Person(stranger, clock=person.clock).register()
    mine, number, mobile = person.company.admin_id, person.company.login_id, person.company.mobile
    async with directory():
        (row,) = await query("SELECT name FROM company_directory WHERE company_id = $1", person.company.id)

    assert mine in await found(person, search=row["name"][1:])
    for search in (number, f"{number[:3]}-{number[3:7]}-{number[7:]}", mobile, f" {mobile[:3]} {mobile[3:]} "):
        assert await found(person, search=search) == [mine]
    for search in (number[:-1], mobile[:-1], "%", "_", "\\", "no such company"):
        assert await found(person, search=search) == []
    both = await found(person)
    assert {mine, stranger.admin_id} <= set(both)


async def test_a_company_sees_its_own_only(person: Person, stranger: Tenant) -> None:
    await Person(stranger, clock=person.clock).register()

    assert await found(person, person.company.id) == [person.company.admin_id]
    assert await found(person, person.company.id, search=stranger.login_id) == []


async def test_operators_are_in_no_operators_list(person: Person) -> None:
    key = await admins.operator_create(
        f"op.{person.company.login_id}",
        "김운영",
        person.company.mobile,
        keys=KEYS,
        actor=ACTOR,
        queue=person.queue,
        clock=person.clock,
    )

    assert key not in await found(person)
    assert key in await found(person, PROVIDER_ID)


async def test_each_account_is_found_in_its_state(person: Person, stranger: Tenant) -> None:
    newcomer = Person(stranger, clock=person.clock)
    await newcomer.invite()
    former = await Person(await make_tenant(), clock=person.clock).register()
    await admins.replace(
        former.company.admin_id, "01088887777", keys=KEYS, actor=ACTOR, queue=person.queue, clock=person.clock
    )
    locked = await Person(await make_tenant(), clock=person.clock).register()
    for _ in range(5):
        await refused(locked.sign_in(WRONG))
    mine = {each.company.admin_id for each in (person, newcomer, former, locked)}

    async def standing(*states: AdminState) -> set[UUID]:
        return mine & set(await found(person, states=states))

    assert await standing(AdminState.REGISTERED) == {person.company.admin_id}
    assert await standing(AdminState.INVITED) == {newcomer.company.admin_id}
    assert await standing(AdminState.ENDED) == {former.company.admin_id}
    assert await standing(AdminState.LOCKED) == {locked.company.admin_id}
    assert await standing(*AdminState) == mine
    assert await standing() == set()
    person.clock.turn(minutes=10)
    assert await standing(AdminState.REGISTERED) == {person.company.admin_id, locked.company.admin_id}


async def test_the_pages_of_both_directions_hold_the_same(person: Person) -> None:
    admin_ids = [person.company.admin_id]
    for _ in range(4):
        person.clock.turn(seconds=1)
        after = await admins.replace(
            admin_ids[-1], "01088887778", keys=KEYS, actor=ACTOR, queue=person.queue, clock=person.clock
        )
        admin_ids.append(after.id)
    listing = admins.listing(person.company.id, AdminFilter(), person.clock())

    async with directory():
        first = await listing.page(Slice(first=2))
        second = await listing.page(Slice(first=2, after=first.cursors[-1]))
        last = await listing.page(Slice(last=2))
        before = await listing.page(Slice(last=2, before=last.cursors[0]))

    newest = admin_ids[::-1]
    assert [row.id for row in (*first.rows, *second.rows)] == newest[:4]
    assert [row.id for row in (*before.rows, *last.rows)] == newest[1:]


def test_a_filter_has_bounds() -> None:
    for wanted, problem in (
        (AdminFilter(search="가" * 101), Problem(ErrorCode.TOO_LONG, ("filter", "search"), {"maximum": "100"})),
        (
            AdminFilter(states=(AdminState.ENDED,) * 5),
            Problem(ErrorCode.TOO_MANY, ("filter", "states"), {"maximum": "4"}),
        ),
    ):
        with pytest.raises(Invalid) as caught:
            admins.listing(None, wanted, Turned()())
        assert caught.value.problems == (problem,)
