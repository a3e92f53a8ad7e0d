"""Whole answers (P1), ids and cursors taken apart: one that tells of somebody leaves a record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLField

from bizcall.admins import Role
from resolvers import root
from schema.personal import view_of
from tests.accounts import records
from tests.console import Console, Wiring, console
from tests.masked import digits
from tests.resolvers.reader import leaves
from tests.security import operations
from tests.security.inputs import VALID
from tests.security.names import OPERATORS_PLACES
from tests.security.office import Office, own
from tests.security.populated import populated
from tests.security.sweep import roles


def canaries(office: Office) -> set[str]:
    """What nobody but a company's people and customers is called, or reached by."""
    word = office.word
    return {
        f"{word}직원",
        f"{word}관리",
        f"{word}고객",
        f"{word}단골",
        f"{word[1:]}@",
        "@staff.example",
        *office.mobiles,
    }


def asked(key: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A valid input, with each value of what is no filter: in every order, by every group."""
    yield arguments
    for slot in operations.slots():
        kind = root.schema()._schema.type_map[slot.type]
        if slot.root == key and isinstance(kind, GraphQLEnumType) and slot.steps[0] in ("orderBy", "groupBy"):
            for value in kind.values:
                yield operations.put(
                    {"orderBy": {}, **arguments} if len(slot.steps) > 1 else arguments, slot.steps, value
                )


@dataclass
class Eyes:
    """An administrator who asks for everything, and reads the whole of each answer, ids and cursors taken apart."""

    office: Office
    api: Console

    async def everything(self, without: operations.Leaving) -> AsyncIterator[tuple[str, set[str]]]:
        """Which canaries each answer tells, by its root field; some fields are left out."""
        for key in (key for key in operations.fields() if key.startswith("Query.") and Role.ADMIN in roles(key)):
            nodes = list(operations.nodes()) if key == "Query.node" else [None]
            for of, builder in ((of, builder) for of in nodes for builder in VALID.get(key, (None,))):
                made = await builder(self.office) if builder else operations.least(key)
                if any((key, name) in OPERATORS_PLACES for name in made):
                    continue
                for arguments in asked(key, made if of is None else {"id": own(self.office, of)}):
                    wanted = operations.selection(key, of=of, depth=2, without=without)
                    # What a list's places are told by, wherever there is one.
                    wanted = wanted.replace("{ nodes", "{ edges { cursor } nodes")
                    answer = await self.api.answer(operations.document(key, arguments, wanted), **arguments)
                    assert "errors" not in answer, answer
                    told = "\n".join(text for leaf in leaves(answer) for text in (leaf, digits(leaf)))
                    yield f"{key} {of or ''} {arguments}", {each for each in canaries(self.office) if each in told}

    async def seen(self) -> int:
        """How many records of having looked there are."""
        return len([row for row in await records(self.office.company.id) if "view" in row["action"]])


@pytest.fixture(scope="module")
async def eyes(db: None) -> AsyncIterator[Eyes]:
    office = await populated()
    services = Wiring(storage=office.storage, queue=office.queue, clock=office.clock)
    async with console(office.company, services) as api:
        yield Eyes(office, api)


async def test_P1_an_answer_without_personal_fields_tells_of_nobody_its_cursors_neither(eyes: Eyes) -> None:
    def personal(kind: str, name: str, field: GraphQLField) -> bool:
        return view_of(field) is not None

    told = {where: found async for where, found in eyes.everything(personal) if found}
    assert told == {}


async def test_P1_an_answer_that_tells_of_somebody_leaves_a_record(eyes: Eyes) -> None:
    """Of everybody there is; that he is himself an administrator may tell without one."""
    met: set[str] = set()
    before = await eyes.seen()
    async for where, found in eyes.everything(operations.nothing):
        after = await eyes.seen()
        own = {f"{eyes.office.word}관리", f"{eyes.office.word[1:]}@"}
        assert after > before or found <= own, where
        met, before = met | found, after
    assert met == canaries(eyes.office)
