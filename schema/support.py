"""Documents that anybody may download, and their versions (AU-30, SU-01)."""

from __future__ import annotations

from datetime import datetime

import strawberry

from bizcall import downloads, support
from bizcall.models import DocumentVersion as DocumentVersionRow
from bizcall.support import DocumentKind
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.node import Node

described(
    DocumentKind,
    "Which document. New members may come.",
    {
        DocumentKind.ADMIN_MANUAL: "The manual of the administrators' web page.",
        DocumentKind.APP_MANUAL: "The manual of the phone app.",
        DocumentKind.PLAN_GUIDE: "The guide of all plans, to print.",
    },
)


@strawberry.type(description="A document in PDF, in the version that was published last.")
class Document:
    """A `bizcall.support.Document`."""

    kind: DocumentKind = strawberry.field(description="Which document.")
    title: str = strawberry.field(description="Its title in Korean, which is also the file's name.")
    version: int = strawberry.field(description="The version's number.")
    updated_at: datetime = strawberry.field(description="When this version was published.")
    size: int = strawberry.field(description="Bytes.")
    download_url: str = strawberry.field(description="A link that works for 5 minutes; then ask for another.")

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, support.Document)


@strawberry.type(description="A version of a document, as operators see it.")
class DocumentVersion(Node):
    """A `bizcall.models.DocumentVersion`."""

    row = DocumentVersionRow
    fetch = staticmethod(support.by_ids)

    kind: DocumentKind = strawberry.field(description="Which document.")
    number: int = strawberry.field(description="1 for a document's first version.")
    note: str = strawberry.field(description="What is different, for operators; at most 200 characters.")
    size: int = strawberry.field(description="Bytes.")
    created_at: datetime = strawberry.field(description="When it was uploaded.")
    published_at: datetime = strawberry.field(description="From when on it is served, until a later one is.")
    withdrawn_at: datetime | None = strawberry.field(description="When it was withdrawn; null while it stands.")

    @strawberry.field(description="A link that works for 5 minutes; then ask for another.")
    async def download_url(self, info: Info, parent: strawberry.Parent[DocumentVersionRow]) -> str:
        """Signed here: nobody is asked for it."""
        services = info.context.services
        name = support.file_name(parent.kind)
        return (await downloads.link(services.storage, parent.object_key, name, services.clock)).url


@strawberry.input(description="A version to publish.")
class DocumentPublishInput:
    """SU-01."""

    kind: DocumentKind = strawberry.field(description="Of which document.")
    upload_id: strawberry.ID = strawberry.field(description="An upload for DOCUMENT whose file has arrived: a PDF.")
    note: str = strawberry.field(default="", description="What is different, for operators; at most 200 characters.")
    published_at: datetime | None = strawberry.field(
        default=None, description="From when on it is served; left out, from now."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1–255 characters; the same key with the same input gets the first version, for 24 hours.",
    )


@strawberry.type(
    description="The version, which is downloaded within a minute from its time on. Errors: TOO_LONG; at `uploadId` "
    "NOT_FOUND, STATE while the file hasn't arrived, INVALID_FORMAT when it is no PDF; KEY_REUSED."
)
class DocumentPublishPayload(Payload):
    """Recorded in the provider's trail."""

    version: DocumentVersion | None = strawberry.field(default=None, description="The version.")


@strawberry.type(
    description="The version that is served no longer; the one before it is, within a minute. Errors at `id`: "
    "NOT_FOUND, STATE when it was withdrawn before."
)
class DocumentWithdrawPayload(Payload):
    """Recorded in the provider's trail."""

    version: DocumentVersion | None = strawberry.field(default=None, description="The version.")
