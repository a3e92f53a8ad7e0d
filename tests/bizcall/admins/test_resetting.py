"""A forgotten password (PW-01)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bizcall import admins, dispatch
from bizcall.admins import Account, Half
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Problem
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import ACTOR, KEYS, OTHER_PASSWORD, PASSWORD, WRONG, Person, records, refused, wrong
from tests.factories import Tenant, make_tenant
from tests.statements import counted

pytestmark = pytest.mark.usefixtures("swift")

STATE = Problem(ErrorCode.STATE, ("challenge",))


async def verify(person: Person, half: Half, code: str) -> Sequence[Account]:
    """The second step."""
    return await admins.reset_verify(half.token, code, keys=KEYS, actor=ACTOR, clock=person.clock)


async def reset(person: Person, half: Half, password: str = OTHER_PASSWORD, **given: object) -> Account:
    """The third step."""
    return await admins.reset(
        half.token,
        given.get("account"),  # type: ignore[arg-type]  # a test's key
        password,
        str(given.get("confirmation", password)),
        actor=ACTOR,
        queue=person.queue,
        clock=person.clock,
    )


async def right(person: Person) -> Half:
    """A reset whose code was right."""
    half, code = await person.reset_code()
    assert await verify(person, half, code)
    return half


async def hidden(mobile: str) -> str:
    """The code that was last made for a mobile, whether it was sent or not."""
    async with directory():
        (row,) = await query(
            "SELECT * FROM verification_code WHERE mobile = $1 ORDER BY created_at DESC, id DESC LIMIT 1", mobile
        )
    return KEYS.code(row["id"], row["challenge_id"], row["purpose"], row["mobile"])


async def also_administers(mobile: str, company: Tenant, person: Person) -> Person:
    """Another company's registered administrator, who has the same mobile."""
    async with tenant(company.id):
        await query(
            "UPDATE admin SET mobile = $3 WHERE company_id = $1 AND id = $2", company.id, company.admin_id, mobile
        )
    company.mobile = mobile
    return await Person(company, clock=person.clock, queue=person.queue, phone=person.phone).register()


async def test_PW_01_mobile_code_password_sign_in(person: Person) -> None:
    half, code = await person.reset_code()

    accounts = await verify(person, half, code)
    account = await reset(person, half)

    assert accounts == [account]
    assert (account.admin_id, account.login_id) == (person.company.admin_id, person.company.login_id)
    assert (await refused(person.sign_in(PASSWORD))).code is ErrorCode.CREDENTIALS
    assert await person.sign_in(OTHER_PASSWORD)


async def test_PW_01_the_reset_is_told_by_sms_and_recorded(person: Person) -> None:
    await reset(person, await right(person))

    assert await person.deliver() is dispatch.Outcome.SENT

    to, text = person.phone.received[-1]
    assert to == person.company.mobile
    assert text.startswith("[비즈콜] 비밀번호가 변경되었습니다.")
    assert len(text.encode("euc-kr")) <= 90
    assert (await person.actions())[-1] == "admins.password_reset"


async def test_PW_01_a_reset_ends_all_sessions_and_what_had_begun(person: Person) -> None:
    tokens = []
    for _ in range(3):
        tokens.append((await person.complete()).session.token)
        person.clock.turn(minutes=5)
    half = await person.sign_in()
    code = await person.ask(half)

    await reset(person, await right(person))

    assert [await admins.authenticate(token, clock=person.clock) for token in tokens] == [None] * 3
    assert await refused(person.verify(half, code)) == STATE


async def test_A5_a_reset_clears_the_lock_and_takes_its_way_through_it(person: Person) -> None:
    for _ in range(5):
        await refused(person.sign_in(WRONG))

    await reset(person, await right(person))

    assert await person.sign_in(OTHER_PASSWORD)


async def test_PW_01_of_several_companies_one_is_chosen_after_the_code(person: Person, stranger: Tenant) -> None:
    other = await also_administers(person.company.mobile, stranger, person)
    half, code = await person.reset_code()

    accounts = await verify(person, half, code)

    assert {account.company_id for account in accounts} == {person.company.id, stranger.id}
    assert [account.company_name for account in accounts] == sorted(account.company_name for account in accounts)
    assert await refused(reset(person, half)) == Problem(ErrorCode.REQUIRED, ("account",))
    assert await refused(reset(person, half, account=uuid7())) == Problem(ErrorCode.NOT_FOUND, ("account",))
    assert (await reset(person, half, account=stranger.admin_id)).company_id == stranger.id
    assert await other.sign_in(OTHER_PASSWORD)
    assert await person.sign_in(PASSWORD)


async def test_PW_01_a_reset_serves_one_account_once(person: Person, stranger: Tenant) -> None:
    await also_administers(person.company.mobile, stranger, person)
    half = await right(person)
    await reset(person, half, account=person.company.admin_id)

    assert await refused(reset(person, half, account=stranger.admin_id)) == STATE
    assert await refused(reset(person, half, account=person.company.admin_id)) == STATE


async def test_PW_01_another_companys_account_is_not_found(person: Person, stranger: Tenant) -> None:
    await Person(stranger, clock=person.clock).register()
    half = await right(person)

    assert await refused(reset(person, half, account=stranger.admin_id)) == Problem(ErrorCode.NOT_FOUND, ("account",))


async def test_O8_an_unknown_mobile_is_answered_like_a_known_one_and_gets_no_sms(person: Person) -> None:
    known, unknown = person.company.mobile, f"0119{person.company.mobile[-7:]}"

    with counted() as for_known:
        begun = await admins.reset_code_send(known, actor=ACTOR, queue=person.queue, clock=person.clock)
    with counted() as for_unknown:
        other = await admins.reset_code_send(unknown, actor=ACTOR, queue=person.queue, clock=person.clock)

    assert await person.deliver() is dispatch.Outcome.DECOY
    assert not person.phone.received
    assert for_known == for_unknown
    assert begun.sent == admins.Sent(f"010-****-{known[-4:]}", other.sent.expires_at, other.sent.next_at)
    assert len(begun.half.token) == len(other.half.token)
    with counted() as guessed_known:
        first = await refused(verify(person, begun.half, wrong(await hidden(known))))
    with counted() as guessed_unknown:
        assert await refused(verify(person, other.half, wrong(await hidden(unknown)))) == first
    assert guessed_known == guessed_unknown
    for mobile in (known, unknown):
        problem = await refused(person.reset_code(mobile))
        assert problem == Problem(
            ErrorCode.TOO_SOON,
            params={"until": (person.clock() + timedelta(seconds=30)).isoformat(timespec="seconds")},
        )


async def test_O8_of_100_right_guesses_at_decoys_none_is_right(person: Person) -> None:
    unknown = f"0119{person.company.mobile[-7:]}"
    for _ in range(20):
        begun = await admins.reset_code_send(unknown, actor=ACTOR, queue=person.queue, clock=person.clock)
        code = await hidden(unknown)
        answers = [await refused(verify(person, begun.half, code)) for _ in range(5)]
        assert [answer.params["triesLeft"] for answer in answers] == ["4", "3", "2", "1", "0"]
        assert (await refused(verify(person, begun.half, code))).code is ErrorCode.CODE_EXPIRED
        assert await refused(reset(person, begun.half)) == STATE
        person.clock.turn(hours=3)


async def test_PW_01_who_has_not_registered_or_was_replaced_or_operates_is_no_account(
    newcomer: Person, db: None
) -> None:
    former = await Person(await make_tenant(), clock=newcomer.clock).register()
    await admins.replace(
        former.company.admin_id, "01099990001", keys=KEYS, actor=ACTOR, queue=newcomer.queue, clock=newcomer.clock
    )
    operator = f"0119{newcomer.company.mobile[-7:]}"
    async with tenant(PROVIDER_ID):
        key = uuid7()
        await query(
            "INSERT INTO admin (company_id, id, name, mobile) VALUES ($1, $2, '김운영', $3)", PROVIDER_ID, key, operator
        )
        await query(
            "INSERT INTO credential (admin_id, company_id, login_id, password_hash, mobile, password_changed_at,"
            " registered_at) VALUES ($2, $1, $3, '$argon2id$', $4, now(), now())",
            PROVIDER_ID,
            key,
            f"op{operator}",
            operator,
        )

    for mobile in (newcomer.company.mobile, former.company.mobile, operator):
        begun = await admins.reset_code_send(mobile, actor=ACTOR, queue=newcomer.queue, clock=newcomer.clock)
        assert await newcomer.deliver() is dispatch.Outcome.DECOY
        assert (await refused(verify(newcomer, begun.half, await hidden(mobile)))).code is ErrorCode.CODE_WRONG


@pytest.mark.parametrize("mobile", ["", "010", "010123456", "07012345678", "abc", "\ud800", "0" * 1000])
async def test_PW_01_what_is_no_mobile_is_refused(person: Person, mobile: str) -> None:
    attempt = admins.reset_code_send(mobile, actor=ACTOR, queue=person.queue, clock=person.clock)

    assert await refused(attempt) == Problem(ErrorCode.INVALID_FORMAT, ("mobile",))


async def test_PW_01_without_the_right_code_nothing_is_reset(person: Person) -> None:
    half, code = await person.reset_code()
    assert (await refused(verify(person, half, wrong(code)))).params == {"triesLeft": "4"}

    assert await refused(reset(person, half)) == STATE
    assert await person.sign_in()


async def test_PW_01_a_reset_is_over_after_ten_minutes(person: Person) -> None:
    half = await right(person)
    person.clock.turn(minutes=10)

    assert await refused(reset(person, half)) == STATE


@pytest.mark.parametrize(
    ("password", "confirmation", "code", "field"),
    [
        ("short1", "short1", ErrorCode.TOO_SHORT, "password"),
        ("onlyletters", "onlyletters", ErrorCode.INVALID_FORMAT, "password"),
        ("password12", "password12", ErrorCode.GUESSABLE, "password"),
        (PASSWORD, PASSWORD, ErrorCode.REUSED, "password"),
        (OTHER_PASSWORD, "Battery1staple", ErrorCode.CONFLICT, "passwordConfirmation"),
    ],
)
async def test_PW_01_holds_for_the_new_password_and_the_reset_goes_on(
    person: Person, password: str, confirmation: str, code: ErrorCode, field: str
) -> None:
    half = await right(person)

    problem = await refused(reset(person, half, password, confirmation=confirmation))

    assert (problem.code, problem.field) == (code, (field,))
    assert await reset(person, half)


async def test_PW_01_of_five_resets_at_once_one_takes_effect(person: Person) -> None:
    half = await right(person)

    answers = await asyncio.gather(*(reset(person, half) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(answer, Account) for answer in answers) == 1
    assert (await person.actions()).count("admins.password_reset") == 1


async def test_AU_32_a_reset_that_had_begun_ends_with_the_account(person: Person) -> None:
    half = await right(person)
    await admins.replace(
        person.company.admin_id, "01099990002", keys=KEYS, actor=ACTOR, queue=person.queue, clock=person.clock
    )

    assert await refused(reset(person, half)) == Problem(ErrorCode.NOT_FOUND, ("account",))


async def test_a_reset_that_names_nobody_is_recorded_in_the_providers_trail(person: Person) -> None:
    before = len(await records(PROVIDER_ID))

    half, code = await person.reset_code()
    await refused(verify(person, half, wrong(code)))

    sent, failed = (await records(PROVIDER_ID))[before:][-2:]
    assert (sent["action"], failed["action"]) == ("admins.code_send", "admins.code_failure")
    assert sent["subject_ids"] == []
    assert person.company.mobile not in sent["details"] + failed["details"]


async def test_PW_01_a_code_read_before_a_change_of_the_password_undoes_nothing(person: Person) -> None:
    read_by_another = await right(person)
    person.clock.turn(minutes=1)
    mine = await right(person)

    await reset(person, mine)

    assert await refused(reset(person, read_by_another, "Thief9Was7Here")) == STATE
    assert await person.sign_in(OTHER_PASSWORD)
