"""What AWS answers, in the words of the business: away, missing, or what it says about a message to a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bizcall.errors import Unavailable
from bizcall.ports import GatewayBusy, GatewayDown, GatewayRefused, GatewayUncertain, ObjectMissing

_REFUSALS = {
    "InvalidParameter",
    "InvalidParameterValue",
    "OptedOut",
    "MessageRejected",
    "BadRequestException",
    "ValidationException",
}
_PACE = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}
_MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "PreconditionFailed"}
_PATIENCE = {
    "InternalError",
    "InternalFailure",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


@contextmanager
def translated() -> Iterator[None]:
    """Say of what AWS answers in the block whether it is away (`Unavailable`) or has no such object."""
    from aiohttp import ClientPayloadError
    from botocore import exceptions as refusals

    try:
        yield
    except refusals.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _MISSING and error.operation_name in {"HeadObject", "GetObject", "CopyObject"}:
            raise ObjectMissing from error
        if code in _PATIENCE or status >= 500:
            raise Unavailable(f"AWS answered {error.operation_name} with {code}") from error
        raise
    except (refusals.ConnectionError, refusals.HTTPClientError, ClientPayloadError, TimeoutError) as error:
        raise Unavailable(f"AWS is away: {type(error).__name__}") from error


@contextmanager
def gateway_faults() -> Iterator[None]:
    """Tell errors of SNS and SES by what they say about the message, as a GatewayFault; causes are cut off.

    AWS quotes the number or the address in its messages, so only its code goes on.
    """
    from aiohttp import ClientPayloadError
    from botocore import exceptions as refusals
    from botocore.parsers import ResponseParserError

    try:
        yield
    except refusals.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) in {502, 504}:
            # A proxy lost the server behind it, which may have taken the message.
            raise GatewayUncertain(code) from None
        if code in _PACE:
            raise GatewayBusy(code) from None
        if code in _REFUSALS:
            raise GatewayRefused(code) from None
        # What remains is a permission, an identity that isn't verified, a paused account, or AWS itself.
        raise GatewayDown(code) from None
    except refusals.ParamValidationError:
        raise GatewayRefused("ParamValidation") from None
    except (refusals.ConnectTimeoutError, refusals.EndpointConnectionError) as error:
        raise GatewayDown(type(error).__name__) from None
    except (
        refusals.ConnectionError,
        refusals.HTTPClientError,
        ResponseParserError,
        ClientPayloadError,
        TimeoutError,
    ) as error:
        raise GatewayUncertain(type(error).__name__) from None
