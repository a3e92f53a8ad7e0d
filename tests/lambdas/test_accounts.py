"""The function for accounts that the API never makes (S1)."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr

from bizcall import admins, dispatch, service_clients
from bizcall.database import directory, query
from bizcall.keys import Keys
from bizcall.models.companies import PROVIDER_ID
from bizcall.settings import Settings
from lambdas import accounts
from lambdas.runtime import Services
from tests.accounts import ACTOR, KEYS, SECRET, SETTINGS, records
from tests.doubles import MemoryStorage, Phone, RecordingMail, RecordingQueue

_serial = count(1)


@pytest.fixture
def services(db: None) -> Services:
    """The outside world in memory, the database real."""
    return Services(
        settings=Settings(stage="test", secret_key=SecretStr(SECRET)),
        storage=MemoryStorage(),
        queue=RecordingQueue(),
        sms=Phone(),
        mail=RecordingMail(),
    )


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"made.by-hand{next(_serial)}"


def operator(login_id: str, **given: Any) -> dict[str, Any]:
    """An event."""
    return {"operatorCreate": {"loginId": login_id, "name": "이운영", "mobile": "010-7000-1234", **given}}


async def test_ON_02_an_operator_is_made_gets_a_welcome_and_signs_in_with_it(services: Services, name: str) -> None:
    assert await accounts.handle(operator(name), services, "request-7") == {"sent": "010-****-1234"}

    assert isinstance(services.queue, RecordingQueue)
    [(queue, letter)] = services.queue.letters
    assert queue == "sms"
    phone = Phone()
    await dispatch.deliver(json.loads(letter.body), sms=phone, keys=KEYS, settings=SETTINGS)
    message_id = json.loads(letter.body)["message"]
    async with directory():
        (row,) = await query("SELECT id, admin_id FROM account_message WHERE id = $1", message_id)
    password = Keys(SECRET).password(row["id"], row["admin_id"])
    assert password in phone.received[0][1]
    assert await admins.sign_in(name, password, actor=ACTOR)
    trail = [each for each in await records(PROVIDER_ID) if row["admin_id"] in each["subject_ids"]]
    assert (trail[0]["action"], trail[0]["actor_kind"], trail[0]["request_id"]) == (
        "admins.welcome",
        "SYSTEM",
        "request-7",
    )


async def test_ON_02_an_operator_is_listed_until_he_is_ended(services: Services, name: str) -> None:
    await accounts.handle(operator(name), services)

    listed = (await accounts.handle({"list": True}, services))["operators"]
    assert [each for each in listed if each["loginId"] == name] == [
        {"loginId": name, "name": "이운영", "mobile": "010-****-1234", "registeredAt": None}
    ]
    assert await accounts.handle({"operatorEnd": {"loginId": name}}, services) == {"ended": name}
    listed = (await accounts.handle({"list": True}, services))["operators"]
    assert name not in [each["loginId"] for each in listed]
    assert (await accounts.handle({"operatorEnd": {"loginId": name}}, services))["problems"] == [
        {"code": "NOT_FOUND", "field": ""}
    ]


async def test_S1_a_servers_token_is_told_once_and_ended_by_name(services: Services, name: str) -> None:
    answer = await accounts.handle({"serviceCreate": {"name": name}}, services)
    assert await service_clients.authenticate(answer["token"])

    listed = await accounts.handle({"list": True}, services)
    assert answer["token"] not in json.dumps(listed)
    [told] = [each for each in listed["services"] if each["name"] == name]
    assert told["usedAt"]
    assert await accounts.handle({"serviceCreate": {"name": name}}, services) == {
        "problems": [{"code": "DUPLICATE", "field": "name"}]
    }
    assert await accounts.handle({"serviceEnd": {"name": name}}, services) == {"ended": name}
    assert await service_clients.authenticate(answer["token"]) is None


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({}, [("INVALID_FORMAT", "")]),
        ({"list": True, "serviceEnd": {"name": "x"}}, [("INVALID_FORMAT", "")]),
        ({"drop": {}}, [("INVALID_FORMAT", "")]),
        ({"serviceCreate": "phone-app"}, [("INVALID_FORMAT", "")]),
        ({"serviceCreate": {"name": "phone-app", "role": "ADMIN"}}, [("INVALID_FORMAT", "")]),
        ({"serviceCreate": {}}, [("REQUIRED", "name")]),
        ({"serviceCreate": {"name": None}}, [("REQUIRED", "name")]),
        ({"serviceCreate": {"name": "x" * 201}}, [("TOO_LONG", "name")]),
        ({"serviceCreate": {"name": "Phone App"}}, [("INVALID_FORMAT", "name")]),
        ({"serviceEnd": {"name": "nobody"}}, [("NOT_FOUND", "")]),
        ({"operatorEnd": {"loginId": 5}}, [("REQUIRED", "loginId")]),
        (operator("x", name=" ", mobile="02-123-4567"), [("INVALID_FORMAT", "loginId"), ("REQUIRED", "name"),
                                                         ("INVALID_FORMAT", "mobile")]),
        (operator("long-name", name="가" * 51), [("TOO_LONG", "name")]),
        (operator("070-8000-1000"), [("INVALID_FORMAT", "loginId")]),
    ],
)  # fmt: skip
async def test_S1_what_is_wrong_with_an_event_is_told_and_nothing_is_done(
    services: Services, event: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    answer = await accounts.handle(event, services)

    assert [(each["code"], each["field"]) for each in answer["problems"]] == told
    assert isinstance(services.queue, RecordingQueue)
    assert services.queue.letters == []
