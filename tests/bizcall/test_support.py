"""Documents for everybody (AU-30, SU-01)."""

from __future__ import annotations

import asyncio

import pytest

from bizcall.errors import NotFound, Unavailable
from bizcall.ports import StoredObject
from bizcall.support import LINK_SECONDS, DocumentKind, Documents, key
from tests.doubles import MemoryStorage, Turned

PDF = "application/pdf"


async def test_AU_30_what_is_in_the_bucket_is_listed_and_what_is_not_is_left_out() -> None:
    storage = MemoryStorage()
    stored = await storage.write("documents/admin-manual.pdf", b"%PDF-", content_type=PDF)

    [document] = await Documents(storage).all()

    assert (document.kind, document.size, document.updated_at) == (DocumentKind.ADMIN_MANUAL, 5, stored.modified_at)
    assert document.download_url == (
        f"memory://bucket/documents/admin-manual.pdf?name={document.title}.pdf&seconds={LINK_SECONDS}"
    )


async def test_SU_01_there_are_two_manuals() -> None:
    storage = MemoryStorage()
    for kind in DocumentKind:
        await storage.write(key(kind), b"%PDF-", content_type=PDF)

    assert [each.kind.value for each in await Documents(storage).all()] == ["ADMIN_MANUAL", "APP_MANUAL"]


async def test_AU_30_strangers_cause_one_look_a_minute_however_many_ask() -> None:
    storage, clock = MemoryStorage(), Turned()
    await storage.write(key(DocumentKind.ADMIN_MANUAL), b"%PDF-", content_type=PDF)
    documents = Documents(storage, clock)

    await asyncio.gather(*(documents.all() for _ in range(50)), *(documents.link(DocumentKind.ADMIN_MANUAL),) * 1)
    assert sorted(storage.asked) == ["documents/admin-manual.pdf", "documents/app-manual.pdf"]
    clock.turn(seconds=59)
    await documents.all()
    assert len(storage.asked) == 2
    clock.turn(seconds=1)
    await documents.all()
    assert len(storage.asked) == 4


async def test_AU_30_a_new_version_and_one_that_was_removed_show_after_a_minute() -> None:
    storage, clock = MemoryStorage(), Turned()
    documents = Documents(storage, clock)
    with pytest.raises(NotFound):
        await documents.link(DocumentKind.APP_MANUAL)
    await storage.write(key(DocumentKind.APP_MANUAL), b"%PDF-1.7", content_type=PDF)
    clock.turn(minutes=1)

    assert [each.size for each in await documents.all()] == [8]
    await storage.delete(key(DocumentKind.APP_MANUAL))
    clock.turn(minutes=1)

    assert await documents.all() == []


async def test_AU_30_a_bucket_that_is_away_is_asked_again_the_next_time() -> None:
    class Away(MemoryStorage):
        """Fails once."""

        async def head(self, key: str, version: str | None = None) -> StoredObject:
            """Raise the first time."""
            if not self.asked:
                self.asked.append(key)
                raise Unavailable("the bucket is away")
            return await super().head(key, version)

    storage = Away()
    await storage.write(key(DocumentKind.ADMIN_MANUAL), b"%PDF-", content_type=PDF)
    documents = Documents(storage)
    with pytest.raises(Unavailable):
        await documents.all()

    assert await documents.link(DocumentKind.ADMIN_MANUAL)
