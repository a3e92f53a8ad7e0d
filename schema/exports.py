"""Exports: Excel of everything that a filter finds (ST-02, MS-01, ST-01)."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

import schema.stats  # noqa: F401 - it publishes Granularity and Group
from bizcall.exports import downloading, failures, listing
from bizcall.exports.asking import Asked
from bizcall.models import Export as ExportRow
from bizcall.models.exports import Kind, State
from bizcall.reasons import Purpose, Reason
from bizcall.stats import Granularity, Group
from schema.calls import CallFilter
from schema.context import Info
from schema.customers import PossibleReason
from schema.enums import described
from schema.errors import Payload
from schema.history import freshness
from schema.imports import Download
from schema.jobs import Job, JobError, JobStatus, Progress
from schema.messages import Language
from schema.node import Node
from schema.text_messages import MessageFilter

described(
    Kind,
    "What the file of an export holds.",
    {
        Kind.CALLS: "통화 이력: a row a call.",
        Kind.MESSAGES: "메시지 이력: a row a message.",
        Kind.CALL_STATISTICS: "통화 통계: a row a subject and bucket, with a chart.",
        Kind.MESSAGE_STATISTICS: "메시지 통계: likewise.",
    },
    name="ExportKind",
)


def _status(info: Info, parent: strawberry.Parent[ExportRow]) -> JobStatus:
    """A file that is over counts as expired from that moment on."""
    if parent.state is State.COMPLETED and downloading.is_over(parent, info.context.services.clock()):
        return JobStatus.EXPIRED
    return JobStatus(parent.state.value)


def _progress(parent: strawberry.Parent[ExportRow]) -> Progress:
    """As counted when it was asked for, until the file tells."""
    return Progress(done=parent.rows_done, total=max(parent.rows_total, parent.rows_done))


def _error(info: Info, parent: strawberry.Parent[ExportRow]) -> JobError | None:
    if parent.failure is None:
        return None
    english = info.context.language is Language.EN
    return JobError(code=parent.failure, message=failures.sentence(parent.failure, english=english))


@strawberry.type(
    description="An Excel file of everything that a filter finds, of one moment. Poll it until `status` is final, then "
    "ask `exportDownload` for a link. What found nothing is a file with its headers."
)
class Export(Node, Job):
    """A `bizcall.models.Export`."""

    row = ExportRow
    fetch = staticmethod(listing.by_ids)

    kind: Kind = strawberry.field(description="What the file holds.")
    is_masked: bool | None = strawberry.field(
        description="Whether customers are hidden in the file; null until there is one."
    )
    as_of: datetime | None = strawberry.field(description=f"{freshness('the file')} Null also until there is a file.")
    file_size: int | None = strawberry.field(description="Bytes of the file; null until there is one.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When a worker began; null before.")
    finished_at: datetime | None = strawberry.field(description="When it reached a final status; null before.")
    expires_at: datetime | None = strawberry.field(
        description="Until when the file is kept, 24 hours; null until there is one."
    )

    status: JobStatus = strawberry.field(resolver=_status, description="Where the job stands.")
    progress: Progress = strawberry.field(
        resolver=_progress, description="Rows of the file, of those that were counted when it was asked for."
    )
    error: JobError | None = strawberry.field(
        resolver=_error,
        description="Why there is no file: TIMED_OUT, INTERRUPTED or TOO_LARGE; null unless the status is FAILED.",
    )

    @strawberry.field(description="The first day of the period.")
    def from_on(self, parent: strawberry.Parent[ExportRow]) -> date:
        """Of the filter."""
        return Asked.of(parent.kind, parent.asked).wanted.from_on

    @strawberry.field(description="The last day of the period.")
    def to_on(self, parent: strawberry.Parent[ExportRow]) -> date:
        """Of the filter."""
        return Asked.of(parent.kind, parent.asked).wanted.to_on

    @strawberry.field(description="What the file is saved as.")
    def file_name(self, parent: strawberry.Parent[ExportRow]) -> str:
        """Tells kind, period and moment."""
        return downloading.file_name(parent)

    @strawberry.field(description="How many rows or buckets the file has; null until there is one.")
    def row_count(self, parent: strawberry.Parent[ExportRow]) -> int | None:
        """In all its sheets, without headers."""
        return parent.rows_done if parent.object_key is not None else None


@strawberry.input(description="Which exports; fields that are left out let all through.")
class ExportFilter:
    """Of the company."""

    kinds: list[Kind] | None = strawberry.field(default=None, description="Kinds, at most 4.")


@strawberry.input(description="Why a file is made, and what every request for one says.")
class ExportRequestInput:
    """What the requests' inputs inherit."""

    reason: Purpose = strawberry.field(description="The kind of reason. It is kept in the audit trail.")
    note: str = strawberry.field(description="In your own words, 5–200 characters that say something.")
    idempotency_key: str = strawberry.field(
        description="1–255 characters; the same key with the same input gets the first answer, for 24 hours."
    )

    def to_reason(self) -> Reason:
        """For `bizcall`, which checks it."""
        return Reason(self.reason, self.note)


@strawberry.input(description="Which calls, and why.")
class CallExportRequestInput(ExportRequestInput):
    """Of calls."""

    filter: CallFilter = strawberry.field(description="Which calls: that of the list.")
    unmasked: bool = strawberry.field(
        default=False, description="Whether to show customers' numbers and names whatever the company's policy."
    )


@strawberry.input(description="Which messages, and why.")
class MessageExportRequestInput(ExportRequestInput):
    """Of messages."""

    filter: MessageFilter = strawberry.field(description="Which messages: that of the list.")
    unmasked: bool = strawberry.field(
        default=False,
        description="Whether to show customers' numbers and names whatever the company's policy, and the texts.",
    )


@strawberry.input(description="Which statistics, and why: of calls or of messages, by the one filter that is given.")
class StatisticsExportRequestInput(ExportRequestInput):
    """Of either."""

    calls: CallFilter | None = strawberry.field(default=None, description="Which calls.")
    messages: MessageFilter | None = strawberry.field(default=None, description="Which messages.")
    granularity: Granularity = strawberry.field(description="How long a bucket is.")
    group_by: Group = strawberry.field(description="What each row is about.")


@strawberry.input(description="Why the file of somebody else's export is taken: needed for that only.")
class ExportDownloadInput(PossibleReason):
    """Who asked for the file has said why."""


_REQUEST_ERRORS = (
    "Errors: CODE_REQUIRED without a code that was right in the last ten minutes; those of filter and note; TOO_MANY "
    "at the filter for more rows than `limits` allows, and without field while 10 exports are unfinished; KEY_REUSED; "
    "NOT_FOUND at `idempotencyKey` where the export that the key has made was erased since."
)


@strawberry.type(description=f"The export of calls that was asked for. {_REQUEST_ERRORS}")
class CallExportRequestPayload(Payload):
    """A worker makes the file."""

    export: Export | None = strawberry.field(default=None, description="The export; poll it.")


@strawberry.type(description=f"The export of messages that was asked for. {_REQUEST_ERRORS}")
class MessageExportRequestPayload(Payload):
    """A worker makes the file."""

    export: Export | None = strawberry.field(default=None, description="The export; poll it.")


@strawberry.type(
    description="The export of statistics that was asked for. As rows count buckets. REQUIRED or CONFLICT at `calls` "
    f"when not exactly one filter is given. {_REQUEST_ERRORS}"
)
class StatisticsExportRequestPayload(Payload):
    """A worker makes the file."""

    export: Export | None = strawberry.field(default=None, description="The export; poll it.")


@strawberry.type(description="The export as it was ended. Errors: NOT_FOUND; STATE (finished).")
class ExportCancelPayload(Payload):
    """Its worker stops within seconds."""

    export: Export | None = strawberry.field(default=None, description="The export.")


@strawberry.type(
    description="A link to the file. Errors: CODE_REQUIRED without a code that was right in the last ten minutes; "
    "NOT_FOUND; STATE while there is no file, and when it is no longer kept; REQUIRED of `reason` for an export that "
    "somebody else asked for; REQUIRED, TOO_SHORT, TOO_LONG, INVALID_FORMAT of `note`."
)
class ExportDownloadPayload(Payload):
    """Recorded."""

    download: Download | None = strawberry.field(default=None, description="The file.")
