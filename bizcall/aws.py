"""AWS behind the protocols of `bizcall/ports.py`; the only module that knows aioboto3, and imports it when first used.

    clients = Clients()                             one per process, used on that process's event loop only
    S3Storage(clients, bucket)                      Storage
    SqsQueue(clients, urls)                         Queue
    await secret(clients, secret_id)                a secret's text
    with gateway_faults():                          for the adapters in `bizcall/gateways/amazon.py`
    await clients.close()

A neighbour that is away or asks for patience raises `Unavailable` after bounded attempts; anything else that AWS
refuses (a missing permission, a wrong name) is a bug of the deployment and leaves as botocore's own error.
With AWS_ENDPOINT_URL set, everything goes to that server, and presigned addresses point there too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from bizcall.errors import Unavailable
from bizcall.ports import (
    GatewayBusy,
    GatewayDown,
    GatewayRefused,
    GatewayUncertain,
    Letter,
    ObjectMissing,
    StoredObject,
    UploadForm,
    now,
)

logger = logging.getLogger(__name__)

PIECE_BYTES = 1024 * 1024
PART_BYTES = 5 * PIECE_BYTES
BATCH_LETTERS = 10
BATCH_BYTES = 256 * 1024
LETTER_ID = "outbox-id"
REQUEST_ID = "request-id"

_GATEWAYS = {"sns", "sesv2"}
_REFUSALS = {
    "InvalidParameter",
    "InvalidParameterValue",
    "OptedOut",
    "MessageRejected",
    "BadRequestException",
    "ValidationException",
}
_PACE = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}
_MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "PreconditionFailed"}
_PATIENCE = {
    "InternalError",
    "InternalFailure",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


class Clients:
    """The service clients of a process, each opened when first asked for and kept until `close()`.

    Opening one costs 50 to 100 ms of CPU, so a function pays only for the services that it uses.
    """

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._open: dict[str, Any] = {}
        self._opening = asyncio.Lock()
        self._session: Any = None

    async def get(self, service: str) -> Any:
        """The client of "s3", "sqs", "sns", "sesv2" or "secretsmanager"."""
        async with self._opening:
            if service not in self._open:
                self._open[service] = await self._stack.enter_async_context(self._client(service))
            return self._open[service]

    async def close(self) -> None:
        """Close every client; the object can be used again afterwards."""
        async with self._opening:
            self._open.clear()
            await self._stack.aclose()

    def _client(self, service: str) -> Any:
        import aioboto3
        from botocore.config import Config

        self._session = self._session or aioboto3.Session()
        config = Config(
            connect_timeout=2,
            read_timeout=10,
            # A message to a person is not repeated here: a lost answer may mean that it was sent.
            retries={"mode": "standard", "total_max_attempts": 1 if service in _GATEWAYS else 3},
            signature_version="s3v4" if service == "s3" else None,
            # A local server has no names for buckets below its own.
            s3={"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"},
        )
        return self._session.client(service, config=config)


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


class SqsQueue:
    """The queues of a deployment; `urls` maps their logical names to addresses."""

    def __init__(self, clients: Clients, urls: Mapping[str, str]) -> None:
        self._clients = clients
        self._urls = urls

    async def send(self, queue: str, letters: Sequence[Letter]) -> set[str]:
        """Send to the queue of that name and return the ids that were taken; the rest may be sent again.

        On FIFO queues the id is the deduplication id. Of a batch whose answer was lost nothing counts as taken.
        KeyError for a queue that the deployment doesn't have.
        """
        url = self._urls[queue]
        sqs = await self._clients.get("sqs")
        taken: set[str] = set()
        for batch in _batches(letters):
            try:
                with translated():
                    answer = await sqs.send_message_batch(
                        QueueUrl=url, Entries=[_entry(str(i), letter, url) for i, letter in enumerate(batch)]
                    )
            except Unavailable:
                # What could not be sent stays in the outbox; a further batch would only wait for the same time-outs.
                logger.warning("queue %s is away; %d letters stay behind", queue, len(letters) - len(taken))
                break
            taken |= {batch[int(entry["Id"])].id for entry in answer.get("Successful", [])}
            for refused in answer.get("Failed", []):
                logger.warning("queue %s refused a letter: %s", queue, refused.get("Code"))
        return taken


async def secret(clients: Clients, secret_id: str, version: str | None = None) -> str:
    """The text of a secret of Secrets Manager, of the present version unless one is named."""
    manager = await clients.get("secretsmanager")
    which = {} if version is None else {"VersionId": version}
    with translated():
        answer = await manager.get_secret_value(SecretId=secret_id, **which)
    text: str = answer["SecretString"]
    return text


@contextmanager
def gateway_faults() -> Iterator[None]:
    """Tell errors of SNS and SES by what they say about the message, as a GatewayFault; causes are cut off.

    AWS quotes the number or the address in its messages, so only its code goes on.
    """
    from aiohttp import ClientPayloadError
    from botocore import exceptions as refusals
    from botocore.parsers import ResponseParserError

    try:
        yield
    except refusals.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) in {502, 504}:
            # A proxy lost the server behind it, which may have taken the message.
            raise GatewayUncertain(code) from None
        if code in _PACE:
            raise GatewayBusy(code) from None
        if code in _REFUSALS:
            raise GatewayRefused(code) from None
        # What remains is a permission, an identity that isn't verified, a paused account, or AWS itself.
        raise GatewayDown(code) from None
    except refusals.ParamValidationError:
        raise GatewayRefused("ParamValidation") from None
    except (refusals.ConnectTimeoutError, refusals.EndpointConnectionError) as error:
        raise GatewayDown(type(error).__name__) from None
    except (
        refusals.ConnectionError,
        refusals.HTTPClientError,
        ResponseParserError,
        ClientPayloadError,
        TimeoutError,
    ) as error:
        raise GatewayUncertain(type(error).__name__) from None


def database_url(text: str) -> str:
    """The postgresql:// address in a database secret: JSON with host, port, username, password and dbname.

    `authority`, the certificates in PEM of whom the server's must be, and `sslmode` are as in `bizcall/tls.py`.
    """
    parts = json.loads(text)
    user, password = (quote(parts[name], safe="") for name in ("username", "password"))
    asked = {name: parts[name] for name in ("sslmode", "authority") if name in parts}
    place = f"{parts['host']}:{int(parts['port'])}/{quote(parts['dbname'], safe='')}"
    return f"postgresql://{user}:{password}@{place}?{urlencode(asked)}"


def content_disposition(file_name: str) -> str:
    """An attachment header for any file name: RFC 5987 for browsers, an ASCII shadow for the rest."""
    shadow = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in file_name)
    return f"attachment; filename=\"{shadow}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def attributes(letter_id: str, request_id: str) -> dict[str, Any]:
    """What a message tells beside its body: who it is, and from which request it comes if from any."""
    told = {LETTER_ID: letter_id} | ({REQUEST_ID: request_id} if request_id else {})
    return {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}


def _entry(entry_id: str, letter: Letter, url: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Id": entry_id,
        "MessageBody": letter.body,
        "MessageAttributes": attributes(letter.id, letter.request_id),
    }
    if url.endswith(".fifo"):
        entry |= {"MessageGroupId": letter.group or letter.id, "MessageDeduplicationId": letter.id}
    return entry


def _batches(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Cut by SQS's limits on a batch: ten messages and 256 KiB together."""
    batch: list[Letter] = []
    size = 0
    for letter in letters:
        weight = len(letter.body.encode())
        if batch and (len(batch) == BATCH_LETTERS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += weight
    if batch:
        yield batch


@contextmanager
def translated() -> Iterator[None]:
    """Say of what AWS answers in the block whether it is away (`Unavailable`) or has no such object."""
    from aiohttp import ClientPayloadError
    from botocore import exceptions as refusals

    try:
        yield
    except refusals.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _MISSING and error.operation_name in {"HeadObject", "GetObject", "CopyObject"}:
            raise ObjectMissing from error
        if code in _PATIENCE or status >= 500:
            raise Unavailable(f"AWS answered {error.operation_name} with {code}") from error
        raise
    except (refusals.ConnectionError, refusals.HTTPClientError, ClientPayloadError, TimeoutError) as error:
        raise Unavailable(f"AWS is away: {type(error).__name__}") from error
