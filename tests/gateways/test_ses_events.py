"""Events of SES, as SNS hands them to a queue, read as reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bizcall.gateways import settled
from bizcall.gateways.ses_events import Unreadable, report
from bizcall.ports import FateState

REFERENCE = "0197f0aa-0000-7000-8000-000000000001-1"
SENT = "2026-07-25T01:00:00.000Z"


def event(kind: str, **detail: Any) -> dict[str, Any]:
    """An event as SES publishes it to SNS."""
    return {
        "eventType": kind,
        "mail": {
            "timestamp": SENT,
            "messageId": "0100-abc",
            "destination": ["hong@example.com"],
            "tags": {"reference": [REFERENCE], "ses:from-domain": ["bizcall.example"]},
            "headers": [{"name": "To", "value": "홍길동 <hong@example.com>"}],
        },
    } | detail


BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "timestamp": "2026-07-25T01:00:09.5Z",
    "bouncedRecipients": [{"emailAddress": "hong@example.com", "diagnosticCode": "550 hong@example.com unknown"}],
}


@pytest.mark.parametrize(
    ("told", "state", "code", "second"),
    [
        (event("Send", send={}), FateState.ACCEPTED, "Send", 0),
        (event("Delivery", delivery={"timestamp": "2026-07-25T01:00:02Z"}), FateState.DELIVERED, "Delivery", 2),
        (event("Bounce", bounce=BOUNCE), FateState.FAILED, "Bounce Permanent General", 9),
        (
            event("Complaint", complaint={"timestamp": "2026-07-25T01:00:30Z", "complaintFeedbackType": "abuse"}),
            FateState.FAILED,
            "Complaint abuse",
            30,
        ),
        (event("Reject", reject={"reason": "Bad content"}), FateState.FAILED, "Reject", 0),
    ],
)
def test_an_event_is_the_same_report_wrapped_by_SNS_or_raw(
    told: dict[str, Any], state: FateState, code: str, second: int
) -> None:
    raw = report(told)
    wrapped = report({"Type": "Notification", "Message": json.dumps(told)})
    assert raw is not None
    assert raw == wrapped
    assert (raw.gateway, raw.gateway_id, raw.reference) == ("ses", "0100-abc", REFERENCE)
    assert (raw.fate.state, raw.fate.code) == (state, code)
    assert raw.fate.at.replace(microsecond=0) == datetime(2026, 7, 25, 1, 0, second, tzinfo=UTC)
    assert "hong" not in repr(raw)


def test_W8_told_again_it_has_the_same_identity_and_a_bounce_ends_a_delivery() -> None:
    delivered = report(event("Delivery", delivery={"timestamp": "2026-07-25T01:00:02Z"}))
    bounced = report(event("Bounce", bounce=BOUNCE))
    assert delivered is not None
    assert bounced is not None
    assert report(event("Bounce", bounce=BOUNCE)) == bounced
    assert delivered.id != bounced.id
    assert settled([bounced.fate, delivered.fate]) == bounced.fate


@pytest.mark.parametrize(
    ("kind", "part", "state"),
    [
        ("Transient", "General", FateState.DELIVERED),
        ("Undetermined", "Undetermined", FateState.DELIVERED),
        ("Transient", "MailboxFull", FateState.FAILED),
    ],
)
def test_the_answer_of_who_is_on_holiday_makes_no_failure_of_a_mail_that_arrived(
    kind: str, part: str, state: FateState
) -> None:
    delivered = report(event("Delivery", delivery={"timestamp": "2026-07-25T01:00:02Z"}))
    answered = report(event("Bounce", bounce=BOUNCE | {"bounceType": kind, "bounceSubType": part}))
    assert delivered is not None
    assert answered is not None
    both = settled([delivered.fate, answered.fate])
    assert both is not None
    assert (both.state, answered.fate.state) == (state, FateState.FAILED)


@pytest.mark.parametrize("kind", ["Open", "Click", "DeliveryDelay", "Subscription"])
def test_an_event_without_a_fate_is_no_report(kind: str) -> None:
    assert report(event(kind)) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Message": "no JSON hong@example.com"},
        {"Message": 7},
        {"Message": "[]"},
        {"eventType": "Bounce"},
        event("Bounce") | {"mail": {"messageId": "", "timestamp": SENT}},
        event("Bounce", bounce={"timestamp": "yesterday hong@example.com"}),
    ],
)
def test_what_is_no_event_is_told_without_its_words(body: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        report(body)
    assert "hong" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_mail_without_our_tag_is_reported_without_a_reference() -> None:
    told = event("Delivery", delivery={"timestamp": SENT})
    del told["mail"]["tags"]
    found = report(told)
    assert found is not None
    assert found.reference is None
