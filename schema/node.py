"""Node: objects that are found again by an opaque id, and the ids themselves.

An id is base64url of "Type:key" without padding; clients must not look inside. Another company's id answers exactly
like one that never existed, and so does a malformed one, because nothing here tells them apart.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, ClassVar, Protocol
from uuid import UUID

import strawberry

from bizcall.errors import ErrorCode, Invalid, Problem

NODES_MOST = 100
ID_LONGEST = 200
NOTHING = UUID(int=0)


class Fetch(Protocol):
    """A loader of `bizcall`: company id and keys in, those rows that this company has out."""

    def __call__(self, company_id: UUID, keys: Sequence[Any], /) -> Awaitable[Mapping[Any, Any]]:
        """See the loaders."""


class Parse(Protocol):
    """What makes a key of an id's text; None for a text that is none."""

    def __call__(self, text: str, /) -> Any:
        """See `uuid_of`."""


def uuid_of(text: str) -> UUID | None:
    """The key that most objects have."""
    try:
        return UUID(hex=text)
    except ValueError:
        return None


@strawberry.interface(description="An object that can be fetched again by its id.")
class Node:
    """What a GraphQL type over rows inherits.

    A subclass names in `row` the class of the rows it is read from, and in `fetch` the function of `bizcall` that
    finds rows by key, as `fetch = staticmethod(departments.by_ids)`. `node` and `nodes` need nothing else. Where keys
    are no UUIDs, `parse` makes them of an id's text (None for none), and the subclass has an `id` of its own. Rows that
    are there and yet not to be found, at this moment or by this viewer, are told by `shown`.
    """

    row: ClassVar[type[Any]]
    fetch: ClassVar[Fetch]
    parse: ClassVar[Parse] = staticmethod(uuid_of)

    @strawberry.field(description="Opaque and stable; unique among all objects.")
    def id(self, info: strawberry.Info[Any, Any]) -> strawberry.ID:
        """The row's key under the name of the type that is asked."""
        return encode(info._raw_info.parent_type.name, self.id)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, cls.row)

    @classmethod
    def shown(cls, row: Any, info: Any) -> bool:
        """Whether the viewer may find a row by its id at all."""
        return True


def encode(type_name: str, key: UUID | str) -> strawberry.ID:
    """The opaque id of an object; a key that is no UUID is given as its text."""
    text = key.hex if isinstance(key, UUID) else key
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{text}".encode()).decode().rstrip("="))


def split(opaque: str) -> tuple[str, str] | None:
    """Type name and the key's text of an id; None for any text that isn't one."""
    if len(opaque) > ID_LONGEST or not opaque.isascii():
        return None
    try:
        text = base64.b64decode(opaque + "=" * (-len(opaque) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        return None
    type_name, _, key = text.partition(":")
    # One object has one id: other spellings of the same key (padding, loose bits) are no ids.
    return (type_name, key) if encode(type_name, key) == opaque else None


def decode(opaque: str) -> tuple[str, UUID] | None:
    """Type name and key of an id whose key is a UUID; None for any other text."""
    parts = split(opaque)
    found = None if parts is None else uuid_of(parts[1])
    # Likewise dashes and capitals.
    return (parts[0], found) if parts and found and encode(parts[0], found) == opaque else None


def key_of(opaque: str, type_name: str, *field: str) -> UUID:
    """The key in an id of that type; raises Invalid (NOT_FOUND at the path `field`) for any other text."""
    found = decode(opaque)
    if found is None or found[0] != type_name:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, field))
    return found[1]


def key_or_nothing(opaque: str, type_name: str) -> UUID:
    """The key in an id of that type, or the nil key, which nothing has: what is asked of it finds it missing.

    For lists, where each row answers for itself.
    """
    found = decode(opaque)
    return NOTHING if found is None or found[0] != type_name else found[1]
