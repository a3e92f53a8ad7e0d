"""The words of an invitation: the text message and the e-mail, made out of the same facts when they are sent (IN-10).

    text_message(facts, letterhead)                                  SMS where it fits, else LMS
    mail(facts, letterhead, to=…, reference=…, delivery_id=…, at=…)  the raw message for `Mail.send`

Both hold the temporary password, so neither is ever stored or logged; whoever resends makes them again.

The mail is made of the older classes of the email package: the newer ones lose blanks when they fold a header in which
words that need encoding stand beside some that don't.
"""

from __future__ import annotations

import pathlib
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any, NamedTuple, Self

from bizcall import phones, texts
from bizcall.dispatch.texts import fitted
from bizcall.dispatch.texts import subject as fitted_subject
from bizcall.months import KOREA, WEEKDAYS
from bizcall.settings import Settings

DELIVERY_HEADER = "X-BizCall-Delivery"
"""Comes back in the events of SES, which replaces the Message-ID by its own."""

TEMPLATES = pathlib.Path(__file__).parent / "templates"
SENDER = "비즈콜"
NAME_BYTES = 42
"""What one encoded word of a header line holds."""

_UNFIT = re.compile(r"[^A-Za-z0-9_-]")
_WIRE = compat32.clone(linesep="\r\n")


@dataclass(frozen=True)
class Facts:
    """What an invitation says. `number` is the line's number in normal form; `password` the temporary one."""

    company: str
    name: str
    number: str
    password: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Without the password and without the person."""
        return "Facts(…)"


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


class TextMessage(NamedTuple):
    """What `Sms.send` takes; `subject` is None for a short message."""

    text: str
    subject: str | None


def text_message(facts: Facts, letterhead: Letterhead) -> TextMessage:
    """The text message: the short wording if that is an SMS, else the long one, which costs three times as much anyway.

    A character that telephones don't have is spelled otherwise (`bizcall.dispatch.texts`).
    """
    words = _words(facts, letterhead)
    short = fitted(rendered("invitation.short.txt", words))
    if not short.long:
        return TextMessage(short.text, None)
    return TextMessage(
        fitted(rendered("invitation.long.txt", words)).text, fitted_subject(f"[{SENDER}] 업무 전화 앱 초대")
    )


def mail(facts: Facts, letterhead: Letterhead, *, to: str, reference: str, delivery_id: str, at: datetime) -> bytes:
    """The e-mail for one address, whole: text and HTML, UTF-8 in base64, all of it ASCII on the wire, with CRLF.

    `reference` becomes the Message-ID, `delivery_id` the header `X-BizCall-Delivery`. Raises ValueError for an address
    or a reference that can't stand in a header.
    """
    if _UNFIT.search(reference) or _UNFIT.search(delivery_id):
        raise ValueError("a reference is made of letters, digits, hyphens and underscores")
    words = _words(facts, letterhead)
    subject = f"[{SENDER}] {words['company']} 업무 전화 앱에 초대되었습니다"
    html = _inlined(rendered("invitation.mail.html", {**words, "subject": subject}))
    recipient = Address(words["name"], addr_spec=to)
    message = _headed(subject, letterhead, recipient, reference, at)
    message[DELIVERY_HEADER] = delivery_id
    message.attach(_part(rendered("invitation.mail.txt", words), "plain"))
    message.attach(_part(html, "html"))
    return message.as_bytes(policy=_WIRE)


def plain_mail(subject: str, text: str, letterhead: Letterhead, *, to: str, reference: str, at: datetime) -> bytes:
    """An e-mail of text alone, otherwise like `mail`; raises ValueError as it does."""
    if _UNFIT.search(reference):
        raise ValueError("a reference is made of letters, digits, hyphens and underscores")
    message = _headed(f"[{SENDER}] {subject}", letterhead, Address(addr_spec=to), reference, at)
    message.attach(_part(text, "plain"))
    return message.as_bytes(policy=_WIRE)


def _headed(subject: str, letterhead: Letterhead, to: Address, reference: str, at: datetime) -> MIMEMultipart:
    message = MIMEMultipart("alternative", policy=compat32)
    message["Subject"] = Header(subject, "utf-8", header_name="Subject").encode()
    message["From"] = _mailbox(letterhead.sender)
    message["To"] = _mailbox(to)
    message["Date"] = format_datetime(at.astimezone(KOREA))
    message["Message-ID"] = f"<{reference}@{letterhead.sender.domain}>"
    # Keeps holiday notices and other machines from answering a machine.
    message["Auto-Submitted"] = "auto-generated"
    return message


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


def _words(facts: Facts, letterhead: Letterhead) -> dict[str, str]:
    until = facts.expires_at.astimezone(KOREA)
    return {
        # Names come cleaned from every entry; here a line break in one would be a header or a line of its own.
        **{name: texts.clean(value).text for name, value in asdict(facts).items() if isinstance(value, str)},
        "number": phones.formatted(facts.number),
        "until": f"{until.year}. {until.month}. {until.day}.({WEEKDAYS[until.weekday()]}) {until:%H:%M}",
        "app_url": letterhead.app_url,
    }


def rendered(template: str, words: dict[str, Any]) -> str:
    """A template of the folder `templates` with its words; a word that is missing raises."""
    text: str = _environment().get_template(template).render(words)
    return text.strip() + "\n" if "mail" in template else text.strip()


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"], default=False, default_for_string=False),
        auto_reload=False,
    )


@cache
def _inliner() -> Any:
    from css_inline import CSSInliner

    return CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def _inlined(html: str) -> str:
    """Styles on each element, because mail programs drop what stands in the head; nothing is loaded from anywhere."""
    text: str = _inliner().inline(html)
    return text
