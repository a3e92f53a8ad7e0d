"""What accounts are told by SMS beside codes: its words (ON-01) and its states."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from bizcall import admins, dispatch
from bizcall.database import directory, query, tenant
from bizcall.dispatch import Outcome, account_messages, outbox
from bizcall.dispatch.account_messages import Site
from bizcall.models.accounts import MessageKind
from bizcall.ports import GatewayBusy, GatewayRefused, GatewayUncertain
from bizcall.settings import Settings
from tests.accounts import ACTOR, KEYS, SETTINGS, Person
from tests.factories import Tenant


@pytest.fixture
async def invited(company: Tenant) -> Person:
    """An administrator whose welcome message waits in the queue."""
    person = Person(company)
    await invite(person)
    return person


async def invite(person: Person) -> None:
    """Ask for a welcome message."""
    welcome = await admins.prepare(person.company.admin_id, keys=KEYS)
    company = person.company
    async with tenant(company.id):
        message = await admins.invite(
            company.id, company.admin_id, login_id=company.login_id, welcome=welcome, actor=ACTOR, clock=person.clock
        )
    await outbox.publish([message], queue=person.queue)


async def states(person: Person) -> list[tuple[str, str | None]]:
    """State and reason of his messages, in their order."""
    async with directory():
        rows = await query(
            "SELECT state, reason FROM account_message WHERE admin_id = $1 ORDER BY created_at, id",
            person.company.admin_id,
        )
    return [(row["state"], row["reason"]) for row in rows]


def alarmed(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Events told to operators, as the template counts them in the log."""
    return [record.__dict__["event"] for record in caplog.records if "event" in record.__dict__]


async def deliver(person: Person, place: int = -1) -> Outcome:
    """What the worker does with one message of the queue."""
    _, letter = person.queue.letters[place]
    return await dispatch.deliver(
        orjson.loads(letter.body), sms=person.phone, keys=KEYS, settings=SETTINGS, clock=person.clock
    )


async def test_ON_01_the_welcome_tells_all_that_the_first_sign_in_needs(invited: Person) -> None:
    await deliver(invited)

    (sent,) = invited.phone.sent
    assert sent.to == invited.company.mobile
    for told in (
        "https://admin.example",
        f"아이디: {invited.company.login_id}",
        f"비밀번호: {invited.phone.password}",
        "72시간",
        "PC로 접속",
        "https://admin.example/manual",
        "사무실 번호, 이메일 주소를 실사용자에게 알려주셔야",
        "1544-0001",
        "aibizcall@lguplus.co.kr",
    ):
        assert told in sent.text
    assert sent.subject == "[LGU+] AI비즈콜 관리자 안내"
    assert len(sent.subject.encode("euc-kr")) <= 40
    assert len(sent.text.encode("euc-kr")) <= 2000


async def test_ON_01_the_longest_name_of_a_company_fits(invited: Person) -> None:
    async with tenant(invited.company.id):
        await query("UPDATE company SET name = $2 WHERE id = $1", invited.company.id, "뷁" * 99 + "\n")

    assert await deliver(invited) is Outcome.SENT

    assert len(invited.phone.sent[0].text.encode("cp949")) <= 2000


async def test_ON_01_whoever_compares_the_password_derives_the_same(invited: Person) -> None:
    await deliver(invited)

    _, letter = invited.queue.letters[-1]
    key = UUID(orjson.loads(letter.body)["message"])
    assert invited.phone.password == KEYS.password(key, invited.company.admin_id)
    assert await invited.sign_in(invited.phone.password)


async def test_A10_the_temporary_password_stands_in_no_row_no_queue_and_no_log(
    invited: Person, caplog: pytest.LogCaptureFixture
) -> None:
    await deliver(invited)
    password = invited.phone.password

    async with directory():
        await query("SELECT set_config('app.company_id', $1, true)", str(invited.company.id))
        told = [
            str(row)
            for table in ("account_message", "credential", "outbox", "audit_record")
            for row in await query(f"SELECT * FROM {table} WHERE company_id = $1", invited.company.id)
        ]
    assert len(told) >= 3
    assert not any(password in text for text in (*told, caplog.text, *(str(each) for each in invited.queue.letters)))


@pytest.mark.parametrize("kind", [MessageKind.PASSWORD_CHANGED, MessageKind.MOBILE_CHANGED])
async def test_ME_01_a_change_is_told_by_one_short_message(invited: Person, kind: MessageKind) -> None:
    async with tenant(invited.company.id):
        message = await account_messages.put(invited.company.id, invited.company.admin_id, kind, "01012345678")
    await outbox.publish([message], queue=invited.queue)

    assert await deliver(invited) is Outcome.SENT

    (sent,) = invited.phone.sent
    assert (sent.to, sent.subject) == ("01012345678", None)
    assert len(sent.text.encode("euc-kr")) <= 90
    assert "1544-0001" in sent.text


async def test_a_message_delivered_again_is_sent_once(invited: Person) -> None:
    assert [await deliver(invited) for _ in range(3)] == [Outcome.SENT, Outcome.DONE_BEFORE, Outcome.DONE_BEFORE]
    assert len(invited.phone.sent) == 1
    assert await states(invited) == [("SENT", None)]


async def test_a_message_delivered_ten_times_at_once_is_sent_once(invited: Person) -> None:
    outcomes = Counter(await asyncio.gather(*(deliver(invited) for _ in range(10))))

    assert outcomes[Outcome.SENT] == 1
    assert len(invited.phone.sent) == 1
    assert await states(invited) == [("SENT", None)]


async def test_what_was_certainly_not_taken_is_queued_and_sent_by_the_redelivery(invited: Person) -> None:
    invited.phone.away = GatewayBusy("429")
    with pytest.raises(GatewayBusy):
        await deliver(invited)
    assert await states(invited) == [("QUEUED", "429")]
    invited.phone.away = None

    assert await deliver(invited) is Outcome.SENT

    assert await states(invited) == [("SENT", None)]


@pytest.mark.parametrize(
    ("raised", "outcome", "state"),
    [
        (GatewayRefused("1011"), Outcome.REFUSED, ("FAILED", "1011")),
        (GatewayUncertain("TIMEOUT"), Outcome.UNCERTAIN, ("UNKNOWN", "TIMEOUT")),
    ],
)
async def test_what_was_refused_or_is_uncertain_is_not_repeated(
    invited: Person, caplog: pytest.LogCaptureFixture, raised: Exception, outcome: Outcome, state: tuple[str, str]
) -> None:
    invited.phone.away = raised
    assert await deliver(invited) is outcome
    invited.phone.away = None

    assert await deliver(invited) is Outcome.DONE_BEFORE

    assert await states(invited) == [state]
    assert len(invited.phone.sent) == 1
    assert alarmed(caplog) == (["ACCOUNT_MESSAGE_UNKNOWN"] if outcome is Outcome.UNCERTAIN else [])


async def test_after_a_killed_worker_the_fate_is_unknown_and_it_is_never_repeated(
    invited: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that is killed, or meets a bug, has told of nothing after its claim."""
    invited.phone.away = RuntimeError("killed")
    with pytest.raises(RuntimeError):
        await deliver(invited)
    assert await states(invited) == [("SENDING", None)]
    invited.phone.away = None

    assert [await deliver(invited) for _ in range(2)] == [Outcome.UNCERTAIN, Outcome.DONE_BEFORE]

    assert await states(invited) == [("UNKNOWN", "LOST")]
    assert len(invited.phone.sent) == 1
    assert alarmed(caplog) == ["ACCOUNT_MESSAGE_UNKNOWN"]


@pytest.mark.parametrize(("seconds", "outcome"), [(0, Outcome.SENT), (1, Outcome.EXPIRED)])
async def test_after_a_day_a_message_is_too_late(invited: Person, seconds: int, outcome: Outcome) -> None:
    invited.clock.turn(hours=24, seconds=seconds)

    assert await deliver(invited) is outcome

    assert await states(invited) == [("SENT", None) if outcome is Outcome.SENT else ("FAILED", "TOO_LATE")]


async def test_ON_02_a_welcome_whose_password_is_void_is_not_sent(invited: Person) -> None:
    invited.clock.turn(seconds=1)
    await invite(invited)

    assert [await deliver(invited, place) for place in (1, 0)] == [Outcome.SENT, Outcome.EXPIRED]

    assert await states(invited) == [("FAILED", "SUPERSEDED"), ("SENT", None)]
    assert await invited.sign_in(invited.phone.password)


async def test_AU_32_who_was_replaced_before_his_welcome_left_gets_none(invited: Person) -> None:
    await admins.replace(
        invited.company.admin_id, "01077776666", keys=KEYS, actor=ACTOR, queue=invited.queue, clock=invited.clock
    )

    assert [await deliver(invited, place) for place in (0, 1)] == [Outcome.EXPIRED, Outcome.SENT]

    assert [sent.to for sent in invited.phone.sent] == ["01077776666"]


async def test_what_no_queue_brings_any_more_is_given_up(
    invited: Person, stranger: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    other = Person(stranger, clock=invited.clock)
    await invite(other)
    other.phone.away = RuntimeError("killed")
    with pytest.raises(RuntimeError):
        await deliver(other)
    invited.clock.turn(hours=24)
    await account_messages.expire(clock=invited.clock)
    assert (await states(invited), await states(other)) == ([("QUEUED", None)], [("SENDING", None)])
    assert alarmed(caplog) == []

    invited.clock.turn(seconds=1)
    assert await account_messages.expire(clock=invited.clock) >= 2

    assert (await states(invited), await states(other)) == ([("FAILED", "TOO_LATE")], [("UNKNOWN", "LOST")])
    assert set(alarmed(caplog)) == {"ACCOUNT_MESSAGE_UNKNOWN"}
    assert await deliver(invited) is Outcome.DONE_BEFORE


async def test_a_message_that_was_forgotten_is_not_sent(invited: Person) -> None:
    invited.clock.turn(days=91)
    await admins.prune(clock=invited.clock)

    assert await deliver(invited) is Outcome.DONE_BEFORE


async def test_where_the_site_is_not_known_nothing_is_claimed(invited: Person) -> None:
    with pytest.raises(RuntimeError, match="SITE_URL"):
        Site.of(Settings(site_url="https://admin.example"))

    _, letter = invited.queue.letters[-1]
    with pytest.raises(RuntimeError, match="SITE_URL"):
        await dispatch.deliver(
            orjson.loads(letter.body), sms=invited.phone, keys=KEYS, settings=Settings(), clock=invited.clock
        )
    assert await states(invited) == [("QUEUED", None)]


async def test_what_was_sent_says_when(invited: Person) -> None:
    invited.clock.turn(minutes=3)

    await deliver(invited)

    async with directory():
        (row,) = await query("SELECT * FROM account_message WHERE admin_id = $1", invited.company.admin_id)
    assert row["sent_at"] - row["created_at"] == timedelta(minutes=3)
    assert row["gateway_id"] == f"gateway-{row['id']}"
