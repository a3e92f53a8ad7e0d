"""Calls that are drawn: how each was told first, and the corrections of it one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from bizcall.models.calls import CallType
from tests.feeding import call, correction


class Step(NamedTuple):
    """What a call was said to be, by its line's place and the customer; `how` is meant of what corrects the one before.

    It is "moved" to another moment, "renamed" there, or stays "in place".
    """

    how: str
    kind: CallType
    seconds: int
    line: int
    customer: str


CHAINS = st.lists(
    st.lists(
        st.builds(
            Step,
            st.sampled_from(["moved", "renamed", "in place"]),
            st.sampled_from(list(CallType)),
            st.integers(0, 3000),
            st.integers(0, 2),
            st.sampled_from(("010-2000-1234", "010-2002-5678", "발신번호표시제한", "")),
        ),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=6,
)


def versions(number: int, chain: Sequence[Step], lines: Sequence[str], around: datetime) -> list[dict[str, Any]]:
    """The records of one call: how it was told first, and each correction of the one before."""
    found: list[dict[str, Any]] = []
    revision = 0
    for place, (how, kind, seconds, line, customer) in enumerate(chain):
        # A day and an hour apart, later or earlier, so that corrections cross hours, days and what `around` ends.
        at = around + timedelta(days=number % 3 - 1, hours=25 * place * (-1) ** number)
        values = {"type": kind.value, "seconds": seconds, "customer": customer}
        if not found:
            found.append(call(lines[line], f"c{number}", at, **values))
        elif how == "in place":
            revision += 1
            before = found[-1]
            made = {**before, **values, "line": lines[line], "revision": revision}
            found.append(correction(made, before))
        else:
            key = f"c{number}-{place}" if how == "renamed" else found[-1]["id"]
            found.append(correction(call(lines[line], key, at, **values), found[-1]))
            revision = 0
    return found
