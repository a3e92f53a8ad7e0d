"""A subscription becomes a company with lines, an administrator and a welcome message (ON-01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.models.provisioning import EventState
from bizcall.provisioning import Reason, Refused
from tests.accounts import KEYS, Person
from tests.factories import Tenant, owner_of
from tests.provisioning import OPERATOR, PLANS, Provider, moment

APPLIED, WAITING, REJECTED = EventState


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
    assert await provider.standing("gone") == (WAITING, "REPRESENTATIVE_NEEDED", "retire.0")
    assert (await provider.state())["lines"] == {1: None, 2: None}

    await provider.apply(provider.changed("named", 0.5, representativeNumber=provider.number(2)))

    assert await provider.standing("gone") == (APPLIED, None, "")
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
    await person.register()

    await provider.apply(
        provider.changed("moved", 1, retire=[provider.number(1)], representativeNumber=provider.number(2))
    )

    assert await person.sign_in(login_id=provider.number(2))
    with pytest.raises(Exception, match="CREDENTIALS"):
        await person.sign_in(login_id=provider.number(1))


async def test_ON_01_a_number_is_named_representative_only_while_it_is_a_line(provider: Provider) -> None:
    await provider.apply(provider.completed(1))
    await provider.apply(provider.changed("named", 1, representativeNumber=provider.number(9)))
    assert await provider.standing("named") == (WAITING, "REPRESENTATIVE_NEEDED", "representativeNumber")

    await provider.apply(provider.changed("added", 2, lines=[{"number": provider.number(9)}]))

    assert (await provider.state())["representative"] == 9


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
