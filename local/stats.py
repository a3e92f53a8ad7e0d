"""The operators' commands for rollups and attribution (`lambdas/stats.py`) against the system that runs here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bizcall.settings import Settings

if TYPE_CHECKING:
    from local.stack import Addresses


def stats(addresses: Addresses, event: dict[str, Any]) -> str:
    """The function's answer to the event, as JSON; raises lambdas.runtime.InvocationFailed as it does."""
    from lambdas.letters import Operator
    from lambdas.runtime import Process
    from lambdas.stats import handle

    running = Process(Settings(stage="local", database_url=SecretStr(addresses.database)))
    try:
        return json.dumps(running.run(handle, event, Operator()), ensure_ascii=False, indent=2)
    finally:
        running.close()
