"""The guard: every limit, by every way around it, before any resolver, statement or the validator (security L1–L8)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import (
    GraphQLError,
    parse,
    validate,
)
from hypothesis import given
from hypothesis import strategies as st

from resolvers.guard import check
from resolvers.inputs import check_variables
from resolvers.limits import Bounds, table
from tests.resolvers import office
from tests.resolvers.bombs import DISGUISES, HIDDEN, TOO_MUCH, doubling, overlapping
from tests.resolvers.office import Desk, desk
from tests.statements import counted


@pytest.fixture
async def stranger_to_all(db: None) -> AsyncIterator[Desk]:
    """A client of no company, for what must be refused before anybody asks for one."""
    async with desk(None) as made:
        yield made


def limit_of(document: str, variables: dict[str, Any], chosen: str | None = None) -> str:
    """The limit that a document passes."""
    with pytest.raises(GraphQLError) as refused:  # noqa: PT012 - either of them may refuse
        check_variables(variables, Bounds())
        check(parse(document), variables, chosen, office.schema()._schema, Bounds())
    extensions = refused.value.extensions
    assert extensions is not None
    assert extensions["limit"] in refused.value.message or extensions["limit"] in ("page", "depth")
    return str(extensions["limit"])


async def timed(client: Desk, document: str) -> tuple[dict[str, Any], float]:
    """The answer, and the least CPU time of three tries which the caches take for three documents."""
    times = []
    for i in range(3):
        began = time.process_time()
        answer = await client.ask(document + " " * i, authorization="Bearer good")
        times.append(time.process_time() - began)
    return answer, min(times)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("name", TOO_MUCH)
def test_L8_each_limit_is_named_by_each_way_around_it(name: str, disguise: str) -> None:
    document, variables, limits = TOO_MUCH[name]
    hide, chosen = DISGUISES[disguise]
    limit = limit_of(hide(document), variables, chosen)
    # A document of as many fragments or operations as there may be has no room for a disguise.
    assert limit in limits.split("|") or (disguise, limit) in {
        ("in a fragment", "fragments"),
        ("in another operation", "operations"),
    }


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The documents that reach the validator."""
    seen: list[Any] = []

    def noted(schema: Any, document: Any, rules: Any) -> list[GraphQLError]:
        seen.append(document)
        return validate(schema, document, rules)

    monkeypatch.setattr("strawberry.schema.schema.validate", noted)
    return seen


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_L_what_is_refused_reaches_no_validator_no_resolver_and_no_statement(
    stranger_to_all: Desk, validated: list[Any], name: str
) -> None:
    client = stranger_to_all
    document, variables, limits = TOO_MUCH[name]
    office.calls.clear()
    for hide, chosen in DISGUISES.values():
        given = {"query": hide(document), "variables": variables, "operationName": chosen}
        with counted() as sent:
            response = await client.post(given, authorization="Bearer good")
        (error,) = response.json()["errors"]
        assert response.status_code == 400
        # Forty fragments and five hundred entries of a list need more tokens than there may be.
        assert error["extensions"]["limit"] in {*limits.split("|"), "tokens", "fragments", "operations"}
        page = error["extensions"]["limit"] == "page"
        assert error["extensions"]["code"] == ("BAD_USER_INPUT" if page else "QUERY_TOO_COMPLEX")
        assert (office.calls, sent, client.asked, validated) == ([], [], [], [])


@pytest.mark.parametrize("name", HIDDEN)
async def test_L4_what_would_only_keep_the_validator_busy_is_refused_before_it(
    stranger_to_all: Desk, validated: list[Any], name: str
) -> None:
    client = stranger_to_all
    with counted() as sent:
        response = await client.post({"query": HIDDEN[name]}, authorization="Bearer good")
    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
    assert (sent, client.asked, validated) == ([], [], [])


async def test_the_validator_is_where_these_tests_look_for_it(stranger_to_all: Desk, validated: list[Any]) -> None:
    await stranger_to_all.ask("{limits{name} __typename @unknown}")
    assert len(validated) == 1


def test_every_limit_that_the_guard_names_is_published() -> None:
    published = {line.name for line in table(Bounds())}
    assert {limit for _, _, limits in TOO_MUCH.values() for limit in limits.split("|")} <= published


@pytest.mark.parametrize("n", [10, 20, 39, 90])
async def test_L2_doubling_fragments_are_refused_at_once(client: Desk, n: int) -> None:
    answer, seconds = await timed(client, doubling(n))
    assert seconds < 0.1
    assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert client.asked == []


@pytest.mark.parametrize("n", [10, 20, 39])
async def test_L2_doubling_fragments_of_nothing_are_refused_at_once(client: Desk, n: int) -> None:
    answer, seconds = await timed(client, doubling(n, ""))
    assert seconds < 0.1
    assert answer["errors"][0]["extensions"]["limit"] == "fields"


@pytest.mark.parametrize("n", [5, 10, 15, 20])
async def test_L3_overlapping_selections_are_refused_or_answered_at_once(client: Desk, n: int) -> None:
    _, seconds = await timed(client, overlapping(n))
    assert seconds < 0.1


@pytest.mark.parametrize("count", [40, 100, 240])
async def test_L4_conflicting_repeats_are_answered_at_once_and_shortly(client: Desk, count: int) -> None:
    document = "{" + " ".join(f"echo(number:{i})" for i in range(count)) + "}"
    below = (
        "{departments(first:1){nodes{"
        + " ".join(f"others(first:{i % 3 + 1}){{pageInfo{{hasNextPage}}}}" for i in range(40))
        + "}}}"
    )
    for text in (document, below):
        answer, seconds = await timed(client, text)
        assert seconds < 0.2
        assert 1 <= len(answer["errors"]) <= 5


async def test_L5_unknown_directives_are_told_shortly(client: Desk) -> None:
    answer = await client.ask("{__typename" + "@a" * 10 + "}")
    assert len(answer["errors"]) <= 5


async def test_L6_circular_introspection_is_refused_and_plain_introspection_answered(client: Desk) -> None:
    circular = "{__schema{types{fields{type{fields{type{fields{type{fields{type{name}}}}}}}}}}}"
    assert "data" not in await client.ask(circular, authorization="Bearer good")
    plain = "{__schema{types{fields{args{type{kind ofType{kind ofType{kind ofType{kind ofType{name}}}}}}}}}}"
    assert (await client.ask(plain, authorization="Bearer good"))["data"]["__schema"]["types"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=30,
    )
)
def test_variables_of_any_shape_pass_or_are_refused_by_name(value: Any) -> None:
    codes = {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}
    try:
        check_variables({"a": value}, Bounds())
        code = ""
    except GraphQLError as refused:
        code = (refused.extensions or {})["code"]
    assert code in codes if "\\x00" in repr(value) else code in codes | {""}
