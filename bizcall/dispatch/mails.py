"""E-mails as they are sent: who sends them, their headers, and what goes over the wire.

They are made of the older classes of the email package: the newer ones lose blanks when they fold a header in which
words that need encoding stand beside some that don't.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from typing import Self

from bizcall.months import KOREA
from bizcall.settings import Settings

DELIVERY_HEADER = "X-BizCall-Delivery"
"""Comes back in the events of SES, which replaces the Message-ID by its own."""

SENDER = "비즈콜"
NAME_BYTES = 42
"""What one encoded word of a header line holds."""

_UNFIT = re.compile(r"[^A-Za-z0-9_-]")
_WIRE = compat32.clone(linesep="\r\n")


@dataclass(frozen=True)
class Letterhead:
    """Who sends, and where the app is to be had."""

    sender: Address
    app_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """That of this deployment; raises RuntimeError where the environment lacks MAIL_FROM or APP_URL."""
        name, address = parseaddr(settings.mail_from)
        if "@" not in address:
            raise RuntimeError("MAIL_FROM holds no e-mail address")
        if not settings.app_url:
            raise RuntimeError("APP_URL is not set")
        return cls(Address(display_name=name or SENDER, addr_spec=address), settings.app_url)


def written(
    subject: str,
    text: str,
    letterhead: Letterhead,
    *,
    html: str = "",
    to: Address,
    reference: str,
    delivery_id: str = "",
    at: datetime,
) -> bytes:
    """An e-mail, whole: text, and HTML where it is given, UTF-8 in base64, all of it ASCII on the wire, with CRLF.

    `reference` becomes the Message-ID, `delivery_id` the header `X-BizCall-Delivery`. Raises ValueError for one that
    can't stand in a header.
    """
    if _UNFIT.search(reference) or _UNFIT.search(delivery_id):
        raise ValueError("a reference is made of letters, digits, hyphens and underscores")
    message = MIMEMultipart("alternative", policy=compat32)
    message["Subject"] = Header(subject, "utf-8", header_name="Subject").encode()
    message["From"] = _mailbox(letterhead.sender)
    message["To"] = _mailbox(to)
    message["Date"] = format_datetime(at.astimezone(KOREA))
    message["Message-ID"] = f"<{reference}@{letterhead.sender.domain}>"
    # Keeps holiday notices and other machines from answering a machine.
    message["Auto-Submitted"] = "auto-generated"
    if delivery_id:
        message[DELIVERY_HEADER] = delivery_id
    message.attach(_part(text, "plain"))
    if html:
        message.attach(_part(html, "html"))
    return message.as_bytes(policy=_WIRE)


def _mailbox(address: Address) -> str:
    """Name and address for a header. A name that takes more than one encoded word is left out.

    Encoded words in a row are to be joined, but too many programs, Python's own parser among them, leave blanks between
    those of a name.
    """
    name = address.display_name
    if not name or len(name.encode()) > NAME_BYTES:
        return address.addr_spec
    return f"{Header(name, 'utf-8').encode()} <{address.addr_spec}>"


def _part(text: str, kind: str) -> MIMEText:
    return MIMEText(text.replace("\n", "\r\n"), kind, "utf-8", policy=compat32)
