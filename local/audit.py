"""The operators' check of audit records (`lambdas/audit.py`) against the system that runs on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bizcall.settings import Settings
from local.cloud.process import CREDENTIALS

if TYPE_CHECKING:
    from local.stack import Addresses


def verified(addresses: Addresses) -> tuple[bool, list[str]]:
    """Whether all chains hold, and the lines that the command prints."""
    from lambdas.audit import main

    os.environ |= {**CREDENTIALS, "AWS_ENDPOINT_URL": addresses.aws}
    return main(Settings(stage="local", database_url=SecretStr(addresses.database)))
