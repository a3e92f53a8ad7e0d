"""What an answer tells, what of another company may not be seen in it, and values that only look like another's."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from schema.node import decode
from tests.opaque import KEY, MOMENT, placed, unpacked
from tests.security.ledger import uuids

TOKENS = re.compile(r"[A-Za-z0-9_-]{24,}")
REDACTED = re.compile(rf'"(?:requestId|errorId)":"[^"]*"|{MOMENT}')


@dataclass(frozen=True)
class Told:
    """An answer: as sent, without what differs from request to request, and what it cost."""

    raw: str
    text: str
    statements: int

    @property
    def wrong(self) -> str:
        """What a valid input's answer may not have."""
        answer = json.loads(self.raw.split("\n")[0])
        problems = answer.get("errors") or [
            error for value in (answer.get("data") or {}).values() if isinstance(value, dict)
            for error in value.get("userErrors") or ()
        ]  # fmt: skip
        return json.dumps(problems, ensure_ascii=False) if problems else ""


@dataclass
class Secrets:
    """What is another company's and may not be seen: its word, its numbers, the keys of its rows."""

    texts: tuple[str, ...]
    keys: frozenset[str]

    def seen(self, text: str, given: frozenset[str]) -> list[str]:
        """What of it stands in a text, but for the keys that were given."""
        keys = self.keys - given
        found = [each for each in self.texts if each in text]
        found += [each for each in uuids(text) if each in keys]
        found += [each for each in KEY.findall(text) if each in keys]
        for token in TOKENS.findall(text):
            # Ids and cursors.
            told = unpacked(token) or ""
            found += [each for each in self.texts if each in told]
            found += [each for each in KEY.findall(told) if each in keys]
        return found


def keys_in(value: str) -> Iterator[str]:
    """The keys in an id, or in a text with UUIDs, as 32 digits."""
    known = decode(value)
    if known is not None:
        yield known[1].hex
    yield from uuids(value)


def resembling(value: str) -> str:
    """A text that looks like another one and is nobody's; of a cursor, the same place with another key."""
    parts = placed(value)
    if parts is not None:
        # The neighbouring key: whatever stands in the list stands on the same side of both.
        key = parts[-1]
        key = f"{int(key, 16) ^ 1:032x}" if KEY.fullmatch(key) else key[:-1] + chr(ord(key[-1]) ^ 1)
        packed = json.dumps([*parts[:-1], key], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")
    mixed = random.Random()
    return "".join(mixed.choice("0123456789") if each.isdigit() else each for each in value)
