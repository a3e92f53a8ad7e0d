"""The exchange: files of calls that overlap, dropped all the time, and Excel files that are asked of them meanwhile."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import openpyxl

from benchmarks.soak.office import Office
from bizcall import months
from local import generator

REQUEST = """
mutation ($input: CallExportRequestInput!) {
  callExportRequest(input: $input) { export { id } userErrors { code } }
}
"""
FILE_SECONDS = 15.0
FILE_CALLS = 6_000
"""Half of them stood in the file before."""

EXPORT_SECONDS = 45.0
EXPORTED_DAYS = 5


@dataclass
class Exchange:
    """What one company's phone system does. `dropped` has the lines of all files, by key."""

    office: Office
    s3: Any
    bucket: str
    dice: random.Random
    dropped: dict[str, list[str]] = field(default_factory=dict)
    asked: int = 0

    @property
    def month(self) -> date:
        """The first of last month, in which all calls are."""
        return months.shifted(months.today(), -1)

    @property
    def calls(self) -> dict[str, int]:
        """The seconds of each call that was told, by its line: twice the same is one."""
        return {line: int(line.split(",")[4]) for lines in self.dropped.values() for line in lines}

    async def drop(self, seconds: float) -> None:
        """A file every few seconds, its lines in any order."""
        wanted = max(2, round(seconds / FILE_SECONDS))
        half = FILE_CALLS // 2
        company, numbers = self.office.company, self.office.company.numbers
        made = list(
            generator.calls(numbers, self.month.year, self.month.month, half * (wanted + 1), seed=company.id.int)
        )
        for place in range(wanted):
            lines = made[place * half : place * half + FILE_CALLS]
            self.dice.shuffle(lines)
            key = f"feeds/calls/{company.id}/{place}.csv"
            body = (generator.HEADERS["calls"] + "".join(lines)).encode()
            await asyncio.to_thread(self.s3.put_object, Bucket=self.bucket, Key=key, Body=body)
            self.dropped[key] = lines
            await asyncio.sleep(seconds / wanted)

    async def ask(self, seconds: float) -> None:
        """An Excel file every now and then, of the days whose calls came first."""
        wanted = max(1, round(seconds / EXPORT_SECONDS))
        days = {"fromOn": str(self.month), "toOn": str(self.month.replace(day=EXPORTED_DAYS))}
        for place in range(wanted):
            await asyncio.sleep(seconds / wanted)
            reason = {"reason": "QUALITY_CHECK", "note": "월간 점검 자료", "idempotencyKey": f"export-{place}"}
            await self.office.freshly(REQUEST, filter=days, **reason)
            self.asked += 1

    def rows(self, key: str) -> int:
        """How many rows the Excel file under that key has."""
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
        return sum(1 for sheet in book.worksheets[:-1] for _ in sheet.iter_rows(min_row=2))


def exchanges(offices: Sequence[Office], s3: Any, bucket: str, dice: random.Random) -> list[Exchange]:
    """One for each company."""
    return [Exchange(office, s3, bucket, random.Random(dice.random())) for office in offices]
