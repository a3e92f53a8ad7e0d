"""An operator at his console, and what he asks about companies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from bizcall import admins
from bizcall.admins import Viewer
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from resolvers.app import create_app
from tests.accounts import ACTOR, KEYS
from tests.console import Console, Wiring
from tests.doubles import RecordingQueue

ENTRY = "id name representativeNumber representativeNumberFormatted createdAt adminMobilesMasked"
LIST = f"""
query ($first: Int, $after: String, $last: Int, $before: String, $filter: CompanyFilter, $orderBy: CompanyOrder) {{
  companies(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {{
    nodes {{ {ENTRY} }} totalCount {{ value precision }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  }}
}}
"""
ONE = f"""
query ($id: ID!) {{ company(id: $id) {{
  company {{ {ENTRY} }} lineCount subscriberCount admins {{ id nameMasked mobileMasked emailMasked createdAt }}
}} }}
"""
ENTER = """
mutation ($id: ID!, $input: CompanyEnterInput!) { companyEnter(id: $id, input: $input) {
  userErrors { code field }
  company {
    overview { lineCount } hasMoreLines admins { id name mobile email department position }
    lines { number numberFormatted rid name departmentName position mobile email ridEnabled appEnabled startedAt }
  }
} }
"""
SUSPEND = """
mutation ($id: ID!, $input: CompanySuspendInput!) {
  companySuspend(id: $id, input: $input) { company { id state stateChangedAt } userErrors { code field } }
}"""
RESUME = """
mutation ($id: ID!, $input: CompanyResumeInput!) {
  companyResume(id: $id, input: $input) { company { id state stateChangedAt } userErrors { code field } }
}"""
END = """
mutation ($id: ID!, $input: CompanyEndInput!) {
  companyEnd(id: $id, input: $input) { company { id state } userErrors { code field } }
}"""
WHY = {"reason": "CUSTOMER_REQUEST", "note": "고객 문의 응대 31"}


@asynccontextmanager
async def desk(queue: RecordingQueue | None = None) -> AsyncIterator[tuple[Console, UUID]]:
    """A client that is signed in as a fresh operator, and his key."""
    login_id = f"op{uuid7().hex[-12:]}"
    key = await admins.operator_create(
        login_id, "오퍼레", "01055559999", keys=KEYS, actor=ACTOR, queue=RecordingQueue()
    )
    until = datetime.now(UTC) + timedelta(hours=1)

    async def identify(token: str | None, **_: Any) -> Viewer:
        return Viewer(PROVIDER_ID, key, uuid7(), until, until, fresh_until=until)

    transport = httpx.ASGITransport(create_app(Wiring(queue=queue), identify=identify))
    headers = {"authorization": "Bearer token", "accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example", headers=headers) as client:
        yield Console(client), key
