"""Gateways: those who carry text messages and e-mail to people, each behind a protocol of `bizcall/ports.py`.

text_messages      Sms: the one that the settings choose
electronic_mail    Mail: SES
settled            what became of a message, out of all that was told about it

amazon.py (SNS, SES), solapi.py with solapi_answers.py, ses_events.py (what SES tells of mail), fates.py
"""

from __future__ import annotations

import json

from bizcall.aws import Clients, secret
from bizcall.gateways.fates import settled
from bizcall.ports import Clock, Mail, Sms, now
from bizcall.settings import Settings

__all__ = ["electronic_mail", "settled", "text_messages"]


async def text_messages(settings: Settings, clients: Clients, *, clock: Clock = now) -> Sms:
    """The gateway that SMS_GATEWAY names; for one process and its event loop.

    Raises RuntimeError where the environment lacks what that gateway needs; its secret is read here, once.
    """
    if settings.sms_gateway == "solapi":
        return await _solapi(settings, clients, clock)
    from bizcall.gateways.amazon import SnsSms

    return SnsSms(clients)


def electronic_mail(settings: Settings, clients: Clients) -> Mail:
    """SES, with the configuration set that MAIL_EVENTS names."""
    from bizcall.gateways.amazon import SesMail

    return SesMail(clients, settings.mail_events)


async def _solapi(settings: Settings, clients: Clients, clock: Clock) -> Sms:
    from bizcall.gateways.solapi import Solapi

    if not settings.solapi_secret_id:
        raise RuntimeError("SOLAPI_SECRET_ID is not set")
    if not (settings.sender_number.isascii() and settings.sender_number.isdecimal()):
        raise RuntimeError("SENDER_NUMBER must be digits: the number registered with Solapi")
    try:
        held = json.loads(await secret(clients, settings.solapi_secret_id))
        key, word = str(held["apiKey"]), str(held["apiSecret"])
    except (ValueError, KeyError, TypeError):
        # Without the cause, which quotes the secret.
        raise RuntimeError("the secret of Solapi must be JSON with apiKey and apiSecret") from None
    return Solapi(key, word, sender=settings.sender_number, url=settings.solapi_url, clock=clock)
