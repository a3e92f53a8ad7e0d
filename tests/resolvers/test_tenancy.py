"""The sweep (security T1): every argument that takes an id, with another company's id and with one that never was.

The places are found in the schema, so a new argument is swept from the day it is there. The two answers must be the
same to the byte but for the request's own id, and the other company's rows must not change.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from bizcall.database import query, tenant
from bizcall.ids import uuid7
from resolvers import root
from schema.node import encode
from tests.console import Console, console
from tests.factories import Tenant
from tests.imports import Desk, person
from tests.resolvers.literals import least
from tests.statements import counted

HERE = "@@"
"""Stands in a document for the id that is swept."""

ROWS = 'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{}" t WHERE company_id = $1'
TABLES = ("line", "department", "subscriber", "membership", "admin", "import")


OWN = {"lineId": "@Line@", "departmentId": "@Department@", "moveTo": "@Department@"}
"""Ids that stand beside the swept one are the attacker's own, or the answer would end at them."""


def places(of: GraphQLInputType, path: str) -> Iterator[tuple[str, str]]:
    """Path and value for each id in an input type, each with `HERE` for that one."""
    inner = get_named_type(of)
    wrapped = "[%s]" if "[" in str(of) else "%s"
    if str(inner) == "ID":
        yield path, wrapped % f'"{HERE}"'
    if isinstance(inner, GraphQLInputObjectType):
        for name, entry in inner.fields.items():
            for where, value in places(entry.type, f"{path}.{name}"):
                needed = {n: e for n, e in inner.fields.items() if is_required_input_field(e) and n != name}
                rest = "".join(f",{n}:{least(e.type, n, OWN)}" for n, e in needed.items())
                yield where, wrapped % f"{{{name}:{value}{rest}}}"


def below(field_type: GraphQLObjectType) -> str:
    """Everything a stranger could hope for: leaves, ids of objects, problems."""
    parts = ["__typename"]
    for name, field in getattr(field_type, "fields", {}).items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(get_named_type(field.type)):
            parts.append(name)
        elif name == "userErrors":
            parts.append("userErrors{code field message params{name value}}")
        else:
            parts.append(f"{name}{{__typename}}")
    return "{" + " ".join(parts) + "}"


def sweep() -> dict[str, str]:
    """A document for each id of the API's arguments, by its path."""
    documents = {}
    schema = root.schema()._schema
    for kind, root_type in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root_type is not None
        for name, field in root_type.fields.items():
            for swept, argument in field.args.items():
                for path, value in places(argument.type, f"{root_type.name}.{name}.{swept}"):
                    others = {
                        n: least(a.type, n, OWN)
                        for n, a in field.args.items()
                        if n != swept and (is_required_argument(a) or n == "first")
                    }
                    given = ",".join(f"{n}:{v}" for n, v in {swept: value, **others}.items())
                    documents[path] = f"{kind}{{{name}({given}){below(get_named_type(field.type))}}}"
    return documents


DOCUMENTS = sweep()


@dataclass
class Victim:
    """Another company: the ids of its objects, by type."""

    company: Tenant
    ids: dict[str, UUID]

    async def rows(self) -> list[str]:
        """All its rows as text."""
        async with tenant(self.company.id, read_only=True):
            return [str(await query(ROWS.format(table), self.company.id)) for table in TABLES]


@pytest.fixture
async def victim(stranger: Tenant) -> Victim:
    """A company with subscribers, a previewed import and a registered one."""
    desk = Desk(stranger)
    await desk.register(await desk.preview(person(stranger.numbers[0], "카나리아", mobile="01099998888")))
    previewed = await desk.preview(person(stranger.numbers[1], "카나리아"))
    async with tenant(stranger.id, read_only=True):
        (holder,) = await query("SELECT id FROM subscriber WHERE company_id = $1", stranger.id)
    return Victim(
        stranger,
        {
            "Line": stranger.line_ids[0],
            "Department": stranger.departments["영업팀"],
            "Subscriber": holder["id"],
            "Admin": stranger.admin_id,
            "Import": previewed.id,
        },
    )


@pytest.fixture
async def ours(company: Tenant) -> AsyncIterator[Console]:
    """The attacker: an administrator of a company of his own."""
    async with console(company) as made:
        yield made


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_T1_another_companys_id_is_an_id_that_never_was(
    ours: Console, company: Tenant, victim: Victim, path: str
) -> None:
    before = await victim.rows()
    document = DOCUMENTS[path]
    for name, key in (("Line", company.line_ids[0]), ("Department", company.departments["개발팀"])):
        document = document.replace(f"@{name}@", encode(name, key))
    for type_name, key in victim.ids.items():
        told = []
        for opaque in (encode(type_name, key), encode(type_name, uuid7())):
            with counted() as sent:
                answer = await ours.answer(document.replace(HERE, opaque))
            assert "GRAPHQL_VALIDATION_FAILED" not in str(answer), answer
            assert "INTERNAL_SERVER_ERROR" not in str(answer), answer
            assert "카나리아" not in str(answer)
            told.append(
                (re.sub(r"'(requestId|url|expiresAt)': '[^']*'", "", str(answer)).replace(opaque, HERE), len(sent))
            )
        assert told[0] == told[1], type_name
    assert await victim.rows() == before


def test_T2_the_sweep_reaches_every_feature() -> None:
    reached = {path.split(".")[1] for path in DOCUMENTS}
    assert {"node", "nodes", "subscribers", "subscribersSave", "subscriberRemove", "departmentsSave"} <= reached
    assert {"importRegister", "importCancel"} <= reached
