"""Text messages by Amazon SNS and e-mail by Amazon SES, both of which can't be asked what became of a message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime

from bizcall.aws import Clients, gateway_faults
from bizcall.ports import Fate, GatewayUncertain, Report

WHOLE_SECONDS = 10.0
REFERENCE_TAG = "reference"

logger = logging.getLogger(__name__)


class SnsSms:
    """Text messages by SNS: reaches Korea as an international sender; takes no reference, no subject, no sender."""

    name = "sns"

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def send(self, to: str, text: str, *, subject: str | None = None, reference: str) -> str:
        """Hand over one message and return the gateway's id; `to` is a Korean number (0…) or E.164 (+…)."""
        sns = await self._clients.get("sns")
        with gateway_faults():
            async with asyncio.timeout(WHOLE_SECONDS):
                answer = await sns.publish(
                    PhoneNumber=to if to.startswith("+") else f"+82{to.removeprefix('0')}",
                    Message=text,
                    MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
                )
        return _message_id(answer, "SNS", reference)

    async def look_up(self, reference: str, *, to: str, since: datetime) -> Fate | None:
        """None: SNS can't be asked about a message."""
        return None

    async def reports(self, since: datetime) -> AsyncIterator[Report]:
        """None: SNS writes what became of text messages to a log only."""
        nothing: tuple[Report, ...] = ()
        for report in nothing:
            yield report


class SesMail:
    """E-mail by SES, version 2. Events on it carry the reference as a tag, if `configuration_set` publishes any."""

    name = "ses"

    def __init__(self, clients: Clients, configuration_set: str | None = None) -> None:
        self._clients = clients
        self._configuration = {"ConfigurationSetName": configuration_set} if configuration_set else {}

    async def send(self, message: bytes, *, to: str, reference: str) -> str:
        """Hand over one whole message for one address and return the gateway's id."""
        ses = await self._clients.get("sesv2")
        with gateway_faults():
            async with asyncio.timeout(WHOLE_SECONDS):
                answer = await ses.send_email(
                    Destination={"ToAddresses": [to]},
                    Content={"Raw": {"Data": message}},
                    EmailTags=[{"Name": REFERENCE_TAG, "Value": reference}],
                    **self._configuration,
                )
        return _message_id(answer, "SES", reference)


def _message_id(answer: dict[str, str], service: str, reference: str) -> str:
    try:
        message_id = answer["MessageId"]
    except KeyError:
        # A success that names no message: a proxy's answer, or half of one.
        raise GatewayUncertain("no MessageId") from None
    logger.info("message %s was handed to %s as %s", reference, service, message_id)
    return message_id
