"""Number and temporary password, asked by the app's server (IN-11)."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from datetime import timedelta

import pytest

from bizcall import admins, audit
from bizcall.app_sign_in import COUNTER, AppUser, app_sign_in
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.keys import Keys
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import PASSWORD, Person, records
from tests.dispatching import Campaign
from tests.factories import Tenant
from tests.phone_app import SERVICE, WRONG, App


@pytest.fixture
async def app(company: Tenant) -> App:
    """A company with one subscriber who may use the app."""
    campaign = Campaign(company)
    await campaign.register()
    return App(campaign)


async def test_IN_11_number_and_password_sign_in_and_tell_what_the_app_needs(app: App) -> None:
    password = await app.invited()
    before = await app.subscriber()

    user = await app.sign_in(password)

    async with tenant(app.campaign.company.id):
        (company,) = await query("SELECT name FROM company WHERE id = $1", app.campaign.company.id)
    assert user == AppUser(app.number, "직원0", "user0@example.com", company["name"])
    after = await app.subscriber()
    assert after["app_signed_in_at"] == app.campaign.clock()
    assert after["revision"] == before["revision"]


@pytest.mark.parametrize("written", ["{0:.3}-{1:.4}-{2}", "+82 {3}", "{3}"])
async def test_IN_11_the_number_is_accepted_as_people_write_it(app: App, written: str) -> None:
    number = app.number
    assert await app.sign_in(await app.invited(), written.format(number[:3], number[3:7], number[7:], number[1:]))


async def test_IN_11_a_subscriber_without_an_address_is_told_so(app: App) -> None:
    password = await app.invited()
    await app.change("email = NULL")

    assert (await app.sign_in(password)).email is None


async def test_IN_11_a_password_is_good_once(app: App) -> None:
    password = await app.invited()
    await app.sign_in(password)

    assert await app.refused(password) == Problem(ErrorCode.CREDENTIALS)


async def test_IN_11_of_a_hundred_right_ones_at_once_exactly_one_succeeds(app: App) -> None:
    password = await app.invited()

    answers = await asyncio.gather(*(app.sign_in(password) for _ in range(100)), return_exceptions=True)

    assert sum(isinstance(each, AppUser) for each in answers) == 1
    refused = Counter(each.problems[0].code for each in answers if isinstance(each, Invalid))
    assert refused.keys() <= {ErrorCode.CREDENTIALS, ErrorCode.LOCKED}
    assert refused.total() == 99


async def test_IN_11_of_a_hundred_wrong_ones_at_once_five_are_compared(app: App) -> None:
    await app.invited()

    answers = await asyncio.gather(*(app.sign_in(WRONG) for _ in range(100)), return_exceptions=True)

    assert app.keys.derived == 5
    codes = Counter(each.problems[0].code for each in answers if isinstance(each, Invalid))
    assert codes == {ErrorCode.CREDENTIALS: 4, ErrorCode.LOCKED: 96}


async def test_IN_11_the_fifth_failure_locks_for_ten_minutes_also_the_right_password(app: App) -> None:
    password = await app.invited()
    for _ in range(4):
        assert (await app.refused(WRONG)).code is ErrorCode.CREDENTIALS
    until = (app.campaign.clock() + timedelta(minutes=10)).isoformat(timespec="seconds")
    assert await app.refused(WRONG) == Problem(ErrorCode.LOCKED, params={"until": until})

    app.campaign.clock.turn(minutes=9, seconds=59)
    assert (await app.refused(password)).code is ErrorCode.LOCKED
    assert app.keys.derived == 5
    app.campaign.clock.turn(seconds=1)
    assert await app.sign_in(password)


async def test_IN_11_success_forgets_the_failures(app: App) -> None:
    for _ in range(2):
        password = await app.invited()
        for _ in range(4):
            assert (await app.refused(WRONG)).code is ErrorCode.CREDENTIALS
        assert await app.sign_in(password)
        await app.campaign.work()


async def test_IN_11_whatever_is_not_right_is_answered_alike(app: App, stranger: Tenant) -> None:
    uninvited = (await app.campaign.register())[0]
    assert uninvited
    numbers = app.campaign.company.numbers
    told = [
        await app.refused(WRONG, "070-9999-9999"),
        await app.refused(WRONG, stranger.numbers[0]),
        await app.refused(WRONG, numbers[5]),
        await app.refused(WRONG, numbers[1]),
        await app.refused(WRONG),
    ]
    password = await app.invited()
    told += [await app.refused(password.upper()), await app.refused(""), await app.refused(password + " ")]
    await app.forgive()
    await app.change("app_enabled = false")
    told.append(await app.refused(password))
    await app.change("app_enabled = true")
    assert await app.sign_in(password)
    told.append(await app.refused(password))

    assert told == [Problem(ErrorCode.CREDENTIALS)] * len(told)
    async with tenant(app.campaign.company.id):
        used = await query(
            "SELECT id FROM invitation WHERE company_id = $1 AND used_at IS NOT NULL", app.campaign.company.id
        )
    assert len(used) == 1


async def test_IN_11_numbers_that_nobody_has_are_locked_as_others_are(app: App) -> None:
    codes = [(await app.refused(WRONG, "070-9999-9998")).code for _ in range(6)]

    assert codes == [ErrorCode.CREDENTIALS] * 4 + [ErrorCode.LOCKED] * 2


async def test_IN_11_a_password_expires_after_seven_days(app: App) -> None:
    password = await app.invited()
    app.campaign.clock.turn(days=7)
    assert await app.refused(password) == Problem(ErrorCode.CREDENTIALS)

    app.campaign.clock.turn(seconds=-1)
    assert await app.sign_in(password)


async def test_IN_11_only_the_latest_invitation_counts(app: App) -> None:
    former = await app.invited()
    await app.campaign.work()
    app.campaign.clock.turn(days=1)
    latest = await app.invited()

    assert former != latest
    assert (await app.refused(former)).code is ErrorCode.CREDENTIALS
    assert await app.sign_in(latest)


async def test_IN_11_who_gave_the_line_back_signs_in_no_more(app: App) -> None:
    password = await app.invited()
    await app.change("ended_at = now()")

    assert (await app.refused(password)).code is ErrorCode.CREDENTIALS


@pytest.mark.parametrize("text", ["", "abc", "070", "0" * 40, "07012345678; --", "\x00"])
async def test_IN_11_what_is_no_number_is_refused_before_anything_is_compared(app: App, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        await app_sign_in(text, WRONG, keys=app.keys, actor=SERVICE)

    assert [(each.code, each.field) for each in caught.value.problems] == [(ErrorCode.INVALID_FORMAT, ("number",))]
    assert app.keys.derived == 0


@pytest.mark.parametrize(("password", "code"), [("가" * 200, ErrorCode.TOO_LONG), ("\ud800", ErrorCode.CREDENTIALS)])
async def test_IN_11_hostile_passwords_are_refused(app: App, password: str, code: ErrorCode) -> None:
    assert (await app.refused(password)).code is code


async def test_IN_11_the_lock_is_no_administrators_lock(app: App, company: Tenant) -> None:
    person = await Person(company).register()
    for _ in range(5):
        await app.refused(WRONG)

    assert await person.sign_in()
    async with directory():
        (row,) = await query("SELECT locked_until FROM account_row WHERE id = $1", company.admin_id)
        held = await query(
            "SELECT 1 FROM sign_in_attempt WHERE login_id = $1 AND locked_until IS NOT NULL", COUNTER.format(app.number)
        )
    assert row["locked_until"] is None
    assert held
    with pytest.raises(Invalid):
        await admins.sign_in(COUNTER.format(app.number), PASSWORD, actor=SERVICE)


async def test_IN_11_success_failure_and_lock_stand_in_the_companys_trail_without_the_password(app: App) -> None:
    password = await app.invited()
    for _ in range(2):
        await app.refused(WRONG)
    await app.sign_in(password)
    for _ in range(5):
        await app.refused(WRONG)

    found = [each for each in await records(app.campaign.company.id) if each["action"].startswith("app.")]
    assert [each["action"] for each in found] == (
        ["app.sign_in_failure"] * 2 + ["app.sign_in"] + ["app.sign_in_failure"] * 4 + ["app.sign_in_lock"]
    )
    assert {(each["actor_kind"], each["actor_id"], each["address"]) for each in found} == {
        ("SERVICE", SERVICE.id, "203.0.113.9")
    }
    assert all(each["subject_ids"] == app.campaign.people for each in found)
    assert password not in str(found)
    assert app.number not in str(found)


async def test_IN_11_a_failure_is_counted_in_the_transaction_of_its_record(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> None:
        raise SystemError

    with monkeypatch.context() as broken:
        broken.setattr(audit, "record", failing)
        with pytest.raises(SystemError):
            await app.sign_in(WRONG)
    async with directory():
        assert not await query("SELECT 1 FROM sign_in_attempt WHERE login_id = $1", COUNTER.format(app.number))


async def test_IN_11_guesses_at_nobodys_number_stand_in_the_providers_trail(app: App) -> None:
    await app.refused(WRONG, "070-9999-9997")

    *_, last = await records(PROVIDER_ID)
    assert (last["action"], last["actor_id"], last["subject_ids"]) == ("app.sign_in_failure", SERVICE.id, [])


async def test_A7_a_number_that_nobody_has_is_answered_in_the_time_of_a_wrong_password(app: App) -> None:
    """Medians of interleaved attempts. A busy machine may spoil a round, not three."""
    await app.invited()

    async def taken(number: str) -> float:
        before = time.perf_counter()
        await app.refused(WRONG, number)
        seconds = time.perf_counter() - before
        async with directory():
            await query("DELETE FROM sign_in_attempt WHERE login_id = $1", COUNTER.format(number))
        return seconds

    for _ in range(3):
        pairs = [(await taken(app.number), await taken("07099999996")) for _ in range(15)]
        known, unknown = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
        # Two statements more; an attacker sees them behind the app's server and a network.
        if abs(known - unknown) < 0.01:
            return
    pytest.fail("known and unknown numbers were told apart in three rounds")


async def test_IN_11_under_another_key_what_was_sent_and_not_used_is_void(app: App) -> None:
    password = await app.invited()

    with pytest.raises(Invalid) as caught:
        await app_sign_in(app.number, password, keys=Keys("n" * 64), actor=SERVICE, clock=app.campaign.clock)

    assert [problem.code for problem in caught.value.problems] == [ErrorCode.CREDENTIALS]
    assert await app.sign_in(password)
