"""Notices over GraphQL, as administrators read and operators write them (NO-01, NO-02)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bizcall import notices
from bizcall.admins import Viewer
from bizcall.ids import uuid7
from bizcall.models.companies import PROVIDER_ID
from bizcall.notices import NoticeCategory
from bizcall.settings import Settings
from resolvers.app import create_app
from schema.node import encode
from tests.accounts import SECRET
from tests.console import Console, Wiring, console
from tests.factories import Tenant
from tests.publishing import PDF, Desk, make_desk
from tests.statements import counted

FIELDS = """
id category title body bodyHtml isImportant isNew state publishedAt publishedUntil revision
attachments { id fileName contentType size downloadUrl }
"""
LIST = f"""
query ($filter: NoticeFilter, $first: Int, $after: String) {{
  notices(first: $first, after: $after, filter: $filter) {{
    totalCount {{ value precision }} pageInfo {{ hasNextPage endCursor }} nodes {{ {FIELDS} }}
  }}
}}"""
NODE = f"query ($id: ID!) {{ node(id: $id) {{ ... on Notice {{ {FIELDS} }} }} }}"
SAVE = f"""
mutation ($id: ID, $input: NoticeSaveInput!) {{
  noticeSave(id: $id, input: $input) {{ notice {{ {FIELDS} }} userErrors {{ code field message }} }}
}}"""
WITHDRAW = """
mutation ($id: ID!, $input: NoticeWithdrawInput!) {
  noticeWithdraw(id: $id, input: $input) { notice { state revision } userErrors { code field } }
}"""
UPLOAD = """
mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) {
    upload { id } form { url fields { name value } } userErrors { code field message }
  }
}"""
PUBLISH = """
mutation ($input: DocumentPublishInput!) {
  documentPublish(input: $input) { version { id number note downloadUrl } userErrors { code field } }
}"""
WITHDRAW_DOCUMENT = """
mutation ($id: ID!) { documentWithdraw(id: $id) { version { withdrawnAt } userErrors { code field } } }"""
VERSIONS = "{ documentVersions(kind: APP_MANUAL, first: 1) { nodes { number note withdrawnAt size downloadUrl } } }"


@pytest.fixture
async def desk(db: None) -> Desk:
    """An operator's desk."""
    return await make_desk()


def wired(desk: Desk) -> Wiring:
    """The application's surroundings."""
    return Wiring(Settings(stage="test", secret_key=SecretStr(SECRET)), desk.storage, clock=desk.clock)


@asynccontextmanager
async def signed_in(desk: Desk, *, is_fresh: bool = True) -> AsyncIterator[Console]:
    """The operator's client; a session that is fresh is so wherever a test turns its clock."""
    until = datetime.now(UTC) + timedelta(hours=1)
    fresh = until + timedelta(days=3650) if is_fresh else None
    assert desk.actor.id is not None
    viewer = Viewer(PROVIDER_ID, desk.actor.id, uuid7(), until, until, fresh_until=fresh)

    async def identify(token: str | None, **_: object) -> Viewer:
        return viewer

    transport = httpx.ASGITransport(create_app(wired(desk), identify=identify))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://api.example", headers={"authorization": "Bearer token"}
    ) as http:
        yield Console(http)


@pytest.fixture
async def operator(desk: Desk) -> AsyncIterator[Console]:
    """The operator's client."""
    async with signed_in(desk) as made:
        yield made


@pytest.fixture
async def admin(desk: Desk, company: Tenant) -> AsyncIterator[Console]:
    """The client of a company's administrator."""
    async with console(company, wired(desk)) as made:
        yield made


async def test_NO_01_an_administrator_searches_the_list_and_opens_one(admin: Console, desk: Desk) -> None:
    upload = await desk.upload("점검 일정.pdf")
    row = await desk.notice(
        "점검 안내", category=NoticeCategory.MAINTENANCE, body="**새벽 2시**<script>", attachments=[upload.id]
    )

    found = await admin.ask(LIST, first=10, filter={"search": f"{desk.word} 점검"})

    assert found["totalCount"] == {"value": 1, "precision": "EXACT"}
    [shown] = found["nodes"]
    assert shown == await admin.ask(NODE, id=encode("Notice", row.id))
    assert (shown["isImportant"], shown["isNew"], shown["state"]) == (True, True, "PUBLISHED")
    assert (shown["body"], shown["bodyHtml"]) == (
        "**새벽 2시**<script>",
        "<p><strong>새벽 2시</strong>&lt;script&gt;</p>\n",
    )
    [file] = shown["attachments"]
    assert (file["fileName"], file["contentType"], file["size"]) == ("점검 일정.pdf", "application/pdf", len(PDF))
    assert file["downloadUrl"].startswith("memory://bucket/notices/")
    assert "name=점검 일정.pdf" in file["downloadUrl"]


async def test_NO_01_a_page_of_notices_costs_as_many_statements_as_one(admin: Console, desk: Desk) -> None:
    for place in range(6):
        await desk.notice(str(place), attachments=[(await desk.upload()).id])

    sizes = []
    for first in (1, 6):
        with counted() as sent:
            assert len((await admin.ask(LIST, first=first, filter={"search": desk.word}))["nodes"]) == first
        sizes.append(len(sent))

    assert sizes == [3, 3]


@pytest.mark.parametrize("state", ["DRAFT", "SCHEDULED", "ENDED", "WITHDRAWN"])
async def test_NO_02_administrators_find_nothing_that_is_not_published(
    admin: Console, operator: Console, desk: Desk, state: str
) -> None:
    now = desk.clock()
    times: dict[str, Any] = {
        "DRAFT": {"published_at": None},
        "SCHEDULED": {"published_at": now + timedelta(hours=1)},
        "ENDED": {"published_at": now - timedelta(hours=1), "published_until": now},
    }
    row = await desk.notice(**times.get(state, {}))
    if state == "WITHDRAWN":
        await notices.withdraw(row.id, revision=1, actor=desk.actor, clock=desk.clock)
    key = encode("Notice", row.id)

    assert await admin.ask(NODE, id=key) is None
    assert (await admin.answer("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[key]))["data"] == {
        "nodes": [None]
    }
    for filter_ in ({"search": desk.word}, {"search": desk.word, "states": [state]}):
        assert (await admin.ask(LIST, first=10, filter=filter_))["totalCount"]["value"] == 0
    [seen] = (await operator.ask(LIST, first=10, filter={"search": desk.word, "states": [state]}))["nodes"]
    assert (seen["id"], seen["state"], seen["isNew"]) == (key, state, state in ("ENDED", "WITHDRAWN"))


async def test_NO_02_an_operator_writes_edits_and_withdraws(operator: Console, admin: Console, desk: Desk) -> None:
    given = {"purpose": "NOTICE_ATTACHMENT", "fileName": "안내.pdf", "size": len(PDF)}
    upload = await operator.ask(UPLOAD, input=given)
    form = {each["name"]: each["value"] for each in upload["form"]["fields"]}
    assert (form["Content-Type"], form["max"]) == ("application/pdf", str(10 * 1024 * 1024))
    await desk.storage.write(form["key"], PDF, content_type=form["Content-Type"])
    wanted = {
        "category": "WORK",
        "title": f"{desk.word} 작업",
        "body": "하나",
        "publishedAt": desk.clock().isoformat(),
        "attachments": [upload["upload"]["id"]],
    }

    saved = (await operator.ask(SAVE, input=wanted))["notice"]
    assert [each["fileName"] for each in saved["attachments"]] == ["안내.pdf"]
    kept = [each["id"] for each in saved["attachments"]]
    change = wanted | {"body": "둘", "attachments": kept, "revision": saved["revision"]}
    edited = (await operator.ask(SAVE, id=saved["id"], input=change))["notice"]
    late = await operator.ask(SAVE, id=saved["id"], input=change)

    assert (edited["body"], edited["revision"], [each["id"] for each in edited["attachments"]]) == ("둘", 2, kept)
    assert late == {
        "notice": None,
        "userErrors": [{"code": "CONFLICT", "field": ["revision"], "message": late["userErrors"][0]["message"]}],
    }
    assert (await admin.ask(NODE, id=saved["id"]))["body"] == "둘"
    gone = await operator.ask(WITHDRAW, id=saved["id"], input={"revision": 2})
    assert gone["notice"] == {"state": "WITHDRAWN", "revision": 3}
    assert await admin.ask(NODE, id=saved["id"]) is None


async def test_NO_02_faults_are_told_in_Korean_by_field(operator: Console) -> None:
    wanted = {"category": "SERVICE", "title": "  ", "body": "가" * 10_000, "attachments": ["nothing"]}

    [title] = (await operator.ask(SAVE, input=wanted))["userErrors"]
    [file] = (await operator.ask(SAVE, input=wanted | {"title": "제목"}))["userErrors"]

    assert (title["code"], title["field"]) == ("REQUIRED", ["title"])
    assert "필수" in title["message"]
    assert (file["code"], file["field"]) == ("NOT_FOUND", ["attachments", "0"])


@pytest.mark.parametrize("purpose", ["NOTICE_ATTACHMENT", "DOCUMENT"])
async def test_NO_02_only_operators_upload_what_is_published(admin: Console, operator: Console, purpose: str) -> None:
    given = {"purpose": purpose, "fileName": "안내.pdf", "size": 10}

    refused = (await admin.ask(UPLOAD, input=given))["userErrors"]
    allowed = (await operator.ask(UPLOAD, input=given))["userErrors"]
    theirs = (await operator.ask(UPLOAD, input=given | {"purpose": "SUBSCRIBER_IMPORT"}))["userErrors"]

    assert [(each["code"], each["field"]) for each in refused] == [("NOT_FOUND", ["purpose"])]
    assert allowed == []
    assert [(each["code"], each["field"]) for each in theirs] == [("NOT_FOUND", ["purpose"])]


async def test_SU_01_an_operator_publishes_and_withdraws_a_version(
    operator: Console, admin: Console, desk: Desk
) -> None:
    upload = await operator.ask(UPLOAD, input={"purpose": "DOCUMENT", "fileName": "앱.pdf", "size": len(PDF)})
    form = {each["name"]: each["value"] for each in upload["form"]["fields"]}
    wanted = {"kind": "APP_MANUAL", "uploadId": upload["upload"]["id"], "note": "새 화면"}

    early = (await operator.ask(PUBLISH, input=wanted))["userErrors"]
    await desk.storage.write(form["key"], PDF, content_type=form["Content-Type"])
    published = (await operator.ask(PUBLISH, input=wanted))["version"]

    assert early == [{"code": "STATE", "field": ["uploadId"]}]
    [listed] = (await operator.ask(VERSIONS))["nodes"]
    assert listed == {
        "number": published["number"],
        "note": "새 화면",
        "withdrawnAt": None,
        "size": len(PDF),
        "downloadUrl": published["downloadUrl"],
    }
    again = "query ($id: ID!) { node(id: $id) { ... on DocumentVersion { number note } } }"
    assert await operator.ask(again, id=published["id"]) == {"number": published["number"], "note": "새 화면"}
    assert await admin.ask(again, id=published["id"]) is None
    gone = await operator.ask(WITHDRAW_DOCUMENT, id=published["id"])
    assert gone["version"]["withdrawnAt"] is not None
    answer = await admin.answer("query ($id: ID!) { node(id: $id) { id } }", id=published["id"])
    assert answer["data"] == {"node": None}


async def test_S6_what_goes_to_all_companies_asks_for_a_fresh_code_and_a_draft_does_not(desk: Desk) -> None:
    draft = {"category": "SERVICE", "title": "공지", "body": "본문", "attachments": [], "idempotencyKey": "S6-draft"}
    published = {**draft, "publishedAt": "2026-01-05T00:00:00Z", "idempotencyKey": "S6-published"}
    document = {"kind": "APP_MANUAL", "uploadId": encode("Upload", uuid7()), "idempotencyKey": "S6-document"}
    required: list[tuple[str, list[str]]] = [("CODE_REQUIRED", [])]

    async def problems(operator: Console, mutation: str, given: dict[str, Any]) -> list[tuple[str, list[str]]]:
        payload = await operator.ask(mutation, input=given)
        return [(each["code"], each["field"]) for each in payload["userErrors"]]

    async with signed_in(desk, is_fresh=False) as operator:
        assert await problems(operator, SAVE, published) == required
        assert await problems(operator, PUBLISH, document) == required
        assert await problems(operator, SAVE, draft) == []
    async with signed_in(desk) as operator:
        assert await problems(operator, SAVE, published) == []
        assert await problems(operator, PUBLISH, document) == [("NOT_FOUND", ["uploadId"])]
