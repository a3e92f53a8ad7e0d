"""Reading a plain CloudFormation template: what refers to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]


def of(template: Template, kind: str, by: str = "AWS") -> dict[str, dict[str, Any]]:
    """Properties by logical id of all resources of a type, which AWS defines or we do ("Custom")."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == f"{by}::{kind}"
    }


def target(value: Any) -> str:
    """The logical id that a Ref or GetAtt names; of a condition, the one that holds if it is met."""
    if isinstance(value, Mapping):
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            return str(value["Fn::GetAtt"][0])
        if "Fn::If" in value:
            return target(value["Fn::If"][1])
    return ""


def condition(value: Any) -> str:
    """The condition on which there is a value, else nothing; empty for one that is always there."""
    chosen = value.get("Fn::If") if isinstance(value, Mapping) else None
    return str(chosen[0]) if chosen and chosen[2] == {"Ref": "AWS::NoValue"} else ""


def function(template: Template, value: Any) -> str:
    """The logical id of the function that a Ref or GetAtt names, be it by an alias."""
    named = target(value)
    aliases = of(template, "Lambda::Alias")
    return target(aliases[named]["FunctionName"]) if named in aliases else named


def number(template: Template, value: Any) -> int:
    """A number, of a parameter its default."""
    return int(template["Parameters"][value["Ref"]]["Default"] if isinstance(value, Mapping) else value)


def listed(value: Any) -> list[Any]:
    """A list, of one thing too."""
    return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, with where it stands."""
    for name, role in of(template, "IAM::Role").items():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement
    for kind in ("IAM::Policy", "IAM::ManagedPolicy", "SQS::QueuePolicy", "S3::BucketPolicy", "SNS::TopicPolicy"):
        for name, properties in of(template, kind).items():
            for statement in properties["PolicyDocument"]["Statement"]:
                yield name, statement


def dead_letter_queues(template: Template) -> dict[str, str]:
    """The dead-letter queue of each queue that has one."""
    queues = of(template, "SQS::Queue")
    return {n: target(q["RedrivePolicy"]["deadLetterTargetArn"]) for n, q in queues.items() if "RedrivePolicy" in q}


def sources(template: Template) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Queue, function and properties of each event source mapping."""
    return {
        name: (target(p["EventSourceArn"]), function(template, p["FunctionName"]), p)
        for name, p in of(template, "Lambda::EventSourceMapping").items()
    }


def watched(template: Template) -> set[tuple[str, str]]:
    """(metric, logical id) of every alarm."""
    return {
        (alarm["MetricName"], target(dimension["Value"]))
        for alarm in of(template, "CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", [])
    }


def refuses_plain(statement: Mapping[str, Any]) -> bool:
    """Whether a policy statement turns away everybody who comes without TLS."""
    return (
        statement["Effect"] == "Deny"
        and statement.get("Principal") == "*"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )
