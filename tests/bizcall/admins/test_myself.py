"""One's own password and second factor (ME-01)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bizcall import admins
from bizcall.admins import Half, Viewer, credentials, passwords, sessions, tokens
from bizcall.admins.credentials import Known
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Problem
from bizcall.models import Admin
from tests.accounts import KEYS, OTHER_PASSWORD, PASSWORD, WRONG, Person, refused, signed_in, wrong
from tests.factories import Tenant

pytestmark = pytest.mark.usefixtures("swift")


def fresh(person: Person) -> str:
    """A mobile that nobody has, like his own; no other test's codes count for it."""
    return f"011-8{person.company.mobile[-7:-4]}-{person.company.mobile[-4:]}"


async def change(person: Person, viewer: Viewer, current: str = PASSWORD, password: str = OTHER_PASSWORD) -> str | None:
    """A new password; the session's token from then on."""
    return await admins.password_change(
        viewer, current, password, password, actor=signed_in(viewer), queue=person.queue, clock=person.clock
    )


async def begin(person: Person, viewer: Viewer, mobile: str | None = None, current: str = PASSWORD) -> tuple[Half, str]:
    """The code for a new mobile."""
    wanted = fresh(person) if mobile is None else mobile
    half, _ = await admins.mobile_code_send(
        viewer, current, wanted, actor=signed_in(viewer), queue=person.queue, clock=person.clock
    )
    await person.deliver()
    return half, person.phone.code


async def finish(person: Person, viewer: Viewer, half: Half, code: str) -> None:
    """The new mobile."""
    await admins.mobile_change(
        viewer, half.token, code, keys=KEYS, actor=signed_in(viewer), queue=person.queue, clock=person.clock
    )


async def test_ME_01_a_new_password_ends_the_other_sessions_and_is_told_by_sms(person: Person) -> None:
    others = (await person.complete()).session.token
    person.clock.turn(minutes=1)
    mine = (await person.complete()).session

    token = await change(person, mine.viewer)

    assert await admins.authenticate(others, clock=person.clock) is None
    renewed = await admins.authenticate(token, clock=person.clock)
    assert renewed
    assert renewed.session_id == mine.viewer.session_id
    await person.deliver()
    assert person.phone.received[-1] == (
        person.company.mobile,
        "[비즈콜] 비밀번호가 변경되었습니다. 본인이 아니면 1544-0001로 연락해 주세요.",
    )
    assert (await person.actions())[-1] == "admins.password_change"
    assert await person.sign_in(OTHER_PASSWORD)
    assert (await refused(person.sign_in(PASSWORD))).code is ErrorCode.CREDENTIALS


async def test_S1_a_new_password_renews_the_token_of_its_session(person: Person) -> None:
    mine = (await person.complete()).session

    token = await change(person, mine.viewer)

    assert token is not None
    assert await admins.authenticate(mine.token, clock=person.clock) is None
    async with directory():
        kept = await query("SELECT token_hash FROM session WHERE id = $1", mine.viewer.session_id)
    assert [bytes(row["token_hash"]) for row in kept] == [tokens.hashed(token)]


async def test_S1_a_session_that_ended_meanwhile_gets_no_token(person: Person) -> None:
    mine = (await person.complete()).session
    await sessions.sign_out(mine.viewer, signed_in(mine.viewer), clock=person.clock)

    assert await change(person, mine.viewer) is None
    assert await person.sign_in(OTHER_PASSWORD)


async def test_ME_01_the_present_password_is_asked_and_guesses_at_it_are_counted(person: Person) -> None:
    completed = await person.complete()
    viewer = completed.session.viewer

    problems = [await refused(change(person, viewer, WRONG)) for _ in range(5)]

    assert problems[:4] == [Problem(ErrorCode.CREDENTIALS, ("currentPassword",))] * 4
    assert problems[4].code is ErrorCode.LOCKED
    assert (await refused(change(person, viewer))).code is ErrorCode.LOCKED
    assert (await refused(begin(person, viewer))).code is ErrorCode.LOCKED
    # The counter is the browser's, for signing in too; the strangers' is another.
    assert (await refused(person.sign_in(device=completed.device_token))).code is ErrorCode.LOCKED
    assert await person.sign_in()
    tried = [action for action in await person.actions() if action.startswith("admins.password_")]
    assert tried == ["admins.password_attempt", "admins.password_failure"] * 5


async def test_AU_22_the_present_passwords_attempt_is_counted_and_recorded_at_once_before_it_is_compared(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = (await person.complete()).session.viewer
    found: list[object] = []

    async def dying(*_: object) -> None:
        async with directory():
            found.extend(await query("SELECT failures FROM sign_in_attempt WHERE device = $1", viewer.device))
        raise SystemError

    monkeypatch.setattr(passwords, "compare", dying)
    with pytest.raises(SystemError):
        await change(person, viewer)

    assert found == [{"failures": 1}]
    assert (await person.actions())[-1] == "admins.password_attempt"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short1", ErrorCode.TOO_SHORT),
        ("password12", ErrorCode.GUESSABLE),
        (PASSWORD, ErrorCode.REUSED),
        ("Correct0Horse!", ErrorCode.INVALID_FORMAT),
        ("9xqrlarhksfl7", ErrorCode.GUESSABLE),  # the keys of 김관리, whose account it is
    ],
)
async def test_PW_01_holds_for_a_change(person: Person, password: str, code: ErrorCode) -> None:
    viewer = (await person.complete()).session.viewer

    problem = await refused(change(person, viewer, password=password))

    assert (problem.code, problem.field) == (code, ("password",))


async def test_PW_01_the_last_three_passwords_are_not_taken_again(person: Person) -> None:
    viewer = (await person.complete()).session.viewer
    passwords = [PASSWORD, *(f"purplefox{place}kq" for place in range(5, 9))]
    for current, password in pairwise(passwords):
        person.clock.turn(minutes=1)
        await change(person, viewer, current, password)

    for former in passwords[1:]:
        assert (await refused(change(person, viewer, passwords[-1], former))).code is ErrorCode.REUSED
    await change(person, viewer, passwords[-1], PASSWORD)
    async with directory():
        kept = await query("SELECT 1 FROM former_password WHERE admin_id = $1", person.company.admin_id)
    assert len(kept) == 3


async def test_PW_01_a_reset_while_the_old_password_is_confirmed_stands(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows the old password and found a session open must not undo the owner's reset."""
    viewer = (await person.complete()).session.viewer
    chosen = credentials.chosen

    async def slow(password: str, confirmation: str, account: Known, *field: str) -> str:
        await person.register("OwnersReset77")
        return await chosen(password, confirmation, account, *field)

    monkeypatch.setattr(credentials, "chosen", slow)

    assert await refused(change(person, viewer)) == Problem(ErrorCode.CREDENTIALS, ("currentPassword",))
    assert await person.sign_in("OwnersReset77")


async def test_ME_01_a_new_mobile_becomes_the_second_factor_and_the_old_one_is_told(person: Person) -> None:
    viewer = (await person.complete()).session.viewer
    old, new = person.company.mobile, fresh(person).replace("-", "")
    half, code = await begin(person, viewer)
    assert person.phone.received[-1][0] == new

    await finish(person, viewer, half, code)

    await person.deliver()
    assert person.phone.received[-1] == (
        old,
        "[비즈콜] 인증 휴대폰이 변경되었습니다. 본인이 아니면 1544-0001로 연락해 주세요.",
    )
    person.clock.turn(seconds=30)
    await person.ask(await person.sign_in())
    assert person.phone.received[-1][0] == new
    async with tenant(person.company.id):
        row = await Admin.get(company_id=person.company.id, id=person.company.admin_id)
    assert row.mobile == new
    assert "admins.mobile_change" in await person.actions()


async def test_ME_01_before_the_code_nothing_changes_and_wrong_codes_are_counted(person: Person) -> None:
    viewer = (await person.complete()).session.viewer
    half, code = await begin(person, viewer)

    left = [(await refused(finish(person, viewer, half, wrong(code)))).params["triesLeft"] for _ in range(5)]

    assert left == ["4", "3", "2", "1", "0"]
    assert (await refused(finish(person, viewer, half, code))).code is ErrorCode.CODE_EXPIRED
    person.clock.turn(seconds=30)
    await person.ask(await person.sign_in())
    assert person.phone.received[-1][0] == person.company.mobile


async def test_ME_01_a_code_to_the_old_mobile_is_dead_afterwards(person: Person) -> None:
    viewer = (await person.complete()).session.viewer
    person.clock.turn(seconds=30)
    begun = await person.sign_in()
    before = await person.ask(begun)
    half, code = await begin(person, viewer)

    await finish(person, viewer, half, code)

    assert (await refused(person.verify(begun, before))).code is ErrorCode.STATE
    assert (await refused(finish(person, viewer, half, code))).code is ErrorCode.STATE


async def test_O5_another_account_cannot_use_the_challenge(person: Person, stranger: Tenant) -> None:
    other = await Person(stranger, clock=person.clock).register()
    viewer, others = (await person.complete()).session.viewer, (await other.complete()).session.viewer
    half, code = await begin(person, viewer)

    assert await refused(finish(other, others, half, code)) == Problem(ErrorCode.STATE, ("challenge",))

    await finish(person, viewer, half, code)


@pytest.mark.parametrize("mobile", ["", "07012345678", "010-1234", "abc", "\ud800"])
async def test_ME_01_what_is_no_mobile_is_refused_before_the_password_is_compared(person: Person, mobile: str) -> None:
    viewer = (await person.complete()).session.viewer

    assert await refused(begin(person, viewer, mobile, WRONG)) == Problem(ErrorCode.INVALID_FORMAT, ("mobile",))
    assert not {"admins.password_attempt", "admins.password_failure"} & {*await person.actions()}


async def test_AU_24_thirty_seconds_lie_between_codes_to_a_new_mobile(person: Person) -> None:
    viewer = (await person.complete()).session.viewer
    await begin(person, viewer)

    assert (await refused(begin(person, viewer))).code is ErrorCode.TOO_SOON
