"""Waiting for what the running system makes of something that was dropped into its bucket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.2


class NoAnswer(Exception):
    """Nothing was heard in time; the text says of what."""


async def waited_for(ask: Callable[[], Awaitable[T]], is_answer: Callable[[T], bool], what: str, seconds: float) -> T:
    """What `ask` tells as soon as it is an answer; raises NoAnswer when it tells nothing else for so many seconds."""
    told, end = await ask(), time.monotonic() + seconds
    while not is_answer(told):
        if time.monotonic() > end:
            raise NoAnswer(f"{what} within {seconds:.0f} s; the log of scripts/run may tell why")
        await asyncio.sleep(_PAUSE)
        before, told = told, await ask()
        if told != before:
            end = time.monotonic() + seconds
    return told
