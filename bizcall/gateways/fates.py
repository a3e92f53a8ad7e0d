"""What became of a message, out of everything that was ever told about it.

Reports come twice, late and in any order, also before the answer to the request that caused them. So nothing is derived
from the order of arrival: the state is a function of the set, and hearing a report again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bizcall.ports import Fate, FateState

_FINAL = {FateState.DELIVERED, FateState.FAILED}
_ORDER = list(FateState)


def settled(fates: Iterable[Fate]) -> Fate | None:
    """The fate that counts among all those known of one message; None of none.

    A final one counts more than any other. Among final ones the latest by the gateway's clock counts (mail that was
    delivered may still bounce), at the same moment the failure; among others the one that came furthest.
    """
    return max(fates, key=_rank, default=None)


def _rank(fate: Fate) -> tuple[float, int, float, str, str]:
    moment = fate.at.timestamp()
    # The last two only make the choice between equals the same one every time.
    final = moment if fate.state in _FINAL else 0.0
    return final, _ORDER.index(fate.state), moment, fate.code, fate.gateway_id or ""
