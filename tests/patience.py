"""How long tests wait for what the product gives up by itself.

No test asserts that something is quick: on a busy machine nothing is. What a test can assert is that there is an end
although the other side never answers, and that it comes before a longer wait of the product's would have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bizcall import connections

PATIENCE = 30.0
"""Seconds; ten times the longest wait of the product that a test sits through."""


def wait_for_connections() -> None:
    """Make this process wait patiently for a free connection; where many want one at once, all of them count."""
    connections.ACQUIRE = PATIENCE


@asynccontextmanager
async def ends(*, before: float = PATIENCE) -> AsyncIterator[None]:
    """The block comes to an end, before the seconds that something else would take; TimeoutError if not."""
    async with asyncio.timeout(before):
        yield
