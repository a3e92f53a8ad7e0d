"""The statements that the suite sends: counted by tests of N+1, and read as a whole by the rule that each names its company."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bizcall.database import Connection

TENANT_TABLES = re.compile(
    r"\b(company|line|department|subscriber|membership|line_row|admin|idempotency_key|audit_record)\b"
)
SENT: list[str] = []


class Recorded(Connection):
    """A connection that notes each statement once it has run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_query_logger(lambda record: SENT.append(record.query))


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements of a block, without those that only open or close a transaction."""
    found: list[str] = []
    start = len(SENT)
    try:
        yield found
    finally:
        found += [sql for sql in SENT[start:] if not re.match(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)", sql)]
