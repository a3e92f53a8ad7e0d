"""Excel files of employees: the form, previews, registration (BK-01 … BK-03)."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from bizcall import downloads, imports
from bizcall.imports import form, listing
from bizcall.paging import Slice
from resolvers.errors import mutation
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.imports import (
    Download,
    Import,
    ImportCancelPayload,
    ImportFilter,
    ImportFormCreatePayload,
    ImportRefusedRowsDownloadPayload,
    ImportRegisterInput,
    ImportRegisterPayload,
)
from schema.node import key_of

ImportId = Annotated[strawberry.ID, strawberry.argument(description="The import.")]


@strawberry.type
class ImportQueries:
    """Fields of Query."""

    @strawberry.field(description="The company's imports, newest first.")
    async def imports(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[ImportFilter | None, strawberry.argument(description="Which imports.")] = None,  # noqa: A002
    ) -> Connection[Import]:
        """See `listing.listing`."""
        wanted = filter or ImportFilter()
        found = listing.listing(info.context.company_id, states=wanted.states or (), sources=wanted.sources or ())
        return await Connection.of(info, found, Slice(first, after, last, before))


async def import_form_create(info: Info) -> ImportFormCreatePayload:
    """See `form.create`."""
    context = info.context
    made = await form.create(
        context.company_id, context.actor, storage=context.services.storage, clock=context.services.clock
    )
    return ImportFormCreatePayload(
        download=_download(made.download), line_count=made.lines, has_more_lines=made.more_lines
    )


async def import_register(
    info: Info,
    id: ImportId,  # noqa: A002
    input: Annotated[ImportRegisterInput, strawberry.argument(description="What was seen.")],  # noqa: A002
) -> ImportRegisterPayload:
    """See `imports.register`."""
    context = info.context
    if input.send_invitations:
        context.demand_fresh_factor()
    asked = await imports.register(
        context.company_id,
        context.actor,
        key_of(id, "Import", "id"),
        content_hash=input.content_hash,
        on_error=input.on_error,
        send_invitations=input.send_invitations,
        idempotency_key=input.idempotency_key,
        queue=context.services.queue,
        clock=context.services.clock,
    )
    return ImportRegisterPayload(import_=cast("Import", asked))


async def import_cancel(info: Info, id: ImportId) -> ImportCancelPayload:  # noqa: A002
    """See `imports.cancel`."""
    context = info.context
    key = key_of(id, "Import", "id")
    ended = await imports.cancel(context.company_id, context.actor, key, clock=context.services.clock)
    return ImportCancelPayload(import_=cast("Import", ended))


async def import_refused_rows_download(info: Info, id: ImportId) -> ImportRefusedRowsDownloadPayload:  # noqa: A002
    """See `listing.refused_rows`."""
    context = info.context
    link = await listing.refused_rows(
        context.company_id,
        context.actor,
        key_of(id, "Import", "id"),
        storage=context.services.storage,
        clock=context.services.clock,
    )
    return ImportRefusedRowsDownloadPayload(download=_download(link))


def _download(link: downloads.Download) -> Download:
    return Download(url=link.url, expires_at=link.expires_at)


@strawberry.type
class ImportMutations:
    """Fields of Mutation."""

    import_form_create = mutation(
        ImportFormCreatePayload,
        description="Make the registration form: a workbook of the lines that have no subscriber, to fill in.",
    )(import_form_create)
    import_register = mutation(
        ImportRegisterPayload,
        description="Register exactly what the preview showed. What changed since is refused row by row.",
    )(import_register)
    import_cancel = mutation(
        ImportCancelPayload,
        description="End an import that is previewed, or whose registration hasn't begun.",
    )(import_cancel)
    import_refused_rows_download = mutation(
        ImportRefusedRowsDownloadPayload,
        description="A link to the refused rows, with their reasons, in the form's layout.",
    )(import_refused_rows_download)
