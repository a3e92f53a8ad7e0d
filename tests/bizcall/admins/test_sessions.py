"""Sessions (AU-31)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizcall import admins
from bizcall.admins import SignedIn, passwords, sessions
from bizcall.audit import Actor, ActorKind
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, NotFound
from bizcall.months import KOREA
from tests.accounts import PASSWORD, Person, records, signed_in
from tests.factories import Tenant
from tests.statements import counted


async def test_AU_31_a_session_ends_after_30_idle_minutes(person: Person) -> None:
    token = (await person.complete()).session.token
    person.clock.turn(minutes=29, seconds=59)
    assert await admins.authenticate(token, clock=person.clock)
    person.clock.turn(minutes=29, seconds=59)
    assert await admins.authenticate(token, clock=person.clock)

    person.clock.turn(minutes=30)

    assert await admins.authenticate(token, clock=person.clock) is None


@pytest.mark.parametrize("minutes", [10, 60])
async def test_S2_a_session_ends_after_the_idle_minutes_that_were_deployed(person: Person, minutes: int) -> None:
    idle = timedelta(minutes=minutes)
    opened = (await person.complete()).session

    person.clock.turn(minutes=minutes, seconds=-1)
    viewer = await admins.authenticate(opened.token, idle=idle, activity=False, clock=person.clock)
    assert viewer
    assert viewer.idle_until == person.clock() + timedelta(seconds=1)
    async with directory():
        assert [row.id for row in await sessions.alive(viewer, idle=idle, clock=person.clock)] == [viewer.session_id]
    person.clock.turn(seconds=1)

    assert await admins.authenticate(opened.token, idle=idle, clock=person.clock) is None


async def test_AU_31_a_session_ends_after_12_hours_of_use(person: Person) -> None:
    token = (await person.complete()).session.token
    for _ in range(35):
        person.clock.turn(minutes=20)
        assert await admins.authenticate(token, clock=person.clock)
    person.clock.turn(minutes=19, seconds=59)
    viewer = await admins.authenticate(token, clock=person.clock)
    assert viewer
    assert viewer.expires_at == person.clock() + timedelta(seconds=1)

    person.clock.turn(seconds=1)

    assert await admins.authenticate(token, clock=person.clock) is None


async def test_AU_31_use_is_written_once_a_minute(person: Person) -> None:
    token = (await person.complete()).session.token

    def writes(statements: list[str]) -> int:
        return sum(statement.lstrip().startswith("UPDATE") for statement in statements)

    with counted() as within:
        person.clock.turn(seconds=59)
        await admins.authenticate(token, clock=person.clock)
    with counted() as after:
        person.clock.turn(seconds=1)
        await admins.authenticate(token, clock=person.clock)
        await admins.authenticate(token, clock=person.clock)

    assert (writes(within), writes(after)) == (0, 1)


async def test_AU_31_after_sign_out_the_token_is_refused(person: Person) -> None:
    signed_in = await person.complete()
    other = await person_again(person)
    viewer = signed_in.session.viewer
    actor = Actor(ActorKind.ADMIN, viewer.admin_id)

    assert await admins.sign_out(viewer, actor, clock=person.clock)

    assert await admins.authenticate(signed_in.session.token, clock=person.clock) is None
    assert await admins.authenticate(other, clock=person.clock)
    assert not await admins.sign_out(viewer, actor, clock=person.clock)
    assert (await person.actions()).count("admins.sign_out") == 1


@pytest.mark.parametrize("token", [None, "", "x", "é" * 43, "A" * 43, "A" * 5000, "\ud800", "\x00", "' OR 1=1 --"])
async def test_AU_31_any_other_token_is_nobodys(person: Person, token: str | None) -> None:
    await person.complete()

    assert await admins.authenticate(token, clock=person.clock) is None


async def test_AU_31_the_database_holds_hashes_only(person: Person) -> None:
    token = (await person.complete()).session.token

    async with directory():
        (row,) = await query("SELECT token_hash FROM session WHERE admin_id = $1", person.company.admin_id)
    assert len(token) == 43
    assert await admins.authenticate(row["token_hash"].hex(), clock=person.clock) is None


async def test_AU_31_a_new_password_ends_the_sessions_and_clears_the_lock(person: Person) -> None:
    token = (await person.complete()).session.token

    await person.register()

    assert await admins.authenticate(token, clock=person.clock) is None
    assert await person.sign_in(PASSWORD)


async def test_PW_01_a_new_password_ends_what_the_old_one_began(person: Person) -> None:
    half = await person.sign_in()
    code = await person.ask(half)

    await person.register()

    with pytest.raises(Invalid) as caught:
        await person.verify(half, code)
    assert caught.value.problems[0].code is ErrorCode.STATE


async def test_PW_01_a_password_changed_while_the_old_one_is_compared_is_not_changed_back(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = passwords.compare

    async def slow(stored: str | None, password: str) -> passwords.Comparison:
        monkeypatch.setattr(passwords, "compare", compare)
        comparison = await compare(stored, password)
        await person.register("Another0Horse")
        return comparison._replace(rehashed=stored)

    monkeypatch.setattr(passwords, "compare", slow)

    with pytest.raises(Invalid) as caught:
        await person.sign_in()

    assert caught.value.problems[0].code is ErrorCode.CREDENTIALS
    assert await person.sign_in("Another0Horse")


async def test_PW_01_of_sign_ins_racing_with_a_new_password_none_survives_it(person: Person) -> None:
    halves = [await person.sign_in() for _ in range(3)]
    codes = []
    for half in halves:
        codes.append(await person.ask(half))
        person.clock.turn(seconds=30)

    *answers, _ = await asyncio.gather(
        *(person.verify(half, code) for half, code in zip(halves, codes, strict=True)),
        person.register(),
        return_exceptions=True,
    )

    for answer in answers:
        if isinstance(answer, SignedIn):
            assert await admins.authenticate(answer.session.token, clock=person.clock) is None
        else:
            assert isinstance(answer, Invalid)
            assert answer.problems[0].code is ErrorCode.STATE


async def test_a_browser_keeps_its_device_token(person: Person) -> None:
    first = (await person.complete()).device_token
    person.clock.turn(minutes=1)

    assert (await person.complete(device=first)).device_token == first


async def test_a_planted_device_token_is_not_taken_over(person: Person) -> None:
    planted = "A" * 43

    assert (await person.complete(device=planted)).device_token != planted


async def person_again(person: Person) -> str:
    """A second session of the same person, a minute later."""
    person.clock.turn(minutes=1)
    return (await person.complete()).session.token


async def opened(person: Person, sessions_wanted: int) -> list[SignedIn]:
    """Sessions of one account, a minute apart."""
    made = []
    for _ in range(sessions_wanted):
        made.append(await person.complete())
        person.clock.turn(minutes=3)
    return made


async def alive(person: Person, signed_ins: list[SignedIn]) -> list[bool]:
    """Which of the sessions are still accepted."""
    return [await admins.authenticate(each.session.token, clock=person.clock) is not None for each in signed_ins]


async def test_S4_a_fourth_session_ends_the_oldest(person: Person) -> None:
    made = await opened(person, 4)

    assert await alive(person, made) == [False, True, True, True]
    displaced = [record for record in await records(person.company.id) if "displace" in record["action"]]
    assert [record["subject_ids"] for record in displaced] == [[made[0].session.viewer.session_id]]


async def test_S4_whose_session_was_ended_is_told_when_and_from_where_once_for_each(person: Person) -> None:
    await opened(person, sessions.MOST)
    async with directory():
        assert not await query("SELECT 1 FROM account_message WHERE admin_id = $1", person.company.admin_id)
    at = person.clock().astimezone(KOREA)

    await opened(person, 1)
    await person.deliver()

    sent = person.phone.sent[-1]
    assert sent.to == person.company.mobile
    assert sent.text == (
        "[비즈콜] 동시 접속 수를 넘어, 새 로그인으로 가장 오래된 접속이 종료되었습니다.\n"
        f"일시: {at:%Y-%m-%d %H:%M}\n"
        "접속 주소: 203.0.113.*\n"
        "본인이 아니면 비밀번호를 변경하고 1544-0001로 연락해 주세요."
    )
    async with directory():
        told = await query("SELECT kind FROM account_message WHERE admin_id = $1", person.company.admin_id)
    assert [row["kind"] for row in told] == ["SESSION_DISPLACED"]


async def test_S4_sessions_that_ended_or_went_idle_leave_room(person: Person) -> None:
    made = await opened(person, 3)
    await sessions.end_one(
        made[1].session.viewer, made[1].session.viewer.session_id, signed_in(made[1].session.viewer), clock=person.clock
    )

    made += await opened(person, 1)

    assert await alive(person, made) == [True, False, True, True]


async def test_S4_of_five_sign_ins_at_once_three_sessions_are_left(person: Person) -> None:
    halves = [await person.sign_in() for _ in range(5)]
    codes = []
    for half in halves:
        codes.append(await person.ask(half))
        person.clock.turn(seconds=30)

    await asyncio.gather(*(person.verify(half, code) for half, code in zip(halves, codes, strict=True)))

    async with directory():
        left = await query("SELECT 1 FROM session WHERE admin_id = $1 AND ended_at IS NULL", person.company.admin_id)
    assert len(left) == sessions.MOST


async def test_AU_31_sessions_are_listed_newest_first_and_ended_one_by_one_or_all_others(person: Person) -> None:
    made = await opened(person, 3)
    mine = made[1].session.viewer
    actor = signed_in(mine)

    async with directory():
        listed = [row.id for row in await sessions.alive(mine, clock=person.clock)]
    assert listed == [each.session.viewer.session_id for each in made[::-1]]

    await sessions.end_one(mine, made[0].session.viewer.session_id, actor, clock=person.clock)
    assert await alive(person, made) == [False, True, True]
    with pytest.raises(NotFound):
        await sessions.end_one(mine, made[0].session.viewer.session_id, actor, clock=person.clock)
    assert await sessions.end_others(mine, actor, clock=person.clock) == 1
    assert await sessions.end_others(mine, actor, clock=person.clock) == 0
    assert await alive(person, made) == [False, True, False]


async def test_AU_31_another_accounts_session_is_not_found(person: Person, stranger: Tenant) -> None:
    other = await Person(stranger, clock=person.clock).register()
    theirs = (await other.complete()).session
    mine = (await person.complete()).session.viewer

    with pytest.raises(NotFound):
        await sessions.end_one(mine, theirs.viewer.session_id, signed_in(mine), clock=person.clock)
    await sessions.end_others(mine, signed_in(mine), clock=person.clock)

    assert await admins.authenticate(theirs.token, clock=person.clock)


async def test_S1_every_sign_in_has_a_token_of_its_own(person: Person) -> None:
    made = await opened(person, 3)

    assert len({each.session.token for each in made}) == 3
    assert all(len(each.session.token) == 43 for each in made)
