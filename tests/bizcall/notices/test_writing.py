"""What operators do with notices (NO-02)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bizcall import notices
from bizcall.database import query, tenant
from bizcall.errors import ErrorCode, Invalid
from bizcall.ids import uuid7
from bizcall.models import Notice
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.imports import Purpose
from bizcall.notices import writing
from bizcall.ports import StoredObject
from tests.doubles import MemoryStorage
from tests.publishing import PDF, Desk, make_desk


@pytest.fixture
async def desk(db: None) -> Desk:
    """An operator's desk."""
    return await make_desk()


def told(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    """Paths and codes."""
    return [(".".join(problem.field), problem.code.value) for problem in refused.value.problems]


async def files(notice: Notice) -> list[tuple[str, str, int]]:
    """Names, types and sizes of its attachments."""
    rows = (await notices.attachments(PROVIDER_ID, [notice.id]))[notice.id]
    return [(row.file_name, row.content_type, row.size) for row in rows]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"body": " \n "}, [("body", "REQUIRED")]),
        ({"body": "가" * 10_001}, [("body", "TOO_LONG")]),
        ({"title": "가" * 101}, [("title", "TOO_LONG")]),
        ({"published_at": None, "published_until": "later"}, [("publishedAt", "REQUIRED")]),
        ({"published_until": "earlier"}, [("publishedUntil", "OUT_OF_RANGE")]),
        ({"attachments": 6}, [("attachments", "TOO_MANY")]),
        ({"attachments": "twice"}, [("attachments", "DUPLICATE")]),
        ({"attachments": 1}, [("attachments.0", "NOT_FOUND")]),
    ],
    ids=["no body", "long body", "long title", "until without from", "until before", "six files", "twice", "unknown"],
)
async def test_NO_02_what_is_wrong_is_told_by_field(
    desk: Desk, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    later = {"later": timedelta(days=1), "earlier": timedelta(days=-1)}
    if given.get("published_until"):
        given = given | {"published_until": desk.clock() + later[given["published_until"]]}
    if "attachments" in given:
        keys = [uuid7()] * 2 if given["attachments"] == "twice" else [uuid7() for _ in range(given["attachments"])]
        given = given | {"attachments": keys}

    with pytest.raises(Invalid) as refused:
        await desk.notice(**given)

    assert told(refused) == expected


async def test_NO_02_an_edit_needs_the_revision_that_it_was_made_from(desk: Desk) -> None:
    row = await desk.notice("처음")
    edited = await desk.notice("다음", of=row)
    assert (edited.revision, edited.title, edited.created_at) == (2, f"{desk.word} 다음", row.created_at)

    for act in (
        desk.notice("늦은", of=row),
        notices.withdraw(row.id, revision=1, actor=desk.actor),
    ):
        with pytest.raises(Invalid) as refused:
            await act
        assert told(refused) == [("revision", "CONFLICT")]
    with pytest.raises(Invalid) as refused:
        await notices.save(row.id, desk.draft(), actor=desk.actor, storage=desk.storage)
    assert told(refused) == [("revision", "REQUIRED")]


async def test_NO_02_of_edits_at_the_same_moment_one_wins(desk: Desk) -> None:
    row = await desk.notice()

    done = await asyncio.gather(*(desk.notice(str(n), of=row) for n in range(4)), return_exceptions=True)

    assert sorted(type(each).__name__ for each in done) == ["Invalid", "Invalid", "Invalid", "Notice"]
    [won] = [each for each in done if isinstance(each, Notice)]
    assert won.revision == 2


async def test_NO_02_a_save_that_is_sent_again_with_its_key_is_done_once(desk: Desk) -> None:
    upload = await desk.upload()
    draft = desk.draft(attachments=[upload.id])

    async def save(of: Notice | None, wanted: notices.Draft, key: str) -> Notice:
        return await notices.save(
            of.id if of else None,
            wanted,
            revision=of.revision if of else None,
            idempotency_key=key,
            actor=desk.actor,
            storage=desk.storage,
            clock=desk.clock,
        )

    made = [
        *await asyncio.gather(*(save(None, draft, desk.word) for _ in range(4))),
        await save(None, draft, desk.word),
    ]
    assert len({row.id for row in made}) == 1
    edited = [await save(made[0], desk.draft("나중"), f"{desk.word} 2") for _ in range(2)]
    assert [(row.id, row.revision) for row in edited] == [(made[0].id, 2)] * 2

    for of, wanted, key in ((None, desk.draft("다른"), desk.word), (made[0], draft, desk.word)):
        with pytest.raises(Invalid) as refused:
            await save(of, wanted, key)
        assert told(refused) == [("idempotencyKey", "KEY_REUSED")]
    async with tenant(PROVIDER_ID):
        found = await query(
            "SELECT action FROM audit_record WHERE company_id = $1 AND $2 = ANY(subject_ids)", PROVIDER_ID, made[0].id
        )
    assert [each["action"] for each in found] == ["notices.save"] * 2
    # Of those that came at once some copied the file before one of them was written.
    assert len({key for key in desk.storage.written if key.startswith("notices/")}) == 1


async def test_NO_02_a_withdrawn_notice_stays_withdrawn(desk: Desk) -> None:
    row = await desk.notice()
    gone = await notices.withdraw(row.id, revision=1, actor=desk.actor, clock=desk.clock)
    assert gone.withdrawn_at == desk.clock()

    for act in (
        desk.notice(of=gone),
        notices.withdraw(gone.id, revision=gone.revision, actor=desk.actor),
    ):
        with pytest.raises(Invalid) as refused:
            await act
        assert told(refused) == [("id", "STATE")]
    with pytest.raises(Invalid) as refused:
        await notices.withdraw(uuid7(), revision=1, actor=desk.actor)
    assert told(refused) == [("id", "NOT_FOUND")]


async def test_NO_02_files_are_added_kept_ordered_and_taken_off(desk: Desk) -> None:
    one, two = await desk.upload("하나.pdf"), await desk.upload("둘.PNG", b"\x89PNG\r\n\x1a\n picture")
    row = await desk.notice(attachments=[one.id, two.id])
    assert await files(row) == [("하나.pdf", "application/pdf", len(PDF)), ("둘.PNG", "image/png", 16)]
    three = await desk.upload("셋.pdf")

    row = await desk.notice(of=row, attachments=[three.id, two.id])

    assert [name for name, *_ in await files(row)] == ["셋.pdf", "둘.PNG"]
    assert [name for name, *_ in await files(await desk.notice(of=row))] == []


async def test_NO_02_what_is_shown_is_a_copy_that_no_form_leads_to(desk: Desk) -> None:
    upload = await desk.upload()
    row = await desk.notice(attachments=[upload.id])
    [shown] = (await notices.attachments(PROVIDER_ID, [row.id]))[row.id]

    await desk.storage.write(upload.object_key, b"%PDF-other", content_type="application/pdf")

    assert shown.object_key.startswith("notices/")
    assert await desk.storage.body(shown.object_key) == PDF
    assert desk.storage.types[shown.object_key] == "application/pdf"


async def test_NO_02_a_file_that_is_replaced_while_it_is_looked_at_is_never_shown(desk: Desk) -> None:
    class Swapped(MemoryStorage):
        """Another file comes between the look and the copy."""

        async def copy(self, source: StoredObject, key: str) -> None:
            """Replace it first."""
            await self.write(source.key, b"MZ", content_type="application/pdf")
            await super().copy(source, key)

    desk.storage = Swapped()
    row = await desk.notice(attachments=[(await desk.upload()).id])
    [shown] = (await notices.attachments(PROVIDER_ID, [row.id]))[row.id]
    assert await desk.storage.body(shown.object_key) == PDF

    desk.storage = Swapped(versioned=False)
    upload = await desk.upload()
    with pytest.raises(Invalid) as refused:
        await desk.notice(attachments=[upload.id])
    assert told(refused) == [("attachments.0", "STATE")]


async def test_NO_02_a_file_must_have_come_and_be_what_its_name_says(desk: Desk) -> None:
    late, false = await desk.upload("늦음.pdf", None), await desk.upload("그림.png", PDF)
    document = await desk.upload("문서.pdf", PDF, Purpose.DOCUMENT)

    for upload, code in ((late, "STATE"), (false, "INVALID_FORMAT"), (document, "NOT_FOUND")):
        with pytest.raises(Invalid) as refused:
            await desk.notice(attachments=[upload.id])
        assert told(refused) == [("attachments.0", code)]


@pytest.mark.parametrize("name", ["a.exe", "a.html", "a.svg", "pdf", ".pdf", "a.pdf.js", "a.xlsm"])
async def test_NO_02_other_kinds_of_files_are_not_taken(desk: Desk, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.upload(name, None)

    assert told(refused) == [("fileName", "INVALID_FORMAT")]


async def test_NO_02_what_is_done_stands_in_the_providers_trail(desk: Desk) -> None:
    row = await desk.notice()
    await desk.notice(of=row, published_at=None)
    await notices.withdraw(row.id, revision=2, actor=desk.actor, clock=desk.clock)

    async with tenant(PROVIDER_ID):
        found = await query(
            "SELECT action, actor_kind, actor_id, details FROM audit_record"
            " WHERE company_id = $1 AND $2 = ANY(subject_ids) ORDER BY recorded_at, id",
            PROVIDER_ID,
            row.id,
        )
    assert [each["action"] for each in found] == ["notices.save", "notices.save", "notices.withdraw"]
    assert {(each["actor_kind"], each["actor_id"]) for each in found} == {("OPERATOR", desk.actor.id)}


async def test_NO_02_notices_are_bounded_because_searches_read_all_titles(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await desk.notice()
    monkeypatch.setattr(writing, "NOTICES_MOST", 1)

    with pytest.raises(Invalid) as refused:
        await desk.notice()

    assert [problem.code for problem in refused.value.problems] == [ErrorCode.TOO_MANY]
    assert (await desk.notice(of=row)).revision == 2
