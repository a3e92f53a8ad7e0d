"""Excel of everything through the running system: asked for, made, fetched; and a worker killed midway (ST-02, X4)."""

from __future__ import annotations

import asyncio
import gzip
import io
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import openpyxl

from bizcall import months
from tests.feeding import jsonl, message
from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System, until
from tests.journeys.test_feeds import ask, came, month_of_calls

REQUEST = """mutation ($input: CallExportRequestInput!) {
  callExportRequest(input: $input) { export { id } userErrors { code field } } }"""
MESSAGES = """mutation ($input: MessageExportRequestInput!) {
  messageExportRequest(input: $input) { export { id } userErrors { code field } } }"""
MESSAGES_MADE, LETTERS = 2_500, 2_500
NODE = "query ($id: ID!) { node(id: $id) { ... on Export { status rowCount progress { done total } } } }"
DOWNLOAD = "mutation ($id: ID!) { exportDownload(id: $id) { download { url } userErrors { code } } }"


async def office(system: System, calls: int) -> tuple[Company, Administrator, dict[str, Any]]:
    """A company with that many calls of last month, its administrator, and the input that asks for all of them."""
    company = await make_company(str(system.addresses["database"]), lines=30)
    month, lines = month_of_calls(company)
    system.drop(f"feeds/calls/{company.id}/month.csv", "".join(lines[: calls + 1]).encode())
    await came(system, company, loaded=1)
    period = {"fromOn": str(month), "toOn": str(month.replace(day=28))}
    wanted = {"filter": period, "reason": "QUALITY_CHECK", "note": "월간 점검 자료", "idempotencyKey": "journey"}
    return company, system.sign_in(company.login_id, PASSWORD), wanted


def workbook(admin: Administrator, export: str) -> tuple[int, openpyxl.Workbook]:
    """The export's count and its file, as soon as it is there."""

    def done() -> Any:
        node = admin.ask(NODE, id=export)["node"]
        return node if node["status"] not in ("QUEUED", "RUNNING") else None

    node = until(done)
    assert node["status"] == "COMPLETED", node
    link = admin.ask(DOWNLOAD, id=export)["exportDownload"]["download"]["url"]
    answer = httpx.get(link, timeout=30)
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    return node["rowCount"], openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True)


def fetched(admin: Administrator, export: str) -> tuple[int, list[tuple[Any, ...]]]:
    """The export's count and the rows of its file."""
    count, book = workbook(admin, export)
    return count, list(book.worksheets[0].iter_rows(min_row=2, values_only=True))


async def test_ST_02_from_the_request_to_the_link(system: System) -> None:
    company, admin, wanted = await office(system, 5_000)
    asked = [admin.ask(REQUEST, input=wanted)["callExportRequest"] for _ in range(2)]
    assert [each["userErrors"] for each in asked] == [[], []]
    assert asked[0] == asked[1]

    count, rows = await asyncio.to_thread(fetched, admin, asked[0]["export"]["id"])

    [counted] = await ask(
        system,
        company,
        "SELECT count(*) AS n FROM call WHERE company_id = $1"
        " AND (started_at AT TIME ZONE 'Asia/Seoul')::date <= (SELECT (asked->'filter'->>'to_on')::date FROM export"
        " WHERE company_id = $1)",
    )
    assert count == len(rows) == counted["n"] > 1000
    assert all("****" in row[6] for row in rows if row[6] and row[6].startswith("010-"))


async def test_X4_a_worker_killed_midway_leaves_no_file_and_another_one_makes_it(system: System) -> None:
    """Killed while a part of its file lies in the bucket; the sweep then finds another worker."""
    company, admin, wanted = await conversations(system)
    async with AsyncExitStack() as until_killed:
        async with held_up(system, company, "LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"):
            export = admin.ask(MESSAGES, input=wanted)["messageExportRequest"]["export"]["id"]
            await standing(system, company, "RUNNING")
            # What the worker has to write before its file can be whole: word of how far it is.
            await until_killed.enter_async_context(held_up(system, company, "SELECT FROM export FOR UPDATE"))
        await asyncio.to_thread(until, lambda: begun(system, company), what="no part of the file")
        killed = await asyncio.to_thread(until, lambda: system.kill("exports"))

    assert killed > 0
    assert begun(system, company)
    assert stored(system, company) == []
    assert admin.ask(DOWNLOAD, id=export)["exportDownload"]["userErrors"] == [{"code": "STATE"}]
    [row] = await standing(system, company, "RUNNING")
    assert (row["attempts"], row["object_key"]) == (1, None)

    # Its lease is over: 90 seconds that need not be waited for. All else is the sweep's.
    await ask(system, company, "UPDATE export SET lease_until = now() WHERE company_id = $1 RETURNING id")
    await ask(system, company, "UPDATE export_deadline SET due_at = now() WHERE company_id = $1 RETURNING export_id")
    count, rows = await asyncio.to_thread(fetched, admin, export)
    assert count == len(rows) == MESSAGES_MADE
    assert {len(row[9]) for row in rows} == {LETTERS}
    [row] = await standing(system, company, "COMPLETED")
    assert (row["attempts"], stored(system, company)) == (2, [row["object_key"]])


async def conversations(system: System) -> tuple[Company, Administrator, dict[str, Any]]:
    """A company with messages whose texts hardly pack, and the input that asks for a file with them: three parts."""
    company = await make_company(str(system.addresses["database"]), lines=1)
    month, chance = months.shifted(months.today(), -1), random.Random(1)
    texts = ("".join(map(chr, chance.choices(range(0xAC00, 0xD7A4), k=LETTERS))) for _ in range(MESSAGES_MADE))
    records = [
        message(company.numbers[0], f"m{place:04d}", months.begins(month) + timedelta(minutes=place), text=text)
        for place, text in enumerate(texts)
    ]
    system.drop(f"feeds/messages/{company.id}/texts.jsonl.gz", gzip.compress(jsonl(records), 1))
    await came(system, company, loaded=1)
    wanted = {
        "filter": {"fromOn": str(month), "toOn": str(month.replace(day=28))},
        "unmasked": True,
        "reason": "DISPUTE",
        "note": "민원 처리 자료",
        "idempotencyKey": "journey",
    }
    return company, system.sign_in(company.login_id, PASSWORD), wanted


def begun(system: System, company: Company) -> list[str]:
    """The uploads of the company's files of which a part lies in the bucket and that have not come to an end."""
    s3, bucket = system.aws("s3"), system.addresses["bucket"]
    uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix=f"exports/{company.id}/").get("Uploads", [])
    return [
        upload["UploadId"]
        for upload in uploads
        if s3.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]).get("Parts")
    ]


def stored(system: System, company: Company) -> list[str]:
    """The keys of the company's files that are there."""
    listed = system.aws("s3").list_objects_v2(Bucket=system.addresses["bucket"], Prefix=f"exports/{company.id}/")
    return [each["Key"] for each in listed.get("Contents", [])]


@asynccontextmanager
async def held_up(system: System, company: Company, locking: str) -> AsyncIterator[None]:
    """Whoever needs what the statement locks waits as long as the block lasts."""
    connection = await asyncpg.connect(system.addresses["database"])
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.company_id', $1, true)", str(company.id))
            await connection.execute(locking)
            yield
    finally:
        await connection.close()


async def standing(system: System, company: Company, state: str) -> list[Any]:
    """The company's export, as soon as it is in that state."""
    for _ in range(600):
        found = await ask(system, company, "SELECT * FROM export WHERE company_id = $1")
        if found and found[0]["state"] == state:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)
