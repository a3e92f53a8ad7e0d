"""Keys of calls and messages: the exchange's id and the moment together, since only both are unique."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_TEXT = re.compile(r"(\d{1,11})\.([!-~]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class FactKey:
    """`moment` is in whole seconds, as feeds tell it. As text it is `<seconds since 1970>.<id>`."""

    id: str
    moment: datetime

    def __str__(self) -> str:
        return f"{int(self.moment.timestamp())}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> FactKey | None:
        """The key of a text; None for a text that is none."""
        parts = _TEXT.fullmatch(text)
        return None if parts is None else cls(parts[2], datetime.fromtimestamp(int(parts[1]), UTC))


def columns(keys: Collection[FactKey]) -> tuple[Sequence[str], Sequence[datetime]]:
    """Ids and moments apart, as statements take them."""
    return [key.id for key in keys], [key.moment for key in keys]
