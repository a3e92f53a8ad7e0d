"""A function as a step of a deployment: CloudFormation asks it as a custom resource, and waits for an answer.

The answer is a PUT to the address that the event brings. Without one the deployment hangs until its time is over, so
whatever goes wrong is answered, too. Written here, because the ready-made module exists only in functions whose code
stands in the template.
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable

from lambdas.runtime import Context, Event, InvocationFailed

ATTEMPTS = 3
SECONDS = 10.0

logger = logging.getLogger(__name__)


def asked(event: Event) -> bool:
    """Whether CloudFormation asks."""
    return "RequestType" in event and "ResponseURL" in event


def step(
    event: Event, context: Context, work: Callable[[], object], *, put: Callable[[str, bytes], None] | None = None
) -> None:
    """Do the work unless the stack is being deleted, and tell CloudFormation what came of it.

    Only the type of an error is told, and where to look. Raises nothing for failed work: CloudFormation knows then,
    and an error would make Lambda do it again. Raises OSError when no answer could be sent.
    """
    status, reason = "SUCCESS", ""
    if event["RequestType"] != "Delete":
        try:
            work()
        except Exception as error:
            logger.exception("the step of the deployment failed")
            # InvocationFailed holds the type of another one; what is said otherwise may quote an address or a secret.
            named = str(error) if isinstance(error, InvocationFailed) else type(error).__name__
            status, reason = "FAILED", f"{named}: see the log, request {context.aws_request_id}"
    told = {
        "Status": status,
        "Reason": reason,
        # The same for ever: another one would make CloudFormation delete the former resource.
        "PhysicalResourceId": event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    (put or _put)(event["ResponseURL"], json.dumps(told).encode())


def _put(url: str, body: bytes) -> None:
    if not url.startswith("https://"):
        raise ValueError("CloudFormation is answered by https only")
    # No content type, since none was signed.
    request = urllib.request.Request(url, body, {"content-type": ""}, method="PUT")  # noqa: S310 - https, as seen
    for attempt in range(ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
                return
        except OSError:
            if attempt == ATTEMPTS - 1:
                raise
