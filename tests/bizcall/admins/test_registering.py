"""The first sign-in (AU-02, AU-03)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bizcall import admins
from bizcall.admins import Half, Profile, Role, SignedIn
from bizcall.database import directory, query, tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models import Admin
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import ACTOR, KEYS, PASSWORD, WRONG, Person, records, refused, wrong

pytestmark = pytest.mark.usefixtures("swift")


async def register(person: Person, registration: Half, code: str, **fields: object) -> None:
    """Hand in the form."""
    await admins.register(
        registration.token, code, person.form(**fields), keys=KEYS, actor=ACTOR, clock=person.clock  # type: ignore[arg-type]  # a test's fields
    )  # fmt: skip


async def test_AU_02_from_the_temporary_password_to_one_of_his_own(newcomer: Person) -> None:
    temporary = newcomer.phone.password
    registration = await newcomer.registration(temporary)
    code = await newcomer.registration_code(registration)

    await register(newcomer, registration, code)

    async with directory():
        assert not await query("SELECT 1 FROM session WHERE admin_id = $1", newcomer.company.admin_id)
    assert (await refused(newcomer.sign_in(temporary))).code is ErrorCode.CREDENTIALS
    newcomer.clock.turn(seconds=30)
    session = (await newcomer.complete()).session
    assert session.viewer.role is Role.ADMIN
    async with tenant(newcomer.company.id):
        row = await Admin.get(company_id=newcomer.company.id, id=newcomer.company.admin_id)
    assert (row.name, row.department, row.position, row.email) == ("홍길동", "총무팀", "과장", "hong@example.com")
    assert (await newcomer.actions())[:8] == [
        "admins.welcome",
        "admins.sign_in_attempt",
        "admins.sign_in_password",
        "admins.code_send",
        "admins.code_send",
        "admins.register",
        "admins.sign_in_attempt",
        "admins.sign_in_failure",
    ]


async def test_AU_02_the_first_code_opens_no_session(newcomer: Person) -> None:
    half = await newcomer.sign_in(newcomer.phone.password)

    registration = await newcomer.step(half, await newcomer.ask(half))

    assert isinstance(registration, Half)
    assert registration.expires_at == newcomer.clock() + timedelta(minutes=10)


async def test_AU_03_before_he_is_registered_nothing_else_opens(newcomer: Person) -> None:
    half = await newcomer.sign_in(newcomer.phone.password)
    registration = await newcomer.step(half, await newcomer.ask(half))
    assert isinstance(registration, Half)

    for token in (half.token, registration.token):
        assert await admins.authenticate(token, clock=newcomer.clock) is None
    # Nor can he go around the form by a reset.
    await newcomer.reset_code()
    async with directory():
        (code,) = await query(
            "SELECT decoy FROM verification_code WHERE mobile = $1 AND purpose = 'PASSWORD_RESET'",
            newcomer.company.mobile,
        )
    assert code["decoy"]


@pytest.mark.parametrize("spelling", ["{0}-{1}-{2}", " {0} {1} {2} ", "+82 {3}-{1}-{2}"])
async def test_AU_02_the_mobile_given_at_subscription_may_be_written_as_people_do(
    newcomer: Person, spelling: str
) -> None:
    registration = await newcomer.registration(newcomer.phone.password)
    mobile = newcomer.company.mobile
    written = spelling.format(mobile[:3], mobile[3:7], mobile[7:], mobile[1:3])

    sent = await admins.registration_code_send(
        registration.token, written, actor=ACTOR, queue=newcomer.queue, clock=newcomer.clock
    )

    assert sent.mobile == f"010-****-{mobile[-4:]}"


async def test_AU_02_no_code_goes_to_another_mobile(newcomer: Person) -> None:
    registration = await newcomer.registration(newcomer.phone.password)
    before = len(newcomer.queue.letters)

    problem = await refused(
        admins.registration_code_send(
            registration.token, "010-9999-9999", actor=ACTOR, queue=newcomer.queue, clock=newcomer.clock
        )
    )

    assert problem == Problem(ErrorCode.OTHER_MOBILE, ("mobile",))
    assert len(newcomer.queue.letters) == before
    code = await newcomer.registration_code(registration)
    form = register(newcomer, registration, code, mobile="01099999999")
    assert await refused(form) == Problem(ErrorCode.OTHER_MOBILE, ("mobile",))


async def test_AU_02_which_mobile_was_subscribed_is_told_to_nobody_without_the_challenge(newcomer: Person) -> None:
    half = await newcomer.sign_in(newcomer.phone.password)

    for token in ("", "A" * 43, half.token):
        for mobile in (newcomer.company.mobile, "01099999999"):
            sending = admins.registration_code_send(
                token, mobile, actor=ACTOR, queue=newcomer.queue, clock=newcomer.clock
            )
            assert await refused(sending) == Problem(ErrorCode.STATE, ("challenge",))


async def test_AU_02_all_bad_fields_are_named_at_once_and_cost_no_try(newcomer: Person) -> None:
    registration = await newcomer.registration(newcomer.phone.password)
    code = await newcomer.registration_code(registration)

    with pytest.raises(Invalid) as caught:
        await register(newcomer, registration, wrong(code), profile=Profile(" ", "가" * 51, "나" * 51, "nobody"))

    assert [(problem.code, problem.field) for problem in caught.value.problems] == [
        (ErrorCode.REQUIRED, ("name",)),
        (ErrorCode.INVALID_FORMAT, ("email",)),
        (ErrorCode.TOO_LONG, ("department",)),
        (ErrorCode.TOO_LONG, ("position",)),
    ]
    assert (await refused(register(newcomer, registration, wrong(code)))).params == {"triesLeft": "4"}


@pytest.mark.parametrize(
    ("password", "confirmation", "problem"),
    [
        ("short1", None, Problem(ErrorCode.TOO_SHORT, ("password",), {"minimum": "10"})),
        ("password12", None, Problem(ErrorCode.GUESSABLE, ("password",))),
        (PASSWORD, "Correct0Horsf", Problem(ErrorCode.CONFLICT, ("passwordConfirmation",))),
        ("temporary", None, Problem(ErrorCode.REUSED, ("password",))),
        ("login", None, Problem(ErrorCode.GUESSABLE, ("password",))),
    ],
)
async def test_PW_01_holds_for_the_first_password(
    newcomer: Person, password: str, confirmation: str | None, problem: Problem
) -> None:
    temporary = newcomer.phone.password
    chosen = {"temporary": temporary, "login": f"xq{newcomer.company.login_id}zk"}.get(password, password)
    registration = await newcomer.registration(temporary)
    code = await newcomer.registration_code(registration)
    form = newcomer.form(chosen, password_confirmation=confirmation or chosen)

    attempt = admins.register(registration.token, code, form, keys=KEYS, actor=ACTOR, clock=newcomer.clock)

    assert await refused(attempt) == problem


async def test_AU_02_wrong_codes_are_counted_and_the_right_one_is_dead_after_five(newcomer: Person) -> None:
    registration = await newcomer.registration(newcomer.phone.password)
    code = await newcomer.registration_code(registration)

    left = [(await refused(register(newcomer, registration, wrong(code)))).params["triesLeft"] for _ in range(5)]

    assert left == ["4", "3", "2", "1", "0"]
    assert (await refused(register(newcomer, registration, code))).code is ErrorCode.CODE_EXPIRED


async def test_O4_of_five_forms_at_once_one_registers(newcomer: Person) -> None:
    registration = await newcomer.registration(newcomer.phone.password)
    code = await newcomer.registration_code(registration)

    answers = await asyncio.gather(*(register(newcomer, registration, code) for _ in range(5)), return_exceptions=True)

    assert answers.count(None) == 1
    assert {answer.problems[0].code for answer in answers if isinstance(answer, Invalid)} == {ErrorCode.STATE}
    assert (await newcomer.actions()).count("admins.register") == 1


async def test_O5_a_code_of_the_first_step_is_refused_for_the_form(newcomer: Person) -> None:
    half = await newcomer.sign_in(newcomer.phone.password)
    first = await newcomer.ask(half)
    registration = await newcomer.step(half, first)
    assert isinstance(registration, Half)

    assert (await refused(register(newcomer, registration, first))).code is ErrorCode.CODE_EXPIRED
    await newcomer.registration_code(registration)
    assert (await refused(register(newcomer, registration, first))).code is ErrorCode.CODE_WRONG


async def test_O5_O9_no_challenge_does_for_another_step(newcomer: Person) -> None:
    half = await newcomer.sign_in(newcomer.phone.password)
    registration = await newcomer.registration_of(half)
    reset, code = await newcomer.reset_code()
    state = Problem(ErrorCode.STATE, ("challenge",))

    for token in (registration.token, reset.token):
        assert await refused(newcomer.step(replace(half, token=token), code)) == state
    for token in (half.token, reset.token):
        assert await refused(register(newcomer, replace(half, token=token), code)) == state
    for token in (half.token, registration.token):
        assert await refused(admins.reset_verify(token, code, keys=KEYS, actor=ACTOR, clock=newcomer.clock)) == state
        resetting = admins.reset(
            token, None, PASSWORD, PASSWORD, actor=ACTOR, queue=newcomer.queue, clock=newcomer.clock
        )
        assert await refused(resetting) == state


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, False), (3600, False)])
async def test_AU_02_the_temporary_password_is_good_for_72_hours(newcomer: Person, seconds: int, good: bool) -> None:
    newcomer.clock.turn(hours=72, seconds=seconds)

    if good:
        assert await newcomer.sign_in(newcomer.phone.password)
    else:
        assert await refused(newcomer.sign_in(newcomer.phone.password)) == Problem(
            ErrorCode.TEMPORARY_EXPIRED, ("password",)
        )
        assert await refused(newcomer.sign_in(WRONG)) == Problem(ErrorCode.CREDENTIALS)


async def test_AU_22_the_lock_holds_for_the_form_too(newcomer: Person) -> None:
    registration = await newcomer.registration(newcomer.phone.password)
    code = await newcomer.registration_code(registration)
    for _ in range(5):
        await refused(newcomer.sign_in(WRONG))

    assert (await refused(register(newcomer, registration, code))).code is ErrorCode.LOCKED
    newcomer.clock.turn(seconds=31)
    assert (await refused(newcomer.registration_code(registration))).code is ErrorCode.LOCKED


async def test_ON_02_a_further_welcome_ends_what_the_one_before_began(newcomer: Person) -> None:
    before = newcomer.phone.password
    registration = await newcomer.registration(before)
    code = await newcomer.registration_code(registration)

    after = await newcomer.invite()

    assert after != before
    assert (await refused(register(newcomer, registration, code))).code is ErrorCode.STATE
    assert (await refused(newcomer.sign_in(before))).code is ErrorCode.CREDENTIALS
    assert await newcomer.sign_in(after)


async def test_AU_02_an_operator_registers_and_signs_in_by_name(person: Person) -> None:
    name = f"op.{person.company.numbers[0]}"
    key = await admins.operator_create(
        name, "김운영", person.company.mobile, keys=KEYS, actor=ACTOR, queue=person.queue, clock=person.clock
    )
    await person.deliver()
    assert f"아이디: {name}" in person.phone.received[-1][1]
    half = await person.sign_in(person.phone.password, login_id=f" {name.upper()} ")
    registration = await person.step(half, await person.ask(half))
    assert isinstance(registration, Half)
    code = await person.registration_code(registration)
    await admins.register(registration.token, code, person.form(), keys=KEYS, actor=ACTOR, clock=person.clock)
    person.clock.turn(seconds=30)
    half = await person.sign_in(login_id=name)

    signed_in = await person.step(half, await person.ask(half))

    assert isinstance(signed_in, SignedIn)
    viewer = await admins.authenticate(signed_in.session.token, clock=person.clock)
    assert viewer
    assert (viewer.role, viewer.company_id, viewer.admin_id) == (Role.OPERATOR, PROVIDER_ID, key)
    mine = [record["action"] for record in await records(PROVIDER_ID) if key in record["subject_ids"]]
    assert mine[-1] == "admins.sign_in"
