"""End what nobody carried on."""

from __future__ import annotations

from bizcall.ports import Clock, now


async def expire(*, clock: Clock = now) -> int:
    """End imports whose time is over, in all companies, and return how many. Meant for the sweep, each minute."""
    raise NotImplementedError(clock)
