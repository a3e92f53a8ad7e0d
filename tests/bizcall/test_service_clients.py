"""Servers that present a bearer of their own (S1, S5)."""

from __future__ import annotations

from itertools import count

import pytest

from bizcall import admins, service_clients
from bizcall.admins import Role
from bizcall.audit import system
from bizcall.database import directory, query
from bizcall.errors import ErrorCode, Invalid, NotFound
from bizcall.models.companies import PROVIDER_ID
from tests.accounts import Person, records
from tests.doubles import Turned
from tests.factories import Tenant
from tests.statements import counted

ACTOR = system("request-1")
_serial = count(1)


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"phone-app-{next(_serial)}"


async def test_S1_a_token_is_recognisable_shown_once_and_kept_as_a_hash(db: None, name: str) -> None:
    token = await service_clients.create(name, actor=ACTOR)

    assert token.startswith("svc_")
    assert len(token) == len("svc_") + 43
    async with directory():
        (row,) = await query("SELECT service_client::text AS text FROM service_client WHERE name = $1", name)
    assert token not in row["text"]
    assert token[4:] not in row["text"]


async def test_S1_a_client_is_known_by_its_token_until_it_is_ended(db: None, name: str) -> None:
    token = await service_clients.create(name, actor=ACTOR)
    found = await service_clients.authenticate(token)
    assert found is not None
    assert (found.name, found.role) == (name, Role.SERVICE)

    assert await service_clients.end(name, actor=ACTOR) == found.id

    assert await service_clients.authenticate(token) is None
    with pytest.raises(NotFound):
        await service_clients.end(name, actor=ACTOR)


async def test_S1_each_way_of_asking_looks_into_one_table_only(company: Tenant, name: str) -> None:
    person = await Person(company).register()
    session = (await person.complete()).session.token
    token = await service_clients.create(name, actor=ACTOR)
    async with directory():
        await query("UPDATE service_client SET used_at = now() WHERE name = $1", name)

    with counted() as sent:
        assert await service_clients.authenticate(token)
    assert len(sent) == 1
    assert "FROM service_client" in sent[0]
    with counted() as sent:
        assert await admins.authenticate(token) is None
        assert await service_clients.authenticate(session) is None
    assert not any("service_client" in sql for sql in sent)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: "svc_",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.upper(),
        lambda token: token.removeprefix("svc_"),
        lambda token: f" {token}",
        lambda token: f"{token}\x00",
        lambda token: f"svc_{token}",
        lambda token: token.replace("svc_", "ѕvc_"),
        lambda token: "svc_" + "x" * 100_000,
        lambda token: "svc_' OR '1'='1",
    ],
)
async def test_S5_tokens_that_are_not_quite_right_are_nobodys(db: None, name: str, spoil: object) -> None:
    token = await service_clients.create(name, actor=ACTOR)

    assert await service_clients.authenticate(spoil(token)) is None  # type: ignore[operator]  # a lambda


async def test_S1_use_is_noted_at_most_once_a_minute(db: None, name: str) -> None:
    clock = Turned()
    token = await service_clients.create(name, actor=ACTOR, clock=clock)

    async def used() -> object:
        await service_clients.authenticate(token, clock=clock)
        async with directory():
            return (await query("SELECT used_at FROM service_client WHERE name = $1", name))[0]["used_at"]

    first = clock()
    assert await used() == first
    clock.turn(seconds=59)
    assert await used() == first
    clock.turn(seconds=1)
    assert await used() == clock()


async def test_S1_a_name_is_of_one_client_alive_and_free_again_when_it_has_ended(db: None, name: str) -> None:
    former = await service_clients.create(name, actor=ACTOR)
    with pytest.raises(Invalid) as caught:
        await service_clients.create(name, actor=ACTOR)
    assert [(each.code, each.field) for each in caught.value.problems] == [(ErrorCode.DUPLICATE, ("name",))]
    await service_clients.end(name, actor=ACTOR)

    assert await service_clients.create(name, actor=ACTOR) != former
    assert name in [each.name for each in await service_clients.alive()]


@pytest.mark.parametrize("bad", ["", "ab", "a" * 41, "Phone", "phone app", "전화", "phone\n", "1st"])
async def test_S1_other_names_are_refused(db: None, bad: str) -> None:
    with pytest.raises(Invalid):
        await service_clients.create(bad, actor=ACTOR)


async def test_A12_making_and_ending_stand_in_the_providers_trail_without_the_token(db: None, name: str) -> None:
    token = await service_clients.create(name, actor=ACTOR)
    key = await service_clients.end(name, actor=ACTOR)

    found = [each for each in await records(PROVIDER_ID) if each["subject_ids"] == [key]]
    assert [each["action"] for each in found] == ["services.create", "services.end"]
    assert {each["request_id"] for each in found} == {"request-1"}
    assert token not in str(found)
