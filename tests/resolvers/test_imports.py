"""Imports over GraphQL: the form, the upload, the preview, the registration (BK-01 … BK-03)."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import openpyxl
import pytest

from bizcall import imports
from bizcall.database import query, tenant
from tests.console import Console, Wiring, console
from tests.factories import Tenant, make_tenant
from tests.imports import Desk, person, values, workbook
from tests.statements import counted

CREATE = """
mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) {
    upload { id fileName expiresAt import { id } }
    form { url fields { name value } }
    userErrors { code field }
  }
}
"""
UPLOAD = """
query ($id: ID!) {
  node(id: $id) {
    ... on Upload { import { id state status contentHash error { code message } } }
  }
}
"""
PREVIEW = """
query ($id: ID!, $first: Int, $after: String, $rows: ImportRowFilter, $findings: ImportFindingFilter) {
  node(id: $id) {
    ... on Import {
      state status source fileName sheetName ignoredHeaders contentHash expiresAt finishedAt isSuperseded
      hasRefusedRowsWorkbook
      progress { done total } error { code message }
      counts { new changed replaced unchanged refused ignored registered conflicting }
      rows(first: $first, after: $after, filter: $rows) {
        totalCount { value }
        pageInfo { hasNextPage endCursor }
        nodes {
          rowNumber number numberFormatted action outcome name position mobile email ridEnabled appEnabled
          line { number } department { name } seenHolder { name } became { name line { number } }
        }
      }
      findings(first: 100, filter: $findings) {
        nodes { rowNumber column cell code severity originalValue message params { name value } }
      }
    }
  }
}
"""
REGISTER = """
mutation ($id: ID!, $input: ImportRegisterInput!) {
  importRegister(id: $id, input: $input) {
    import { id state status rows(first: 1) { totalCount { value } } }
    userErrors { code field }
  }
}
"""
CANCEL = "mutation ($id: ID!) { importCancel(id: $id) { import { state status } userErrors { code field } } }"
REFUSED = """
mutation ($id: ID!) { importRefusedRowsDownload(id: $id) { download { url expiresAt } userErrors { code field } } }
"""
FORM = """
mutation { importFormCreate { download { url expiresAt } lineCount hasMoreLines userErrors { code } } }
"""
LIST = """
query ($filter: ImportFilter) {
  imports(first: 100, filter: $filter) { nodes { id fileName state } totalCount { value } }
}
"""


@pytest.fixture
def desk(company: Tenant) -> Desk:
    return Desk(company)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Console]:
    async with console(desk.company, Wiring(storage=desk.storage, queue=desk.queue, clock=desk.clock)) as made:
        yield made


async def previewed(desk: Desk, client: Console, *rows: list[Any]) -> str:
    """Upload rows through the API, have them checked, and return the import's id."""
    body = workbook(rows)
    created = await client.ask(
        CREATE, input={"purpose": "SUBSCRIBER_IMPORT", "fileName": "7월 명단.xlsx", "size": len(body)}
    )
    assert created["userErrors"] == []
    key = next(field["value"] for field in created["form"]["fields"] if field["name"] == "key")
    await desk.storage.write(key, body, content_type="")
    assert (await client.ask(UPLOAD, id=created["upload"]["id"]))["import"] is None
    await imports.receive(key, storage=desk.storage, queue=desk.queue, clock=desk.clock)
    found = (await client.ask(UPLOAD, id=created["upload"]["id"]))["import"]
    return str(found["id"])


async def test_BK_02_the_form_goes_to_a_key_that_the_client_has_no_say_in(desk: Desk, client: Console) -> None:
    created = await client.ask(
        CREATE,
        input={"purpose": "SUBSCRIBER_IMPORT", "fileName": "../../${filename}.xlsx", "size": 5_000},
    )

    fields = {field["name"]: field["value"] for field in created["form"]["fields"]}
    place, _, name = fields["key"].rpartition("/")
    assert place == f"uploads/imports/{desk.company.id}"
    assert len(name) == 36 + len(".xlsx")
    assert (fields["max"], fields["seconds"]) == (str(5 * 1024 * 1024), "300")
    assert fields["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"size": 0}, "OUT_OF_RANGE", "size"),
        ({"size": 5 * 1024 * 1024 + 1}, "OUT_OF_RANGE", "size"),
        ({"fileName": "\u200b "}, "REQUIRED", "fileName"),
        ({"fileName": "가" * 256}, "TOO_LONG", "fileName"),
    ],
)
async def test_BK_02_an_upload_out_of_bounds_is_refused_before_it_begins(
    client: Console, given: dict[str, Any], code: str, field: str
) -> None:
    wanted = {"purpose": "SUBSCRIBER_IMPORT", "fileName": "a.xlsx", "size": 10} | given
    created = await client.ask(CREATE, input=wanted)

    assert created == {"upload": None, "form": None, "userErrors": [{"code": code, "field": [field]}]}


async def test_BK_02_from_upload_to_registered_rows(desk: Desk, client: Console) -> None:
    first, second, *_ = desk.company.numbers
    key = await previewed(desk, client, person(first, "홍길동", department="영업팀"), person(int(second), "김둘"))

    preview = await client.ask(PREVIEW, id=key, first=100)
    assert (preview["state"], preview["status"], preview["source"]) == ("PREVIEWED", "RUNNING", "CONSOLE")
    assert preview["fileName"] == "7월 명단.xlsx"
    assert preview["progress"] == {"done": 0, "total": 2}
    assert preview["counts"]["new"] == 2
    one, two = preview["rows"]["nodes"]
    assert (one["rowNumber"], one["number"], one["action"]) == (2, first, "NEW")
    assert one["line"] == {"number": first}
    assert one["department"] == {"name": "영업팀"}
    assert (one["outcome"], one["became"], two["department"]) == (None, None, None)
    (finding,) = preview["findings"]["nodes"]
    assert (finding["cell"], finding["column"], finding["code"]) == ("A3", "NUMBER", "LOST_ZERO")
    assert (finding["severity"], finding["originalValue"]) == ("REPAIRED", second[1:])
    assert finding["params"] == [{"name": "value", "value": finding["message"].split()[4].removesuffix("(으)로")}]

    wanted = {"contentHash": preview["contentHash"], "idempotencyKey": "once"}
    asked = await client.ask(REGISTER, id=key, input=wanted)
    assert asked["userErrors"] == []
    assert (asked["import"]["state"], asked["import"]["rows"]["totalCount"]["value"]) == ("REGISTERING", 2)
    await desk.work()

    done = await client.ask(PREVIEW, id=key, first=1)
    assert (done["status"], done["progress"]) == ("COMPLETED", {"done": 2, "total": 2})
    assert done["rows"]["nodes"][0]["became"] == {"name": "홍길동", "line": {"number": first}}
    assert done["rows"]["pageInfo"]["hasNextPage"] is True
    rest = await client.ask(PREVIEW, id=key, first=1, after=done["rows"]["pageInfo"]["endCursor"])
    assert [row["became"]["name"] for row in rest["rows"]["nodes"]] == ["김둘"]


async def test_BK_02_refused_rows_are_told_and_come_back_as_a_workbook(desk: Desk, client: Console) -> None:
    number = desk.company.numbers[0]
    key = await previewed(desk, client, person(number), person("02-123-4567", "남", mobile="7.0E+10"))

    preview = await client.ask(
        PREVIEW, id=key, first=100, rows={"actions": ["REFUSED"]}, findings={"severities": ["REFUSED"]}
    )
    assert preview["rows"]["totalCount"]["value"] == 1
    assert preview["rows"]["nodes"][0]["numberFormatted"] == "02-123-4567"
    assert [finding["code"] for finding in preview["findings"]["nodes"]] == ["DIGITS_LOST", "NUMBER_UNKNOWN"]
    assert preview["hasRefusedRowsWorkbook"] is True

    link = await client.ask(REFUSED, id=key)
    assert link["userErrors"] == []
    assert "7월 명단 - 오류 행.xlsx" in link["download"]["url"]
    async with tenant(desk.company.id):
        records = await query(
            "SELECT action, details->>'file' AS file, details->>'reason' AS reason, details->>'rows' AS rows"
            " FROM audit_record WHERE company_id = $1 ORDER BY id DESC LIMIT 1",
            desk.company.id,
        )
    told = {"file": "REFUSED_ROWS", "reason": "BULK_REGISTRATION", "rows": "1"}
    assert records == [{"action": "imports.download", **told}]


async def test_BK_03_a_file_that_is_refused_whole_says_why(desk: Desk, client: Console) -> None:
    key = await desk.upload("번호,이름".encode(), "a.xlsx")
    await desk.receive(key)

    (node,) = (await client.ask(LIST, filter={"states": ["REFUSED"]}))["nodes"]
    refused = await client.ask(PREVIEW, id=node["id"], first=1)

    assert (refused["status"], refused["error"]["code"]) == ("FAILED", "CSV")
    assert "CSV(텍스트) 파일" in refused["error"]["message"]
    assert refused["counts"] == dict.fromkeys(refused["counts"], 0)

    client.http.headers["accept-language"] = "en"
    refused = await client.ask(PREVIEW, id=node["id"], first=1)
    assert refused["error"]["message"].startswith("This is a CSV (text) file, which can't be read.")


async def test_BK_02_an_import_is_cancelled(desk: Desk, client: Console) -> None:
    key = await previewed(desk, client, person(desk.company.numbers[0]))

    cancelled = await client.ask(CANCEL, id=key)
    assert cancelled == {"import": {"state": "CANCELLED", "status": "CANCELLED"}, "userErrors": []}
    assert (await client.ask(CANCEL, id=key))["userErrors"] == [{"code": "STATE", "field": ["id"]}]


async def test_BK_02_what_is_another_companys_answers_like_nothing(
    desk: Desk, client: Console, stranger: Tenant
) -> None:
    key = await previewed(desk, client, person(desk.company.numbers[0]), person("0212345678"))
    missing = {"userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}
    async with console(stranger, Wiring(storage=desk.storage, queue=desk.queue)) as other:
        assert await other.ask(PREVIEW, id=key, first=1) is None
        assert await other.ask(CANCEL, id=key) == {"import": None, **missing}
        assert await other.ask(REFUSED, id=key) == {"download": None, **missing}
        wanted = {"contentHash": "x", "idempotencyKey": "k"}
        assert await other.ask(REGISTER, id=key, input=wanted) == {"import": None, **missing}
        assert (await other.ask(LIST))["nodes"] == []


async def test_BK_02_imports_are_listed_newest_first_and_filtered(desk: Desk, client: Console) -> None:
    number = desk.company.numbers[0]
    for name in ("가.xlsx", "나.xlsx"):
        await desk.receive(await desk.upload(workbook([person(number)]), name))
        desk.clock.turn(seconds=1)
    await desk.receive(await desk.drop(workbook([person(number)]), "다.xlsx"))

    assert [node["fileName"] for node in (await client.ask(LIST))["nodes"]] == ["다.xlsx", "나.xlsx", "가.xlsx"]
    dropped = await client.ask(LIST, filter={"sources": ["INBOX"], "states": ["REGISTERED"]})
    assert [node["fileName"] for node in dropped["nodes"]] == ["다.xlsx"]


async def test_BK_01_the_form_holds_the_lines_that_nobody_has(desk: Desk, client: Console) -> None:
    taken, *free = desk.company.numbers
    await desk.register(await desk.preview(person(taken)))

    made = await client.ask(FORM)

    assert (made["lineCount"], made["hasMoreLines"], made["userErrors"]) == (len(free), False, [])
    assert "사용자 일괄 등록 양식.xlsx" in made["download"]["url"]
    (key,) = [key for key in desk.storage.written if key.startswith(f"results/forms/{desk.company.id}/")]
    cells = [str(cell) for row in values(await desk.storage.body(key)) for cell in row]
    assert [number.replace("-", "") for number in cells if number.startswith("070")] == free


async def test_BK_01_the_form_as_it_comes_registers_nobody_and_filled_in_it_registers(
    desk: Desk, client: Console
) -> None:
    await client.ask(FORM)
    (key,) = [key for key in desk.storage.written if key.startswith("results/forms/")]
    form = await desk.storage.body(key)
    empty = await desk.receive(await desk.upload(form))
    assert (empty.rows_new, empty.rows_refused, empty.rows_ignored) == (0, 0, len(desk.company.numbers))

    book = openpyxl.load_workbook(io.BytesIO(form))
    sheet = book.worksheets[0]
    first = next(row for row in sheet.iter_rows() if str(row[0].value).replace("-", "") == desk.company.numbers[0])
    first[1].value, first[2].value, first[7].value = "홍길동", "영업팀", "ON"
    stream = io.BytesIO()
    book.save(stream)
    registered = await desk.register(await desk.receive(await desk.upload(stream.getvalue())))

    assert registered.rows_registered == 1
    held = (await desk.holders())[desk.company.numbers[0]]
    assert (held["name"], held["department_name"], held["app_enabled"]) == ("홍길동", "영업팀", True)


async def test_BK_02_a_page_of_rows_takes_as_many_statements_as_one_row() -> None:
    desk = Desk(await make_tenant(lines=30))
    wiring = Wiring(storage=desk.storage, queue=desk.queue, clock=desk.clock)
    async with console(desk.company, wiring) as client:
        key = await previewed(desk, client, *(person(number, department="영업팀") for number in desk.company.numbers))
        preview = await client.ask(PREVIEW, id=key, first=1)
        wanted = {"contentHash": preview["contentHash"], "idempotencyKey": "k"}
        await client.ask(REGISTER, id=key, input=wanted)
        await desk.work()
        with counted() as one:
            await client.ask(PREVIEW, id=key, first=1)
        with counted() as all_of_them:
            await client.ask(PREVIEW, id=key, first=100)

    assert len(all_of_them) == len(one) <= 12
