"""Where files lie in the bucket: exports/<company>/<export>/<128 random bits>.xlsx, removed after a day (P9)."""

from __future__ import annotations

import secrets
from uuid import UUID

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECRET_BYTES = 16


def file(company_id: UUID, export_id: UUID) -> str:
    """A new place, for one attempt."""
    return f"exports/{company_id}/{export_id}/{secrets.token_hex(SECRET_BYTES)}.xlsx"
