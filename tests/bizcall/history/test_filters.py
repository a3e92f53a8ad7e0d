"""What a filter may be, and what rollups can tell of it (ST-02, ST-03)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bizcall import months
from bizcall.errors import ErrorCode, Invalid
from bizcall.history.conditions import expressible
from bizcall.history.filters import KEYS_MOST, Direction, HistoryFilter, hours_of, last_day, types_of
from bizcall.history.keys import FactKey
from bizcall.models.calls import NOBODY, CallType
from bizcall.stats.rollups import CALLS, MESSAGES

NOW = datetime(2027, 2, 1, tzinfo=UTC)
FIRST = date(2026, 9, 1)


def of(**fields: Any) -> HistoryFilter:
    """A filter of one day."""
    return HistoryFilter(**({"from_on": FIRST, "to_on": FIRST} | fields))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 9, 1), date(2026, 11, 30)),
        (date(2026, 3, 15), date(2026, 6, 14)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2027, 11, 29), date(2028, 2, 28)),
        (date(2026, 12, 1), date(2027, 2, 28)),
        (date(2026, 5, 31), date(2026, 8, 30)),
    ],
)
def test_ST_01_three_months_are_let_through_and_a_day_more_is_refused(first: date, last: date) -> None:
    assert last_day(first) == last
    assert of(from_on=first, to_on=last).checked(lambda: NOW).to_on == last
    with pytest.raises(Invalid) as refused:
        of(from_on=first, to_on=last + timedelta(days=1)).checked(lambda: NOW)
    [problem] = refused.value.problems
    assert (problem.code, problem.field) == (ErrorCode.OUT_OF_RANGE, ("filter", "toOn"))
    assert problem.params == {"minimum": str(first), "maximum": str(last)}


def test_ST_03_what_is_older_than_the_months_kept_is_refused_instead_of_told_as_zeros() -> None:
    oldest = months.shifted(months.today(lambda: NOW), -4)
    assert of(from_on=oldest, to_on=oldest).checked(lambda: NOW, kept=4)
    with pytest.raises(Invalid) as refused:
        of(from_on=oldest - timedelta(days=1), to_on=oldest).checked(lambda: NOW, kept=4)
    [problem] = refused.value.problems
    assert (problem.code, problem.field) == (ErrorCode.OUT_OF_RANGE, ("filter", "fromOn"))
    assert problem.params["minimum"] == str(oldest)


BAD: list[tuple[dict[str, Any], ErrorCode, str]] = [
    ({"to_on": date(2026, 8, 31)}, ErrorCode.OUT_OF_RANGE, "toOn"),
    ({"from_on": date(1, 1, 1)}, ErrorCode.OUT_OF_RANGE, "fromOn"),
    ({"from_on": date(9999, 12, 31), "to_on": date(9999, 12, 31)}, ErrorCode.OUT_OF_RANGE, "fromOn"),
    ({"weekdays": frozenset({0})}, ErrorCode.OUT_OF_RANGE, "weekdays"),
    ({"weekdays": frozenset({8})}, ErrorCode.OUT_OF_RANGE, "weekdays"),
    ({"hours": (-1, 3)}, ErrorCode.OUT_OF_RANGE, "hours"),
    ({"hours": (3, 25)}, ErrorCode.OUT_OF_RANGE, "hours"),
    ({"hours": (7, 7)}, ErrorCode.CONFLICT, "hours"),
    ({"hours": (24, 0)}, ErrorCode.CONFLICT, "hours"),
    (
        {"line_ids": tuple(UUID(int=n) for n in range(1, KEYS_MOST + 2))},
        ErrorCode.TOO_MANY,
        "lineIds",
    ),
    ({"customer_number": "\u200b"}, ErrorCode.REQUIRED, "customerNumber"),
    ({"customer_number": "1" * 41}, ErrorCode.TOO_LONG, "customerNumber"),
    ({"customer_tail": "123"}, ErrorCode.TOO_SHORT, "customerTail"),
    ({"customer_tail": ""}, ErrorCode.TOO_SHORT, "customerTail"),
    ({"customer_tail": "123456789"}, ErrorCode.TOO_LONG, "customerTail"),
    ({"customer_tail": "12a4"}, ErrorCode.INVALID_FORMAT, "customerTail"),
    ({"customer_tail": "%%%%"}, ErrorCode.INVALID_FORMAT, "customerTail"),
    ({"customer_name": "  "}, ErrorCode.REQUIRED, "customerName"),
    ({"customer_name": " 홍 "}, ErrorCode.TOO_SHORT, "customerName"),
    ({"customer_name": "가" * 101}, ErrorCode.TOO_LONG, "customerName"),
]


@pytest.mark.parametrize(("fields", "code", "field"), BAD)
def test_ST_02_a_bad_field_is_refused_by_name(fields: dict[str, Any], code: ErrorCode, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        of(**fields).checked(lambda: NOW)
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [(code, ("filter", field))]


def test_ST_02_several_problems_are_told_together_under_the_path_of_the_input() -> None:
    with pytest.raises(Invalid) as refused:
        of(hours=(1, 1), customer_tail="1").checked(path=("export", "filter"))
    assert [problem.field for problem in refused.value.problems] == [
        ("export", "filter", "hours"),
        ("export", "filter", "customerTail"),
    ]


def test_ST_02_texts_become_what_is_stored() -> None:
    checked = of(customer_number="+82 10-2000-1234", customer_tail="１２３４", customer_name=" 홍  길동 ").checked()
    assert (checked.customer_number, checked.customer_tail, checked.customer_name) == ("01020001234", "1234", "홍 길동")
    assert of(customer_number="+1 415 555 0134").checked().customer_number == "+1 415 555 0134"
    assert of(customer_number="발신번호표시제한").checked().customer_number == "발신번호표시제한"


def test_ST_02_how_far_ahead_a_period_may_lie_is_told_by_the_clock() -> None:
    ahead = of(from_on=date(2028, 3, 1), to_on=date(2028, 3, 1))
    assert ahead.checked(lambda: datetime(2027, 3, 1, tzinfo=UTC))
    with pytest.raises(Invalid):
        ahead.checked(lambda: NOW)


def test_ST_02_hours_run_over_midnight() -> None:
    assert hours_of(of(hours=(9, 12))) == [9, 10, 11]
    assert hours_of(of(hours=(22, 2))) == [0, 1, 22, 23]
    assert hours_of(of(hours=(22, 0))) == [22, 23]
    assert hours_of(of(hours=(24, 1))) == [0]
    assert len(hours_of(of(hours=(0, 24)))) == len(hours_of(of())) == 24


def test_ST_02_direction_and_types_are_both_asked() -> None:
    assert types_of(of(), CALLS) == CALLS.types
    assert types_of(of(direction=Direction.OUTGOING), CALLS) == (CallType.OUTGOING, CallType.OUTGOING_FAILED)
    assert types_of(of(direction=Direction.INCOMING), MESSAGES) == ("RECEIVED",)
    both = of(direction=Direction.INCOMING, types=frozenset({CallType.OUTGOING, CallType.MISSED}))
    assert types_of(both, CALLS) == (CallType.MISSED,)


NARROW: dict[str, dict[str, Any]] = {
    "nothing": {},
    "types": {"types": frozenset({CallType.MISSED})},
    "weekdays": {"weekdays": frozenset({1})},
    "hours": {"hours": (9, 18)},
    "all hours": {"hours": (0, 24)},
    "department": {"department_ids": (NOBODY,)},
    "line": {"line_ids": (NOBODY,)},
    "subscriber": {"subscriber_ids": (NOBODY,)},
    "customer": {"customer_tail": "1234"},
    "whole month": {"to_on": date(2026, 9, 30)},
    "two months and weekdays": {"to_on": date(2026, 10, 31), "weekdays": frozenset({1})},
}
TOLD = {
    "call_hour": {"nothing", "types", "weekdays", "hours", "all hours", "whole month", "two months and weekdays"},
    "call_department_hour": {
        *("nothing", "types", "weekdays", "hours", "all hours", "department", "whole month", "two months and weekdays"),
    },
    "call_department_day": {
        *("nothing", "types", "weekdays", "all hours", "department", "whole month", "two months and weekdays"),
    },
    "call_line_day": set(NARROW) - {"hours", "customer"},
    "call_line_month": {"whole month"},
}


@pytest.mark.parametrize("rollup", CALLS.rollups, ids=lambda rollup: rollup.table)
@pytest.mark.parametrize("name", NARROW)
def test_ST_03_a_rollup_tells_only_what_its_bucket_and_scope_know(rollup: Any, name: str) -> None:
    assert expressible(of(**NARROW[name]), rollup) is (name in TOLD[rollup.table])


@pytest.mark.parametrize(
    "text", ["", "1", ".c", "1.", "x.c", "-1.c", "1.가", "1.a b", "99999999999999.c", "1." + "c" * 65]
)
def test_a_text_that_is_no_key_of_a_call_is_none(text: str) -> None:
    assert FactKey.parse(text) is None


def test_a_key_of_a_call_is_its_text() -> None:
    key = FactKey.parse("1790000000.a:b.c")
    assert key is not None
    assert (key.id, str(key)) == ("a:b.c", "1790000000.a:b.c")
