"""The side of `benchmarks/migrating.py` that runs in an older release's folder, with that release's code:
`python -m benchmarks.migrating_client FOLDER PORT CALLS KIND`.

    make        the company of `benchmarks/office.py`, at the schema of the release
    ask         the API: reads and writes by turns, until it is ended
    load        files of ten calls, one after the other, until it is ended

The last two write a line for each: when it was answered, in seconds, which kind it was, how many milliseconds it took,
and the code of its error, or "OK".
"""

from __future__ import annotations

import asyncio
import pathlib
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from benchmarks import office
from bizcall import database
from bizcall.ids import uuid7
from bizcall.models import Admin
from lambdas.runtime import API_STATEMENT, STATEMENT
from local.postgres import Postgres
from tests.console import console
from tests.factories import Tenant
from tests.feeding import Feeder, call

NUMBER, MOBILE = "07010000000", "01099990000"

HOME = "{home{company{name} month{calls{measures{total}}} shortcuts{area waiting}}}"
CALLS = (
    "query($filter:CallFilter!){calls(filter:$filter,first:100)"
    "{nodes{id startedAt type seconds line{numberFormatted} subscriber{name} customer{name}} totalCount{value}}}"
)
DEPARTMENTS = (
    "query($filter:CallFilter!){callStatistics(filter:$filter,granularity:DAY,groupBy:DEPARTMENT,first:20)"
    "{nodes{subject{label} total{total totalSeconds}} totalCount{value}}}"
)
SAVE = "mutation($input:DepartmentsSaveInput!){departmentsSave(input:$input){created{id} userErrors{code}}}"

Answered = tuple[str, str]
"""The kind of a request, and the code of its error."""


async def asked(made: office.Office) -> AsyncIterator[Answered]:
    """Requests of an administrator."""
    company = Tenant(made.company_id, uuid7(), MOBILE, [NUMBER], [])
    async with database.tenant(company.id):
        await Admin.create(id=company.admin_id, company_id=company.id, name="측정", mobile=MOBILE)
    period = {"filter": {"fromOn": str(made.first), "toOn": str(made.last)}}
    async with console(company) as client:
        created = await client.ask(SAVE, input={"create": [{"name": "측정"}]})
        department = created["created"][0]["id"]
        for number in count():
            renamed = {"input": {"rename": [{"id": department, "name": f"측정 {number}"}]}}
            for kind, document, variables in (
                ("read", HOME, {}),
                ("read", CALLS, period),
                ("read", DEPARTMENTS, period),
                ("write", SAVE, renamed),
            ):
                yield kind, _code(await client.answer(document, **variables))


def _code(answer: dict[str, Any]) -> str:
    if answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["code"])
    [value] = answer["data"].values()
    refused = value.get("userErrors")
    return str(refused[0]["code"]) if refused else "OK"


async def loaded(made: office.Office) -> AsyncIterator[Answered]:
    """Files of calls of the company's last day."""
    feeder = Feeder(made.company_id)
    noon = datetime.fromisoformat(f"{made.last}T12:00:00+09:00")
    for number in count():
        records = [call(NUMBER, f"m{number}-{place}", noon + timedelta(seconds=number)) for place in range(10)]
        try:
            file = await feeder.load(records, f"{number}.jsonl.gz")
            yield "load", "OK" if file.loaded == len(records) else "REJECTED"
        except Exception as error:
            yield "load", type(error).__name__


async def run(folder: pathlib.Path, port: int, calls: int, kind: str) -> None:
    """Make the company, or go on until ended."""
    server = Postgres(folder / "postgres", port=port)
    async with office.opened(server, folder, calls) as made:
        pass
    if kind == "make":
        return
    limit = API_STATEMENT if kind == "ask" else STATEMENT
    await database.connect(server.url("app"), size=1, command_timeout=limit)
    begin = time.perf_counter()
    async for which, code in asked(made) if kind == "ask" else loaded(made):
        now = time.perf_counter()
        sys.stdout.write(f"{time.time()} {which} {(now - begin) * 1000} {code}\n")
        sys.stdout.flush()
        begin = time.perf_counter()


if __name__ == "__main__":
    asyncio.run(run(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
