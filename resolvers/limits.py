"""Limits in one table: enforced by the guard and the endpoint, published by the field `limits`.

The product's own limits are constants of the features that enforce them; they are only named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import strawberry

from bizcall import calls, downloads, idempotency, months, notices, plans, published_files, reasons, throttles, uploads
from bizcall.admins import codes, locks, sessions
from bizcall.dispatch import claims
from bizcall.exports import requesting as exports
from bizcall.history import filters, lines
from bizcall.imports import storing
from bizcall.invitations import requesting, writing
from bizcall.paging import COUNT_MOST, PAGE_MOST
from bizcall.provisioning import applying, events
from bizcall.sheets.limits import Limits as SheetLimits
from bizcall.stats import answers, sources
from bizcall.subscribers import editing
from schema.context import Info
from schema.limits import Limit, Unit


@dataclass(frozen=True)
class Bounds:
    """What one request may ask for; `Bounds()` is what is published, tests pass tighter ones."""

    body: int = 256 * 1024
    query: int = 16 * 1024
    variables: int = 128 * 1024
    json_depth: int = 32
    response: int = 4_500_000
    deadline: float = 10
    tokens: int = 1_000
    depth: int = 10
    aliases: int = 30
    directives: int = 20
    fields: int = 500
    repeats: int = 40
    root_fields: int = 10
    mutations: int = 5
    secret_mutations: int = 1
    operations: int = 5
    fragments: int = 40
    page: int = PAGE_MOST
    nodes: int = 10_000
    cost: int = 5_000
    input_list: int = 500
    string: int = 2_000
    persisted: int = 4 * 1024 * 1024


def table(bounds: Bounds, *, idle: timedelta = sessions.IDLE, kept: int = months.KEPT) -> list[Limit]:
    """All limits: those of a request, then the product's; `idle` and `kept` are the deployment's own (S2, FD-01)."""
    rows = _rows(bounds, idle, kept)
    return [Limit(name=name, maximum=value, unit=unit, description=text) for name, value, unit, text in rows]


def _rows(bounds: Bounds, idle: timedelta, kept: int) -> tuple[tuple[str, int, Unit, str], ...]:
    sheets = SheetLimits()
    return (
        ("body", bounds.body, Unit.BYTES, "The body of a request."),
        ("query", bounds.query, Unit.BYTES, "The text of a document."),
        ("variables", bounds.variables, Unit.BYTES, "The variables of a request, as JSON."),
        ("jsonDepth", bounds.json_depth, Unit.COUNT, "Levels of lists and objects in variables."),
        ("response", bounds.response, Unit.BYTES, "The body of an answer."),
        ("deadline", int(bounds.deadline), Unit.SECONDS, "The time for one operation."),
        ("tokens", bounds.tokens, Unit.COUNT, "Tokens of a document."),
        ("depth", bounds.depth, Unit.COUNT, "Levels of selections, through fragments."),
        ("aliases", bounds.aliases, Unit.COUNT, "Aliased fields of an operation, through fragments."),
        ("directives", bounds.directives, Unit.COUNT, "Directives of an operation, through fragments."),
        ("fields", bounds.fields, Unit.COUNT, "Fields and fragments of an operation, each as often as it is spread."),
        ("repeats", bounds.repeats, Unit.COUNT, "Selections of one and the same place in the answer."),
        ("rootFields", bounds.root_fields, Unit.COUNT, "Root fields of a query."),
        ("mutations", bounds.mutations, Unit.COUNT, "Root fields of a mutation."),
        (
            "secretMutations",
            bounds.secret_mutations,
            Unit.COUNT,
            "Mutations of a request that compare a secret or send a code.",
        ),
        ("operations", bounds.operations, Unit.COUNT, "Operations of a document."),
        ("fragments", bounds.fragments, Unit.COUNT, "Fragments of a document."),
        ("page", bounds.page, Unit.COUNT, "Entries of one page of a list."),
        ("nodes", bounds.nodes, Unit.COUNT, "Entries of lists that an operation may ask for in all."),
        (
            "cost",
            bounds.cost,
            Unit.COUNT,
            "Cost of an operation: each object field one, times the page sizes above it.",
        ),
        ("inputList", bounds.input_list, Unit.COUNT, "Entries of a list in the input."),
        ("string", bounds.string, Unit.CHARACTERS, "Characters of a text in the input, but for a notice's body."),
        ("persisted", bounds.persisted, Unit.BYTES, "Persisted documents that an instance keeps."),
        ("countedExactly", COUNT_MOST, Unit.COUNT, "Entries of a list up to which totalCount is exact at most."),
        ("saveRows", editing.ROWS_MOST, Unit.COUNT, "Rows of the subscribers screen that are saved at once."),
        (
            "statisticsBuckets",
            answers.BUCKETS_MOST,
            Unit.COUNT,
            "Buckets of an answer of statistics, all rows together.",
        ),
        (
            "statisticsRaw",
            sources.RAW_MOST,
            Unit.COUNT,
            "Calls or messages that an answer may be counted from one by one, where no sums are kept.",
        ),
        (
            "statisticsRead",
            lines.READ_MOST,
            Unit.COUNT,
            "Calls or messages of lines and a period, among which all else that is asked is looked for without sums.",
        ),
        ("statisticsSpan", filters.SPAN_MONTHS, Unit.MONTHS, "The span of statistics and histories."),
        ("monthsKept", kept, Unit.MONTHS, "Calls and messages behind the present month; older ones are forgotten."),
        (
            "historyKeys",
            filters.KEYS_MOST,
            Unit.COUNT,
            "Departments, lines or subscribers in a filter.",
        ),
        (
            "unreturnedSpan",
            _seconds(timedelta(days=calls.UNRETURNED_DAYS)),
            Unit.SECONDS,
            "The span of a list of unreturned calls.",
        ),
        ("revealNote", reasons.NOTE_MOST, Unit.CHARACTERS, "The note that says why something hidden is opened."),
        ("importRows", sheets.rows, Unit.COUNT, "Rows of an uploaded workbook."),
        ("importFile", sheets.file_bytes, Unit.BYTES, "Size of an uploaded workbook."),
        (
            "attachmentFile",
            published_files.ATTACHMENT_MOST,
            Unit.BYTES,
            "Size of a notice's file.",
        ),
        ("documentFile", published_files.DOCUMENT_MOST, Unit.BYTES, "Size of a document."),
        ("previewLife", _seconds(storing.PREVIEW_KEPT), Unit.SECONDS, "How long the preview of an import is kept."),
        ("sendIds", requesting.IDS_MOST, Unit.COUNT, "Subscribers or invitations that one request names to send to."),
        ("sendFiltered", requesting.FILTERED_MOST, Unit.COUNT, "Subscribers whom a filter may find to send to."),
        (
            "messagesADay",
            claims.DAILY_MOST,
            Unit.COUNT,
            "Messages of one channel that a company sends on a day; others wait for the next.",
        ),
        ("invitationLife", _seconds(writing.LIFE), Unit.SECONDS, "Life of an invitation and its temporary password."),
        (
            "exportRows",
            exports.ROWS_MOST,
            Unit.COUNT,
            "Calls or messages of an export; narrow the filter for more.",
        ),
        (
            "exportTextRows",
            exports.TEXT_ROWS_MOST,
            Unit.COUNT,
            "Messages of an export with their texts.",
        ),
        ("exportsUnfinished", exports.UNFINISHED_MOST, Unit.COUNT, "Exports of a company that wait or run at a time."),
        ("exportLife", _seconds(exports.LIFE), Unit.SECONDS, "How long the file of an export is kept."),
        ("uploadForm", uploads.FORM_SECONDS, Unit.SECONDS, "Life of the form for an upload."),
        (
            "downloadLink",
            downloads.LINK_SECONDS,
            Unit.SECONDS,
            "Life of a download link; ask for another when it is over.",
        ),
        ("codeLife", _seconds(codes.LIFE), Unit.SECONDS, "Life of a verification code."),
        ("codeTries", codes.TRIES_MOST, Unit.COUNT, "Tries at a verification code."),
        ("codeInterval", _seconds(codes.BETWEEN), Unit.SECONDS, "Time from one code to the next."),
        (
            "freshFactor",
            _seconds(sessions.FRESH),
            Unit.SECONDS,
            "Life of a code's effect on what answers `CODE_REQUIRED`.",
        ),
        ("codesADay", codes.SENDS_MOST, Unit.COUNT, "Codes for one mobile and purpose in 24 hours."),
        ("signInFailures", locks.FAILURES_MOST, Unit.COUNT, "Failed sign-ins before signing in is locked."),
        ("signInLock", _seconds(locks.LOCKED_FOR), Unit.SECONDS, "How long signing in is locked then."),
        ("sessionIdle", _seconds(idle), Unit.SECONDS, "Life of a session that isn't used."),
        ("sessionLife", _seconds(sessions.ABSOLUTE), Unit.SECONDS, "Life of a session."),
        ("notices", notices.NOTICES_MOST, Unit.COUNT, "Notices, withdrawn ones included."),
        ("noticeBody", notices.BODY_MOST, Unit.CHARACTERS, "Characters of a notice's body."),
        ("noticeAttachments", notices.ATTACHMENTS_MOST, Unit.COUNT, "Files of a notice."),
        ("plans", plans.PLANS_MOST, Unit.COUNT, "Plans."),
        ("eventFile", events.FILE_MOST, Unit.BYTES, "Size of a file with an event of the provider's."),
        ("eventLines", events.LINES_MOST, Unit.COUNT, "Lines of such an event."),
        ("eventWaits", _seconds(applying.WAITS_MOST), Unit.SECONDS, "How long such an event waits for what it needs."),
        ("idempotencyKeyLife", _seconds(idempotency.LIFE), Unit.SECONDS, "Life of the answer for an idempotency key."),
        *(
            (bound.name, bound.limit, Unit.COUNT, bound.text)
            for bucket, bounds_of_it in throttles.BOUNDS.items()
            if bucket not in throttles.NOTED_ONLY
            for bound in bounds_of_it
        ),
    )


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())


@strawberry.type
class LimitQueries:
    """Fields of Query."""

    @strawberry.field(description="The limits of the service, at most 100.")
    def limits(self, info: Info) -> list[Limit]:
        """The published bounds."""
        known = info.context.services.settings
        return table(Bounds(), idle=known.session_idle, kept=known.months_kept)
