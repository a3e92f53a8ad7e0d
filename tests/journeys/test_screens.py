"""Every operation of every screen, sent to the running system as a front end would (examples/operations)."""

from __future__ import annotations

import json

import pytest

from local import demo, seed
from schema.node import encode
from tests.journeys.screens import Sender, answer, differences
from tests.journeys.steps import STEPS
from tests.journeys.system import Administrator, System


def test_every_operation_of_the_screens_is_answered_in_the_shape_that_its_file_shows(
    system: System, administrator: Administrator
) -> None:
    sender = Sender(system, administrator)
    found = [(step, sender.send(step)) for step in STEPS]

    told = {step.name: list(differences(recorded(step.name), data)) for step, data in found if step.compared}
    assert {name: lines for name, lines in told.items() if lines} == {}
    answers = {step.name: data for step, data in found}
    calls, messages = (answers[f"histories/{name}_of_customer"][name]["nodes"] for name in ("calls", "messages"))
    assert [(call["type"], call["seconds"]) for call in calls] == [each[1:] for each in demo.KNOWN_CALLS]
    assert {call["subscriber"]["id"] for call in calls} == {encode("Subscriber", seed.SUBSCRIBER_IDS[0])}
    assert [message["direction"] for message in messages] == [each[1] for each in demo.KNOWN_MESSAGES]
    assert {call["customer"]["name"] for call in calls} == {"홍*동"}


def recorded(name: str) -> object:
    """What stands in an operation's answer file."""
    return json.loads(answer(name).read_text("utf-8"))["data"]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"a": [{"b": 1}, {"b": None}]}, []),
        ({"a": []}, ["data.a: nothing"]),
        ({"a": [{"c": 1}]}, ["data.a.0: ['c'] instead of ['b']"]),
        ({"a": [{"b": "1"}]}, ["data.a.0.b: str instead of int"]),
        ({"a": None}, ["data.a: NoneType instead of list"]),
        ({}, ["data: [] instead of ['a', 'c']"]),
    ],
    ids=["null-in-a-list", "empty", "field", "type", "null", "nothing"],
)
def test_an_answer_of_another_shape_is_told(found: dict[str, object], told: list[str]) -> None:
    assert list(differences({"a": [{"b": 1}], "c": "x"}, {"c": None, **found} if found else found)) == told
