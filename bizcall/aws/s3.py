"""One bucket of S3 as Storage."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from bizcall.aws.clients import Clients
from bizcall.aws.faults import translated
from bizcall.ports import StoredObject, UploadForm, now

logger = logging.getLogger(__name__)

PIECE_BYTES = 1024 * 1024
PART_BYTES = 5 * PIECE_BYTES


class S3Storage:
    """One bucket of S3."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    async def head(self, key: str, version: str | None = None) -> StoredObject:
        """Describe an object; raises ObjectMissing."""
        s3 = await self._clients.get("s3")
        with translated():
            found = await s3.head_object(**self._named(key, version))
        return StoredObject(
            key, found["ContentLength"], found["ETag"].strip('"'), found.get("VersionId"), found["LastModified"]
        )

    async def _read(self, key: str, version: str | None) -> AsyncGenerator[bytes]:
        s3 = await self._clients.get("s3")
        with translated():
            found = await s3.get_object(**self._named(key, version))
            # Its context manager gives back something else; leaving it closes the connection of a half-read object.
            async with found["Body"]:
                async for piece in found["Body"].iter_chunks(PIECE_BYTES):
                    yield piece

    def read(self, key: str, version: str | None = None) -> AsyncIterator[bytes]:
        """Stream an object in pieces of at most 1 MiB; raises ObjectMissing."""
        return self._read(key, version)

    async def write(self, key: str, body: bytes, *, content_type: str) -> StoredObject:
        """Store an object whole, replacing what was there."""
        s3 = await self._clients.get("s3")
        with translated():
            done = await s3.put_object(**self._named(key), Body=body, ContentType=content_type)
        # S3 doesn't answer when it took an object; it did just now.
        return StoredObject(key, len(body), done["ETag"].strip('"'), done.get("VersionId"), now())

    @asynccontextmanager
    async def stream(self, key: str, *, content_type: str) -> AsyncGenerator[_Parts]:
        """Store an object part by part; it is there when the block ends well, and nothing is if it is left by an error.

        A process that is killed leaves parts that nobody can read, which the bucket forgets after a day.
        """
        s3 = await self._clients.get("s3")
        with translated():
            begun = await s3.create_multipart_upload(**self._named(key), ContentType=content_type)
        named = {**self._named(key), "UploadId": begun["UploadId"]}
        parts = _Parts(s3, named)
        try:
            yield parts
            await parts.send()
            with translated():
                await s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts.sent})
        except BaseException:
            try:
                await s3.abort_multipart_upload(**named)
            except Exception as failure:
                logger.warning("an upload could not be aborted: %s", type(failure).__name__)
            raise

    async def copy(self, source: StoredObject, key: str) -> None:
        """Store that very version under `key` as well; raises ObjectMissing when the bucket has it no more."""
        s3 = await self._clients.get("s3")
        with translated():
            await s3.copy_object(
                **self._named(key),
                CopySource=self._named(source.key, source.version),
                CopySourceIfMatch=f'"{source.etag}"',
            )

    async def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> UploadForm:
        """A presigned POST for exactly this key and type and 1 to `max_bytes` bytes, valid for `seconds`."""
        if "${" in key:
            # S3 would put the name of the client's file there, and the key would be the client's choice.
            raise ValueError(f"a key must not hold a placeholder: {key}")
        s3 = await self._clients.get("s3")
        form = await s3.generate_presigned_post(
            self._bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
            ExpiresIn=seconds,
        )
        return UploadForm(form["url"], form["fields"])

    async def download_url(self, key: str, *, file_name: str, seconds: int) -> str:
        """A presigned GET, valid for `seconds`, which saves under `file_name` (any script)."""
        s3 = await self._clients.get("s3")
        asked = {**self._named(key), "ResponseContentDisposition": content_disposition(file_name)}
        url: str = await s3.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
        return url

    def _named(self, key: str, version: str | None = None) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": key} | ({"VersionId": version} if version else {})


class _Parts:
    """A multipart upload under way: every part but the last must have 5 MiB."""

    def __init__(self, s3: Any, named: dict[str, str]) -> None:
        self._s3, self._named = s3, named
        self._waiting = bytearray()
        self.sent: list[dict[str, Any]] = []

    async def write(self, piece: bytes) -> None:
        """Keep it until there is enough for a part."""
        self._waiting += piece
        if len(self._waiting) >= PART_BYTES:
            await self.send()

    async def send(self) -> None:
        """Send what waits, or nothing if something was sent; an object has one part at least."""
        if not self._waiting and self.sent:
            return
        number, body = len(self.sent) + 1, bytes(self._waiting)
        self._waiting.clear()
        with translated():
            done = await self._s3.upload_part(**self._named, PartNumber=number, Body=body)
        self.sent.append({"PartNumber": number, "ETag": done["ETag"]})


def content_disposition(file_name: str) -> str:
    """An attachment header for any file name: RFC 5987 for browsers, an ASCII shadow for the rest."""
    shadow = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in file_name)
    return f"attachment; filename=\"{shadow}\"; filename*=UTF-8''{quote(file_name, safe='')}"
