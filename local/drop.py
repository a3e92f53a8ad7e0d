"""A file dropped into the demo company's inbox in the bucket, without a console (BK-02), and the result beside it."""

from __future__ import annotations

import asyncio
import io
import pathlib
import unicodedata
from typing import TYPE_CHECKING, Any

from bizcall.imports import keys
from local import seed
from local.cloud.process import CREDENTIALS
from local.deploy import clients
from local.waiting import waited_for

if TYPE_CHECKING:
    from local.stack import Addresses

ANSWER_SECONDS = 60.0


def dropped(addresses: Addresses, file: pathlib.Path) -> tuple[str, list[list[str]]]:
    """Put the file into the inbox and wait for its result: the result's key, and the texts of its rows.

    Raises NoAnswer.
    """
    import openpyxl

    s3 = clients(addresses.aws, CREDENTIALS["AWS_REGION"])("s3")
    key = keys.inbox(seed.COMPANY_ID, unicodedata.normalize("NFC", file.name))
    result = keys.beside(key)
    before = _version(s3, addresses.bucket, result)
    s3.put_object(Bucket=addresses.bucket, Key=key, Body=file.read_bytes())

    async def now() -> str | None:
        return _version(s3, addresses.bucket, result)

    asyncio.run(waited_for(now, lambda version: version != before, "no result", ANSWER_SECONDS))
    body = s3.get_object(Bucket=addresses.bucket, Key=result)["Body"].read()
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    rows = [
        [str(value) for value in row if value not in (None, "")]
        for row in book.worksheets[0].iter_rows(values_only=True)
    ]
    return result, [row for row in rows if row]


def _version(s3: Any, bucket: str, key: str) -> str | None:
    found = s3.list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=10).get("Versions", [])
    return next((version["VersionId"] for version in found if version["IsLatest"] and version["Key"] == key), None)
