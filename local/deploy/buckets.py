"""Buckets with everything that the local server keeps of them, and their policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.deploy.stack import Properties, Stack

_CORS_NAMES = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}


def bucket(stack: Stack, properties: Properties) -> None:
    """AWS::S3::Bucket. Settings which left the template since the last deployment are removed.

    Its notifications come last of all, so that objects can be put back into the bucket without being announced again.
    """
    name = properties.take("BucketName") or stack.implicit_name(properties.logical_id).lower()
    s3 = stack.client("s3")
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": stack.region}}
    try:
        s3.create_bucket(Bucket=name, **({} if stack.region == "us-east-1" else elsewhere))
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        # Here already from an earlier deployment, which is what this one wants.
        s3.head_bucket(Bucket=name)

    if versioning := properties.take("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    if encryption := properties.take("BucketEncryption"):
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=_encryption(encryption))
    if access := properties.take("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=access)
    if ownership := properties.take("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=ownership)
    if cors := properties.take("CorsConfiguration"):
        rules = [{_CORS_NAMES.get(key, key): value for key, value in rule.items()} for rule in cors["CorsRules"]]
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
    else:
        s3.delete_bucket_cors(Bucket=name)
    if lifecycle := properties.take("LifecycleConfiguration"):
        rules = [_lifecycle_rule(properties, rule) for rule in lifecycle["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    else:
        s3.delete_bucket_lifecycle(Bucket=name)
    notifications = _notifications(properties)
    properties.without_effect("Tags")
    properties.close()

    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=notifications)
    stack.deployment.buckets[properties.logical_id] = name
    domain = f"{name}.s3.{stack.region}.amazonaws.com"
    stack.publish(properties.logical_id, name, Arn=f"arn:aws:s3:::{name}", RegionalDomainName=domain, DomainName=domain)


def bucket_policy(stack: Stack, properties: Properties) -> None:
    """AWS::S3::BucketPolicy, without its conditional statements.

    The local server enforces policies but can't read conditions: "deny what doesn't come by TLS" would deny everything.
    """
    name, document = properties.need("Bucket"), properties.need("PolicyDocument")
    properties.close()
    statements = [statement for statement in document["Statement"] if "Condition" not in statement]
    s3 = stack.client("s3")
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({**document, "Statement": statements}))
    else:
        s3.delete_bucket_policy(Bucket=name)
    stack.publish(properties.logical_id, properties.logical_id)


def _encryption(configuration: Mapping[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in configuration["ServerSideEncryptionConfiguration"]:
        renamed = dict(rule)
        if "ServerSideEncryptionByDefault" in renamed:
            renamed["ApplyServerSideEncryptionByDefault"] = renamed.pop("ServerSideEncryptionByDefault")
        rules.append(renamed)
    return {"Rules": rules}


def _lifecycle_rule(owner: Properties, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule in the API's words, which differ from the template's."""
    given = Properties(f"{owner.logical_id}.LifecycleConfiguration", owner.kind, rule)
    out: dict[str, Any] = {"Status": given.need("Status"), "Filter": {"Prefix": given.take("Prefix", "")}}
    if rule_id := given.take("Id"):
        out["ID"] = rule_id
    if days := given.take("ExpirationInDays"):
        out["Expiration"] = {"Days": int(days)}
    if given.take("ExpiredObjectDeleteMarker"):
        out["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if days := given.take("NoncurrentVersionExpirationInDays"):
        out["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
    if noncurrent := given.take("NoncurrentVersionExpiration"):
        out["NoncurrentVersionExpiration"] = {key: int(value) for key, value in noncurrent.items()}
    if abort := given.take("AbortIncompleteMultipartUpload"):
        out["AbortIncompleteMultipartUpload"] = {key: int(value) for key, value in abort.items()}
    given.close()
    return out


def _notifications(owner: Properties) -> dict[str, Any]:
    """The notifications in the API's words; only queues, because that is all that reaches a function here."""
    given = owner.inner("NotificationConfiguration")
    queues = []
    for target in given.take("QueueConfigurations", []):
        entry = {"QueueArn": target["Queue"], "Events": [target["Event"]]}
        if "Filter" in target:
            entry["Filter"] = {"Key": {"FilterRules": target["Filter"]["S3Key"]["Rules"]}}
        queues.append(entry)
    given.close()
    return {"QueueConfigurations": queues}
