"""The stack being deployed: its clients, its values, its names; and the strict reading of a resource's properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.deploy.intrinsics import DeployError, Values
from local.deploy.model import Deployment

ACCOUNT = "123456789012"

Clients = Callable[[str], Any]


class Properties:
    """The resolved properties of one resource. What nobody took is an error, so nothing is lost in silence."""

    def __init__(self, logical_id: str, kind: str, values: Mapping[str, Any]) -> None:
        self.logical_id = logical_id
        self.kind = kind
        self._left = dict(values)

    def take(self, name: str, default: Any = None) -> Any:
        """The value of a property, or the default."""
        return self._left.pop(name, default)

    def need(self, name: str) -> Any:
        """The value of a property without which AWS refuses the resource."""
        if name not in self._left:
            raise self.error(f"{name} is missing")
        return self._left.pop(name)

    def inner(self, name: str) -> Properties:
        """A property which holds properties (none if absent); the caller closes it as well."""
        return Properties(f"{self.logical_id}.{name}", self.kind, self._left.pop(name, None) or {})

    def without_effect(self, *names: str) -> None:
        """Drop properties which mean nothing on a laptop; listing them here is how that is decided."""
        for name in names:
            self._left.pop(name, None)

    def close(self) -> None:
        """Raise DeployError if a property is left that was neither taken nor declared to be without effect."""
        if self._left:
            raise self.error(f"no local deployment of {', '.join(sorted(self._left))}")

    def error(self, text: str) -> DeployError:
        """A DeployError which names the resource and its type."""
        return DeployError(f"{self.logical_id} ({self.kind}): {text}")


@dataclass(slots=True)
class Stack:
    """What a resource's deployment may use: `client` gives a client per service, `secrets` are values by logical id."""

    name: str
    region: str
    account: str
    client: Clients
    values: Values
    deployment: Deployment
    code: Mapping[str, Path]
    secrets: Mapping[str, str]
    api_endpoint: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def implicit_name(self, logical_id: str) -> str:
        """The name of a resource that the template doesn't name; CloudFormation adds random letters to the same."""
        return f"{self.name}-{logical_id}"

    def publish(self, logical_id: str, ref: str, **attributes: str) -> None:
        """Tell the rest of the template what Ref and Fn::GetAtt give for this resource."""
        self.values.refs[logical_id] = ref
        for name, value in attributes.items():
            self.values.attributes[logical_id, name] = value


def clients(endpoint: str, region: str) -> Clients:
    """boto3 clients of an AWS-compatible endpoint, one per service, made when first asked for."""
    import boto3
    from botocore.config import Config

    config = Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 3})
    anyone = "local"
    session = boto3.Session(aws_access_key_id=anyone, aws_secret_access_key=anyone, region_name=region)

    @cache
    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint, config=config)

    return client
