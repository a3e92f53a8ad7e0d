"""HTTP APIs: recorded with the function that they lead to, for `local.gateway` to serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.deploy.model import Cors, HttpApi
from local.deploy.stack import Properties, Stack

_DEFAULT_TIMEOUT_MS = 30_000


def http_api(stack: Stack, properties: Properties) -> None:
    """AWS::ApiGatewayV2::Api described by an OpenAPI body, which is how SAM writes it."""
    logical_id = properties.logical_id
    body = properties.need("Body")
    properties.without_effect("Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "Tags")
    name = properties.take("Name") or body.get("info", {}).get("title", logical_id)
    cors = properties.take("CorsConfiguration")
    properties.close()
    cors = cors or body.get("x-amazon-apigateway-cors")
    api_id = logical_id.lower()
    function, timeout = _integration(stack, properties, body)
    stack.deployment.apis[logical_id] = HttpApi(
        logical_id, api_id, str(name), function, timeout, _cors(cors) if cors else None
    )
    stack.publish(logical_id, api_id, ApiId=api_id, ApiEndpoint=stack.api_endpoint)


def stage(stack: Stack, properties: Properties) -> None:
    """AWS::ApiGatewayV2::Stage: its throttle is kept; only the stage without a path prefix has a local meaning."""
    if (name := properties.need("StageName")) != "$default":
        raise properties.error(f"only the stage $default is served here, not {name}")
    api_id, settings = properties.need("ApiId"), properties.inner("DefaultRouteSettings")
    for api in stack.deployment.apis.values():
        if api.api_id == api_id:
            rate, burst = settings.take("ThrottlingRateLimit"), settings.take("ThrottlingBurstLimit")
            api.rate, api.burst = None if rate is None else float(rate), None if burst is None else int(burst)
    settings.without_effect("DetailedMetricsEnabled")
    settings.close()
    properties.without_effect("AccessLogSettings", "AutoDeploy", "Description", "Tags")
    properties.close()
    stack.publish(properties.logical_id, name)


def _integration(stack: Stack, properties: Properties, body: Mapping[str, Any]) -> tuple[str, float]:
    """The function behind the one route, and the seconds that it has."""
    match body.get("paths"):
        case {"/{proxy+}": {"x-amazon-apigateway-any-method": operation, **others}, **paths} if not (others or paths):
            integration = operation["x-amazon-apigateway-integration"]
        case _:
            raise properties.error("only one route is served here, ANY /{proxy+}")
    if integration.get("payloadFormatVersion") != "2.0" or integration["type"].lower() != "aws_proxy":
        raise properties.error("only Lambda proxies with payload format 2.0 are served here")
    if operation.get("security"):
        raise properties.error("authorizers have no local deployment")
    # arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/<function ARN>/invocations
    function = stack.deployment.function(integration["uri"].split("/functions/", 1)[1].rsplit("/", 1)[0])
    return function.logical_id, int(integration.get("timeoutInMillis", _DEFAULT_TIMEOUT_MS)) / 1000


def _cors(given: Mapping[str, Any]) -> Cors:
    # OpenAPI bodies write allowOrigins, CloudFormation properties AllowOrigins.
    values = {key[0].upper() + key[1:]: value for key, value in given.items()}
    return Cors(
        origins=_items(values.get("AllowOrigins")),
        methods=_items(values.get("AllowMethods")),
        headers=tuple(header.lower() for header in _items(values.get("AllowHeaders"))),
        exposed=_items(values.get("ExposeHeaders")),
        credentials=bool(values.get("AllowCredentials", False)),
        max_age=None if values.get("MaxAge") is None else int(values["MaxAge"]),
    )


def _items(value: Any) -> tuple[str, ...]:
    """A list, or the comma-separated text which SAM makes of a reference to a list parameter."""
    if value is None:
        return ()
    return tuple(item.strip() for item in value.split(",")) if isinstance(value, str) else tuple(map(str, value))
