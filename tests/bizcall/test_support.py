"""Documents for everybody, and the versions that operators publish of them (AU-30, SU-01)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bizcall import support
from bizcall.database import query, reading, tenant
from bizcall.downloads import LINK_SECONDS
from bizcall.errors import Invalid, NotFound
from bizcall.ids import uuid7
from bizcall.models import DocumentVersion
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.imports import Purpose
from bizcall.paging import Slice
from bizcall.support import Document, DocumentKind, Documents
from tests.factories import Tenant
from tests.publishing import PDF, Desk, make_desk
from tests.statements import counted

GUIDE = DocumentKind.PLAN_GUIDE


@pytest.fixture
async def desk(db: None) -> Desk:
    """An operator's desk at a time of its own, later than whatever other tests have published."""
    made = await make_desk()
    async with tenant(PROVIDER_ID, read_only=True):
        [last] = await query("SELECT max(published_at) AS at FROM document_version")
    made.clock.at = max(made.clock.at, last["at"] or made.clock.at) + timedelta(days=1)
    return made


async def served(documents: Documents, kind: DocumentKind = GUIDE) -> Document | None:
    """What strangers are served."""
    return next((each for each in await documents.all() if each.kind is kind), None)


async def test_AU_30_what_was_published_is_served_to_everybody(desk: Desk) -> None:
    version = await desk.document()

    document = await served(Documents(desk.storage, desk.clock))

    assert document is not None
    assert (document.version, document.size, document.updated_at) == (version.number, len(PDF), desk.clock())
    assert document.download_url == (
        f"memory://bucket/{version.object_key}?name={document.title}.pdf&seconds={LINK_SECONDS}"
    )
    assert version.object_key.startswith("documents/plan-guide/")
    assert await desk.storage.body(version.object_key) == PDF


async def test_SU_01_documents_are_of_a_closed_list_in_its_order(desk: Desk) -> None:
    for kind in reversed(DocumentKind):
        await desk.document(kind)

    kinds = [each.kind.value for each in await Documents(desk.storage, desk.clock).all()]

    assert kinds == ["ADMIN_MANUAL", "APP_MANUAL", "PLAN_GUIDE"]


async def test_SU_01_the_newest_published_version_is_served_and_older_ones_are_listed(desk: Desk) -> None:
    first = await desk.document(body=b"%PDF-1")
    desk.clock.turn(minutes=1)
    second = await desk.document(body=b"%PDF-22")
    coming = await desk.document(body=b"%PDF-333", published_at=desk.clock() + timedelta(hours=1))
    documents = Documents(desk.storage, desk.clock)
    assert [each.number - first.number for each in (first, second, coming)] == [0, 1, 2]

    found = await served(documents)
    assert found is not None
    assert found.version == second.number
    desk.clock.turn(hours=1)
    found = await served(documents)
    assert found is not None
    assert found.version == coming.number
    for gone in (coming, second):
        await support.withdraw(gone.id, actor=desk.actor, clock=desk.clock)
    desk.clock.turn(minutes=1)
    found = await served(documents)
    assert found is not None
    assert (found.version, found.size) == (first.number, 6)

    async with reading(PROVIDER_ID):
        page = await support.listing(GUIDE).page(Slice(first=3))
    assert [(row.number, row.withdrawn_at is None) for row in page.rows] == [
        (coming.number, False),
        (second.number, False),
        (first.number, True),
    ]


async def test_AU_30_strangers_cause_one_statement_a_minute_however_many_ask(desk: Desk) -> None:
    await desk.document()
    documents = Documents(desk.storage, desk.clock)

    with counted() as sent:
        await asyncio.gather(*(documents.all() for _ in range(50)), *(documents.link(GUIDE) for _ in range(50)))
    assert len(sent) == 1
    desk.clock.turn(seconds=59)
    with counted() as sent:
        await documents.all()
    assert sent == []
    desk.clock.turn(seconds=1)
    with counted() as sent:
        await documents.all()
    assert len(sent) == 1


async def test_AU_30_what_was_never_published_is_not_found(db: None) -> None:
    desk = await make_desk()
    desk.clock.turn(days=-10_000)

    documents = Documents(desk.storage, desk.clock)

    assert await documents.all() == []
    with pytest.raises(NotFound):
        await documents.link(GUIDE)


async def test_SU_01_only_a_PDF_that_has_come_is_published(desk: Desk) -> None:
    late = await desk.upload("늦음.pdf", None, Purpose.DOCUMENT)
    false = await desk.upload("그림.pdf", b"\x89PNG\r\n\x1a\n", Purpose.DOCUMENT)
    attachment = await desk.upload("첨부.pdf")

    for key, code in (
        (late.id, "STATE"),
        (false.id, "INVALID_FORMAT"),
        (attachment.id, "NOT_FOUND"),
        (uuid7(), "NOT_FOUND"),
    ):
        with pytest.raises(Invalid, match=f"uploadId: {code}"):
            await support.publish(GUIDE, key, actor=desk.actor, storage=desk.storage, clock=desk.clock)
    with pytest.raises(Invalid, match="fileName: INVALID_FORMAT"):
        await desk.upload("그림.png", None, Purpose.DOCUMENT)
    with pytest.raises(Invalid, match="note: TOO_LONG"):
        await support.publish(GUIDE, late.id, note="가" * 201, actor=desk.actor, storage=desk.storage)


async def test_SU_01_a_version_is_withdrawn_once(desk: Desk) -> None:
    version = await desk.document()
    await support.withdraw(version.id, actor=desk.actor, clock=desk.clock)

    with pytest.raises(Invalid, match="id: STATE"):
        await support.withdraw(version.id, actor=desk.actor, clock=desk.clock)
    with pytest.raises(Invalid, match="id: NOT_FOUND"):
        await support.withdraw(uuid7(), actor=desk.actor, clock=desk.clock)


async def test_SU_01_versions_published_at_once_get_numbers_of_their_own(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.document() for _ in range(4)))

    numbers = sorted(each.number for each in made)
    assert numbers == list(range(numbers[0], numbers[0] + 4))


async def test_SU_01_a_publication_that_is_sent_again_with_its_key_is_done_once(desk: Desk) -> None:
    upload = await desk.upload("새 버전.pdf", PDF, Purpose.DOCUMENT)

    async def publish(note: str = "") -> DocumentVersion:
        return await support.publish(
            GUIDE,
            upload.id,
            note=note,
            idempotency_key=desk.word,
            actor=desk.actor,
            storage=desk.storage,
            clock=desk.clock,
        )

    made = [*await asyncio.gather(*(publish() for _ in range(4))), await publish()]

    assert len({(each.id, each.number) for each in made}) == 1
    assert len({key for key in desk.storage.written if key.startswith("documents/")}) == 1
    with pytest.raises(Invalid) as refused:
        await publish("다른 판")
    assert [(each.code.value, each.field) for each in refused.value.problems] == [("KEY_REUSED", ("idempotencyKey",))]


async def test_SU_01_what_is_done_stands_in_the_providers_trail_and_only_there(desk: Desk, company: Tenant) -> None:
    version = await desk.document()
    await support.withdraw(version.id, actor=desk.actor, clock=desk.clock)

    async with tenant(PROVIDER_ID):
        found = await query(
            "SELECT action, actor_id FROM audit_record WHERE company_id = $1 AND $2 = ANY(subject_ids)"
            " ORDER BY recorded_at, id",
            PROVIDER_ID,
            version.id,
        )
    assert [(each["action"], each["actor_id"]) for each in found] == [
        ("documents.publish", desk.actor.id),
        ("documents.withdraw", desk.actor.id),
    ]
    assert await support.by_ids(company.id, [version.id]) == {}
