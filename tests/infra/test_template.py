"""The deployed truth keeps its rules, and each rule is seen to bite."""

from __future__ import annotations

import copy
import importlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bizcall.months import KOREA
from bizcall.ports import now
from bizcall.settings import Settings
from lambdas.runtime import Services
from local.deploy.model import Schedule
from local.runtime.schedules import event, next_time
from local.template import translate
from tests.doubles import MemoryStorage, Phone, RecordingMail, RecordingQueue
from tests.infra import reading, rules
from tests.infra.spoilt import SPOILT, Resources

TEMPLATE = Path(__file__).parents[2] / "infra" / "template.yaml"
PARAMETERS = {
    "DatabaseSecretArn": "arn:aws:secretsmanager:::secret:app",
    "OwnerSecretArn": "arn:aws:secretsmanager:::secret:owner",
}

DUTIES = {
    "SweepFunctionMinute": "bizcall.dispatch.sweep",
    "AuditFunctionQuarter": "bizcall.audit.seal_due",
    "AuditFunctionNight": "bizcall.access_reviews.overdue",
    "MigrateFunctionMonths": "bizcall.months.keep",
    "StatsFunctionNight": "bizcall.stats.nightly",
}
"""What is done first at each schedule's turn."""


class Reached(BaseException):
    """The duty was called; no handler goes on after it."""


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Plain CloudFormation, as AWS makes it of the SAM file."""
    return dict(translate(TEMPLATE, PARAMETERS).template)


def test_I2_the_template_keeps_every_rule(template: dict[str, Any]) -> None:
    assert rules.breaches(template) == []


def test_the_template_has_what_the_rules_speak_of(template: dict[str, Any]) -> None:
    assert len(reading.of(template, "Lambda::Function")) == 15
    assert set(reading.dead_letter_queues(template)) == {
        "DeliveriesQueue",
        "ExportsQueue",
        "FeedsQueue",
        "ImportsQueue",
        "ProvisioningQueue",
        "RegistrationsQueue",
        "ReportsQueue",
        "SmsQueue",
    }
    assert len(reading.sources(template)) == 8
    assert reading.of(template, "Scheduler::Schedule").keys() == DUTIES.keys()
    assert sum(1 for _ in reading.statements(template)) > 20


@pytest.mark.parametrize("name", DUTIES)
async def test_FD_01_ST_03_P2_the_event_of_each_schedule_makes_its_function_do_the_duty(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async def duty(*arguments: Any, **named: Any) -> None:
        raise Reached

    monkeypatch.setattr(DUTIES[name], duty)
    target = reading.of(template, "Scheduler::Schedule")[name]["Target"]
    function = reading.of(template, "Lambda::Function")[reading.function(template, target["Arn"])]
    module = importlib.import_module(function["Handler"].rpartition(".")[0])
    sent = Schedule(name, name, "", "", "", input=target.get("Input"))
    settings = Settings(stage="test", database_url=SecretStr("postgresql://nowhere"))
    services = Services(settings, MemoryStorage(), RecordingQueue(), Phone(), RecordingMail())

    with pytest.raises(Reached):
        await module.handle(event(sent, now(), region="", account=""), services)


def test_FD_01_ST_03_months_are_looked_after_by_night_and_before_sums_are_verified(template: dict[str, Any]) -> None:
    evening = datetime(2026, 10, 31, 23, tzinfo=KOREA)
    turns = [
        next_time(
            each["ScheduleExpression"], evening, timezone=each.get("ScheduleExpressionTimezone", "UTC"), start=evening
        )
        for name, each in sorted(reading.of(template, "Scheduler::Schedule").items())
        if name in ("MigrateFunctionMonths", "StatsFunctionNight")
    ]

    months, sums = (turn.astimezone(KOREA) for turn in turns)
    assert evening < months < sums < evening + timedelta(hours=7)


def test_the_api_may_not_reach_dropped_files_or_their_answers(template: dict[str, Any]) -> None:
    assert "uploads/imports/" in json.dumps(template["Resources"]["ApiRole"])
    assert "inbox/" not in json.dumps(template["Resources"]["ApiRole"])
    assert "feeds/" not in json.dumps(template["Resources"]["ApiRole"])


def test_AU_30_only_the_api_reads_and_publishes_documents_and_nothing_removes_them(template: dict[str, Any]) -> None:
    reaching = {
        (name, action)
        for name, each in reading.statements(template)
        if "documents/" in json.dumps(each)
        for action in reading.listed(each["Action"])
    }
    assert reaching == {("ApiRole", "s3:PutObject"), ("ApiRole", "s3:GetObject"), ("ApiRole", "s3:GetObjectVersion")}


def test_P9_no_function_reads_former_versions_of_files_that_are_over(template: dict[str, Any]) -> None:
    """The bucket keeps a version a day behind its delete marker, for nobody."""
    places = [
        place
        for _, each in reading.statements(template)
        if "s3:GetObjectVersion" in reading.listed(each["Action"])
        for place in re.findall(r"\.Arn\}/([\w/-]+)", json.dumps(each["Resource"]))
    ]
    assert "feeds/calls/" in places
    assert [place for place in places if place.startswith(("exports/", "results/"))] == []


def test_S1_nothing_calls_the_function_for_accounts_by_itself(template: dict[str, Any]) -> None:
    callers = ("Lambda::EventSourceMapping", "Lambda::Permission", "Scheduler::Schedule", "Events::Rule")
    found = [
        name for kind in callers for name, each in reading.of(template, kind).items() if "Accounts" in json.dumps(each)
    ]
    assert found == []
    assert "AccountsFunction" not in json.dumps(template["Resources"]["Api"])


def test_the_worker_may_send_raw_mail(template: dict[str, Any]) -> None:
    """SES asks a caller of SendEmail whose message is raw for the right to SendRawEmail, too."""
    granted = [
        set(reading.listed(statement["Action"]))
        for name, statement in reading.statements(template)
        if name == "DeliveriesRole" and "ses" in str(statement["Action"])
    ]
    assert granted == [{"ses:SendEmail", "ses:SendRawEmail"}]


def test_what_is_told_of_mail_comes_from_our_configuration_set_only(template: dict[str, Any]) -> None:
    [told] = [
        statement
        for name, statement in reading.statements(template)
        if name == "MailTopicPolicy" and statement["Effect"] == "Allow"
    ]
    conditions = told["Condition"]["StringEquals"]
    assert conditions["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "configuration-set/${MailEvents}" in str(conditions["aws:SourceArn"])


@pytest.mark.parametrize(("name", "spoil", "told"), SPOILT, ids=[f"{name}-{told}" for name, _, told in SPOILT])
def test_a_breach_is_told(template: dict[str, Any], name: str, spoil: Callable[[Resources], Any], told: str) -> None:
    spoilt = copy.deepcopy(template)
    spoil(spoilt["Resources"])
    (check,) = [check for check in rules.RULES if check.__name__ == name]
    assert any(told in breach for breach in check(spoilt)), f"{name} looked away"


NOTHING = dict.fromkeys(
    ("FirewallArn", "DomainName", "CertificateArn", "OriginSecretVersion", "FormerOriginSecretVersion"), ""
)
FIREWALL = {"FirewallArn": "arn:aws:wafv2:us-east-1::a"}
NAMED = {"DomainName": "api.bizcall.example", "CertificateArn": "arn:aws:acm:us-east-1::b"}
ONLY = {"FirewallOnly": "true"}


def holds(told: Any, given: dict[str, str]) -> Any:
    """What CloudFormation makes of a rule's functions."""
    if not isinstance(told, dict):
        return told
    [(name, about)] = told.items()
    if name == "Ref":
        return given[about]
    parts = [holds(each, given) for each in about]
    made = {"Fn::Equals": len(set(parts)) == 1, "Fn::Not": not parts[0], "Fn::And": all(parts), "Fn::Or": any(parts)}
    return made[name]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, True),
        (FIREWALL, True),
        (FIREWALL | NAMED, True),
        (FIREWALL | NAMED | {"OriginSecretVersion": "v2", "FormerOriginSecretVersion": "v1"} | ONLY, True),
        (FIREWALL | ONLY, False),
        (FIREWALL | {"DomainName": "api.bizcall.example"}, False),
        (FIREWALL | {"CertificateArn": "arn:aws:acm:us-east-1::b"}, False),
        (NAMED, False),
        ({"OriginSecretVersion": "v1"}, False),
        ({"OriginSecretVersion": "v1"} | ONLY, False),
        ({"FormerOriginSecretVersion": "v1"}, False),
    ],
)
def test_L13_parameters_that_would_leave_the_api_open_or_shut_are_refused(
    template: dict[str, Any], given: dict[str, str], taken: bool
) -> None:
    asked = NOTHING | {"FirewallOnly": "false"} | given
    rules_of_it = [rule for rule in template["Rules"].values() if "SubnetIds" not in json.dumps(rule)]
    assert len(rules_of_it) == 3
    kept = [
        holds(each["Assert"], asked)
        for rule in rules_of_it
        if holds(rule.get("RuleCondition", True), asked)
        for each in rule["Assertions"]
    ]
    assert all(kept) is taken


def test_L13_the_api_does_not_ask_for_the_secret_before_the_dns_leads_to_cloudfront(template: dict[str, Any]) -> None:
    assert template["Parameters"]["FirewallOnly"]["Default"] == "false"
    spoilt = copy.deepcopy(template)
    spoilt["Conditions"]["OnlyThroughFirewall"] = {"Condition": "HasFirewall"}
    assert list(rules.access.the_api_is_reached_only_through_the_firewall(spoilt)) == [
        "OnlyThroughFirewall doesn't wait for FirewallOnly"
    ]


def test_every_rule_was_seen_to_bite() -> None:
    assert {name for name, _, _ in SPOILT} == {check.__name__ for check in rules.RULES}


def test_AU_33_S8_the_parameter_takes_networks_and_no_names(template: dict[str, Any]) -> None:
    parameter = template["Parameters"]["OperatorNetworks"]
    assert parameter["Default"] == ""
    assert re.fullmatch(parameter["AllowedPattern"], "198.51.100.0/24,2001:DB8::/32, 192.0.2.7")
    assert not re.fullmatch(parameter["AllowedPattern"], "the office")


def test_S2_the_parameter_and_the_process_know_the_same_bounds_of_idle_minutes(template: dict[str, Any]) -> None:
    parameter = template["Parameters"]["SessionIdleMinutes"]
    at_least, at_most = (known for known in Settings.model_fields["session_idle_minutes"].metadata)

    assert (parameter["MinValue"], parameter["MaxValue"]) == (at_least.ge, at_most.le) == (10, 60)
    assert parameter["Default"] == Settings().session_idle_minutes == 30


def test_the_settings_of_a_function_can_be_read_from_its_environment(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = reading.of(template, "Lambda::Function")["ApiFunction"]["Environment"]["Variables"]
    # Sub around Join around Split: what CloudFormation makes of two origins.
    assert variables["WEB_ORIGINS"]["Fn::Sub"][0] == '["${Origins}"]'
    monkeypatch.setenv("WEB_ORIGINS", '["https://a.example","https://b.example"]')
    monkeypatch.setenv("QUEUE_URLS", variables["QUEUE_URLS"]["Fn::Sub"])
    monkeypatch.setenv("ORIGIN_SECRET_VERSIONS", "second,")
    read = Settings()
    assert read.origin_secret_versions == ("second",)
    assert read.web_origins == ("https://a.example", "https://b.example")
    assert set(read.queue_urls) == {
        "imports",
        "registrations",
        "sms",
        "deliveries",
        "reports",
        "provisioning",
        "feeds",
        "exports",
    }
