"""Functions, their event sources and schedules: recorded, because the laptop's own runtime runs them.

Nothing of this is sent to the local AWS server. Its Lambda would take messages off the queues and run handlers in
containers, or pretend to.
"""

from __future__ import annotations

import dataclasses

from local.deploy.model import Function, QueueSource, Schedule
from local.deploy.stack import Properties, Stack

_MAX_ENVIRONMENT = 4096


def function(stack: Stack, properties: Properties) -> None:
    """AWS::Lambda::Function: a Python handler with its code folder."""
    logical_id = properties.logical_id
    name = properties.take("FunctionName") or stack.implicit_name(logical_id)
    runtime = properties.need("Runtime")
    if not runtime.startswith("python"):
        raise properties.error(f"only Python functions run here, not {runtime}")
    environment = {key: str(value) for key, value in properties.take("Environment", {}).get("Variables", {}).items()}
    if sum(len(key) + len(value.encode()) for key, value in environment.items()) > _MAX_ENVIRONMENT:
        raise properties.error("the environment is larger than the 4 KB that Lambda allows")
    logging = properties.inner("LoggingConfig")
    recorded = Function(
        logical_id=logical_id,
        name=name,
        arn=stack.arn("lambda", f"function:{name}"),
        handler=properties.need("Handler"),
        code=stack.code[logical_id],
        environment=environment,
        timeout=int(properties.take("Timeout", 3)),
        memory=int(properties.take("MemorySize", 128)),
        reserved=None if (limit := properties.take("ReservedConcurrentExecutions")) is None else int(limit),
        log_format=logging.take("LogFormat", "Text"),
        log_level=logging.take("ApplicationLogLevel"),
    )
    logging.without_effect("LogGroup", "SystemLogLevel")
    logging.close()
    properties.without_effect(
        "Architectures", "Code", "Description", "EphemeralStorage", "KmsKeyArn", "PackageType",
        "RecursiveLoop", "Role", "RuntimeManagementConfig", "Tags", "TracingConfig", "VpcConfig",
    )  # fmt: skip
    properties.close()
    stack.deployment.functions[logical_id] = recorded
    stack.publish(logical_id, name, Arn=recorded.arn)


def version(stack: Stack, properties: Properties) -> None:
    """AWS::Lambda::Version: there is one only, the code as it stands in the checkout."""
    target = stack.deployment.function(properties.need("FunctionName"))
    properties.without_effect("CodeSha256", "Description")
    properties.close()
    stack.publish(properties.logical_id, f"{target.arn}:1", Version="1")


def alias(stack: Stack, properties: Properties) -> None:
    """AWS::Lambda::Alias: another name of the function."""
    target = stack.deployment.function(properties.need("FunctionName"))
    name = properties.need("Name")
    properties.without_effect("Description", "FunctionVersion")
    # A share of the requests for another version is refused here: there is no other.
    properties.close()
    stack.publish(properties.logical_id, f"{target.arn}:{name}")


def invoke_config(stack: Stack, properties: Properties) -> None:
    """AWS::Lambda::EventInvokeConfig: how long an asynchronous invocation is tried that is throttled."""
    target = stack.deployment.function(properties.need("FunctionName"))
    if properties.take("MaximumRetryAttempts", 2):
        raise properties.error("what has failed is not tried again here: MaximumRetryAttempts must be 0")
    if properties.take("DestinationConfig"):  # SAM writes an empty one.
        raise properties.error("destinations have no local deployment")
    max_age = int(properties.need("MaximumEventAgeInSeconds"))
    properties.without_effect("Qualifier")
    properties.close()
    stack.deployment.functions[target.logical_id] = dataclasses.replace(target, max_age=max_age)
    stack.publish(properties.logical_id, properties.logical_id)


def event_source(stack: Stack, properties: Properties) -> None:
    """AWS::Lambda::EventSourceMapping of a queue, under the rules by which AWS refuses one."""
    queue_arn = properties.need("EventSourceArn")
    target = stack.deployment.function(properties.need("FunctionName"))
    if ":sqs:" not in queue_arn:
        raise properties.error(f"only queues are polled here, not {queue_arn}")
    url = _queue_url(stack, queue_arn)
    attributes = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    concurrency = properties.take("ScalingConfig", {}).get("MaximumConcurrency")
    source = QueueSource(
        logical_id=properties.logical_id,
        function=target.logical_id,
        queue_arn=queue_arn,
        queue_url=url,
        visibility=int(attributes["Attributes"]["VisibilityTimeout"]),
        batch_size=int(properties.take("BatchSize", 10)),
        window=int(properties.take("MaximumBatchingWindowInSeconds", 0)),
        partial="ReportBatchItemFailures" in properties.take("FunctionResponseTypes", []),
        concurrency=None if concurrency is None else int(concurrency),
    )
    enabled = properties.take("Enabled", True)
    properties.without_effect("Tags")
    # FilterCriteria is refused here: a filter would have to be applied to each message before the function sees it.
    properties.close()
    if source.visibility < target.timeout:
        raise properties.error(f"visibility of {source.visibility} s is below the function's {target.timeout} s")
    fifo = queue_arn.endswith(".fifo")
    if (source.batch_size > 10 and (fifo or source.window < 1)) or (fifo and source.window):
        raise properties.error("a batching window needs a standard queue, and more than 10 messages need a window")
    if source.concurrency is not None and source.concurrency < 2:
        raise properties.error("MaximumConcurrency starts at 2")
    if enabled:
        stack.deployment.sources.append(source)
    stack.publish(properties.logical_id, properties.logical_id, Id=properties.logical_id)


def schedule(stack: Stack, properties: Properties) -> None:
    """AWS::Scheduler::Schedule. A flexible window is used by firing at its beginning."""
    logical_id = properties.logical_id
    name = properties.take("Name") or stack.implicit_name(logical_id)
    arn = stack.arn("scheduler", f"schedule/default/{name}")
    target = properties.inner("Target")
    recorded = Schedule(
        logical_id,
        name,
        arn,
        stack.deployment.function(target.need("Arn")).logical_id,
        properties.need("ScheduleExpression"),
        properties.take("ScheduleExpressionTimezone", "UTC"),
        target.take("Input"),
    )
    # Delivery to a function on this machine can't fail, so the scheduler's own retries and dead letters never come up.
    target.without_effect("DeadLetterConfig", "RetryPolicy", "RoleArn")
    target.close()
    properties.without_effect("Description", "FlexibleTimeWindow")
    properties.close()
    stack.deployment.schedules[logical_id] = recorded
    stack.publish(logical_id, name, Arn=arn)


def _queue_url(stack: Stack, arn: str) -> str:
    return str(stack.client("sqs").get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"])
