"""What operators publish, as tests do it: uploads that have arrived, notices, documents."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bizcall import admins, notices, support, uploads
from bizcall.audit import Actor, ActorKind
from bizcall.models import DocumentVersion, Notice, Upload
from bizcall.models.companies import PROVIDER_ID
from bizcall.models.imports import Purpose
from bizcall.notices import NoticeCategory
from bizcall.support import DocumentKind
from tests.accounts import ACTOR, KEYS
from tests.doubles import MemoryStorage, RecordingQueue, Turned

PDF = b"%PDF-1.7 a file"


@dataclass
class Desk:
    """An operator's desk. `word` stands in the titles of its notices, so that a search finds no others."""

    actor: Actor
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    clock: Turned = field(default_factory=Turned)
    word: str = field(default_factory=lambda: secrets.token_hex(6))

    async def upload(
        self, file_name: str = "안내문.pdf", body: bytes | None = PDF, purpose: Purpose = Purpose.NOTICE_ATTACHMENT
    ) -> Upload:
        """Leave for a file, which has arrived unless it is None."""
        created = await uploads.create(
            PROVIDER_ID,
            self.actor,
            purpose=purpose,
            file_name=file_name,
            size=len(body or b"x"),
            storage=self.storage,
            clock=self.clock,
        )
        if body is not None:
            content_type = created.form.fields["Content-Type"]
            await self.storage.write(created.upload.object_key, body, content_type=content_type)
        return created.upload

    def draft(self, title: str = "안내", **given: Any) -> notices.Draft:
        """A notice that was published a minute ago, unless it is given otherwise."""
        values: dict[str, Any] = {
            "category": NoticeCategory.SERVICE,
            "body": "본문입니다.",
            "published_at": self.clock() - timedelta(minutes=1),
        }
        return notices.Draft(title=f"{self.word} {title}", **(values | given))

    async def notice(self, title: str = "안내", *, of: Notice | None = None, **given: Any) -> Notice:
        """Write it, or edit one as it stands."""
        return await notices.save(
            of.id if of else None,
            self.draft(title, **given),
            revision=of.revision if of else None,
            actor=self.actor,
            storage=self.storage,
            clock=self.clock,
        )

    async def document(
        self, kind: DocumentKind = DocumentKind.PLAN_GUIDE, body: bytes = PDF, published_at: datetime | None = None
    ) -> DocumentVersion:
        """Publish a version."""
        upload = await self.upload("새 버전.pdf", body, Purpose.DOCUMENT)
        return await support.publish(
            kind,
            upload.id,
            published_at=published_at,
            actor=self.actor,
            storage=self.storage,
            clock=self.clock,
        )


async def make_desk(**given: Any) -> Desk:
    """The desk of an operator of its own."""
    key = await admins.operator_create(
        f"op{secrets.token_hex(4)}", "운영자", "01012340000", keys=KEYS, actor=ACTOR, queue=RecordingQueue()
    )
    return Desk(Actor(ActorKind.OPERATOR, key), **given)
