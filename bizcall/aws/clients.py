"""The service clients of a process; aioboto3 is imported with the first one."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Any

_GATEWAYS = {"sns", "sesv2"}


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
