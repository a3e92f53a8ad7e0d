"""Who may ask for what: every root field needs a signed-in administrator, but for the list here.

One mechanism for all: the root fields of an operation are known from the guard's walk over its document, and an
operation with one field that isn't public is refused whole before any resolver runs.
"""

from __future__ import annotations

from collections.abc import Iterable

from bizcall.admins import Viewer
from bizcall.errors import Unauthenticated

PUBLIC = frozenset(
    {
        "Query.__typename",
        "Query.limits",
        "Query.viewer",
        "Mutation.__typename",
        "Mutation.signIn",
        "Mutation.signInCodeSend",
        "Mutation.signInVerify",
    }
)
"""Fields that strangers may ask for, as Type.field."""

ONE_A_REQUEST = frozenset({"signIn", "signInCodeSend", "signInVerify"})
"""Mutations that compare a secret or send a code: one of them in a request, or aliases would multiply guesses (A6)."""


def admit(root_type: str, fields: Iterable[str], viewer: Viewer | None) -> None:
    """Let an operation with these root fields pass; raises Unauthenticated. Introspection counts as not public."""
    if viewer is None and any(f"{root_type}.{name}" not in PUBLIC for name in fields):
        raise Unauthenticated
