"""Forms as people fill them in: downloaded, opened, filled, saved."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import openpyxl

from tests.journeys.system import Administrator, until

HEADERS = ("가입 전화번호", "사용자명", "부서", "직책", "휴대폰 번호", "이메일", "RID 사용", "앱 사용")

FORM = "mutation { importFormCreate { download { url } lineCount userErrors { code } } }"
UPLOAD = """
mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) { upload { id } form { url fields { name value } } userErrors { code message } }
}
"""
ARRIVED = """
query ($id: ID!) { node(id: $id) { ... on Upload { import { id state } } } }
"""
IMPORT = """
query ($id: ID!) {
  node(id: $id) {
    ... on Import {
      state status contentHash error { code message }
      counts { new changed replaced unchanged refused registered conflicting }
      findings(first: 100) { nodes { cell severity code message } }
      rows(first: 100) { nodes { numberFormatted action outcome became { name } } }
    }
  }
}
"""
REGISTER = """
mutation ($id: ID!, $input: ImportRegisterInput!) {
  importRegister(id: $id, input: $input) { import { id status } userErrors { code field message } }
}
"""


def form_of(administrator: Administrator) -> bytes:
    """The form, downloaded by its link (BK-01)."""
    made = administrator.ask(FORM)["importFormCreate"]
    assert not made["userErrors"]
    return httpx.get(made["download"]["url"], timeout=30).raise_for_status().content


def filled(form: bytes, people: Mapping[str, Sequence[str | None]]) -> bytes:
    """The form with people written beside their numbers; `people` has the columns from the name on, by number."""
    book = openpyxl.load_workbook(io.BytesIO(form))
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        number = str(row[0].value or "").replace("-", "")
        for cell, text in zip(row[1:], people.get(number, ()), strict=False):
            cell.value = text
    return _saved(book)


def plain(rows: Sequence[Sequence[str | None]]) -> bytes:
    """A sheet with the form's headers, written from nothing, as an operator's script does."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADERS)
    for row in rows:
        sheet.append(list(row))
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(administrator: Administrator, body: bytes, name: str = "직원 명단.xlsx") -> str:
    """Send a file by the presigned form and return the id of the import that it became (BK-02)."""
    asked = {"purpose": "SUBSCRIBER_IMPORT", "fileName": name, "size": len(body)}
    created = administrator.ask(UPLOAD, input=asked)["uploadCreate"]
    assert not created["userErrors"], created
    fields = {field["name"]: field["value"] for field in created["form"]["fields"]}
    httpx.post(created["form"]["url"], data=fields, files={"file": (name, body)}, timeout=30).raise_for_status()
    arrived = until(lambda: administrator.ask(ARRIVED, id=created["upload"]["id"])["node"]["import"])
    return str(arrived["id"])


def previewed(administrator: Administrator, import_id: str) -> dict[str, Any]:
    """The import once it is checked."""
    return until(lambda: _unless(administrator, import_id, "CHECKING"))


def register(administrator: Administrator, import_id: str, content_hash: str, key: str) -> dict[str, Any]:
    """Ask for the registration; returns the payload."""
    wanted = {"contentHash": content_hash, "idempotencyKey": key}
    payload: dict[str, Any] = administrator.ask(REGISTER, id=import_id, input=wanted)["importRegister"]
    return payload


def finished(administrator: Administrator, import_id: str) -> dict[str, Any]:
    """The import once its status is final."""
    return until(lambda: _unless(administrator, import_id, "CHECKING", "PREVIEWED", "REGISTERING"))


def _unless(administrator: Administrator, import_id: str, *states: str) -> dict[str, Any] | None:
    found: dict[str, Any] = administrator.ask(IMPORT, id=import_id)["node"]
    return None if found["state"] in states else found
