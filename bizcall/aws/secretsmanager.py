"""Secrets of Secrets Manager, and the database's address that one of them holds."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from bizcall.aws.clients import Clients
from bizcall.aws.faults import translated


async def secret(clients: Clients, secret_id: str, version: str | None = None) -> str:
    """The text of a secret of Secrets Manager, of the present version unless one is named."""
    manager = await clients.get("secretsmanager")
    which = {} if version is None else {"VersionId": version}
    with translated():
        answer = await manager.get_secret_value(SecretId=secret_id, **which)
    text: str = answer["SecretString"]
    return text


def database_url(text: str) -> str:
    """The postgresql:// address in a database secret: JSON with host, port, username, password and dbname.

    `authority`, the certificates in PEM of whom the server's must be, and `sslmode` are as in `bizcall/tls.py`.
    """
    parts = json.loads(text)
    user, password = (quote(parts[name], safe="") for name in ("username", "password"))
    asked = {name: parts[name] for name in ("sslmode", "authority") if name in parts}
    place = f"{parts['host']}:{int(parts['port'])}/{quote(parts['dbname'], safe='')}"
    return f"postgresql://{user}:{password}@{place}?{urlencode(asked)}"
