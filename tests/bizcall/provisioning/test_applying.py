"""A subscription becomes a company with lines, an administrator and a welcome message (ON-01)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall import admins, provisioning
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.models.provisioning import EventState
from bizcall.provisioning import Reason, Refused
from tests.accounts import ACTOR, KEYS, Person
from tests.factories import Tenant, owner_of
from tests.provisioning import OPERATOR, PLANS, Provider, moment

APPLIED, WAITING, REJECTED = EventState


async def reason(provider: Provider, name: str) -> tuple[EventState, str | None, str]:
    """How an event stands, and why."""
    found = await provider.found(name)
    return found.state, found.reason, found.path


async def account(provider: Provider) -> Person:
    """The administrator of the company, with the queue on which his welcome lies."""
    key = await provider.company_id()
    assert key
    async with tenant(key):
        (row,) = await query("SELECT id FROM admin WHERE company_id = $1", key)
        (company,) = await query("SELECT representative_number AS number FROM company WHERE id = $1", key)
    made = Tenant(key, row["id"], provider.mobile, [company["number"]], [])
    return Person(made, clock=provider.clock, queue=provider.queue)


async def test_ON_01_a_completed_subscription_is_a_company_with_lines_and_a_welcome(provider: Provider) -> None:
    event = provider.completed(3, 1, 2)
    event["lines"][0]["rid"] = provider.number(1)

    found = await provider.apply(event)

    assert (found.state, found.reason, found.company_id) == (APPLIED, None, await provider.company_id())
    assert await provider.state() == {
        "name": "청약상사",
        "plan": PLANS[0],
        "representative": 1,
        "lines": {1: None, 2: None, 3: 1},
        "owned": [1, 2, 3],
        "logins": [1],
        "listed": [1],
        "welcomes": 1,
    }
    person = await account(provider)
    await person.deliver()
    [(to, text)] = person.phone.received
    assert to == provider.mobile
    for told in (provider.number(1), "https://admin.example", "https://admin.example/manual", "1544-0001"):
        assert told in text


async def test_AU_01_the_administrator_signs_in_with_the_lowest_number_and_the_temporary_password(
    provider: Provider,
) -> None:
    await provider.apply(provider.completed(5, 4))
    person = await account(provider)
    (letter,) = [letter for name, letter in provider.queue.letters if name == "sms"]
    message_id = UUID(orjson.loads(letter.body)["message"])

    half = await person.sign_in(KEYS.password(message_id, person.company.admin_id), login_id=provider.number(4))

    assert half.token


async def test_ON_01_the_mobile_is_forgotten_when_the_event_is_applied_and_the_rest_is_kept(provider: Provider) -> None:
    await provider.apply(provider.completed(1))

    found = await provider.found("completed")

    assert "adminMobile" not in found.body
    assert found.body["lines"] == [{"number": provider.number(1)}]
    assert (found.numbers, found.due_at) == ([], None)


async def test_ON_01_the_same_event_changes_nothing_in_whatever_spelling(provider: Provider) -> None:
    event = provider.completed(1, 2)
    await provider.apply(event)
    before = (await provider.state(), len(await provider.records()))
    spelled = provider.number(1)
    other = {
        **dict(reversed(event.items())),
        "lines": [{"number": f"{spelled[:3]}-{spelled[3:7]}-{spelled[7:]}", "rid": None}, event["lines"][1]],
        "occurredAt": moment(0).replace("+00:00", "Z"),
    }

    again = await provider.apply(other)

    assert again.state is APPLIED
    assert (await provider.state(), len(await provider.records())) == before


async def test_ON_01_the_same_id_with_other_content_is_refused(provider: Provider) -> None:
    await provider.apply(provider.completed(1))

    with pytest.raises(Refused) as refused:
        await provider.apply(provider.completed(1, 2))

    assert [(found.reason, found.path) for found in refused.value.findings] == [(Reason.EVENT_ID_REUSED, ("id",))]
    assert (await provider.state())["lines"] == {1: None}


async def test_ON_01_lines_come_go_and_change_their_RID(provider: Provider) -> None:
    await provider.apply(provider.completed(1, 2, 3))

    await provider.apply(
        provider.changed(
            "more",
            1,
            lines=[{"number": provider.number(4)}, {"number": provider.number(2), "rid": provider.number(1)}],
            retire=[provider.number(3)],
        )
    )

    assert (await provider.state())["lines"] == {1: None, 2: 1, 4: None}
    assert (await provider.state())["owned"] == [1, 2, 4]
    assert await owner_of(provider.number(3)) is None


async def hold(provider: Provider, place: int, *, rid_enabled: bool = False) -> tuple[UUID, UUID]:
    """Give a line to an employee; returns company and holding."""
    key = await provider.company_id()
    assert key
    holding = uuid7()
    async with tenant(key):
        await query(
            """
            INSERT INTO subscriber (company_id, id, line_id, name, rid_enabled, started_at, updated_at)
            SELECT $1, $2, id, '홍길동', $4, now(), now() FROM line WHERE company_id = $1 AND number = $3
            """,
            key,
            holding,
            provider.number(place),
            rid_enabled,
        )
        await query(
            "INSERT INTO membership (company_id, subscriber_id, started_at) VALUES ($1, $2, now())", key, holding
        )
    return key, holding


async def holding(key: UUID, subscriber: UUID) -> dict[str, Any]:
    """A holding as it stands, with its membership and line."""
    async with tenant(key):
        (row,) = await query(
            """
            SELECT subscriber.ended_at, subscriber.rid_enabled, subscriber.revision, line.retired_at,
                   membership.ended_at AS left_at
            FROM subscriber
            JOIN line ON line.company_id = $1 AND line.id = subscriber.line_id
            JOIN membership ON membership.company_id = $1 AND membership.subscriber_id = subscriber.id
            WHERE subscriber.company_id = $1 AND subscriber.id = $2
            """,
            key,
            subscriber,
        )
    return row


async def test_ON_01_retiring_a_line_ends_its_holding_and_keeps_its_history(provider: Provider) -> None:
    await provider.apply(provider.completed(1, 2))
    key, subscriber = await hold(provider, 2)

    await provider.apply(provider.changed("gone", 1, retire=[provider.number(2)]))

    row = await holding(key, subscriber)
    assert row["ended_at"] == row["left_at"]
    assert row["ended_at"] is not None
    assert row["retired_at"] is not None
    assert row["revision"] == 2

    await provider.apply(provider.changed("back", 2, lines=[{"number": provider.number(2)}]))
    async with tenant(key):
        lines = await query(
            "SELECT retired_at FROM line WHERE company_id = $1 AND number = $2", key, provider.number(2)
        )
    assert sorted(line["retired_at"] is None for line in lines) == [False, True]


async def test_IN_02_a_line_that_loses_its_RID_presents_it_no_more(provider: Provider) -> None:
    event = provider.completed(1, 2)
    event["lines"][1]["rid"] = provider.number(1)
    await provider.apply(event)
    key, subscriber = await hold(provider, 2, rid_enabled=True)

    await provider.apply(provider.changed("bare", 1, lines=[{"number": provider.number(2)}]))

    row = await holding(key, subscriber)
    assert (row["rid_enabled"], row["ended_at"], row["revision"]) == (False, None, 2)


async def test_ON_01_the_representative_number_goes_only_when_another_is_named(provider: Provider) -> None:
    await provider.apply(provider.completed(1, 2))
    person = await account(provider)
    with pytest.raises(Exception, match="CREDENTIALS"):
        await person.sign_in("wrong")

    await provider.apply(provider.changed("gone", 1, retire=[provider.number(1)]))
    assert await reason(provider, "gone") == (WAITING, "REPRESENTATIVE_NEEDED", "retire.0")
    assert (await provider.state())["lines"] == {1: None, 2: None}

    await provider.apply(provider.changed("named", 0.5, representativeNumber=provider.number(2)))

    assert await reason(provider, "gone") == (APPLIED, None, "")
    state = await provider.state()
    assert (state["representative"], state["logins"], state["lines"]) == (2, [2], {2: None})
    actions = [record["action"] for record in await provider.records()]
    assert "admins.login_id_change" in actions
    async with tenant(person.company.id):
        left = await query("SELECT 1 FROM sign_in_attempt WHERE login_id = $1", provider.number(1))
    assert left == []


async def test_AU_01_sign_in_is_by_the_new_representative_number_from_then_on(provider: Provider) -> None:
    await provider.apply(provider.completed(1, 2))
    person = await account(provider)
    await admins.register_credential(
        person.company.id, person.company.admin_id, login_id=provider.number(1), password="Correct0Horse", actor=ACTOR
    )

    await provider.apply(
        provider.changed("moved", 1, retire=[provider.number(1)], representativeNumber=provider.number(2))
    )

    assert await person.sign_in(login_id=provider.number(2))
    with pytest.raises(Exception, match="CREDENTIALS"):
        await person.sign_in(login_id=provider.number(1))


async def test_ON_01_a_number_is_named_representative_only_while_it_is_a_line(provider: Provider) -> None:
    await provider.apply(provider.completed(1))
    await provider.apply(provider.changed("named", 1, representativeNumber=provider.number(9)))
    assert await reason(provider, "named") == (WAITING, "REPRESENTATIVE_NEEDED", "representativeNumber")

    await provider.apply(provider.changed("added", 2, lines=[{"number": provider.number(9)}]))

    assert (await provider.state())["representative"] == 9


async def test_ON_01_events_before_the_completion_wait_for_it(provider: Provider) -> None:
    await provider.apply(provider.changed("more", 1, lines=[{"number": provider.number(7)}]))
    assert await reason(provider, "more") == (WAITING, "UNKNOWN_SUBSCRIPTION", "subscription")
    assert await owner_of(provider.number(7)) is None

    await provider.apply(provider.completed(5))

    assert (await provider.state())["lines"] == {5: None, 7: None}
    assert (await provider.state())["representative"] == 5


async def test_ON_01_a_number_of_another_company_is_waited_for(provider: Provider) -> None:
    other = Provider(queue=provider.queue)
    await other.apply(other.completed(1, 2))
    event = provider.completed(5)
    event["lines"].append({"number": other.number(2)})

    await provider.apply(event)
    assert await reason(provider, "completed") == (WAITING, "NUMBER_TAKEN", "lines.1.number")
    assert (await provider.found("completed")).body["adminMobile"] == provider.mobile
    assert await provider.company_id() is None

    await other.apply(other.changed("gone", 1, retire=[other.number(2)]))

    assert (await reason(provider, "completed"))[0] is APPLIED
    assert await owner_of(other.number(2)) == await provider.company_id()
    assert (await provider.state())["welcomes"] == 1


async def test_ON_01_a_completion_that_comes_after_its_number_went_on_is_applied_without_it(provider: Provider) -> None:
    """The former owner's events come last: together they no longer ask for the number."""
    former = Provider(queue=provider.queue)
    event = provider.completed(5, hours=3)
    event["lines"].append({"number": former.number(2)})
    await provider.apply(event)
    await former.apply(former.completed(1, 2))
    assert await reason(former, "completed") == (WAITING, "NUMBER_TAKEN", "lines.1.number")

    await former.apply(former.changed("gone", 2, retire=[former.number(2)]))

    assert (await former.state())["lines"] == {1: None}
    assert await owner_of(former.number(2)) == await provider.company_id()


async def test_ON_01_of_two_companies_that_claim_a_number_at_once_one_wins_and_the_other_waits(
    provider: Provider,
) -> None:
    rivals = [Provider(queue=provider.queue) for _ in range(4)]
    events = [rival.completed(1) for rival in rivals]
    for event in events:
        event["lines"].append({"number": provider.number(9)})

    found = await asyncio.gather(*(rival.apply(event) for rival, event in zip(rivals, events, strict=True)))

    assert sorted(each.state for each in found) == [APPLIED, WAITING, WAITING, WAITING]
    (winner,) = [each for each in found if each.state is APPLIED]
    assert await owner_of(provider.number(9)) == winner.company_id
    assert {each.reason for each in found if each.state is WAITING} == {"NUMBER_TAKEN"}


async def test_ON_01_the_same_event_ten_times_at_once_is_applied_once(provider: Provider) -> None:
    event = provider.completed(1, 2)

    found = await asyncio.gather(*(provider.apply(event) for _ in range(10)))

    assert {each.id for each in found} == {found[0].id}
    state = await provider.state()
    assert (state["welcomes"], state["logins"]) == (1, [1])
    assert [record["action"] for record in await provider.records()].count("provisioning.apply") == 1


async def test_ON_01_who_dies_after_the_commit_leaves_nothing_undone(provider: Provider) -> None:
    """The queue takes nothing, as when the process is killed between the commit and the answer."""
    other = Provider()
    await other.apply(other.completed(1, 2))
    waits = provider.completed(5)
    waits["lines"].append({"number": other.number(2)})
    await provider.apply(waits)
    gone = other.changed("gone", 1, retire=[other.number(2)])
    other.queue.away = ConnectionError("killed")
    await other.apply(gone)
    assert (await provider.found("completed")).state is WAITING

    other.queue.away = None
    await other.apply(gone)
    await other.publish()

    assert (await provider.found("completed")).state is APPLIED


async def test_ON_01_what_has_waited_for_a_day_is_rejected_with_its_reason(provider: Provider) -> None:
    event = provider.completed(1)
    more = provider.changed("more", 1, lines=[{"number": provider.number(2)}])
    await provider.drop(orjson.dumps(more), "2026/more.json")
    provider.clock.turn(hours=23, minutes=59)
    await provider.settle()
    assert (await provider.found("more")).state is WAITING

    provider.clock.turn(minutes=1)
    await provider.settle()

    assert await reason(provider, "more") == (REJECTED, "UNKNOWN_SUBSCRIPTION", "subscription")
    answer = await provider.answer("2026/more.json")
    assert (answer["code"], answer["path"]) == ("UNKNOWN_SUBSCRIPTION", ["subscription"])
    assert answer["event"]["id"] == more["id"]
    assert "청약" in answer["reason"]
    await provider.apply(event)
    assert (await provider.state())["lines"] == {1: None}
    # Sent again it is tried again.
    assert (await provider.apply(more)).state is APPLIED
    assert (await provider.state())["lines"] == {1: None, 2: None}


async def test_ON_01_the_mobile_of_a_rejected_event_is_forgotten_but_for_its_file(provider: Provider) -> None:
    other = Provider()
    await other.apply(other.completed(1))
    event = provider.completed(5)
    event["lines"].append({"number": other.number(1)})
    await provider.apply(event)
    provider.clock.turn(hours=24)

    await provider.settle()

    found = await provider.found("completed")
    assert (found.state, found.reason) == (REJECTED, "NUMBER_TAKEN")
    assert "adminMobile" not in found.body
    assert (await provider.answer(f"{event['id']}.json"))["event"]["adminMobile"] == provider.mobile


async def test_ON_01_the_schedule_sends_waiting_events_to_their_worker(provider: Provider) -> None:
    await provider.apply(provider.changed("more", 1, lines=[{"number": provider.number(2)}]))
    provider.clock.turn(minutes=11)

    assert await provisioning.remind(queue=provider.queue, clock=provider.clock) >= 1

    asked = [orjson.loads(letter.body) for name, letter in provider.queue.letters if name == "provisioning"]
    assert {"subscription": provider.subscription} in asked
    provider.queue.letters.clear()
    await provisioning.remind(queue=provider.queue, clock=provider.clock)
    assert provider.queue.letters == []


async def test_ON_01_a_subscription_is_completed_once(provider: Provider) -> None:
    await provider.apply(provider.completed(1))

    with pytest.raises(Refused) as refused:
        await provider.apply(provider.completed(2, name="again", hours=1))

    assert [found.reason for found in refused.value.findings] == [Reason.COMPLETED_BEFORE]


async def test_ON_01_name_and_plan_change(provider: Provider) -> None:
    await provider.apply(provider.completed(1))

    await provider.apply(
        provider.event("renamed", 2, "SUBSCRIPTION_CHANGED", company={"name": "새 이름"}, plan=PLANS[1])
    )
    await provider.apply(provider.event("older", 1, "SUBSCRIPTION_CHANGED", company={"name": "옛 이름"}))

    state = await provider.state()
    assert (state["name"], state["plan"]) == ("새 이름", PLANS[1])


async def test_every_act_stands_in_the_companys_trail_with_who_did_it(provider: Provider) -> None:
    await provider.apply(provider.changed("more", 1, lines=[{"number": provider.number(2)}]))
    await provider.apply(provider.completed(1), OPERATOR)

    told = {
        orjson.loads(record["details"])["event"]: (record["actor_kind"], record["actor_id"])
        for record in await provider.records()
        if record["action"] == "provisioning.apply"
    }

    assert told == {
        f"{provider.subscription}:completed": ("OPERATOR", OPERATOR.id),
        f"{provider.subscription}:more": ("SYSTEM", None),
    }


async def test_ON_01_a_large_subscription_is_one_event(provider: Provider) -> None:
    base = 7060000000 + provider.serial * 10_000
    lines = [{"number": f"0{base + place}"} for place in range(10_000)]

    found = await provider.apply(provider.completed(1, lines=lines))

    assert found.state is APPLIED
    assert len((await provider.state())["lines"]) == 10_000
    assert found.received_at - provider.clock.at < timedelta(seconds=1)
