"""What the product sent: SMS by SNS and mails by SES end here, in a file of JSON lines that the inbox shows.

moto remembers messages without their time and only as long as it runs; a developer wants to know when, and what the
last run sent. The file holds sign-in codes and is therefore readable by its owner only.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import pathlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

KEPT = 500
_SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient. `at` is ISO 8601 in UTC; `subject` is empty for an SMS."""

    id: str
    at: str
    kind: Literal["SMS", "MAIL"]
    to: str
    subject: str
    text: str

    @property
    def clock(self) -> str:
        """When, by the clocks of Korea."""
        return datetime.fromisoformat(self.at).astimezone(_SEOUL).strftime("%m-%d %H:%M:%S")


class Sent:
    """The messages in that file, of which only the last 500 outlive a start."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(_line(message) for message in read(path)[-KEPT:])
        partial.rename(path)

    def collect(self) -> None:
        """Append what moto took since the last call."""
        with self._lock:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            fresh = [told(item, at) for name, items, told in _backends() for item in self._fresh(name, items)]
            if fresh:
                with self.path.open("a", encoding="utf-8") as file:
                    file.writelines(map(_line, fresh))

    def _fresh(self, name: str, items: list[Any]) -> list[Any]:
        """Those that were not seen before: a mail takes milliseconds to read, and each request asks."""
        seen, self._seen[name] = self._seen.get(name, 0), len(items)
        return items[seen:]


def read(path: pathlib.Path) -> list[Message]:
    """The messages in the file, oldest first; a last line that is only half written is left for the next time."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    return [Message(**json.loads(line)) for line in lines[:-1]]


def _line(message: Message) -> str:
    return json.dumps(asdict(message), ensure_ascii=False) + "\n"


def _backends() -> Iterator[tuple[str, list[Any], Callable[[Any, str], Message]]]:
    """What every region has, each list only ever growing, and how it is read. Services nobody has called yet are not
    loaded.
    """
    from moto.core.models import DEFAULT_ACCOUNT_ID

    if sns := sys.modules.get("moto.sns.models"):
        for region, backend in list(sns.sns_backends[DEFAULT_ACCOUNT_ID].items()):
            yield f"sns {region}", list(backend.sms_messages.items()), _sms
    if ses := sys.modules.get("moto.ses.models"):
        for region, backend in list(ses.ses_backends[DEFAULT_ACCOUNT_ID].items()):
            yield f"ses {region}", list(backend.sent_messages), _mail


def _sms(sent: Any, at: str) -> Message:
    number, (to, text) = sent
    return Message(number, at, "SMS", to, "", text)


def _mail(sent: Any, at: str) -> Message:
    raw = getattr(sent, "raw_data", None)
    if raw is None:
        to = ", ".join(address for kind in sent.destinations.values() for address in kind)
        return Message(sent.id, at, "MAIL", to, getattr(sent, "subject", ""), getattr(sent, "body", ""))
    parsed = email.message_from_bytes(raw.encode(), policy=email.policy.default)
    body = parsed.get_body(preferencelist=("plain", "html"))
    text = body.get_content() if body is not None else ""
    return Message(sent.id, at, "MAIL", str(parsed["to"] or ""), str(parsed["subject"] or ""), text)
