"""What the functions have done, as metrics: lines of the log that CloudWatch counts (embedded metric format).

They are told by Powertools at the end of an invocation, and say how much and how long, never whose. What the API and
the sweep find out in between is counted by the template from a log line's `event`, because it belongs to no queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from bizcall.dispatch import Outcome
from bizcall.dispatch.deliveries import Delivered


class Metric(StrEnum):
    """The names in CloudWatch; those that end in Seconds are times, all others counts."""

    IMPORT_FILES_REFUSED = "ImportFilesRefused"
    IMPORT_ROWS_REFUSED = "ImportRowsRefused"
    IMPORT_ROWS_REGISTERED = "ImportRowsRegistered"
    IMPORT_SECONDS = "ImportSeconds"
    FEED_RECORDS_READ = "FeedRecordsRead"
    FEED_RECORDS_REJECTED = "FeedRecordsRejected"
    FEED_FILES_REFUSED = "FeedFilesRefused"
    FEED_SECONDS = "FeedSeconds"
    MESSAGES_SENT = "MessagesSent"
    MESSAGES_FAILED = "MessagesFailed"
    MESSAGES_UNCERTAIN = "MessagesUncertain"
    CODES_SENT = "CodesSent"
    CODES_LATE = "CodesLate"
    EXPORTS_COMPLETED = "ExportsCompleted"
    EXPORT_SECONDS = "ExportSeconds"


MESSAGES: Mapping[str, Metric] = {
    Outcome.SENT: Metric.MESSAGES_SENT,
    Outcome.EXPIRED: Metric.MESSAGES_FAILED,
    Outcome.REFUSED: Metric.MESSAGES_FAILED,
    Outcome.UNCERTAIN: Metric.MESSAGES_UNCERTAIN,
    Delivered.FAILED: Metric.MESSAGES_FAILED,
}
"""What is counted of messages, by what became of them; SENT and UNCERTAIN are the same words of both sorts."""


class Metrics:
    """What one process has measured since it told of it last."""

    def __init__(self, namespace: str = "bizcall") -> None:
        # Not Powertools' Metrics, which shares what it holds with all others of the process.
        self._provider = AmazonCloudWatchEMFProvider(namespace=namespace)

    def add(self, metric: Metric, value: float = 1) -> None:
        """Note a count or seconds."""
        unit = MetricUnit.Seconds if metric.endswith("Seconds") else MetricUnit.Count
        self._provider.add_metric(metric.value, unit, value)

    def values(self) -> dict[str, list[float]]:
        """What was noted and not told yet."""
        return {name: list(metric["Value"]) for name, metric in self._provider.metric_set.items()}

    def tell(self) -> None:
        """Print it, if there is anything."""
        if self._provider.metric_set:
            self._provider.flush_metrics()
