"""The operations of `examples/operations/`: good by the schema, and each sent to a desk with rows.

Queries go with their own variables to the demo company, those about jobs and everything that changes something with
inputs of the sweeps (tests/security/inputs.py) to a company in which everything has been done.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values
from pydantic import SecretStr
from typer.testing import CliRunner

from bizcall.admins import Role, Viewer
from bizcall.admins.sessions import Budgets
from bizcall.database import query, tenant
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.service_clients import ServiceClient
from bizcall.settings import Settings
from bizcall.throttles import Budget
from local import demo, examples, seed
from local.__main__ import app
from resolvers.app import create_app
from resolvers.guard import check
from resolvers.limits import Bounds
from resolvers.permissions import ACCESS, ADMINS, NOBODY
from schema.node import encode, split
from tests.accounts import SECRET
from tests.console import Wiring
from tests.doubles import MemoryStorage, RecordingQueue
from tests.guide import GUIDE
from tests.security import operations
from tests.security.inputs import VALID, operator, own
from tests.security.office import Office, populated

NAMES = examples.names()
STATEMENTS = re.compile(r"[A-Z]{2}-\d\d")
MANUAL = frozenset(
    STATEMENTS.findall(
        "ON-01 ON-02 AU-01 AU-02 AU-20 AU-22 AU-30 PW-01 FN-01 NO-01 SU-01 HM-01"
        " IN-01 IN-02 IN-03 IN-10 IN-11 BK-01 DE-01 ST-01 ST-02 MS-01 ME-01"
    )
)
"""The statements of the manual; each has an operation at least."""

EMPTY = frozenset(
    {
        "exports/exports",
        "imports/imports",
        "invitations/invitations",
        "invitations/never_signed_in",
        "operators/provisioning_events",
    }
)
"""Lists that are empty in the demo company until somebody does something."""

SENT_TO_OFFICE = frozenset({"Upload", "Import", "InvitationBatch", "Export"})
"""Types of which the demo company has no objects at its start."""

OTHER_INPUTS = {
    "invitations/invitations_send_filtered": 1,
    "lines/subscriber_add": 1,
}
"""Which of the inputs of VALID an operation is for, where it isn't the first."""


def parsed(name: str) -> tuple[OperationDefinitionNode, str]:
    """The only operation of a file, and its root field as Type.field."""
    [definition] = parse(examples.document(name)).definitions
    assert isinstance(definition, OperationDefinitionNode)
    [field] = definition.selection_set.selections
    assert isinstance(field, FieldNode)
    return definition, f"{definition.operation.value.title()}.{field.name.value}"


@dataclass
class Desk:
    """A client of the application for one company; tokens are the names of roles."""

    http: httpx.AsyncClient

    async def ask(self, name: str, variables: Mapping[str, Any]) -> Any:
        """The value of the only root field, for the first role that may ask, which must be without errors."""
        _, key = parsed(name)
        allowed = ACCESS.get(key, ADMINS)
        preferred = Role.OPERATOR if name.startswith("operators/") or "operators" in name else Role.ADMIN
        role = preferred if preferred in allowed else next(each for each in (*Role, NOBODY) if each in allowed)
        headers = {"authorization": f"Bearer {role}"} if role else {}
        body = {"query": examples.document(name), "variables": variables}
        answer = (await self.http.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, answer
        [value] = answer["data"].values()
        return value


async def desk(company_id: Any, admin_id: Any, wiring: Wiring, session_id: Any) -> AsyncIterator[Desk]:
    """A client whose administrator is the given one."""
    until = wiring.clock().replace(year=wiring.clock().year + 1)
    left = Budget(600, 599, until)
    viewer = Viewer(company_id, admin_id, session_id, until, until, fresh_until=until, budgets=Budgets(left, left))
    callers: dict[str, Viewer | ServiceClient] = {
        str(Role.ADMIN): viewer,
        str(Role.OPERATOR): Viewer(PROVIDER_ID, await operator(), uuid7(), until, until, fresh_until=until),
        str(Role.SERVICE): ServiceClient(uuid7(), "examples"),
    }

    async def identify(token: str | None, **_: Any) -> Viewer | ServiceClient | None:
        return callers.get(token or "")

    transport = httpx.ASGITransport(create_app(wiring, identify=identify))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as http:
        yield Desk(http)


SETTINGS = Settings(stage="test", secret_key=SecretStr(SECRET))


@pytest.fixture(scope="module")
async def demo_desk(db: None) -> AsyncIterator[Desk]:
    """The demo company, as `scripts/run` makes it."""
    await seed.seed()
    async with tenant(seed.COMPANY_ID):
        [row] = await query("SELECT count(*) AS n FROM feed_file WHERE company_id = $1", seed.COMPANY_ID)
    if not row["n"]:
        await demo.feed()
    wiring = Wiring(SETTINGS, storage=MemoryStorage(), queue=RecordingQueue())
    async for opened in desk(seed.COMPANY_ID, seed.ADMIN_ID, wiring, uuid7()):
        yield opened


@pytest.fixture(scope="module")
async def office(db: None) -> Office:
    """A company in which everything there is has been done."""
    return await populated()


@pytest.fixture(scope="module")
async def office_desk(office: Office) -> AsyncIterator[Desk]:
    """Its administrator."""
    wiring = Wiring(SETTINGS, office.storage, office.queue, office.clock)
    async for opened in desk(office.company.id, office.company.admin_id, wiring, office.viewer.session_id):
        yield opened


def lists(value: Any) -> Iterator[list[Any]]:
    """The pages in an answer."""
    if isinstance(value, dict):
        if "nodes" in value:
            yield value["nodes"]
        for each in value.values():
            yield from lists(each)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_good_by_the_schema_and_says_what_it_is_for(name: str) -> None:
    text, schema = examples.document(name), operations.schema()
    document = parse(text)
    definition, _ = parsed(name)

    assert text.startswith("# "), "the first line says which statements it serves and what it does"
    assert definition.name is not None
    assert definition.name.value == "".join(part.capitalize() for part in name.split("/")[1].split("_"))
    assert validate(schema, document) == []
    given = examples.variables(name)
    coerced = get_variable_values(schema, definition.variable_definitions or (), given)
    assert not isinstance(coerced, list), coerced
    assert set(given) == {each.variable.name.value for each in definition.variable_definitions or ()}
    check(document, given, None, schema, Bounds())


def test_the_command_prints_the_body_of_a_request() -> None:
    listed = CliRunner().invoke(app, ["example"])
    printed = CliRunner().invoke(app, ["example", "histories/calls"])

    assert listed.output.split() == NAMES
    assert json.loads(printed.output) == {
        "query": examples.document("histories/calls"),
        "variables": examples.variables("histories/calls"),
    }
    assert CliRunner().invoke(app, ["example", "../pyproject"]).exit_code == 1


@pytest.mark.parametrize(
    ("written", "at", "moved"),
    [
        ("2026-10-31", "2027-03-10", "2027-02-28"),
        ("2026-10-01T09:00:00+09:00", "2027-01-31", "2026-12-01T09:00:00+09:00"),
        ("2026-10 안내", "2027-01-31", "2026-10 안내"),
    ],
)
def test_dates_move_to_the_last_month(
    written: str, at: str, moved: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "FOLDER", tmp_path)
    (tmp_path / "x.json").write_text(json.dumps({"input": {"days": [written]}}))

    made = examples.variables("x", clock=lambda: datetime.fromisoformat(f"{at}T12:00:00+09:00"))
    assert made == {"input": {"days": [moved]}}


def test_the_guide_names_every_example() -> None:
    guide = GUIDE.read_text("utf-8")

    assert [name for name in NAMES if f"`{name.split('/')[1]}`" not in guide] == []


def test_every_statement_of_the_manual_and_every_root_field_has_an_example() -> None:
    first_lines = [examples.document(name).partition("\n")[0] for name in NAMES]

    assert {found for line in first_lines for found in STATEMENTS.findall(line)} >= MANUAL
    assert {parsed(name)[1] for name in NAMES} == set(operations.fields())
    assert {f"{name}.json" for name in NAMES} == {
        str(path.relative_to(examples.FOLDER)) for path in examples.FOLDER.rglob("*.json")
    }


@pytest.mark.parametrize("name", [name for name in NAMES if parsed(name)[1].startswith("Query.")])
async def test_a_query_of_the_examples_finds_rows(
    name: str, demo_desk: Desk, office_desk: Desk, office: Office
) -> None:
    variables = examples.variables(name)
    kind, _ = split(str(variables.get("id", ""))) or ("", "")
    if kind in SENT_TO_OFFICE:
        answer = await office_desk.ask(name, {**variables, "id": own(office, kind)})
    else:
        answer = await demo_desk.ask(name, variables)

    assert answer
    assert name in EMPTY or all(lists(answer)), answer


# The session must be alive for its confirmation, and several of the other inputs end it.
MUTATIONS = sorted(
    (name for name in NAMES if parsed(name)[1].startswith("Mutation.")), key=lambda name: "code_confirm" not in name
)


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_of_the_examples_does_what_it_says(name: str, office_desk: Desk, office: Office) -> None:
    definition, key = parsed(name)
    builders = VALID.get(key)
    given = await builders[OTHER_INPUTS.get(name, 0)](office) if builders else {}
    taken = {each.variable.name.value for each in definition.variable_definitions or ()}
    answer = await office_desk.ask(name, given)

    assert set(given) <= taken
    assert answer["userErrors"] == []
    assert any(value is not None for part, value in answer.items() if part != "userErrors"), answer


async def test_the_known_calls_of_the_demo_company_are_found(demo_desk: Desk) -> None:
    calls = await demo_desk.ask("histories/calls_of_customer", examples.variables("histories/calls_of_customer"))
    messages = await demo_desk.ask(
        "histories/messages_of_customer", examples.variables("histories/messages_of_customer")
    )

    assert [(call["type"], call["seconds"]) for call in calls["nodes"]] == [each[1:] for each in demo.KNOWN_CALLS]
    assert {call["subscriber"]["id"] for call in calls["nodes"]} == {encode("Subscriber", seed.SUBSCRIBER_IDS[0])}
    assert [message["direction"] for message in messages["nodes"]] == [each[1] for each in demo.KNOWN_MESSAGES]
    assert {call["customer"]["name"] for call in calls["nodes"]} == {"홍*동"}
