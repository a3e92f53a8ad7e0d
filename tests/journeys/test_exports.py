"""Excel of everything through the running system: asked for, made, fetched; and a worker killed midway (ST-02, X4)."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import openpyxl

from tests.journeys.companies import PASSWORD, Company, make_company
from tests.journeys.system import Administrator, System, until
from tests.journeys.test_feeds import ask, came, month_of_calls

REQUEST = """mutation ($input: CallExportRequestInput!) {
  callExportRequest(input: $input) { export { id } userErrors { code field } } }"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Export { status rowCount progress { done total } } } }"
DOWNLOAD = "mutation ($id: ID!) { exportDownload(id: $id) { download { url } userErrors { code } } }"


async def office(system: System, calls: int) -> tuple[Company, Administrator, dict[str, Any]]:
    """A company with that many calls of last month, its administrator, and the input that asks for all of them."""
    company = await make_company(str(system.addresses["database"]), lines=30)
    await ask(system, company, "UPDATE line SET created_at = now() - interval '1 year' WHERE company_id = $1")
    month, lines = month_of_calls(company)
    system.drop(f"feeds/calls/{company.id}/month.csv", "".join(lines[: calls + 1]).encode())
    await came(system, company, loaded=1)
    period = {"fromOn": str(month), "toOn": str(month.replace(day=28))}
    wanted = {"filter": period, "reason": "QUALITY_CHECK", "note": "월간 점검 자료", "idempotencyKey": "journey"}
    return company, system.sign_in(company.login_id, PASSWORD), wanted


def fetched(admin: Administrator, export: str) -> tuple[int, list[tuple[Any, ...]]]:
    """The export's count and the rows of its file, as soon as it is there."""

    def done() -> Any:
        node = admin.ask(NODE, id=export)["node"]
        return node if node["status"] not in ("QUEUED", "RUNNING") else None

    node = until(done)
    assert node["status"] == "COMPLETED", node
    link = admin.ask(DOWNLOAD, id=export)["exportDownload"]["download"]["url"]
    answer = httpx.get(link, timeout=30)
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True)
    return node["rowCount"], list(book.worksheets[0].iter_rows(min_row=2, values_only=True))


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
    company, admin, wanted = await office(system, 2_000)
    async with held_up(system):
        export = admin.ask(REQUEST, input=wanted)["callExportRequest"]["export"]["id"]
        await standing(system, company, "RUNNING")
        killed = await asyncio.to_thread(until, lambda: system.kill("exports"))
    assert killed > 0
    listed = system.aws("s3").list_objects_v2(Bucket=system.addresses["bucket"], Prefix=f"exports/{company.id}/")
    assert listed["KeyCount"] == 0
    assert admin.ask(DOWNLOAD, id=export)["exportDownload"]["userErrors"] == [{"code": "STATE"}]

    # What the sweep does when the lease is over, without waiting for it.
    [row] = await ask(
        system, company, "UPDATE export SET lease_until = now() WHERE company_id = $1 RETURNING id, company_id"
    )
    body = {"companyId": str(row["company_id"]), "exportId": str(row["id"])}
    system.deliver("ExportsQueue", json.dumps(body), times=2)
    count, rows = await asyncio.to_thread(fetched, admin, export)
    assert count == len(rows) > 500
    [row] = await standing(system, company, "COMPLETED")
    assert row["attempts"] == 2


@asynccontextmanager
async def held_up(system: System) -> AsyncIterator[None]:
    """Whoever reads customers waits as long as the block lasts."""
    connection = await asyncpg.connect(system.addresses["database"])
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE")
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
