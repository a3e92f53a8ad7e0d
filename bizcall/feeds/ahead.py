"""One item ahead: the next part of a file is read and checked while the database loads the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")


async def ahead(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """The items, in their order, each asked for while the one before it is in use; never more than one waits.

    What `items` raises is raised behind all that came before. Close it (`aclosing`) where it isn't read to its end:
    that ends what is being made ready, and closes `items`.
    """

    async def following() -> T | None:
        return await anext(items, None)

    coming = asyncio.create_task(following())
    try:
        while (item := await coming) is not None:
            coming = asyncio.create_task(following())
            yield item
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await items.aclose()
