"""Uploads: files go straight from the browser into the bucket (BK-02, NO-02, SU-01)."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import strawberry

from bizcall import uploads
from bizcall.imports import listing
from bizcall.models import Upload as UploadModel
from bizcall.models.imports import Purpose
from schema.context import Info
from schema.enums import described
from schema.errors import Payload
from schema.imports import Import
from schema.node import Node

described(
    Purpose,
    "What an upload is for.",
    {
        Purpose.SUBSCRIBER_IMPORT: "Administrators: an Excel file of employees, to become an import.",
        Purpose.NOTICE_ATTACHMENT: "Operators: a file for a notice, to be named in `noticeSave`.",
        Purpose.DOCUMENT: "Operators: a version of a document, to be named in `documentPublish`.",
    },
    name="UploadPurpose",
)


@strawberry.type(description="Leave to put one file into the bucket.")
class Upload(Node):
    """A `bizcall.models.Upload`."""

    row = UploadModel
    fetch = staticmethod(uploads.by_ids)

    purpose: Purpose = strawberry.field(description="What it is for.")
    file_name: str = strawberry.field(description="The file's name as it was announced.")
    size: int = strawberry.field(description="Its size in bytes as it was announced.")
    created_at: datetime = strawberry.field(description="When leave was given.")
    expires_at: datetime = strawberry.field(description="Until when the file may be sent.")

    @strawberry.field(
        name="import",
        description="The import that the file became, the newest if it was sent more than once; null until it arrives.",
    )
    async def import_(self, info: Info, parent: strawberry.Parent[UploadModel]) -> Import | None:
        """One statement for all uploads of an answer."""
        return cast("Import | None", await info.context.load(listing.of_uploads, parent.id))


@strawberry.type(description="A field of the form, to be sent as it is.")
class UploadFormField:
    """One part of multipart/form-data."""

    name: str = strawberry.field(description="The field's name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(
    description="A presigned POST: send the fields in their order and then the file as `file`, as multipart/form-data."
)
class UploadForm:
    """For exactly one key, type and range of sizes."""

    url: str = strawberry.field(description="Where to send it.")
    fields: list[UploadFormField] = strawberry.field(description="The fields to send before the file, at most 20.")


@strawberry.input(description="The file to upload.")
class UploadCreateInput:
    """Announced, not trusted."""

    purpose: Purpose = strawberry.field(description="What it is for.")
    file_name: str = strawberry.field(
        description="The file's name, 1–255 characters; what is published is saved under it, and its ending tells "
        "the kind: pdf for DOCUMENT; also png, jpg, jpeg, xlsx, docx, pptx, hwp and hwpx for NOTICE_ATTACHMENT.",
    )
    size: int = strawberry.field(
        description="Its size in bytes; the limit is `importFile`, `attachmentFile` or `documentFile`."
    )


@strawberry.type(
    description="The way into the bucket. Errors: REQUIRED, TOO_LONG, OUT_OF_RANGE, INVALID_FORMAT; NOT_FOUND at "
    "`purpose` for what others than the viewer upload."
)
class UploadCreatePayload(Payload):
    """Five minutes long."""

    upload: Upload | None = strawberry.field(
        default=None, description="Ask for its `import` by `node` until the file has become one."
    )
    form: UploadForm | None = strawberry.field(default=None, description="How to send the file.")
