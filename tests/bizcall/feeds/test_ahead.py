"""One item is made ready while the one before it is in use, and no more (FD-01)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from bizcall.feeds.ahead import ahead


class Source:
    """Counts to three and fails then; knows what it was asked for and whether it was closed."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.closed = False

    async def items(self) -> AsyncGenerator[int]:
        """The items."""
        try:
            for number in (1, 2, 3):
                await asyncio.sleep(0)
                self.made.append(number)
                yield number
            raise LookupError
        finally:
            self.closed = True


async def test_FD_01_one_part_is_made_ready_while_another_is_in_use() -> None:
    source, used = Source(), []

    async def use_all() -> None:
        async with aclosing(ahead(source.items())) as items:
            async for item in items:
                for _ in range(20):
                    await asyncio.sleep(0)
                used.append((item, list(source.made)))

    with pytest.raises(LookupError):
        await use_all()
    assert used == [(1, [1, 2]), (2, [1, 2, 3]), (3, [1, 2, 3])]
    assert source.closed


async def test_FD_01_a_file_that_is_left_midway_is_closed() -> None:
    source = Source()
    async with aclosing(ahead(source.items())) as items:
        assert await anext(items) == 1

    assert source.closed
    assert 3 not in source.made
