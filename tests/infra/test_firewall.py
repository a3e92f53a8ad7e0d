"""The firewall's own template: what it must refuse, what it must let through, and what it must not write down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.template import translate
from resolvers.errors import SENTENCES, TopCode
from tests.infra import reading

FIREWALL = Path(__file__).parents[2] / "infra" / "firewall.yaml"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Plain CloudFormation, which it is already."""
    return dict(translate(FIREWALL).template)


@pytest.fixture
def rules(template: dict[str, Any]) -> dict[str, Any]:
    """The firewall's rules by name."""
    [firewall] = reading.of(template, "WAFv2::WebACL").values()
    return {rule["Name"]: rule for rule in firewall["Rules"]}


def test_everything_of_it_is_of_cloudfronts_scope(template: dict[str, Any]) -> None:
    kinds = ("WAFv2::WebACL", "WAFv2::IPSet")
    assert {each["Scope"] for kind in kinds for each in reading.of(template, kind).values()} == {"CLOUDFRONT"}


def test_who_is_shut_out_is_refused_first(rules: dict[str, Any]) -> None:
    first = min(rules.values(), key=lambda rule: int(rule["Priority"]))
    assert first["Name"] == "shut-out"
    assert first["Action"] == {"Block": {}}
    assert {"Blocked", "Blocked6"} == {
        each["IPSetReferenceStatement"]["Arn"]["Fn::GetAtt"][0]
        for each in first["Statement"]["OrStatement"]["Statements"]
    }


def test_who_asks_too_often_is_answered_as_the_api_would(template: dict[str, Any], rules: dict[str, Any]) -> None:
    [firewall] = reading.of(template, "WAFv2::WebACL").values()
    answer = rules["too-many"]["Action"]["Block"]["CustomResponse"]
    body = json.loads(firewall["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])
    [error] = body["errors"]
    code = TopCode.THROTTLED
    assert (answer["ResponseCode"], error["extensions"]) == (429, {"code": code})
    assert error["message"] == SENTENCES[code][0]
    assert [header["Name"] for header in answer["ResponseHeaders"]] == ["retry-after"]
    limited = rules["too-many"]["Statement"]["RateBasedStatement"]
    assert limited["AggregateKeyType"] == "IP"
    assert "Exempt" in json.dumps(limited["ScopeDownStatement"]["NotStatement"])


def test_no_rule_on_bodies_stands_between_people_and_their_texts(rules: dict[str, Any]) -> None:
    common = rules["common"]["Statement"]["ManagedRuleGroupStatement"]
    counted = {each["Name"] for each in common["RuleActionOverrides"] if each["ActionToUse"] == {"Count": {}}}
    assert {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY"} <= counted
    for name in ("ill-reputed", "known-bad", "common"):
        assert rules[name]["OverrideAction"] == {"None": {}}, name


def test_what_lets_somebody_in_is_not_written_down(template: dict[str, Any]) -> None:
    [logging] = reading.of(template, "WAFv2::LoggingConfiguration").values()
    hidden = {each.get("SingleHeader", {}).get("Name") for each in logging["RedactedFields"]}
    assert {"authorization", "cookie"} <= hidden
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    [group] = reading.of(template, "Logs::LogGroup").values()
    assert group["RetentionInDays"] == 731
