"""Text messages by Solapi, a Korean gateway: our own sender number, reports of delivery, and look-ups.

    Solapi(key, secret, sender=…)     Sms
    await solapi.close()

Its REST API (docs.solapi.com): every request is signed by HMAC-SHA256 over its date and a salt; a message takes fields
of ours, so each carries our reference, by which it is found again; what became of messages is asked for page by page.
It has no idempotency key, so nothing is repeated here.

Own code rather than its SDK, because that one is synchronous, repeats what it may not repeat and takes no fields back.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bizcall.gateways.solapi_answers import GATEWAY, REFERENCE, Page, page, placed, refusal
from bizcall.ports import (
    Clock,
    Fate,
    FateState,
    GatewayBusy,
    GatewayDown,
    GatewayFault,
    GatewayRefused,
    GatewayUncertain,
    Report,
    now,
)

URL = "https://api.solapi.com"
CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 10.0
ANSWER_BYTES = 8 * 1024 * 1024
PAGE_ROWS = 500
PAGES_MOST = 200
LOOK_UP_PAGES = 10
CLOCKS_APART = timedelta(minutes=5)
"""How far the gateway's clock may be behind ours without hiding a message from a look-up."""

logger = logging.getLogger(__name__)


class Solapi:
    """One account of Solapi. Use it on one event loop; the secret shows in no `repr`, number and text in no log."""

    name = GATEWAY

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        sender: str,
        url: str = URL,
        connect_seconds: float = CONNECT_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
        clock: Clock = now,
    ) -> None:
        """`sender` is the number registered with the account, digits only; a request ends after `whole_seconds`."""
        self._key = key
        self._secret = secret.encode()
        self._sender = sender
        self._url = url
        self._connect_seconds = connect_seconds
        self._whole_seconds = whole_seconds
        self._clock = clock
        self._client: Any = None

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """Hand over one message and return the gateway's id; `to` is a Korean number (0… or +82…)."""
        number = _domestic(to)
        if not number.isdecimal():
            raise GatewayRefused("not a Korean number")
        message = {
            "to": number,
            "from": self._sender,
            "text": text,
            # Never left to be found out there: an SMS that is silently made an LMS costs three times as much.
            "type": "SMS" if subject is None else "LMS",
            "autoTypeDetect": False,
            "customFields": {REFERENCE: reference},
        } | ({} if subject is None else {"subject": subject})
        wanted = {"messages": [message], "showMessageList": True}
        try:
            status, headers, body = await self._ask("POST", "/messages/v4/send-many/detail", json=wanted)
            if status != 200:
                raise refusal(status, headers, body, at=self._clock())
            gateway_id = placed(body)
        except GatewayFault as fault:
            logger.warning("Solapi did not take %s: %s, %s", reference, type(fault).__name__, fault)
            raise
        logger.info("message %s was handed to Solapi as %s", reference, gateway_id)
        return gateway_id

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """What became of the message of that reference; None where the list is longer than ten pages.

        Raises GatewayBusy, which says nothing about the message.
        """
        wanted = {"to": _domestic(to), "dateType": "CREATED", "startDate": (since - CLOCKS_APART).isoformat()}
        pages = 0
        async for found in self._pages(wanted):
            for stored in found.messageList.values():
                if stored.reference == reference:
                    return stored.fate()
            pages += 1
            if pages == LOOK_UP_PAGES:
                return None
        return Fate(FateState.ABSENT, None, "", self._clock())

    async def reports(self, since: datetime) -> AsyncIterator[Report]:
        """The state of every message of ours that changed at `since` or later, at most 100,000 at a time.

        Raises GatewayBusy; what came before it counts.
        """
        async for found in self._pages({"dateType": "UPDATED", "startDate": since.isoformat()}):
            for stored in found.messageList.values():
                # The account may send for others, too.
                if stored.reference is not None:
                    yield stored.report()

    async def close(self) -> None:
        """Close the connections; the object can be used again afterwards."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _pages(self, wanted: Mapping[str, str]) -> AsyncIterator[Page]:
        key: str | None = None
        for _ in range(PAGES_MOST):
            query = {**wanted, "limit": str(PAGE_ROWS)} | ({"startKey": key} if key else {})
            try:
                status, headers, body = await self._ask("GET", "/messages/v4/list", params=query)
                if status != 200:
                    raise refusal(status, headers, body, at=self._clock())
            except GatewayBusy:
                raise
            except GatewayFault as fault:
                # Asking changes nothing there, so whatever went wrong, it can be asked again.
                raise GatewayDown(str(fault)) from None
            found = page(body)
            yield found
            if not found.nextKey or str(found.nextKey) == key:
                return
            key = str(found.nextKey)
        logger.warning("Solapi's list was left after %d pages", PAGES_MOST)

    async def _ask(self, method: str, path: str, **request: Any) -> tuple[int, Mapping[str, str], bytes]:
        """One signed request. Raises GatewayDown if it can't have arrived, GatewayUncertain if it may have."""
        import httpx

        client = self._opened()
        try:
            async with asyncio.timeout(self._whole_seconds):
                headers = {"authorization": self._signed()}
                async with client.stream(method, path, headers=headers, **request) as answer:
                    body = bytearray()
                    async for piece in answer.aiter_bytes():
                        body += piece
                        if len(body) > ANSWER_BYTES:
                            raise GatewayUncertain("endless answer")
                    return answer.status_code, answer.headers, bytes(body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise GatewayDown(type(error).__name__) from None
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            # Causes are cut off: httpx keeps the request in them, and the request holds the number and the text.
            raise GatewayUncertain(type(error).__name__) from None

    def _opened(self) -> Any:
        import httpx

        if self._client is None:
            # They log the addresses of requests and their headers: a look-up's number, and what signs a request.
            for chatty in ("httpx", "httpcore"):
                logging.getLogger(chatty).setLevel(logging.WARNING)
            self._client = httpx.AsyncClient(
                base_url=self._url,
                timeout=httpx.Timeout(self._whole_seconds, connect=self._connect_seconds, pool=self._connect_seconds),
                # A connection that died while the process was frozen leaves a message uncertain; a short life of idle
                # ones makes that rare.
                limits=httpx.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=2.0),
                trust_env=False,
            )
        return self._client

    def _signed(self) -> str:
        date = self._clock().isoformat(timespec="seconds").replace("+00:00", "Z")
        salt = secrets.token_hex(16)
        signature = hmac.new(self._secret, f"{date}{salt}".encode(), hashlib.sha256).hexdigest()
        return f"HMAC-SHA256 apiKey={self._key}, date={date}, salt={salt}, signature={signature}"


def _domestic(number: str) -> str:
    return f"0{number.removeprefix('+82')}" if number.startswith("+82") else number
