"""What the messages of queues hold: keys of rows, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from bizcall.errors import BizCallError


class Malformed(BizCallError):
    """A message that names no row; it belongs into the dead-letter queue."""


def key(body: Mapping[str, Any], name: str) -> UUID:
    """The key that a message has under a name; raises Malformed where it has none."""
    try:
        return UUID(body[name])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"a message names no {name}") from error
