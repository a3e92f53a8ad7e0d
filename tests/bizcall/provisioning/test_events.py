"""What is wrong with an event is told by its own reason and path (ON-01)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizcall.provisioning import events, reasons
from bizcall.provisioning.reasons import Reason, Refused
from tests.provisioning import Provider, moment

AT = datetime(2026, 6, 1, tzinfo=UTC)
PROVIDER = Provider(serial=0)


def good() -> dict[str, Any]:
    """A completion without fault."""
    return PROVIDER.completed(1, 2)


def changed(**fields: Any) -> dict[str, Any]:
    """A change of lines."""
    return PROVIDER.changed("changed", 1, **fields)


def faults(body: bytes | dict[str, Any]) -> list[tuple[Reason, str]]:
    """Reasons and paths."""
    with pytest.raises(Refused) as refused:
        events.read(body if isinstance(body, bytes) else orjson.dumps(body), AT)
    return [(found.reason, found.where) for found in refused.value.findings]


def with_(**fields: Any) -> Callable[[], dict[str, Any]]:
    """A completion with other fields."""
    return lambda: {**good(), **fields}


def without(name: str) -> Callable[[], dict[str, Any]]:
    """A completion that lacks a field."""
    return lambda: {key: value for key, value in good().items() if key != name}


NUMBER = PROVIDER.number(1)
BAD: dict[str, tuple[Callable[[], dict[str, Any]], Reason, str]] = {
    "no id": (without("id"), Reason.MISSING_FIELD, "id"),
    "an empty id": (with_(id=""), Reason.BAD_ID, "id"),
    "a long id": (with_(id="x" * 101), Reason.BAD_ID, "id"),
    "an id of two lines": (with_(id="a\n"), Reason.BAD_ID, "id"),
    "a number as id": (with_(id=7), Reason.WRONG_TYPE, "id"),
    "no kind": (without("kind"), Reason.MISSING_FIELD, "kind"),
    "another kind": (with_(kind="SUBSCRIPTION_ENDED"), Reason.UNKNOWN_KIND, "kind"),
    "a time without offset": (with_(occurredAt="2026-03-01T00:00:00"), Reason.BAD_TIME, "occurredAt"),
    "no time": (with_(occurredAt="yesterday"), Reason.BAD_TIME, "occurredAt"),
    "a time as a number": (with_(occurredAt=None), Reason.BAD_TIME, "occurredAt"),
    "a time to come": (with_(occurredAt="2026-06-01T01:00:01+00:00"), Reason.BAD_TIME, "occurredAt"),
    "a time long ago": (with_(occurredAt="0001-01-01T00:00:00+09:00"), Reason.BAD_TIME, "occurredAt"),
    "a subscription in Korean": (with_(subscription="청약 1"), Reason.BAD_ID, "subscription"),
    "no company": (without("company"), Reason.MISSING_FIELD, "company"),
    "a company without name": (with_(company={}), Reason.MISSING_FIELD, "company.name"),
    "a blank name": (with_(company={"name": " \u200b"}), Reason.BAD_NAME, "company.name"),
    "a long name": (with_(company={"name": "가" * 101}), Reason.BAD_NAME, "company.name"),
    "a company as a text": (with_(company="회사"), Reason.WRONG_TYPE, "company"),
    "no plan": (without("plan"), Reason.MISSING_FIELD, "plan"),
    "a plan as a number": (with_(plan=1), Reason.WRONG_TYPE, "plan"),
    "no mobile": (without("adminMobile"), Reason.MISSING_FIELD, "adminMobile"),
    "a mobile that is none": (with_(adminMobile=NUMBER), Reason.BAD_MOBILE, "adminMobile"),
    "a mobile that is too long": (with_(adminMobile="0" * 41), Reason.BAD_MOBILE, "adminMobile"),
    "no lines": (with_(lines=[]), Reason.MISSING_FIELD, "lines"),
    "lines as an object": (with_(lines={}), Reason.WRONG_TYPE, "lines"),
    "a mobile as a line": (with_(lines=[{"number": "010-1234-5678"}]), Reason.BAD_NUMBER, "lines.0.number"),
    "a nationwide number": (with_(lines=[{"number": "1544-0001"}]), Reason.BAD_NUMBER, "lines.0.number"),
    "a line of digits": (with_(lines=[{"number": 7012345678}]), Reason.WRONG_TYPE, "lines.0.number"),
    "no RID": (with_(lines=[{"number": NUMBER, "rid": "x"}]), Reason.BAD_RID, "lines.0.rid"),
    "a number twice": (with_(lines=[{"number": NUMBER}] * 2), Reason.NUMBER_TWICE, "lines.1.number"),
    "an unknown field": (with_(fax="1"), Reason.UNKNOWN_FIELD, "fax"),
    "an unknown field of a line": (
        with_(lines=[{"number": NUMBER, "name": "x"}]),
        Reason.UNKNOWN_FIELD,
        "lines.0.name",
    ),
    "a Python name": (with_(admin_mobile="01012345678"), Reason.UNKNOWN_FIELD, "admin_mobile"),
    "a completion that retires": (with_(retire=[NUMBER]), Reason.FIELD_OF_ANOTHER_KIND, "retire"),
    "a completion that names": (
        with_(representativeNumber=NUMBER),
        Reason.FIELD_OF_ANOTHER_KIND,
        "representativeNumber",
    ),
    "a change of nothing": (changed, Reason.MISSING_FIELD, "lines"),
    "a change of lines with a plan": (
        lambda: changed(retire=[NUMBER], plan="P"),
        Reason.FIELD_OF_ANOTHER_KIND,
        "plan",
    ),
    "a line that comes and goes": (
        lambda: changed(lines=[{"number": NUMBER}], retire=[NUMBER]),
        Reason.NUMBER_TWICE,
        "retire.0",
    ),
    "a representative that goes": (
        lambda: changed(retire=[NUMBER], representativeNumber=NUMBER),
        Reason.NUMBER_TWICE,
        "representativeNumber",
    ),
    "a retired mobile": (lambda: changed(retire=["01012345678"]), Reason.BAD_NUMBER, "retire.0"),
}


@pytest.mark.parametrize("name", BAD)
def test_ON_01_each_fault_has_its_reason_and_its_path(name: str) -> None:
    make, reason, path = BAD[name]
    found = faults(make())
    if name == "a time as a number":
        assert found[0][1] == path
    else:
        assert (reason, path) in found


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"text"', "{}".encode("utf-16"), b"\xff", b"[" * 100_000, b'{"id": "\\ud800"}']
)
def test_ON_01_what_is_no_JSON_object_is_malformed(body: bytes) -> None:
    assert faults(body)[0][0] is Reason.MALFORMED


def test_ON_01_an_event_is_bounded() -> None:
    assert faults(b" " * (events.FILE_MOST + 1)) == [(Reason.TOO_LARGE, "")]
    lines = [{"number": f"0{7051000000 + place}"} for place in range(events.LINES_MOST + 1)]
    assert faults({**good(), "lines": lines}) == [(Reason.TOO_MANY_LINES, "lines")]
    assert events.read(orjson.dumps({**good(), "lines": lines[:-1]}), AT)
    many = faults({**good(), "lines": [{"number": "x"}] * events.LINES_MOST})
    assert len(many) == events.FINDINGS_MOST


def test_ON_01_values_come_in_normal_form_with_or_without_a_byte_order_mark() -> None:
    number = PROVIDER.number(1)
    given = {**good(), "lines": [{"number": f"+82 {number[1:]}"}], "adminMobile": "010-1234-5678", "retire": None}
    del given["retire"]
    event = events.read(b"\xef\xbb\xbf" + orjson.dumps(given), AT)
    assert (event.lines[0].number, event.adminMobile) == (number, "01012345678")
    assert event.content()["occurredAt"] == moment(0)
    assert events.read(orjson.dumps(event.content()), AT) == event


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_ON_01_whatever_comes_is_refused_by_name(value: Any) -> None:
    try:
        body = orjson.dumps(value)
    except TypeError:
        return
    assert faults(body)
    events.names(body)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(sorted(good())), st.none() | st.booleans() | st.integers(-10, 10) | st.text() | st.lists(st.text())
)
def test_ON_01_a_field_of_any_value_breaks_nothing(name: str, value: Any) -> None:
    try:
        events.read(orjson.dumps({**good(), name: value}), AT)
    except (Refused, TypeError):
        # A text that orjson can't write is no fault of ours.
        return


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert set(reasons.SENTENCES) == set(Reason)
    for told in reasons.SENTENCES.values():
        assert any("가" <= sign <= "힣" for sign in told.ko)
        assert told.en.isascii()
