"""What operators do to accounts (ON-02, AU-22, AU-31, AU-32)."""

from __future__ import annotations

import asyncio
import os
import pathlib
import sys
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from bizcall import admins, contracts
from bizcall.admins import Half, credentials
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, NotFound, Problem
from bizcall.ids import uuid7
from bizcall.models import Admin
from bizcall.models.accounts import AccountRow
from bizcall.reasons import Purpose, Reason
from local.postgres import Postgres
from tests.accounts import ACTOR, KEYS, WRONG, Person, operate, records, refused
from tests.factories import Tenant

pytestmark = pytest.mark.usefixtures("swift")

OPERATOR = Actor(ActorKind.OPERATOR, uuid7(), "198.51.100.9", "request-9")
NEXT_MOBILE = "010-8888-0001"


async def resend(person: Person, number: str, name: str) -> AccountRow:
    """The welcome message again."""
    return await admins.welcome_resend(number, name, keys=KEYS, actor=OPERATOR, queue=person.queue, clock=person.clock)


async def replaced(person: Person, admin_id: UUID | None = None, mobile: str = NEXT_MOBILE) -> Person:
    """Another administrator in his place, with a phone of his own."""
    row = await admins.replace(
        admin_id or person.company.admin_id, mobile, keys=KEYS, actor=OPERATOR, queue=person.queue, clock=person.clock
    )
    company = Tenant(
        person.company.id, row.id, mobile.replace("-", ""), person.company.numbers, person.company.line_ids
    )
    return Person(company, clock=person.clock, queue=person.queue)


async def name_of(company: Tenant) -> str:
    """The company's name."""
    async with directory():
        (row,) = await query("SELECT name FROM company_directory WHERE company_id = $1", company.id)
    return str(row["name"])


@pytest.mark.parametrize("spelled", [str, lambda name: f"  {name} ", lambda name: unicodedata.normalize("NFD", name)])
async def test_ON_02_number_and_name_send_a_fresh_temporary_password(
    newcomer: Person, spelled: Callable[[str], str]
) -> None:
    before = newcomer.phone.password
    newcomer.clock.turn(hours=80)
    number = newcomer.company.login_id

    row = await resend(newcomer, f"{number[:3]}-{number[3:7]}-{number[7:]}", spelled(await name_of(newcomer.company)))

    await newcomer.deliver()
    assert newcomer.phone.password != before
    assert row.temporary_until == newcomer.clock() + timedelta(hours=72)
    assert (await refused(newcomer.sign_in(before))).code is ErrorCode.CREDENTIALS
    assert await newcomer.sign_in(newcomer.phone.password)
    last = [record for record in await records(newcomer.company.id) if record["action"] == "admins.welcome"][-1]
    assert (last["actor_kind"], last["actor_id"]) == ("OPERATOR", OPERATOR.id)


async def test_ON_02_number_and_name_must_both_match(newcomer: Person, stranger: Tenant) -> None:
    other = Person(stranger, clock=newcomer.clock)
    await other.invite()
    mine, others = await name_of(newcomer.company), await name_of(stranger)
    before = len(newcomer.queue.letters)

    for number, name in (
        (newcomer.company.login_id, others),
        (stranger.login_id, mine),
        (newcomer.company.numbers[1], mine),
        (newcomer.company.login_id, mine[:-1]),
        (newcomer.company.login_id, ""),
        ("", mine),
        (newcomer.company.login_id, "%"),
        ("15440001", "AI비즈콜 고객센터"),
    ):
        with pytest.raises(NotFound):
            await resend(newcomer, number, name)
    assert len(newcomer.queue.letters) == before


async def test_ON_02_who_has_registered_gets_no_welcome(person: Person) -> None:
    problem = await refused(resend(person, person.company.login_id, await name_of(person.company)))

    assert problem == Problem(ErrorCode.STATE)
    assert not person.queue.letters
    assert await person.sign_in()


async def test_AU_22_an_operator_unlocks(person: Person) -> None:
    for _ in range(5):
        await refused(person.sign_in(WRONG))

    row = await admins.unlock(person.company.admin_id, actor=OPERATOR, clock=person.clock)

    assert row.locked_until is None
    assert await person.sign_in()
    assert "admins.unlock" in await person.actions()


async def test_AU_31_an_operator_ends_all_sessions(person: Person) -> None:
    tokens = []
    for _ in range(2):
        tokens.append((await person.complete()).session.token)
        person.clock.turn(minutes=1)

    assert await admins.sessions_end(person.company.admin_id, actor=OPERATOR, clock=person.clock) == 2
    assert await admins.sessions_end(person.company.admin_id, actor=OPERATOR, clock=person.clock) == 0

    assert [await admins.authenticate(token, clock=person.clock) for token in tokens] == [None, None]


async def test_AU_32_the_next_administrator_registers_with_the_same_id(person: Person) -> None:
    after = await replaced(person)
    await after.deliver()
    assert after.phone.received[-1][0] == after.company.mobile
    assert f"아이디: {person.company.login_id}" in after.phone.received[-1][1]

    registration = await after.registration(after.phone.password)
    code = await after.registration_code(registration)
    await admins.register(registration.token, code, after.form(), keys=KEYS, actor=ACTOR, clock=after.clock)
    after.clock.turn(seconds=30)

    assert (await after.complete()).session.viewer.admin_id == after.company.admin_id
    assert (await person.actions()).count("admins.replace") == 1


async def test_AU_32_everything_of_the_former_one_is_dead_at_once(person: Person) -> None:
    completed = await person.complete()
    person.clock.turn(seconds=30)
    half = await person.sign_in(device=completed.device_token)
    code = await person.ask(half)
    for _ in range(5):
        await refused(person.sign_in(WRONG))

    after = await replaced(person)
    await after.deliver()

    assert await admins.authenticate(completed.session.token, clock=person.clock) is None
    assert (await refused(person.verify(half, code))).code is ErrorCode.STATE
    assert (await refused(person.sign_in())).code is ErrorCode.CREDENTIALS
    async with directory():
        assert not await query("SELECT 1 FROM device WHERE admin_id = $1", person.company.admin_id)
        kept = await query("SELECT password_hash FROM credential WHERE admin_id = $1", person.company.admin_id)
    assert kept == [{"password_hash": None}]
    # The lock was the former one's; the next one begins without it.
    assert isinstance(await after.sign_in(after.phone.password), Half)
    async with tenant(person.company.id):
        former = await Admin.get(company_id=person.company.id, id=person.company.admin_id)
    assert former.ended_at == person.clock()


async def test_S3_another_process_refuses_a_former_ones_and_a_suspended_companys_session_at_once(
    person: Person, stranger: Tenant, postgres: Postgres
) -> None:
    token = (await person.complete()).session.token
    other = (await (await Person(stranger).register()).complete()).session.token
    root = pathlib.Path(__file__).parents[3]
    asker = await asyncio.create_subprocess_exec(
        *(sys.executable, str(pathlib.Path(__file__).with_name("asker.py")), postgres.url("app")),
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert asker.stdin
    assert asker.stdout

    async def told(presented: str) -> bytes:
        assert asker.stdin
        assert asker.stdout
        asker.stdin.write(f"{presented}\n".encode())
        return await asker.stdout.readline()

    assert [await told(each) for each in (token, other)] == [b"somebody\n"] * 2
    await replaced(person)
    await contracts.suspend(stranger.id, Reason(Purpose.OTHER, "요금 미납 3개월"), actor=OPERATOR)
    assert [await told(each) for each in (token, other)] == [b"nobody\n"] * 2
    asker.stdin.close()
    assert await asker.wait() == 0


async def test_AU_32_who_was_replaced_is_not_replaced_again(person: Person) -> None:
    after = await replaced(person)

    with pytest.raises(NotFound):
        await replaced(person)
    with pytest.raises(NotFound):
        await admins.unlock(person.company.admin_id, actor=OPERATOR, clock=person.clock)
    # One who never came to register may be.
    later = await replaced(after, after.company.admin_id, "010-8888-0002")
    await later.deliver()
    assert await later.sign_in(later.phone.password)


async def test_AU_32_of_five_replacements_at_once_one_takes_effect(person: Person) -> None:
    answers = await asyncio.gather(*(replaced(person) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(answer, Person) for answer in answers) == 1
    assert sum(isinstance(answer, NotFound) for answer in answers) == 4


@pytest.mark.parametrize("mobile", ["", "07012345678", "abc"])
async def test_AU_32_the_next_one_needs_a_mobile(person: Person, mobile: str) -> None:
    assert await refused(replaced(person, mobile=mobile)) == Problem(ErrorCode.INVALID_FORMAT, ("mobile",))


async def test_nobodys_account_is_not_found_nor_is_an_operators(person: Person) -> None:
    operator = await operate(person, f"op.{person.company.login_id}")

    for key in (uuid7(), operator):
        with pytest.raises(NotFound):
            await admins.unlock(key, actor=OPERATOR)
        with pytest.raises(NotFound):
            await admins.sessions_end(key, actor=OPERATOR)
        with pytest.raises(NotFound):
            await replaced(person, key)


async def test_ON_01_a_replacement_on_its_way_gets_the_next_login_id(person: Person) -> None:
    company, next_id, number = person.company, uuid7(), person.company.numbers[-1]
    welcome = await admins.prepare(next_id, keys=KEYS)
    begun = asyncio.Event()

    async def replace() -> None:
        async with tenant(company.id):
            await credentials.end(company.id, company.admin_id, person.clock())
            begun.set()
            while not await query("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - the server tells nobody.
                await asyncio.sleep(0.001)
            await Admin.create(id=next_id, company_id=company.id, name="", mobile="01055556666")
            await admins.invite(company.id, next_id, login_id=company.login_id, welcome=welcome, actor=ACTOR)

    async def rename() -> None:
        await begun.wait()
        async with tenant(company.id):
            await credentials.rename(company.id, company.login_id, number, actor=ACTOR)

    await asyncio.gather(replace(), rename())

    async with directory():
        (row,) = await query("SELECT login_id FROM credential WHERE admin_id = $1", next_id)
    assert row["login_id"] == number
