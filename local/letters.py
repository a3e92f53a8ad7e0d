"""The operators' command for dead letters (`lambdas/letters.py`) against the system that runs on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bizcall.settings import Settings
from local.cloud.process import CREDENTIALS

if TYPE_CHECKING:
    from local.stack import Addresses


def letters(addresses: Addresses, arguments: Sequence[str]) -> list[str]:
    """The lines that the command prints; exits as it does for arguments that it doesn't know."""
    from lambdas.letters import main

    os.environ |= {**CREDENTIALS, "AWS_ENDPOINT_URL": addresses.aws}
    known = Settings(
        stage="local",
        database_url=SecretStr(addresses.database),
        queue_urls={
            # The logical names of the template's QUEUE_URLS, from its resources' names.
            name.removesuffix("Queue").lower(): url
            for name, url in addresses.queues.items()
            if name.endswith("Queue")
        },
    )
    return main(arguments, known)
