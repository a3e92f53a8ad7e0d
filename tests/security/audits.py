"""The audits of graphql-http, which ask whether a server keeps the specification of GraphQL over HTTP (G1)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
KNOWN = 61
STRANGERS_MISSES = frozenset({"5A70", "2EA1", "28B9", "D6D5", "6A70"})
"""What needs GET or introspection, which strangers don't get: graphql-cop wants it so."""


@dataclass(frozen=True)
class Audit:
    """One audit and what came of it."""

    id: str
    name: str
    status: str
    reason: str | None = None


def install() -> None:
    """Install exactly what package-lock.json names; raises CalledProcessError or FileNotFoundError."""
    command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=FOLDER, check=True)


def run(url: str, bearer: str | None) -> list[Audit]:
    """All audits of one endpoint, as a stranger without a bearer."""
    environment = {**os.environ, **({"BEARER": bearer} if bearer else {})}
    done = subprocess.run(
        ["node", "audits.mjs", url], cwd=FOLDER, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return [Audit(**result) for result in json.loads(done.stdout)]


def missed(audits: list[Audit]) -> list[Audit]:
    """Those that are not kept, be it a MUST, a SHOULD or a MAY."""
    return [audit for audit in audits if audit.status != "ok"]
