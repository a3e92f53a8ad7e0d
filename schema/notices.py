"""Notices as administrators read and operators write them (NO-01, NO-02)."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import strawberry

from bizcall import downloads, markdown, notices
from bizcall.models import Notice as NoticeRow
from bizcall.models import NoticeAttachment as NoticeAttachmentRow
from bizcall.models.companies import PROVIDER_ID
from bizcall.notices import NoticeCategory, NoticeState
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.node import Node, encode

described(
    NoticeCategory,
    "What a notice is about.",
    {
        NoticeCategory.MAINTENANCE: "점검: the service is checked and may be away; these are the important ones.",
        NoticeCategory.WORK: "작업: something is done to the service.",
        NoticeCategory.SERVICE: "서비스: anything else about it.",
    },
)
described(
    NoticeState,
    "Where a notice stands. Administrators see published ones only.",
    {
        NoticeState.DRAFT: "It has no time of publishing.",
        NoticeState.SCHEDULED: "Its time of publishing is to come.",
        NoticeState.PUBLISHED: "All administrators see it.",
        NoticeState.ENDED: "Its time is over.",
        NoticeState.WITHDRAWN: "An operator took it back, for good.",
    },
)


@strawberry.type(description="A file that goes with a notice.")
class NoticeAttachment:
    """A `bizcall.models.NoticeAttachment`."""

    file_name: str = strawberry.field(description="Its name, under which browsers save it.")
    content_type: str = strawberry.field(description="Its media type, of a closed list.")
    size: int = strawberry.field(description="Bytes.")

    @strawberry.field(description="What `noticeSave` names it by.")
    def id(self, parent: strawberry.Parent[NoticeAttachmentRow]) -> strawberry.ID:
        """Not a node: it is found through its notice only, which may be hidden."""
        return encode("NoticeAttachment", parent.id)

    @strawberry.field(description="A link that works for 5 minutes; then ask for another.")
    async def download_url(self, info: Info, parent: strawberry.Parent[NoticeAttachmentRow]) -> str:
        """Signed here: nobody is asked for it."""
        services = info.context.services
        link = await downloads.link(services.storage, parent.object_key, parent.file_name, services.clock)
        return link.url

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, NoticeAttachmentRow)


@strawberry.type(description="Something that the provider tells all companies.")
class Notice(Node):
    """A `bizcall.models.Notice`."""

    row = NoticeRow
    fetch = staticmethod(notices.by_ids)

    category: NoticeCategory = strawberry.field(description="What it is about.")
    title: str = strawberry.field(description="1–100 characters.")
    body: str = strawberry.field(description="Markdown as it was written, at most 10,000 characters.")
    published_at: datetime | None = strawberry.field(description="Since when it is shown; null for a draft.")
    published_until: datetime | None = strawberry.field(description="Until when; null where it stays.")
    updated_at: datetime = strawberry.field(description="When it was written, or last changed.")
    revision: int = strawberry.field(description="Counts its changes; name it to change the notice.")

    @strawberry.field(description="중요: true exactly for MAINTENANCE.")
    def is_important(self, parent: strawberry.Parent[NoticeRow]) -> bool:
        """NO-01; the list is ordered by it."""
        return parent.important

    @strawberry.field(description="N: true for 7 × 24 hours from `publishedAt` on.")
    def is_new(self, info: Info, parent: strawberry.Parent[NoticeRow]) -> bool:
        """NO-01."""
        return notices.is_new(parent, info.context.services.clock())

    @strawberry.field(description="Where it stands.")
    def state(self, info: Info, parent: strawberry.Parent[NoticeRow]) -> NoticeState:
        """By the clock."""
        return notices.state_of(parent, info.context.services.clock())

    @strawberry.field(
        description="The body as HTML that is safe to show as it is: paragraphs, headings, lists, tables, links; "
        "nothing that runs, and no pictures."
    )
    def body_html(self, parent: strawberry.Parent[NoticeRow]) -> str:
        """See `bizcall.markdown`."""
        return markdown.html(parent.body)

    @strawberry.field(description="Its files, at most 5.")
    async def attachments(self, info: Info, parent: strawberry.Parent[NoticeRow]) -> list[NoticeAttachment]:
        """One statement for all notices of an answer."""
        return cast("list[NoticeAttachment]", await info.context.load(notices.attachments, parent.id) or [])

    @classmethod
    def shown(cls, row: NoticeRow, info: Info) -> bool:
        """Administrators find what their list shows, and nothing else."""
        context = info.context
        return (
            context.company_id == PROVIDER_ID
            or notices.state_of(row, context.services.clock()) is NoticeState.PUBLISHED
        )


@strawberry.input(description="Which notices; fields that are left out let all through.")
class NoticeFilter:
    """All must hold."""

    search: str | None = strawberry.field(
        default=None, description="A part of the title, at most 100 characters; capitals and widths don't matter."
    )
    categories: list[NoticeCategory] | None = strawberry.field(default=None, description="Any of these, at most 3.")
    states: list[NoticeState] | None = strawberry.field(
        default=None, description="Any of these, at most 5; of use to operators, since others see published ones only."
    )


@strawberry.input(description="A notice as it shall be, all of it: what is left out is emptied.")
class NoticeSaveInput:
    """NO-02."""

    revision: int | None = strawberry.field(
        default=None, description="Of the notice as you saw it; needed with `id`, without it there is none."
    )
    category: NoticeCategory = strawberry.field(description="What it is about.")
    title: str = strawberry.field(description="1–100 characters.")
    body: str = strawberry.field(description="Markdown, 1–10,000 characters. HTML in it is shown as text.")
    published_at: datetime | None = strawberry.field(
        default=None, description="From when on it is shown; left out, it is a draft."
    )
    published_until: datetime | None = strawberry.field(
        default=None, description="Until when it is shown; left out, it stays."
    )
    attachments: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Its files in their order, at most 5: ids of its attachments, which stay, and of uploads for "
        "NOTICE_ATTACHMENT, which are added.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1–255 characters; the same key with the same input changes nothing more, for 24 hours.",
    )


@strawberry.type(
    description="The notice as it was saved. Errors: REQUIRED, TOO_LONG, OUT_OF_RANGE; of `attachments` TOO_MANY, "
    "DUPLICATE, NOT_FOUND, STATE while the file hasn't arrived, INVALID_FORMAT when it isn't what its name says; "
    "NOT_FOUND at `id`, or STATE when it was withdrawn; CONFLICT at `revision` when it was changed meanwhile; TOO_MANY "
    "past 5,000 notices; KEY_REUSED."
)
class NoticeSavePayload(Payload):
    """Recorded in the provider's trail."""

    notice: Notice | None = strawberry.field(default=None, description="The notice.")


@strawberry.input(description="What was seen of the notice.")
class NoticeWithdrawInput:
    """Optimistic like a save."""

    revision: int = strawberry.field(description="Of the notice as you saw it.")


@strawberry.type(
    description="The notice, which nobody but operators sees any more. Errors: NOT_FOUND at `id`, or STATE when it was "
    "withdrawn; CONFLICT at `revision` when it was changed meanwhile."
)
class NoticeWithdrawPayload(Payload):
    """Recorded in the provider's trail."""

    notice: Notice | None = strawberry.field(default=None, description="The notice.")
