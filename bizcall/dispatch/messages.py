"""The words of an invitation: the text message and the e-mail, made out of the same facts when they are sent (IN-10).

    text_message(facts, letterhead)                                  SMS where it fits, else LMS
    mail(facts, letterhead, to=…, reference=…, delivery_id=…, at=…)  the raw message for `Mail.send`

Both hold the temporary password, so neither is ever stored or logged; whoever resends makes them again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from email.headerregistry import Address
from functools import cache
from typing import Any

from bizcall import phones, texts
from bizcall.dispatch import mails
from bizcall.dispatch.mails import SENDER, Letterhead
from bizcall.dispatch.texts import TextMessage, fitted
from bizcall.dispatch.texts import subject as fitted_subject
from bizcall.dispatch.wording import rendered
from bizcall.months import KOREA, WEEKDAYS


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
    """The e-mail for one address, as text and as HTML; see `mails.written`."""
    words = _words(facts, letterhead)
    subject = f"[{SENDER}] {words['company']} 업무 전화 앱에 초대되었습니다"
    return mails.written(
        subject,
        rendered("invitation.mail.txt", words),
        letterhead,
        html=_inlined(rendered("invitation.mail.html", {**words, "subject": subject})),
        to=Address(words["name"], addr_spec=to),
        reference=reference,
        delivery_id=delivery_id,
        at=at,
    )


def _words(facts: Facts, letterhead: Letterhead) -> dict[str, str]:
    until = facts.expires_at.astimezone(KOREA)
    return {
        # Names come cleaned from every entry; here a line break in one would be a header or a line of its own.
        **{name: texts.clean(value).text for name, value in asdict(facts).items() if isinstance(value, str)},
        "number": phones.formatted(facts.number),
        "until": f"{until.year}. {until.month}. {until.day}.({WEEKDAYS[until.weekday()]}) {until:%H:%M}",
        "app_url": letterhead.app_url,
    }


@cache
def _inliner() -> Any:
    from css_inline import CSSInliner

    return CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def _inlined(html: str) -> str:
    """Styles on each element, because mail programs drop what stands in the head; nothing is loaded from anywhere."""
    text: str = _inliner().inline(html)
    return text
