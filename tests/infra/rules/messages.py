"""Queues, topics, sources, notifications and the alarms over them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.infra.reading import (
    Template,
    dead_letter_queues,
    of,
    refuses_plain,
    sources,
    target,
    watched,
)
from tests.infra.rules.registry import rule

INSTANCE_ALARMS = {"Errors", "Throttles"}

QUEUE_ALARM = "ApproximateAgeOfOldestMessage"

DEAD_ALARM = "ApproximateNumberOfMessagesVisible"


@rule
def every_queue_is_encrypted_and_takes_only_tls(template: Template) -> Iterator[str]:
    """P8, I2."""
    for name, queue in of(template, "SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True and "KmsMasterKeyId" not in queue:
            yield f"{name}: not encrypted"
        if not any(
            name in map(target, policy["Queues"]) and any(map(refuses_plain, policy["PolicyDocument"]["Statement"]))
            for policy in of(template, "SQS::QueuePolicy").values()
        ):
            yield f"{name}: takes requests without TLS"


@rule
def every_topic_is_encrypted_and_takes_only_tls(template: Template) -> Iterator[str]:
    """P8: with a key that SES may use, which AWS's own for topics is not."""
    keys = of(template, "KMS::Key")
    for name, topic in of(template, "SNS::Topic").items():
        if target(topic.get("KmsMasterKeyId")) not in keys:
            yield f"{name}: not encrypted by a key of ours"
        if not any(
            name in map(target, policy["Topics"]) and any(map(refuses_plain, policy["PolicyDocument"]["Statement"]))
            for policy in of(template, "SNS::TopicPolicy").values()
        ):
            yield f"{name}: takes messages without TLS"


@rule
def every_queue_has_a_dead_letter_queue(template: Template) -> Iterator[str]:
    """Of its own kind, after five attempts, kept for 14 days (W5)."""
    queues, dead = of(template, "SQS::Queue"), dead_letter_queues(template)
    for name, queue in queues.items():
        if name in dead.values():
            if queue.get("MessageRetentionPeriod") != 1_209_600:
                yield f"{name}: dead letters are not kept for 14 days"
        elif dead.get(name) not in queues:
            yield f"{name}: no dead-letter queue"
        elif queue["RedrivePolicy"].get("maxReceiveCount") != 5:
            yield f"{name}: not five attempts"
        elif queue.get("FifoQueue") != queues[dead[name]].get("FifoQueue"):
            yield f"{name}: its dead-letter queue is of another kind"


@rule
def every_source_gives_its_function_time(template: Template) -> Iterator[str]:
    """Visibility is six times the time limit (W6)."""
    for name, (queue, called, _) in sources(template).items():
        limit = of(template, "Lambda::Function")[called]["Timeout"]
        if of(template, "SQS::Queue")[queue].get("VisibilityTimeout", 30) < 6 * limit:
            yield f"{name}: visibility of {queue} is below six times {limit} s"


@rule
def every_source_takes_partial_answers(template: Template) -> Iterator[str]:
    """One bad message must not repeat the others (W4)."""
    for name, (_, _, properties) in sources(template).items():
        if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: no partial batch answers"


@rule
def a_fifo_source_takes_one_message_at_a_time(template: Template) -> Iterator[str]:
    """Messages behind a poisonous one would use up their attempts without being tried (W5)."""
    for name, (queue, _, properties) in sources(template).items():
        if of(template, "SQS::Queue")[queue].get("FifoQueue") and properties.get("BatchSize") != 1:
            yield f"{name}: more than one message of a FIFO queue at a time"


@rule
def no_source_asks_for_more_than_its_function_may_run(template: Template) -> Iterator[str]:
    """Throttled messages use up their attempts without being tried."""
    for name, (_, called, properties) in sources(template).items():
        most = properties.get("ScalingConfig", {}).get("MaximumConcurrency")
        if most is None or most > of(template, "Lambda::Function")[called].get("ReservedConcurrentExecutions", 0):
            yield f"{name}: may ask for more than {called} may run"


@rule
def every_queue_is_watched_and_worked_on(template: Template) -> Iterator[str]:
    """Alarms for what was given up and for what waits; nothing is sent where nobody reads."""
    seen, dead = watched(template), dead_letter_queues(template)
    worked = {queue for queue, _, _ in sources(template).values()}
    for name in of(template, "SQS::Queue"):
        metric = DEAD_ALARM if name in dead.values() else QUEUE_ALARM
        if (metric, name) not in seen:
            yield f"{name}: no alarm on {metric}"
        if name not in dead.values() and name not in worked:
            yield f"{name}: no function works on it"


@rule
def every_function_and_the_api_are_watched(template: Template) -> Iterator[str]:
    """Alarms on errors and throttles, and on the API's 5xx."""
    seen = watched(template)
    wanted = {(metric, name) for name in of(template, "Lambda::Function") for metric in INSTANCE_ALARMS}
    wanted |= {("5xx", name) for name in of(template, "ApiGatewayV2::Api")}
    for metric, name in sorted(wanted - seen):
        yield f"{name}: no alarm on {metric}"


@rule
def every_alarm_can_tell_somebody(template: Template) -> Iterator[str]:
    """All tell the topic of the parameter."""
    for name, alarm in of(template, "CloudWatch::Alarm").items():
        if "AlarmTopicArn" not in json.dumps(alarm.get("AlarmActions")):
            yield f"{name}: tells nobody"


@rule
def every_notification_is_let_in(template: Template) -> Iterator[str]:
    """A queue that a bucket tells has a policy for S3, of this account and bucket only."""
    for name, bucket in of(template, "S3::Bucket").items():
        for told in bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", []):
            queue = target(told["Queue"])
            allowed = [
                statement
                for policy in of(template, "SQS::QueuePolicy").values()
                if queue in map(target, policy["Queues"])
                for statement in policy["PolicyDocument"]["Statement"]
                if statement.get("Principal") == {"Service": "s3.amazonaws.com"}
            ]
            conditions = json.dumps([statement.get("Condition", {}) for statement in allowed])
            if not allowed or "aws:SourceAccount" not in conditions or "aws:SourceArn" not in conditions:
                yield f"{name}: {queue} does not take its events, or takes anybody's"
