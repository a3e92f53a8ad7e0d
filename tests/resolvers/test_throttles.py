"""Bounds at the edge: who is counted, what a client is told, and that a forged address changes nothing (L13)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import throttles
from bizcall.settings import Settings
from bizcall.throttles import BOUNDS, Bucket
from local.postgres import Postgres
from local.serving import serving
from resolvers.app import create_app
from resolvers.limits import Bounds, table
from tests.accounts import SECRET, Person
from tests.console import Wiring
from tests.factories import Tenant
from tests.lambdas.adapter import answers
from tests.statements import counted
from tests.throttled import exhaust

LIMIT = BOUNDS[Bucket.ANONYMOUS_REQUEST][0].limit
SIGN_IN = 'mutation{signIn(input:{loginId:"0700",password:"x"}){userErrors{code}}}'
RATE_LIMIT = "{rateLimit{person{limit remaining resetAt} company{limit remaining resetAt}}}"
RESPONSE_JSON = "application/graphql-response+json"
AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
_addresses = count(1)


def address() -> str:
    """An address of this test's own."""
    number = next(_addresses)
    return f"198.51.{number // 250}.{number % 250 + 1}"


@asynccontextmanager
async def at(client: str, *, exempt: tuple[str, ...] = (), clock: Any = lambda: AT) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the product's API at an address."""
    settings = Settings(stage="test", secret_key=SecretStr(SECRET), exempt_networks=exempt)
    transport = httpx.ASGITransport(create_app(Wiring(settings, clock=clock)), client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as http:
        yield http


async def ask(http: httpx.AsyncClient, document: str = SIGN_IN, **headers: str) -> httpx.Response:
    """POST a document."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.post("/graphql", json={"query": document}, headers={"accept": RESPONSE_JSON, **named})


async def test_L13_a_stranger_is_told_when_to_come_back(db: None) -> None:
    client = address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, left=1, at=AT)
    async with at(client) as http:
        assert (await ask(http)).status_code == 200
        refused = await ask(http)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert error["extensions"]["code"] == "THROTTLED"
    assert error["extensions"]["retryAt"] == (AT + timedelta(minutes=1)).isoformat()
    async with at(client) as http:
        older = await ask(http, accept="application/json")
    assert (older.status_code, older.headers["retry-after"]) == (200, "60")


async def test_L13_retry_after_is_a_second_at_least(db: None) -> None:
    client = address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, at=AT)
    async with at(client, clock=lambda: AT + timedelta(seconds=59.99)) as http:
        assert (await ask(http)).headers["retry-after"] == "1"
    async with at(client, clock=lambda: AT + timedelta(seconds=60)) as http:
        assert (await ask(http)).status_code == 200


async def test_L13_a_hundred_strangers_requests_at_once_at_sixty_are_exactly_sixty(db: None) -> None:
    async with at(address()) as http:
        answers = await asyncio.gather(*(ask(http) for _ in range(100)))
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: 100 - LIMIT}


@pytest.mark.parametrize(
    "document",
    ["{__typename}", "{limits{name}}", "{viewer{expiresAt}}", "{departments(first:1){nodes{id}}}", "{", "{nope}"],
)
async def test_L13_what_reaches_no_database_is_neither_counted_nor_refused(db: None, document: str) -> None:
    client = address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, at=AT)
    async with at(client) as http:
        with counted() as sent:
            assert (await ask(http, document)).status_code != 429
    assert sent == []


@pytest.mark.parametrize("document", [SIGN_IN, "{viewer{expiresAt}}", "{__typename}"])
async def test_L13_a_token_that_opens_nothing_counts_for_its_address_once(db: None, document: str) -> None:
    client = address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, left=1, at=AT)
    async with at(client) as http:
        assert (await ask(http, document, authorization="Bearer guess")).status_code != 429
        assert (await ask(http, document, authorization="Bearer guess")).status_code == 429


async def test_L13_signed_in_requests_count_for_the_account_wherever_they_come_from(company: Tenant) -> None:
    person = await Person(company).register()
    signed_in = await person.complete()
    headers = {"authorization": f"Bearer {signed_in.session.token}"}
    client = address()
    moment = person.clock()
    await exhaust(Bucket.REQUEST, str(company.admin_id), left=1, at=moment)
    async with at(client, clock=person.clock) as http:
        with counted() as sent:
            assert (await ask(http, "{viewer{expiresAt}}", **headers)).status_code == 200
        # The look-up of the session and both hits; in one transaction, with the note of use once a minute.
        assert len(sent) <= 3
        refused = await ask(http, "{viewer{expiresAt}}", **headers)
    async with at(address(), clock=person.clock) as elsewhere:
        again = await ask(elsewhere, "{viewer{expiresAt}}", **headers)
    assert (refused.status_code, again.status_code) == (429, 429)
    async with at(client, clock=lambda: moment + timedelta(minutes=1)) as http:
        assert (await ask(http, "{viewer{expiresAt}}", **headers)).json()["data"]["viewer"]


async def test_L13_a_company_has_a_budget_that_its_administrators_share_and_others_keep_theirs(
    company: Tenant, stranger: Tenant
) -> None:
    one, other = [await Person(each).register() for each in (company, stranger)]
    token, others = [f"Bearer {(await person.complete()).session.token}" for person in (one, other)]
    moment = one.clock()
    # Whoever else of the company took them.
    await exhaust(Bucket.COMPANY_REQUEST, str(company.id), left=1, at=moment)
    async with at(address(), clock=lambda: moment) as http:
        last = await ask(http, RATE_LIMIT, authorization=token)
        refused = await ask(http, RATE_LIMIT, authorization=token)
        neighbour = await ask(http, RATE_LIMIT, authorization=others)
    reset = (moment + timedelta(minutes=1)).isoformat()
    assert last.json()["data"]["rateLimit"] == {
        "person": {"limit": 600, "remaining": 599, "resetAt": reset},
        "company": {"limit": 3_000, "remaining": 0, "resetAt": reset},
    }
    (error,) = refused.json()["errors"]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert (error["extensions"]["code"], error["extensions"]["retryAt"]) == ("THROTTLED", reset)
    assert neighbour.json()["data"]["rateLimit"]["company"]["remaining"] == 2_999
    async with at(address(), clock=lambda: moment + timedelta(minutes=1)) as http:
        anew = await ask(http, RATE_LIMIT, authorization=token)
    # What was refused for the company's sake was not taken from the person either.
    assert [anew.json()["data"]["rateLimit"][whose]["remaining"] for whose in ("person", "company")] == [599, 2_999]


async def test_L13_what_is_left_costs_no_further_statement(company: Tenant) -> None:
    token = f"Bearer {(await (await Person(company).register()).complete()).session.token}"
    async with at(address(), clock=Person(company).clock) as http:
        counts = []
        for document in ("{__typename}", RATE_LIMIT):
            with counted() as sent:
                assert (await ask(http, document, authorization=token)).status_code == 200
            counts.append(len(sent))
        with counted() as sent:
            assert (await ask(http, RATE_LIMIT)).json()["data"] == {"rateLimit": None}
    assert (counts, sent) == ([2, 2], [])


async def test_L13_an_address_of_an_exempt_network_is_not_bounded(db: None) -> None:
    client = address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, at=AT)
    async with at(client, exempt=("198.51.0.0/16",)) as http:
        assert (await ask(http)).status_code == 200


async def test_L13_neighbours_in_an_IPv6_network_of_64_bits_are_one(db: None) -> None:
    await exhaust(Bucket.ANONYMOUS_REQUEST, "2001:db8:5:6::/64", at=AT)
    for client, status in (("2001:db8:5:6:ffff::9", 429), ("2001:db8:5:7::9", 200)):
        async with at(client) as http:
            assert (await ask(http)).status_code == status


FORGED = {
    "x_forwarded_for": "198.18.0.1",
    "forwarded": "for=198.18.0.1",
    "x_real_ip": "198.18.0.1",
    "true_client_ip": "198.18.0.1",
    "cf_connecting_ip": "198.18.0.1",
}


async def test_L13_a_forged_address_in_a_header_changes_nothing(db: None) -> None:
    client = address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, at=AT)
    async with at(client) as http:
        for name, value in FORGED.items():
            assert (await ask(http, **{name: value})).status_code == 429


async def test_L13_a_forged_address_changes_nothing_over_a_socket(db: None) -> None:
    await exhaust(Bucket.ANONYMOUS_REQUEST, "127.0.0.1", at=AT)
    settings = Settings(stage="test", exempt_networks=())
    async with (
        serving(create_app(Wiring(settings, clock=lambda: AT))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        for name, value in FORGED.items():
            assert (await ask(http, **{name: value})).status_code == 429


def event(source: str, **headers: str) -> dict[str, Any]:
    """A request as API Gateway tells it: `sourceIp` is who really asks."""
    http = {"method": "POST", "path": "/graphql", "protocol": "HTTP/1.1", "sourceIp": source, "userAgent": "test"}
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": "/graphql",
        "rawQueryString": "",
        "headers": {"host": "api", "content-type": "application/json", "accept": RESPONSE_JSON, **headers},
        "requestContext": {"http": http, "requestId": "gateway-1", "stage": "$default"},
        "body": json.dumps({"query": SIGN_IN}),
        "isBase64Encoded": False,
    }


async def test_L13_a_forged_address_changes_nothing_through_the_adapter_of_lambda(db: None, postgres: Postgres) -> None:
    client, stranger = address(), address()
    await exhaust(Bucket.ANONYMOUS_REQUEST, client, at=datetime.now(UTC))
    events = [
        event(client),
        *(event(client, **{name.replace("_", "-"): value}) for name, value in FORGED.items()),
        event(client, **{"x-forwarded-for": f"{stranger}, {client}"}),
        event(stranger, **{"x-forwarded-for": f"{client}, {client}"}),
    ]
    found = await asyncio.to_thread(answers, events, DATABASE_URL=postgres.url("app"), SECRET_KEY=SECRET)
    assert [answer["statusCode"] for answer in found] == [429] * 7 + [200]
    assert int(found[0]["headers"]["retry-after"]) >= 1


def test_L13_the_bounds_are_published() -> None:
    published = {limit.name: limit.maximum for limit in table(Bounds())}
    enforced = {bound.name: bound.limit for bucket, bounds in BOUNDS.items() for bound in bounds
                if bucket not in throttles.NOTED_ONLY}  # fmt: skip
    assert enforced.items() <= published.items()
    assert len(published) == len(table(Bounds())) <= 100
