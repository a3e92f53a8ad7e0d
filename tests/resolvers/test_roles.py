"""Who may ask for what: the table as it was agreed, and that the API keeps to it before it does anything (T9)."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall.admins import Role, Viewer
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.settings import Settings
from resolvers.app import create_app
from resolvers.permissions import ACCESS, ADMINS, NOBODY
from tests.accounts import SECRET
from tests.console import Wiring
from tests.doubles import MemoryStorage, RecordingQueue
from tests.factories import Tenant
from tests.resolvers import roles
from tests.security import operations
from tests.statements import SENT


@dataclass(frozen=True)
class Played(Viewer):
    """Somebody in a role, whatever his company is."""

    part: Role = Role.ADMIN

    @property
    def role(self) -> Role:
        """The one that is played."""
        return self.part


@pytest.fixture
async def stage(company: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose token is the name of a role."""
    until = datetime.now(UTC) + timedelta(hours=1)

    async def identify(token: str | None, **_: Any) -> Viewer | None:
        if token not in set(Role):
            return None
        home = PROVIDER_ID if token == Role.OPERATOR else company.id
        return Played(home, company.admin_id, uuid7(), until, until, part=Role(token))

    settings = Settings(stage="test", secret_key=SecretStr(SECRET))
    app = create_app(Wiring(settings, MemoryStorage(), RecordingQueue()), identify=identify)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.example") as client:
        yield client


async def ask(stage: httpx.AsyncClient, key: str, role: Role | None) -> tuple[str | None, int]:
    """The top-level code that a role gets for a field, and how many statements that took."""
    variables: dict[str, Any] = {}
    if key in operations.fields():
        variables = operations.least(key)
        document = operations.document(key, variables, operations.selection(key, depth=0))
    else:
        kind, name = key.split(".")
        shape = {"__schema": "{ queryType { name } }", "__type": '(name: "Query") { name }'}.get(name, "")
        document = f"{kind.lower()} {{ {name}{shape} }}"
    headers = {"authorization": f"Bearer {role}"} if role else {}
    start = len(SENT)
    response = await stage.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
    errors = response.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else None, len(SENT) - start


async def test_what_operators_count_of_refused_authorizations_stands_in_the_log(
    stage: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The template's filters match the first code of the line that a request leaves."""
    template = (Path(__file__).parents[2] / "infra" / "template.yaml").read_text()
    counted = set(re.findall(r"""'{ \$\.codes\[0\] = "(\w+)" }'""", template))
    caplog.set_level(logging.INFO, "resolvers.http")
    found = []
    for role in (NOBODY, Role.ADMIN, Role.SERVICE):
        await ask(stage, "Query.companies", role)
        found.append(caplog.records[-1].__dict__["codes"][0])

    assert found == ["UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN"]
    assert counted == {*found}


def test_T9_the_table_is_the_agreed_one() -> None:
    """Of a new field: decide in resolvers/permissions.py, write the table anew, read the difference."""
    assert roles.GOLDEN.read_text(encoding="utf-8") == roles.table(), "python -m tests.resolvers.roles --write"


def test_T9_the_table_names_nothing_that_is_not_there() -> None:
    own = {name for name in ACCESS if ".__" not in name}

    assert own <= set(operations.fields())


@pytest.mark.parametrize("role", roles.COLUMNS, ids=lambda role: str(role or "NOBODY"))
async def test_T9_every_field_is_refused_to_whom_it_is_not_for_before_anything_is_done(
    stage: httpx.AsyncClient, role: Role | None
) -> None:
    refusals = ("UNAUTHENTICATED", "FORBIDDEN")
    refusal = "UNAUTHENTICATED" if role is NOBODY else "FORBIDDEN"
    for key in roles.fields():
        code, statements = await ask(stage, key, role)
        if role in ACCESS.get(key, ADMINS):
            assert code not in refusals, key
        else:
            assert (code, statements) == (refusal, 0), key
