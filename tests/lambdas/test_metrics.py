"""What the functions have done is told as CloudWatch counts it: one line an invocation, and nothing but figures."""

from __future__ import annotations

import json

import pytest

from lambdas.metrics import Metric, Metrics


def test_what_was_noted_is_told_in_one_line_without_dimensions(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics("bizcall-seoul")
    metrics.add(Metric.MESSAGES_SENT)
    metrics.add(Metric.MESSAGES_SENT, 2)
    metrics.add(Metric.EXPORT_SECONDS, 1.5)
    metrics.tell()
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    [described] = told.pop("_aws")["CloudWatchMetrics"]
    assert described == {
        "Namespace": "bizcall-seoul",
        "Dimensions": [[]],
        "Metrics": [{"Name": "MessagesSent", "Unit": "Count"}, {"Name": "ExportSeconds", "Unit": "Seconds"}],
    }
    assert told == {"MessagesSent": [1, 2], "ExportSeconds": [1.5]}


def test_what_was_told_is_not_told_again_and_nothing_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics()
    metrics.tell()
    metrics.add(Metric.FEED_RECORDS_READ, 10)
    metrics.tell()
    metrics.tell()
    assert len(capsys.readouterr().out.splitlines()) == 1
