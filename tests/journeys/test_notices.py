"""A notice from the operator's desk to the administrator's home and back, over HTTP (NO-01, NO-02, HM-01)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from tests.journeys.companies import PASSWORD, make_operator
from tests.journeys.system import Administrator, System

PDF = b"%PDF-1.7\nwhen the system is checked"
UPLOAD = """
mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) { upload { id } form { url fields { name value } } userErrors { code field } }
}"""
SAVE = """
mutation ($input: NoticeSaveInput!) {
  noticeSave(input: $input) { notice { id revision state } userErrors { code field } }
}"""
WITHDRAW = """
mutation ($id: ID!, $input: NoticeWithdrawInput!) {
  noticeWithdraw(id: $id, input: $input) { notice { state } userErrors { code field } }
}"""
PUBLISH = """
mutation ($input: DocumentPublishInput!) {
  documentPublish(input: $input) { version { id number } userErrors { code field } }
}"""
HOME = """
{
  home {
    plan { name }
    notices { id title isNew isImportant bodyHtml attachments { fileName size downloadUrl } }
    month { calls { asOf measures { total } } messages { measures { total } } }
    shortcuts { area waiting }
  }
}"""
DOCUMENTS = "{ documents { kind version size downloadUrl } }"


async def operator_of(system: System) -> Administrator:
    """An operator who has signed in."""
    made = await make_operator(str(system.addresses["database"]))
    return system.sign_in(made.login_id, PASSWORD)


def uploaded(operator: Administrator, purpose: str, file_name: str, body: bytes) -> str:
    """The id of an upload that has arrived."""
    created = operator.ask(UPLOAD, input={"purpose": purpose, "fileName": file_name, "size": len(body)})["uploadCreate"]
    assert created["userErrors"] == []
    form = created["form"]
    fields = {each["name"]: each["value"] for each in form["fields"]}
    sent = httpx.post(form["url"], data=fields, files={"file": (file_name, body)}, timeout=30)
    assert sent.status_code == 204, sent.text
    as_script = {**fields, "Content-Type": "text/html"}
    assert httpx.post(form["url"], data=as_script, files={"file": (file_name, body)}, timeout=30).status_code == 403
    upload_id: str = created["upload"]["id"]
    return upload_id


def fetched(url: str) -> httpx.Response:
    """What a browser gets at a link."""
    return httpx.get(url, timeout=30)


async def test_NO_02_HM_01_a_notice_with_a_file_comes_to_the_home_screen_and_goes(
    system: System, administrator: Administrator
) -> None:
    operator = await operator_of(system)
    wanted = {
        "category": "MAINTENANCE",
        "title": "긴급 점검 안내",
        "body": "**새벽 2시**부터 [자세히](https://example.com)",
        "publishedAt": datetime.now(UTC).isoformat(),
        "attachments": [uploaded(operator, "NOTICE_ATTACHMENT", "점검 일정 (최종).pdf", PDF)],
    }
    saved = operator.ask(SAVE, input=wanted)["noticeSave"]
    assert (saved["userErrors"], saved["notice"]["state"]) == ([], "PUBLISHED")

    home = administrator.ask(HOME)["home"]

    assert home["plan"]["name"] == "베이직"
    assert home["month"]["calls"]["asOf"] is not None
    assert {each["area"]: each["waiting"] for each in home["shortcuts"]}["NOTICES"] >= 1
    first = home["notices"][0]
    assert (first["id"], first["isNew"], first["isImportant"]) == (saved["notice"]["id"], True, True)
    assert first["bodyHtml"].startswith("<p><strong>새벽 2시</strong>부터 <a href=")
    [file] = first["attachments"]
    downloaded = fetched(file["downloadUrl"])
    assert (downloaded.content, downloaded.headers["content-type"]) == (PDF, "application/pdf")
    assert f"filename*=UTF-8''{quote('점검 일정 (최종).pdf', safe='')}" in downloaded.headers["content-disposition"]

    gone = operator.ask(WITHDRAW, id=first["id"], input={"revision": saved["notice"]["revision"]})["noticeWithdraw"]
    assert gone == {"notice": {"state": "WITHDRAWN"}, "userErrors": []}
    assert first["id"] not in [each["id"] for each in administrator.ask(HOME)["home"]["notices"]]


async def test_SU_01_AU_30_a_version_that_an_operator_publishes_is_downloaded_by_anybody(system: System) -> None:
    operator = await operator_of(system)
    standing = by_kind(system)
    assert set(standing) == {"ADMIN_MANUAL", "APP_MANUAL", "PLAN_GUIDE"}

    given = {"kind": "PLAN_GUIDE", "uploadId": uploaded(operator, "DOCUMENT", "요금제.pdf", PDF)}
    published = operator.ask(PUBLISH, input=given)["documentPublish"]

    assert published["userErrors"] == []
    assert published["version"]["number"] == standing["PLAN_GUIDE"]["version"] + 1
    versions = operator.ask("{ documentVersions(kind: PLAN_GUIDE, first: 2) { nodes { number downloadUrl } } }")
    newest, former = versions["documentVersions"]["nodes"]
    assert fetched(newest["downloadUrl"]).content == PDF
    assert fetched(former["downloadUrl"]).content.startswith(b"%PDF-1.4")
    answer = system.http.get("/documents/plan-guide")
    assert answer.status_code == 302
    assert fetched(answer.headers["location"]).content.startswith(b"%PDF-")


def by_kind(system: System) -> dict[str, dict[str, Any]]:
    """What a stranger is served."""
    return {each["kind"]: each for each in system.graphql(DOCUMENTS)["documents"]}
