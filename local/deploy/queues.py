"""Queues and their policies."""

from __future__ import annotations

import json
from typing import Any

from local.deploy.stack import Properties, Stack

_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


def queue(stack: Stack, properties: Properties) -> None:
    """AWS::SQS::Queue. A FIFO queue's name ends with .fifo: added to an implicit one, as CloudFormation does."""
    fifo = bool(properties.take("FifoQueue", False))
    name = properties.take("QueueName") or stack.implicit_name(properties.logical_id) + (".fifo" if fifo else "")
    if name.endswith(".fifo") != fifo:
        raise properties.error(f"the name {name} and FifoQueue contradict each other")
    attributes = {key: _text(value) for key in _ATTRIBUTES if (value := properties.take(key)) is not None}
    properties.without_effect("Tags")
    properties.close()

    sqs = stack.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=name, Attributes=attributes | ({"FifoQueue": "true"} if fifo else {}))[
            "QueueUrl"
        ]
    else:
        if attributes:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    stack.deployment.queues[properties.logical_id] = url
    stack.publish(properties.logical_id, url, Arn=stack.arn("sqs", name), QueueName=name, QueueUrl=url)


def queue_policy(stack: Stack, properties: Properties) -> None:
    """AWS::SQS::QueuePolicy: stored with its queues, enforced by nobody on the local server."""
    document = json.dumps(properties.need("PolicyDocument"))
    urls = properties.need("Queues")
    properties.close()
    for url in urls:
        stack.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    stack.publish(properties.logical_id, properties.logical_id)


def topic(stack: Stack, properties: Properties) -> None:
    """AWS::SNS::Topic."""
    name = properties.take("TopicName") or stack.implicit_name(properties.logical_id)
    properties.without_effect("DisplayName", "KmsMasterKeyId", "Tags")
    properties.close()
    arn = stack.client("sns").create_topic(Name=name)["TopicArn"]
    stack.publish(properties.logical_id, arn, TopicArn=arn, TopicName=name)


def topic_policy(stack: Stack, properties: Properties) -> None:
    """AWS::SNS::TopicPolicy: stored with its topics, enforced by nobody on the local server."""
    document = json.dumps(properties.need("PolicyDocument"))
    arns = properties.need("Topics")
    properties.close()
    for arn in arns:
        stack.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document)
    stack.publish(properties.logical_id, properties.logical_id)


def subscription(stack: Stack, properties: Properties) -> None:
    """AWS::SNS::Subscription of a queue to a topic."""
    arn, protocol, endpoint = (properties.need(name) for name in ("TopicArn", "Protocol", "Endpoint"))
    raw = properties.take("RawMessageDelivery", False)
    properties.close()
    if protocol != "sqs":
        raise properties.error(f"no local deployment of the protocol {protocol}")
    made = stack.client("sns").subscribe(
        TopicArn=arn,
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes={"RawMessageDelivery": _text(raw)},
        ReturnSubscriptionArn=True,
    )
    stack.publish(properties.logical_id, made["SubscriptionArn"], Arn=made["SubscriptionArn"])


def _text(value: Any) -> str:
    """Attribute values are text on the wire, whatever the template writes."""
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
