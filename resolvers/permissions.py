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

WITHOUT_DATABASE = frozenset({"Query.__typename", "Query.limits", "Query.viewer", "Mutation.__typename"})
"""Those of them which cost strangers nothing but processor time, and so aren't counted."""

ONE_A_REQUEST = frozenset({"signIn", "signInCodeSend", "signInVerify"})
"""Mutations that compare a secret or send a code: one of them in a request, or aliases would multiply guesses (A6)."""


def admit(root_type: str, fields: Iterable[str], viewer: Viewer | None) -> None:
    """Let an operation with these root fields pass; raises Unauthenticated. Introspection counts as not public."""
    if viewer is None and any(f"{root_type}.{name}" not in PUBLIC for name in fields):
        raise Unauthenticated


def reaches_database(root_type: str, fields: Iterable[str]) -> bool:
    """Whether an operation with these root fields would touch the database for a stranger."""
    asked = {f"{root_type}.{name}" for name in fields}
    return asked <= PUBLIC and not asked <= WITHOUT_DATABASE
