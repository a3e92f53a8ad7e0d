"""Secrets and log groups."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from local.deploy.stack import Properties, Stack


def secret(stack: Stack, properties: Properties) -> None:
    """AWS::SecretsManager::Secret: the value given, else the template's, else one generated that stays."""
    name = properties.take("Name") or stack.implicit_name(properties.logical_id)
    written, generated = properties.take("SecretString"), properties.take("GenerateSecretString")
    properties.without_effect("Description", "KmsKeyId", "Tags")
    properties.close()
    client = stack.client("secretsmanager")
    value = stack.secrets.get(properties.logical_id, written)
    if value is None and generated is not None:
        try:
            arn = client.describe_secret(SecretId=name)["ARN"]
        except client.exceptions.ResourceNotFoundException:
            arn = put_secret(client, name, _generate(client, generated))
    else:
        arn = put_secret(client, name, value or "")
    stack.deployment.secrets[properties.logical_id] = arn
    stack.publish(properties.logical_id, arn, Id=arn)


def put_secret(client: Any, name: str, value: str) -> str:
    """Create a secret or change its value; returns the ARN. For secrets which the template takes as a parameter too."""
    try:
        return str(client.create_secret(Name=name, SecretString=value)["ARN"])
    except client.exceptions.ResourceExistsException:
        return str(client.put_secret_value(SecretId=name, SecretString=value)["ARN"])


def database_secret(url: str) -> str:
    """What the secret of that database holds, as infra/README.md describes it."""
    parts = urlsplit(url)
    place = {"host": parts.hostname, "port": parts.port or 5432, "dbname": parts.path.lstrip("/"), "sslmode": "disable"}
    return json.dumps({**place, "username": unquote(parts.username or ""), "password": unquote(parts.password or "")})


def log_group(stack: Stack, properties: Properties) -> None:
    """AWS::Logs::LogGroup with its retention; what functions print goes to the terminal, not here."""
    name = properties.take("LogGroupName") or stack.implicit_name(properties.logical_id)
    days = properties.take("RetentionInDays")
    properties.without_effect("DataProtectionPolicy", "KmsKeyId", "LogGroupClass", "Tags")
    properties.close()
    logs = stack.client("logs")
    try:
        logs.create_log_group(logGroupName=name)
    except logs.exceptions.ResourceAlreadyExistsException:
        logs.delete_retention_policy(logGroupName=name)
    if days:
        logs.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    stack.publish(properties.logical_id, name, Arn=stack.arn("logs", f"log-group:{name}:*"))


def _generate(client: Any, wanted: dict[str, Any]) -> str:
    """A generated value: bare, or under its key in the template's JSON."""
    rest = dict(wanted)
    shape, key = rest.pop("SecretStringTemplate", None), rest.pop("GenerateStringKey", None)
    password = str(client.get_random_password(**rest)["RandomPassword"])
    return json.dumps({**json.loads(shape), key: password}) if shape and key else password
