"""An import as a job: where it stands, its preview and its result (BK-02)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import strawberry

from bizcall.imports import listing, refusals
from bizcall.invitations import listing as invitations
from bizcall.models import Import as ImportModel
from bizcall.paging import Slice
from schema.companies import OnError
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.imports.enums import Source, State
from schema.imports.rows import ImportFinding, ImportFindingFilter, ImportRow, ImportRowFilter
from schema.invitations import InvitationBatch
from schema.jobs import Job, JobError, JobStatus, Progress
from schema.messages import Language
from schema.node import Node

_STATUS = {
    State.CHECKING: JobStatus.RUNNING,
    State.PREVIEWED: JobStatus.RUNNING,
    State.REGISTERING: JobStatus.RUNNING,
    State.REGISTERED: JobStatus.COMPLETED,
    State.REFUSED: JobStatus.FAILED,
    State.CANCELLED: JobStatus.CANCELLED,
    State.EXPIRED: JobStatus.EXPIRED,
    State.FAILED: JobStatus.FAILED,
}


@strawberry.type(description="How many rows the preview has of each kind.")
class ImportCounts:
    """All zero until the file is checked."""

    new: int = strawberry.field(description="Rows with the action NEW.")
    changed: int = strawberry.field(description="Rows with the action CHANGED.")
    replaced: int = strawberry.field(description="Rows with the action REPLACED.")
    unchanged: int = strawberry.field(description="Rows with the action UNCHANGED.")
    refused: int = strawberry.field(description="Rows with the action REFUSED.")
    ignored: int = strawberry.field(description="Rows that name nobody, as the form has for lines left free.")
    registered: int = strawberry.field(description="Rows that were registered, unchanged ones included.")
    conflicting: int = strawberry.field(description="Rows refused because of what changed since the preview.")
    invited: int = strawberry.field(description="Rows whose subscribers were invited to the app.")


def _status(parent: strawberry.Parent[ImportModel]) -> JobStatus:
    return _STATUS[parent.state]


def _progress(parent: strawberry.Parent[ImportModel]) -> Progress:
    """All at once: the registration is one transaction."""
    counts = (parent.rows_new, parent.rows_changed, parent.rows_replaced, parent.rows_unchanged, parent.rows_refused)
    total = None if parent.previewed_at is None else sum(counts)
    return Progress(done=(total or 0) if parent.state is State.REGISTERED else 0, total=total)


def _started_at(parent: strawberry.Parent[ImportModel]) -> datetime | None:
    """The worker that finds the file begins at once."""
    return parent.created_at


def _error(info: Info, parent: strawberry.Parent[ImportModel]) -> JobError | None:
    if parent.refusal is None or _STATUS[parent.state] is not JobStatus.FAILED:
        return None
    english = info.context.language is Language.EN
    told = refusals.sentence(parent.refusal, parent.refusal_params, english=english)
    return JobError(code=parent.refusal, message=told)


@strawberry.type(
    description="An Excel file of employees. As a job it runs until it is registered or ended otherwise: "
    "poll until `state` is no longer CHECKING, show the preview, register, and poll until `status` is final."
)
class Import(Node, Job):
    """A `bizcall.models.Import`."""

    row = ImportModel
    fetch = staticmethod(listing.by_ids)

    source: Source = strawberry.field(description="How the file came.")
    state: State = strawberry.field(description="Where the import stands, in its own words.")
    file_name: str = strawberry.field(description="The file's name as it was given.")
    sheet_name: str | None = strawberry.field(description="The sheet that was read; null until it is found.")
    ignored_headers: list[str] = strawberry.field(
        description="Headers of the sheet that are no column of the form, at most 50; their columns are not read."
    )
    content_hash: str | None = strawberry.field(
        description="Stands for exactly this preview; `importRegister` asks for it. Null until the preview is ready."
    )
    on_error: OnError | None = strawberry.field(description="What was asked for when registering; null before.")
    send_invitations: bool = strawberry.field(description="Whether invitations were asked for when registering.")
    previewed_at: datetime | None = strawberry.field(description="When the preview was ready.")
    expires_at: datetime | None = strawberry.field(
        description="Until when the preview can be registered; null unless it waits for that."
    )
    created_at: datetime = strawberry.field(description="When the file was found in the bucket.")
    finished_at: datetime | None = strawberry.field(description="When it reached a final status; null before.")

    status: JobStatus = strawberry.field(
        resolver=_status, description="Where the job stands: RUNNING until a final state."
    )
    progress: Progress = strawberry.field(
        resolver=_progress, description="Rows registered, of those that name somebody."
    )
    started_at: datetime | None = strawberry.field(resolver=_started_at, description="When a worker began.")
    error: JobError | None = strawberry.field(
        resolver=_error, description="Why nothing was registered; null unless the status is FAILED."
    )

    @strawberry.field(description="Whether a newer file of the same name has taken this one's place.")
    def is_superseded(self, parent: strawberry.Parent[ImportModel]) -> bool:
        """Only of a cancelled import."""
        return parent.refusal == refusals.FileRefusal.SUPERSEDED

    @strawberry.field(description="The invitations that the registration asked for; null if none.")
    async def invitation_batch(self, info: Info, parent: strawberry.Parent[ImportModel]) -> InvitationBatch | None:
        """One statement for all imports of an answer."""
        return cast("InvitationBatch | None", await info.context.load(invitations.batches_of_imports, parent.id))

    @strawberry.field(description="How many rows there are of each kind.")
    def counts(self, parent: strawberry.Parent[ImportModel]) -> ImportCounts:
        """Of the preview and of the registration."""
        return ImportCounts(
            new=parent.rows_new,
            changed=parent.rows_changed,
            replaced=parent.rows_replaced,
            unchanged=parent.rows_unchanged,
            refused=parent.rows_refused,
            ignored=parent.rows_ignored,
            registered=parent.rows_registered,
            conflicting=parent.rows_conflicting,
            invited=parent.rows_invited,
        )

    @strawberry.field(description="Whether `importRefusedRowsDownload` has a workbook to give.")
    def has_refused_rows_workbook(self, parent: strawberry.Parent[ImportModel]) -> bool:
        """It is stored a moment after the preview."""
        return parent.refused_key is not None

    @strawberry.field(description="The rows, in the sheet's order.")
    async def rows(
        self,
        info: Info,
        parent: strawberry.Parent[ImportModel],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[ImportRowFilter | None, strawberry.argument(description="Which rows.")] = None,  # noqa: A002
    ) -> Connection[ImportRow]:
        """See `listing.rows`."""
        wanted = filter or ImportRowFilter()
        found = listing.rows(parent.company_id, parent.id, actions=wanted.actions or (), outcomes=wanted.outcomes or ())
        return await Connection.of(info, found, Slice(first, after, last, before))

    @strawberry.field(description="What was found in the cells, in the sheet's order.")
    async def findings(
        self,
        info: Info,
        parent: strawberry.Parent[ImportModel],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[  # noqa: A002
            ImportFindingFilter | None, strawberry.argument(description="Which findings.")
        ] = None,
    ) -> Connection[ImportFinding]:
        """See `listing.findings`."""
        severities = (filter and filter.severities) or ()
        found = listing.findings(parent.company_id, parent.id, severities=severities)
        return await Connection.of(info, found, Slice(first, after, last, before))
