"""What operators are told: every alarm of the template, none that isn't there, and figures that somebody measures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdas.metrics import Metric
from local.template import translate
from tests.infra import reading, rules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Plain CloudFormation, as AWS makes it of the SAM file."""
    arns = {"DatabaseSecretArn": "arn:aws:secretsmanager:::secret:app", "OwnerSecretArn": "arn:aws:::secret:owner"}
    return dict(translate(ROOT / "infra" / "template.yaml", arns).template)


def test_every_alarm_has_its_paragraph_and_every_paragraph_its_alarm() -> None:
    template = "".join((ROOT / "infra" / name).read_text() for name in ("template.yaml", "firewall.yaml"))
    alarms = set(re.findall(r"^  (\w+):\n    Type: AWS::CloudWatch::Alarm$", template, re.MULTILINE))
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.split("\n## Alarms\n")[1].split("\n## ")[0]
    listed = {
        name
        for line in section.splitlines()
        if re.fullmatch(r"(`\w+Alarm`(, )?)+", line)
        for name in re.findall(r"\w+Alarm", line)
    }
    assert listed == alarms
    # What else is said about alarms is about alarms that are there, too, by the names that they have.
    assert set(re.findall(r"`(\w+Alarm)`", text)) == alarms
    assert not re.findall(r"\b[A-Z]\w+(?:Errors|Dead|Age)\b", text)


def test_every_chapter_on_an_alarm_says_what_to_do() -> None:
    section = (ROOT / "docs" / "operations.md").read_text().split("\n## Alarms\n")[1].split("\n## ")[0]
    for chapter in section.split("\n### ")[1:]:
        names, text = chapter.split("\n\n", 2)[1:]
        assert re.fullmatch(r"(`\w+Alarm`(, )?)+", names), chapter
        assert len(text.split()) >= 20, chapter


def test_what_an_alarm_counts_in_an_hour_is_the_figure_that_operators_read(template: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    hourly = {
        name: each["Threshold"]
        for name, each in reading.of(template, "CloudWatch::Alarm").items()
        if each["Namespace"] == {"Ref": "AWS::StackName"} and each["Period"] == 3600
    }
    assert {"CodesSentAlarm", "ForbiddenRequestsAlarm", "UnauthenticatedRequestsAlarm"} <= hourly.keys()
    for name, threshold in hourly.items():
        [chapter] = (each for each in text.split("\n### ") if f"`{name}`" in each.split("\n\n")[1])
        assert re.search(rf"[Mm]ore than {threshold:,}\b", chapter), name


def test_FD_01_that_nothing_comes_rings_for_feeds_and_for_nothing_else(template: dict[str, Any]) -> None:
    alarms = reading.of(template, "CloudWatch::Alarm")
    assert {name for name, each in alarms.items() if each["TreatMissingData"] != "notBreaching"} == {"FeedsSilentAlarm"}
    silent = alarms["FeedsSilentAlarm"]
    assert (silent["MetricName"], silent["Statistic"]) == (Metric.FEED_RECORDS_READ, "Sum")
    assert (silent["ComparisonOperator"], silent["Threshold"]) == ("LessThanThreshold", 1)
    assert silent["Period"] * silent["EvaluationPeriods"] == 24 * 3600


def test_what_is_watched_or_drawn_is_measured_and_what_is_measured_is_drawn(template: dict[str, Any]) -> None:
    own = {"Ref": "AWS::StackName"}
    filters = reading.of(template, "Logs::MetricFilter").values()
    filtered = {each["MetricTransformations"][0]["MetricName"] for each in filters}
    alarms = reading.of(template, "CloudWatch::Alarm").values()
    watched = {each["MetricName"] for each in alarms if each["Namespace"] == own}
    [dashboard] = reading.of(template, "CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    drawn = {
        line[1]
        for widget in widgets
        if widget["properties"]["metrics"][0][0] == "${AWS::StackName}"
        for line in widget["properties"]["metrics"]
    }
    assert {metric.value for metric in Metric} | filtered == drawn
    assert watched <= drawn
    environments = [each["Environment"]["Variables"] for each in reading.of(template, "Lambda::Function").values()]
    assert all(each["METRICS_NAMESPACE"] == own for each in environments)


def test_what_the_template_counts_in_the_logs_is_logged(template: dict[str, Any]) -> None:
    folders = (ROOT / "bizcall", ROOT / "resolvers")
    code = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    events = {
        event
        for each in reading.of(template, "Logs::MetricFilter").values()
        for event in re.findall(r'\$\.event = "(\w+)"', each["FilterPattern"])
    }
    assert events == set(re.findall(r'"event": "(\w+)"', code))
    assert "SIGN_IN_LOCKED" in events


def test_D6_the_table_of_connections_is_the_templates_and_adds_up(template: dict[str, Any]) -> None:
    section = (ROOT / "infra" / "README.md").read_text().split("**Connections and concurrency.**")[1].split("**What")[0]
    rows = [
        re.findall(r"(?<![\w`])[a-z]+(?![\w`])|\d+", line)
        for line in section.splitlines()
        if re.search(r"\| \*?\*?\d", line)
    ]
    told = {name: (int(running), int(held)) for name, running, held in rows}
    functions = reading.of(template, "Lambda::Function")
    deployed = {
        name.removesuffix("Function").lower(): (
            running := reading.number(template, each["ReservedConcurrentExecutions"]),
            running * rules.functions.connections(each["Handler"]),
        )
        for name, each in functions.items()
    }
    together = told.pop("together")
    assert told == deployed
    assert together == (sum(r for r, _ in deployed.values()), sum(c for _, c in deployed.values()))
