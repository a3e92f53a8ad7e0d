"""The function for operators and servers (`lambdas/accounts.py`) against the system that runs on this machine."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bizcall.settings import Settings
from local.cloud.process import CREDENTIALS
from local.state import read_json

if TYPE_CHECKING:
    from local.stack import Addresses


def answered(addresses: Addresses, home: pathlib.Path, event: Mapping[str, Any]) -> dict[str, Any]:
    """What the function answers to the event; `home` holds the key from which temporary passwords are derived."""
    from lambdas.accounts import handle
    from lambdas.letters import Operator
    from lambdas.runtime import Process

    os.environ |= {**CREDENTIALS, "AWS_ENDPOINT_URL": addresses.aws}
    kept = read_json(home / "key") or {}
    running = Process(
        Settings(
            stage="local",
            database_url=SecretStr(addresses.database),
            secret_key=SecretStr(kept["key"]),
            queue_urls={"sms": addresses.queues["SmsQueue"]},
        )
    )
    try:
        return running.run(handle, event, Operator())
    finally:
        running.close()
