"""The two-sample Kolmogorov–Smirnov test, in the few lines that it takes without a library for statistics."""

from __future__ import annotations

import bisect
import math
from collections.abc import Awaitable, Callable, Sequence

P_LEAST = 0.01
ROUNDS = 3


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """How far the two empirical distributions are apart at the most."""
    a, b = sorted(one), sorted(other)
    return max(
        abs(bisect.bisect_right(a, value) / len(a) - bisect.bisect_right(b, value) / len(b)) for value in [*a, *b]
    )


def chance(one: Sequence[float], other: Sequence[float]) -> float:
    """How likely such a distance is for two samples of one distribution (the limit law, good from 30 values on)."""
    size = math.sqrt(len(one) * len(other) / (len(one) + len(other)))
    scaled = (size + 0.12 + 0.11 / size) * distance(one, other)
    if scaled < 0.3:
        return 1.0
    terms = (math.copysign(math.exp(-2 * k * k * scaled * scaled), k % 2 - 0.5) for k in range(1, 101))
    return min(1.0, 2 * sum(terms))


async def told_apart(measure: Callable[[], Awaitable[tuple[Sequence[float], Sequence[float]]]]) -> bool:
    """Whether two kinds of request differ in each of three rounds: a busy machine may make one look so, not three."""
    for _ in range(ROUNDS):
        if chance(*await measure()) >= P_LEAST:
            return False
    return True
