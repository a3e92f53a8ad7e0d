"""What became of a message is a function of the set of reports, whatever their order and number (W8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizcall.gateways import settled
from bizcall.ports import Fate, FateState

START = datetime(2026, 7, 25, tzinfo=UTC)


def fate(state: FateState, seconds: float, code: str = "") -> Fate:
    """A fate reached so many seconds after the start."""
    return Fate(state, "M1", code, START + timedelta(seconds=seconds))


STORIES = {
    "an SMS that arrives": (
        [
            fate(FateState.ACCEPTED, 0, "2000"),
            fate(FateState.SENT, 1, "3000"),
            fate(FateState.SENT, 2, "3000"),
            fate(FateState.DELIVERED, 3, "4000"),
            fate(FateState.ACCEPTED, 4, "2000"),
        ],
        fate(FateState.DELIVERED, 3, "4000"),
    ),
    "an SMS that fails, told late that it was accepted": (
        [
            fate(FateState.ABSENT, 0),
            fate(FateState.ACCEPTED, 1, "2000"),
            fate(FateState.FAILED, 2, "3042"),
            fate(FateState.SENT, 9, "3000"),
            fate(FateState.ABSENT, 10),
        ],
        fate(FateState.FAILED, 2, "3042"),
    ),
    "mail that was delivered and bounced all the same": (
        [
            fate(FateState.ACCEPTED, 0, "Send"),
            fate(FateState.DELIVERED, 1, "Delivery"),
            fate(FateState.DELIVERED, 1, "Delivery"),
            fate(FateState.FAILED, 60, "Bounce Permanent General"),
            fate(FateState.ACCEPTED, 0, "Send"),
        ],
        fate(FateState.FAILED, 60, "Bounce Permanent General"),
    ),
    "two final reports of the same moment": (
        [
            fate(FateState.DELIVERED, 5, "4000"),
            fate(FateState.FAILED, 5, "3014"),
            fate(FateState.FAILED, 5, "3012"),
            fate(FateState.SENT, 5, "3000"),
            fate(FateState.ACCEPTED, 6, "2000"),
        ],
        fate(FateState.FAILED, 5, "3014"),
    ),
    "a carrier that corrects itself": (
        [
            fate(FateState.FAILED, 5, "3040"),
            fate(FateState.DELIVERED, 50, "4000"),
            fate(FateState.FAILED, 4, "3041"),
            fate(FateState.SENT, 3, "3000"),
            fate(FateState.ACCEPTED, 2, "2000"),
        ],
        fate(FateState.DELIVERED, 50, "4000"),
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_W8_all_orders_of_five_reports_come_to_the_same_end(story: str) -> None:
    told, end = STORIES[story]
    assert len(told) == 5
    ends = {settled(order) for order in permutations(told)}
    assert ends == {end}


@pytest.mark.parametrize("story", STORIES)
def test_W8_reports_told_twice_or_in_parts_change_nothing(story: str) -> None:
    told, end = STORIES[story]
    assert settled([*told, *told]) == end
    for size in range(1, 5):
        for part in combinations(told, size):
            rest = [one for one in told if one not in part]
            so_far = settled(part)
            assert so_far is not None
            # What is kept of a part is all that is needed of it.
            assert settled([so_far, *rest]) == end


def test_of_nothing_nothing_is_known() -> None:
    assert settled([]) is None


FATES = st.builds(
    Fate,
    st.sampled_from(FateState),
    st.sampled_from([None, "M1", "M2"]),
    st.sampled_from(["", "2000", "3042", "4000"]),
    st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds)),
)


@given(st.lists(FATES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_W8_the_end_is_the_same_for_any_set_in_any_order(told: list[Fate], random: Random) -> None:
    shuffled = sorted(set(told), key=repr)
    random.shuffle(shuffled)
    assert settled(told) == settled(shuffled)
