"""Documents that anybody may download (AU-30, SU-01)."""

from __future__ import annotations

from datetime import datetime

import strawberry

from bizcall import support
from bizcall.support import DocumentKind
from schema.enums import described

described(
    DocumentKind,
    "Which document. New members may come.",
    {
        DocumentKind.ADMIN_MANUAL: "The manual of the administrators' web page.",
        DocumentKind.APP_MANUAL: "The manual of the phone app.",
    },
)


@strawberry.type(description="A document in PDF.")
class Document:
    """A `bizcall.support.Document`."""

    kind: DocumentKind = strawberry.field(description="Which document.")
    title: str = strawberry.field(description="Its title in Korean, which is also the file's name.")
    updated_at: datetime = strawberry.field(description="When this version was put there.")
    size: int = strawberry.field(description="Bytes.")
    download_url: str = strawberry.field(description="A link that works for 5 minutes; then ask for another.")

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """The business's value is the GraphQL object."""
        return isinstance(value, support.Document)
