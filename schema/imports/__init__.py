"""Imports: Excel files of employees, their preview, and what was registered (BK-01 … BK-03)."""

from __future__ import annotations

from schema.imports.jobs import Import
from schema.imports.payloads import (
    Download,
    ImportCancelPayload,
    ImportFilter,
    ImportFormCreatePayload,
    ImportRefusedRowsDownloadPayload,
    ImportRegisterInput,
    ImportRegisterPayload,
)

__all__ = [
    "Download",
    "Import",
    "ImportCancelPayload",
    "ImportFilter",
    "ImportFormCreatePayload",
    "ImportRefusedRowsDownloadPayload",
    "ImportRegisterInput",
    "ImportRegisterPayload",
]
