"""The strict deployer: a translated template onto an AWS-compatible endpoint, by plain API calls.

CloudFormation engines of local servers skip what they don't know and report success. Here each resource type is
deployed, recorded for the laptop's own runtime, or named in NO_LOCAL_EFFECT on purpose; any other type, property or
intrinsic function is refused with an error that names it. A second deployment onto the same server applies what has
changed; it doesn't delete resources that left the template, because the server itself lives no longer than a run.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Mapping
from typing import Any

from local.deploy import apis, buckets, functions, mail, queues, settings
from local.deploy.intrinsics import DeployError, Values, references
from local.deploy.model import Cors, Deployment, Function, HttpApi, QueueSource, Schedule
from local.deploy.settings import database_secret, put_secret
from local.deploy.stack import ACCOUNT, Properties, Stack, clients
from local.template import Translation

__all__ = [
    "ACCOUNT",
    "NO_LOCAL_EFFECT",
    "Cors",
    "DeployError",
    "Deployment",
    "Function",
    "HttpApi",
    "QueueSource",
    "Schedule",
    "clients",
    "database_secret",
    "deploy",
    "put_secret",
]

NO_LOCAL_EFFECT = frozenset({
    # Nobody checks permissions on a laptop; the template's tests read them instead.
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::Permission",
    # No metrics are collected that could be watched or drawn.
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Logs::MetricFilter",
    # Nothing is encrypted at rest on a laptop.
    "AWS::KMS::Key",
    # The laptop migrates before it deploys, and has nothing older that requests could go to meanwhile.
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "Custom::Migration",
    # Mail ends in the laptop's inbox, so nothing bounces that could be told.
    "AWS::SES::ConfigurationSetEventDestination",
})  # fmt: skip

_DEPLOYED: Mapping[str, Callable[[Stack, Properties], None]] = {
    "AWS::ApiGatewayV2::Api": apis.http_api,
    "AWS::ApiGatewayV2::Stage": apis.stage,
    "AWS::Lambda::Alias": functions.alias,
    "AWS::Lambda::EventInvokeConfig": functions.invoke_config,
    "AWS::Lambda::EventSourceMapping": functions.event_source,
    "AWS::Lambda::Function": functions.function,
    "AWS::Lambda::Version": functions.version,
    "AWS::Logs::LogGroup": settings.log_group,
    "AWS::S3::Bucket": buckets.bucket,
    "AWS::S3::BucketPolicy": buckets.bucket_policy,
    "AWS::SES::ConfigurationSet": mail.configuration_set,
    "AWS::SNS::Subscription": queues.subscription,
    "AWS::SNS::Topic": queues.topic,
    "AWS::SNS::TopicPolicy": queues.topic_policy,
    "AWS::SQS::Queue": queues.queue,
    "AWS::SQS::QueuePolicy": queues.queue_policy,
    "AWS::Scheduler::Schedule": functions.schedule,
    "AWS::SecretsManager::Secret": settings.secret,
}


def deploy(
    translation: Translation,
    *,
    endpoint: str,
    stack: str = "bizcall",
    region: str = "ap-northeast-2",
    secrets: Mapping[str, str] | None = None,
    api_endpoint: str = "http://127.0.0.1:8000",
) -> Deployment:
    """Deploy a translated template and tell what came of it. Blocking: from a running event loop, call it in a thread.

    `secrets` are values by logical id, `api_endpoint` is where the HTTP API will be served.
    Raises DeployError before anything is created if a resource type is unknown, and where it meets it for the rest.
    """
    template = translation.template
    pseudo = {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack}/local",
        "AWS::StackName": stack,
        "AWS::URLSuffix": "amazonaws.com",
    }
    values = Values(template, translation.parameters, pseudo)
    target = Stack(
        name=stack,
        region=region,
        account=ACCOUNT,
        client=clients(endpoint, region),
        values=values,
        deployment=Deployment(stack, region, ACCOUNT),
        code=translation.code,
        secrets=secrets or {},
        api_endpoint=api_endpoint,
    )
    resources = {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if "Condition" not in resource or values.condition(resource["Condition"])
    }
    for logical_id, resource in resources.items():
        _require_known(logical_id, resource["Type"])
    if unknown := set(secrets or {}) - set(resources):
        raise DeployError(f"secrets were given for {', '.join(sorted(unknown))}, which the template doesn't have")
    for logical_id in _order(resources):
        _deploy_resource(target, logical_id, resources[logical_id])
    for schedule in target.deployment.schedules.values():
        if target.deployment.functions[schedule.function].max_age is None:
            raise DeployError(f"{schedule.logical_id}: {schedule.function} needs an EventInvokeConfig without retries")
    target.deployment.outputs = {
        name: values.resolve(output["Value"])
        for name, output in template.get("Outputs", {}).items()
        if "Condition" not in output or values.condition(output["Condition"])
    }
    return target.deployment


def _require_known(logical_id: str, kind: str) -> None:
    if kind not in _DEPLOYED and kind not in NO_LOCAL_EFFECT:
        raise DeployError(
            f"{logical_id} ({kind}): no local deployment; write one in local/deploy, "
            "or name the type in NO_LOCAL_EFFECT with the reason"
        )


def _order(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Logical ids, each after all that it refers to or depends on."""
    graph: dict[str, set[str]] = {}
    for logical_id, resource in resources.items():
        explicit = resource.get("DependsOn", [])
        needed = {*references(resource.get("Properties", {})), *([explicit] if isinstance(explicit, str) else explicit)}
        graph[logical_id] = needed & resources.keys()
    try:
        return list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise DeployError(f"resources refer to each other in a circle: {' → '.join(error.args[1])}") from error


def _deploy_resource(target: Stack, logical_id: str, resource: Mapping[str, Any]) -> None:
    kind = resource["Type"]
    if kind in NO_LOCAL_EFFECT:
        name = target.implicit_name(logical_id)
        target.publish(logical_id, name, Arn=f"arn:aws:local:::{name}")
        return
    try:
        properties = target.values.resolve(resource.get("Properties", {}))
    except DeployError as error:
        raise DeployError(f"{logical_id} ({kind}): {error}") from error
    _DEPLOYED[kind](target, Properties(logical_id, kind, properties))
