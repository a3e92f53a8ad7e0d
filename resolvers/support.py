"""Documents: anybody downloads them, operators publish their versions (AU-30, SU-01)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import support
from bizcall.paging import Slice
from bizcall.support import DocumentKind
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.node import key_of
from schema.support import (
    Document,
    DocumentPublishInput,
    DocumentPublishPayload,
    DocumentVersion,
    DocumentWithdrawPayload,
)


@strawberry.type
class SupportQueries:
    """Fields of Query."""

    @strawberry.field(description="The documents, at most one of each kind; those that are missing are left out.")
    async def documents(self, info: Info) -> list[Document]:
        """See `bizcall.support`."""
        viewer = info.context.viewer
        found = await info.context.documents.all(viewer.company_id if viewer is not None else None)
        return cast("list[Document]", found)

    @strawberry.field(description="Operators: all versions of a document, the last one first.")
    async def document_versions(
        self,
        info: Info,
        kind: Annotated[DocumentKind, strawberry.argument(description="Which document.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[DocumentVersion]:
        """See `support.listing`."""
        return await Connection[DocumentVersion].of(info, support.listing(kind), Slice(first, after, last, before))


async def document_publish(
    info: Info,
    input: Annotated[DocumentPublishInput, strawberry.argument(description="The version.")],  # noqa: A002
) -> DocumentPublishPayload:
    """See `support.publish`; asks for a fresh code (S6)."""
    context = info.context
    context.demand_fresh_factor()
    version = await support.publish(
        input.kind,
        key_of(input.upload_id, "Upload", "uploadId"),
        note=input.note,
        published_at=input.published_at,
        idempotency_key=input.idempotency_key,
        actor=context.actor,
        storage=context.services.storage,
        clock=context.services.clock,
    )
    context.documents.forget()
    return DocumentPublishPayload(version=cast("DocumentVersion", version))


async def document_withdraw(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="Which version.")],  # noqa: A002
) -> DocumentWithdrawPayload:
    """See `support.withdraw`."""
    context = info.context
    version = await support.withdraw(
        key_of(id, "DocumentVersion", "id"), actor=context.actor, clock=context.services.clock
    )
    context.documents.forget()
    return DocumentWithdrawPayload(version=cast("DocumentVersion", version))


@strawberry.type
class SupportMutations:
    """Fields of Mutation."""

    document_publish = mutation(
        DocumentPublishPayload,
        description="Operators: make an upload the next version of a document, within ten minutes of a right code "
        "(CODE_REQUIRED).",
    )(document_publish)
    document_withdraw = mutation(
        DocumentWithdrawPayload, description="Operators: serve a version no longer, nor ever again."
    )(document_withdraw)
