"""Files from the browser into the bucket (BK-02, NO-02, SU-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import uploads
from resolvers.errors import mutation
from schema.context import Info
from schema.uploads import Upload, UploadCreateInput, UploadCreatePayload, UploadForm, UploadFormField


async def upload_create(
    info: Info,
    input: Annotated[UploadCreateInput, strawberry.argument(description="The file.")],  # noqa: A002
) -> UploadCreatePayload:
    """See `uploads.create`."""
    context = info.context
    created = await uploads.create(
        context.company_id,
        context.actor,
        purpose=input.purpose,
        file_name=input.file_name,
        size=input.size,
        storage=context.services.storage,
        clock=context.services.clock,
    )
    fields = [UploadFormField(name=name, value=value) for name, value in created.form.fields.items()]
    return UploadCreatePayload(
        upload=cast("Upload", created.upload), form=UploadForm(url=created.form.url, fields=fields)
    )


@strawberry.type
class UploadMutations:
    """Fields of Mutation."""

    upload_create = mutation(
        UploadCreatePayload,
        description="Ask for the way into the bucket for one file. Nothing of a file passes through this API.",
    )(upload_create)
