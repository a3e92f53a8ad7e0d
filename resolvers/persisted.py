"""Documents kept by their hash, so that clients send 64 characters instead: Apollo's automatic persisted queries.

A client sends the SHA-256 of its document first. An instance that doesn't know it says so, and the client sends both:
no table, no registration, and a cold instance costs one more request. What is kept is only text: it is measured,
validated and authorised at each request like any other document.

Only documents that were run are kept, those that strangers sent apart from the others, so that nobody without a
session can push out what companies use.
"""

from __future__ import annotations

import hashlib
import re

from cachetools import LRUCache

from resolvers.errors import TopCode, refusal

OVERHEAD = 256
"""Bytes that an entry takes beside its document, about."""

STRANGERS_SHARE = 8
"""Strangers have this part of the room: what they send are the few documents of signing in."""

HASH = re.compile(r"[0-9a-f]{64}")


class PersistedDocuments:
    """Of one process; `room` bounds the bytes that all of them take."""

    def __init__(self, room: int) -> None:
        self._known: LRUCache[str, str] = LRUCache(room - room // STRANGERS_SHARE, _bytes)
        self._strangers: LRUCache[str, str] = LRUCache(room // STRANGERS_SHARE, _bytes)

    def find(self, digest: str) -> str:
        """The document with this hash; raises GraphQLError (PERSISTED_QUERY_NOT_FOUND)."""
        document = self._known.get(digest) or self._strangers.get(digest)
        if document is None:
            # Apollo's clients wait for this very message.
            raise refusal(TopCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return document

    def keep(self, digest: str, document: str, *, stranger: bool) -> None:
        """Keep a document that was run; one without room for it is left."""
        cache = self._strangers if stranger else self._known
        if digest not in self._known and _bytes(document) <= cache.maxsize:
            cache[digest] = document


def matches(digest: str, document: str) -> bool:
    """Whether this is the document's hash."""
    return hashlib.sha256(document.encode()).hexdigest() == digest


def _bytes(document: str) -> int:
    return len(document.encode()) + OVERHEAD
