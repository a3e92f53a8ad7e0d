"""Fixed keys of what a laptop begins with, the same on every one, so that no two kinds of things share any."""

from __future__ import annotations

from enum import IntEnum
from uuid import UUID


class Kind(IntEnum):
    """Kinds of things, as they stand in keys."""

    COMPANY = 0
    ADMIN = 1
    LINE = 2
    DEPARTMENT = 3
    SUBSCRIBER = 4
    SERVICE = 5
    DOCUMENT = 0x10
    NOTICE = 0x11
    ATTACHMENT = 0x12


def key(kind: Kind, number: int) -> UUID:
    """The fixed key of a thing: shaped like a version 7 UUID and older than any real one."""
    return UUID(f"00000000-0000-7{kind:03x}-8000-{number:012x}")
