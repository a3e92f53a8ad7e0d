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

MENDED = 20
"""Of so many calls one is corrected, in each file that has it: it had been a second shorter."""

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
        """The seconds of each call that was told, by its id, as its correction has them: twice the same is one."""
        told = (line.split(",") for lines in self.dropped.values() for line in lines)
        return {values[0]: int(values[4]) for values in sorted(told, key=lambda values: values[-1])}

    @property
    def mended(self) -> int:
        """How many of them were corrected."""
        return len({line for lines in self.dropped.values() for line in lines if line.endswith(",1\n")})

    async def drop(self, seconds: float) -> None:
        """A file every few seconds, its lines in any order."""
        wanted = max(2, round(seconds / FILE_SECONDS))
        half = FILE_CALLS // 2
        company, numbers = self.office.company, self.office.company.numbers
        made = list(
            generator.calls(numbers, self.month.year, self.month.month, half * (wanted + 1), seed=company.id.int)
        )
        for place in range(wanted):
            plain = made[place * half : place * half + FILE_CALLS]
            lines = [*(f"{line[:-1]},\n" for line in plain), *map(_mended, plain[::MENDED])]
            self.dice.shuffle(lines)
            key = f"feeds/calls/{company.id}/{place}.csv"
            body = (generator.HEADERS["calls"][:-1] + ",revision\n" + "".join(lines)).encode()
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


def _mended(line: str) -> str:
    """The correction of a call."""
    *before, seconds, customer = line.rstrip("\n").split(",")
    return ",".join([*before, str(int(seconds) + 1), customer, "1\n"])


def exchanges(offices: Sequence[Office], s3: Any, bucket: str, dice: random.Random) -> list[Exchange]:
    """One for each company."""
    return [Exchange(office, s3, bucket, random.Random(dice.random())) for office in offices]
