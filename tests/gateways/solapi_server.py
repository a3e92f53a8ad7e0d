"""Solapi as documented, on loopback: checks signatures, takes and lists messages, and fails in every way it is told to.

Own HTTP on bare streams rather than a web framework, because the faults that matter (half an answer, one byte a second,
a connection cut after the message was taken) are what a framework exists to prevent.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "NCSTESTKEY000001"
SECRET = "a-secret-that-no-log-may-hold-0001"
SENDER = "0212345678"

_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 apiKey=(?P<key>\w+), date=(?P<date>[^,]+), "
    r"salt=(?P<salt>[^,]{12,64}), signature=(?P<signature>\w{64})"
)


class Fault(StrEnum):
    """One way to fail a request. Those named TAKEN fail after the message was taken, the others before."""

    PATIENCE = "429 with Retry-After"
    PATIENCE_UNTIL = "429 with a date in Retry-After"
    BROKEN = "500 with an error code"
    BROKEN_PAGE = "500 with a web page"
    AWAY = "503"
    PROXY = "502"
    PROXY_TAKEN = "504 after it was taken"
    SILENT = "no answer"
    SILENT_TAKEN = "no answer after it was taken"
    CUT = "connection reset before it was taken"
    CUT_TAKEN = "connection closed after it was taken"
    CUT_HALFWAY_TAKEN = "connection cut in the middle of the answer"
    SLOW_TAKEN = "a byte a second"
    MALFORMED_TAKEN = "JSON that breaks off"
    PAGE = "200 with a web page"
    EMPTY = "200 with nothing"
    NOTHING_PLACED = "200 without any message"
    ENDLESS = "200 without end"
    ERROR_INSIDE = "200 with an error inside"
    UNKNOWN_ERROR_INSIDE = "200 with an error inside that nobody documented"
    REDIRECT = "302"
    INVALID = "400 ValidationError"
    NO_CREDIT = "402 NotEnoughBalance"
    FORBIDDEN = "403 Forbidden"


class Cut(Exception):
    """The connection ends here; with `reset` by an RST instead of a FIN."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


@dataclass
class SolapiServer:
    """One account. `faults` are played one a request; `refusals` maps numbers to the status code that refuses them."""

    url: str = ""
    faults: deque[Fault] = field(default_factory=deque)
    refusals: dict[str, str] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    page_limit: int = 500
    _signatures: set[str] = field(default_factory=set)
    _connections: set[asyncio.Task[None] | None] = field(default_factory=set)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def place(self, to: str, reference: str | None, *, code: str | None = "2000", at: datetime | None = None) -> str:
        """A message that is there already, and its id."""
        moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message_id = f"M4V{next(self._ids):029d}"
        self.messages[message_id] = {
            "_id": message_id,
            "messageId": message_id,
            "to": to,
            "from": SENDER,
            "text": "문자",
            "statusCode": code,
            "status": "PENDING",
            "customFields": {} if reference is None else {"reference": reference},
            "dateCreated": moment,
            "dateUpdated": moment,
            "dateReported": None,
        }
        return message_id

    def tell(self, message_id: str, code: str, *, at: datetime) -> None:
        """A message comes to another state."""
        self.messages[message_id] |= {"statusCode": code, "dateUpdated": at.isoformat()}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._connections.add(asyncio.current_task())
        try:
            while head := await _head(reader):
                method, target, headers = head
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((method, target, body))
                await self._answer(writer, method, target, headers, body)
        except Cut as cut:
            if cut.reset:
                end: socket.socket = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Cancelled only by `stop`, and streams complain about the end of a task that was.
            writer.transport.abort()
        finally:
            writer.close()

    async def stop(self) -> None:
        """End the connections that are left."""
        left = [task for task in self._connections if task is not None and not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _answer(
        self, writer: asyncio.StreamWriter, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> None:
        if error := self._unauthorised(headers.get("authorization", "")):
            await _send(writer, 403, {"errorCode": error, "errorMessage": f"거부 {headers.get('authorization')}"})
            return
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and "TAKEN" not in fault.name:
            await _fail(writer, fault, body)
            return
        if method == "POST":
            answer = self._send_many(json.loads(body))
        else:
            answer = self._list(dict(parse_qsl(urlsplit(target).query)))
        if fault is not None:
            await _fail(writer, fault, json.dumps(answer).encode())
            return
        await _send(writer, 200, answer)

    def _unauthorised(self, authorization: str) -> str | None:
        if (parts := _AUTHORIZATION.fullmatch(authorization)) is None or parts["key"] != KEY:
            return "InvalidAPIKey"
        expected = hmac.new(SECRET.encode(), (parts["date"] + parts["salt"]).encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, parts["signature"]):
            return "SignatureDoesNotMatch"
        if abs(datetime.now(UTC) - datetime.fromisoformat(parts["date"])) > timedelta(minutes=15):
            return "RequestTimeTooSkewed"
        if parts["signature"] in self._signatures:
            return "DuplicatedSignature"
        self._signatures.add(parts["signature"])
        return None

    def _send_many(self, wanted: dict[str, Any]) -> dict[str, Any]:
        placed, failed = [], []
        for message in wanted["messages"]:
            if code := self._refusal(message):
                failed.append({**message, "statusCode": code, "statusMessage": f"거부: {message['to']}"})
                continue
            message_id = self.place(message["to"], None)
            self.messages[message_id] |= message
            placed.append({"messageId": message_id, "statusCode": "2000", "statusMessage": "정상 접수"})
        return {
            "failedMessageList": failed,
            "groupInfo": {"groupId": "G4V1", "count": {"total": 1, "registeredFailed": len(failed)}},
            "messageList": placed if wanted["showMessageList"] else None,
        }

    def _refusal(self, message: dict[str, Any]) -> str | None:
        try:
            size = sum(1 if character.isascii() else 2 for character in message["text"])
            message["text"].encode("cp949")
        except UnicodeEncodeError:
            return "1029"
        if size > {"SMS": 90, "LMS": 2000}[message["type"]]:
            return "1031"
        if message["from"] != SENDER:
            return "1062"
        if message["type"] == "SMS" and "subject" in message:
            return "1013"
        return self.refusals.get(message["to"])

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        date = {"CREATED": "dateCreated", "UPDATED": "dateUpdated"}[query["dateType"]]
        start = datetime.fromisoformat(query["startDate"])
        rows = [
            message
            for message in sorted(self.messages.values(), key=lambda message: message["messageId"], reverse=True)
            if query.get("to", message["to"]) == message["to"] and datetime.fromisoformat(message[date]) >= start
        ]
        first = int(query.get("startKey", 0))
        limit = min(int(query["limit"]), self.page_limit)
        last = first + limit
        return {
            "startKey": query.get("startKey"),
            "limit": limit,
            "messageList": {message["messageId"]: message for message in rows[first:last]},
            "nextKey": str(last) if last < len(rows) else None,
        }


@asynccontextmanager
async def solapi_server() -> AsyncIterator[SolapiServer]:
    """A server of one's own, on a free port."""
    account = SolapiServer()
    server = await asyncio.start_server(account.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    account.url = f"http://{host}:{port}"
    try:
        yield account
    finally:
        server.close()
        await account.stop()
        await server.wait_closed()


async def _head(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]] | None:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = lines[0].split(" ")
    pairs = (line.split(":", 1) for line in lines[1:] if line)
    return method, target, {name.lower(): value.strip() for name, value in pairs}


async def _send(
    writer: asyncio.StreamWriter, status: int, body: Any, *, headers: str = "", cut_at: int | None = None
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    answer = f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\n{headers}\r\n".encode() + content
    writer.write(answer[:cut_at])
    await writer.drain()


async def _fail(writer: asyncio.StreamWriter, fault: Fault, answer: bytes) -> None:
    def error(code: str) -> dict[str, str]:
        return {"errorCode": code, "errorMessage": f"{answer.decode()}"}

    page = b"<html><body>Bad Gateway</body></html>"
    match fault:
        case Fault.PATIENCE:
            await _send(writer, 429, error("TooManyRequests"), headers="retry-after: 7\r\n")
        case Fault.PATIENCE_UNTIL:
            until = datetime.now(UTC) + timedelta(seconds=90)
            date = until.strftime("%a, %d %b %Y %H:%M:%S GMT")
            await _send(writer, 429, page, headers=f"retry-after: {date}\r\n")
        case Fault.BROKEN:
            await _send(writer, 500, error("InternalError"))
        case Fault.BROKEN_PAGE:
            await _send(writer, 500, page)
        case Fault.AWAY:
            await _send(writer, 503, page, headers="retry-after: 30\r\n")
        case Fault.PROXY:
            await _send(writer, 502, page)
        case Fault.PROXY_TAKEN:
            await _send(writer, 504, page)
        case Fault.SILENT | Fault.SILENT_TAKEN:
            await asyncio.sleep(3600)
        case Fault.CUT | Fault.CUT_TAKEN:
            raise Cut(reset=fault is Fault.CUT)
        case Fault.CUT_HALFWAY_TAKEN:
            await _send(writer, 200, answer, cut_at=80)
            raise Cut
        case Fault.SLOW_TAKEN:
            for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b" " * 5000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.1)
        case Fault.MALFORMED_TAKEN:
            await _send(writer, 200, answer[:-5])
        case Fault.PAGE:
            await _send(writer, 200, page)
        case Fault.EMPTY:
            await _send(writer, 200, b"")
        case Fault.NOTHING_PLACED:
            await _send(writer, 200, {"failedMessageList": [], "groupInfo": {"groupId": "G1"}, "messageList": []})
        case Fault.ENDLESS:
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            while True:
                writer.write(b" " * 65536)
                await writer.drain()
        case Fault.ERROR_INSIDE:
            await _send(writer, 200, error("ValidationError"))
        case Fault.UNKNOWN_ERROR_INSIDE:
            await _send(writer, 200, error(f"Surprise {answer.decode()[:30]}"))
        case Fault.REDIRECT:
            await _send(writer, 302, b"", headers="location: http://127.0.0.1:1/\r\n")
        case Fault.INVALID:
            await _send(writer, 400, error("ValidationError"))
        case Fault.NO_CREDIT:
            await _send(writer, 402, error("NotEnoughBalance"))
        case Fault.FORBIDDEN:
            await _send(writer, 403, error("Forbidden"))
