"""What the operations on imports take and answer."""

from __future__ import annotations

from datetime import datetime

import strawberry

from schema.companies import OnError
from schema.errors import Payload
from schema.imports.enums import Source, State
from schema.imports.jobs import Import


@strawberry.input(description="Which imports; fields that are left out let all through.")
class ImportFilter:
    """Of the company."""

    states: list[State] | None = strawberry.field(default=None, description="States, at most 8.")
    sources: list[Source] | None = strawberry.field(default=None, description="Sources, at most 2.")


@strawberry.type(description="A link to a file.")
class Download:
    """Presigned."""

    url: str = strawberry.field(description="Where to get the file; no further sign-in is asked for.")
    expires_at: datetime = strawberry.field(description="When the link ends, five minutes after it was made.")


@strawberry.type(description="The registration form (BK-01).")
class ImportFormCreatePayload(Payload):
    """A workbook in the bucket."""

    download: Download | None = strawberry.field(default=None, description="The workbook.")
    line_count: int | None = strawberry.field(
        default=None, description="How many lines without subscriber stand in it, at most 5,000."
    )
    has_more_lines: bool | None = strawberry.field(
        default=None, description="Whether there are more such lines than the form takes; register these first."
    )


@strawberry.input(description="Which content to register, and how.")
class ImportRegisterInput:
    """What was seen."""

    content_hash: str = strawberry.field(description="The import's `contentHash` as it was shown.")
    on_error: OnError = strawberry.field(
        default=OnError.REJECT_ALL, description="What happens to the good rows when others are bad."
    )
    send_invitations: bool = strawberry.field(
        default=False,
        description="Whether to invite those of the rows to the app who may use it, can be reached and never were.",
    )
    idempotency_key: str = strawberry.field(
        description="1–255 characters; the same key with the same input gets the first answer, for 24 hours."
    )


@strawberry.type(
    description="The import whose registration was asked for. Errors: NOT_FOUND; STATE (not previewed, or too long "
    "ago); CONTENT_CHANGED; ROW_REFUSED with `count`, when all rows are wanted and some were refused; KEY_REUSED."
)
class ImportRegisterPayload(Payload):
    """A worker carries it out."""

    import_: Import | None = strawberry.field(name="import", default=None, description="The import; poll it.")


@strawberry.type(description="The import as it was ended. Errors: NOT_FOUND; STATE (being checked, or finished).")
class ImportCancelPayload(Payload):
    """Nothing of it is registered."""

    import_: Import | None = strawberry.field(name="import", default=None, description="The import.")


@strawberry.type(
    description="The refused rows of an import in the form's layout, ready to mend and upload. "
    "Errors: NOT_FOUND; STATE while `hasRefusedRowsWorkbook` is false."
)
class ImportRefusedRowsDownloadPayload(Payload):
    """Recorded: it holds personal data."""

    download: Download | None = strawberry.field(default=None, description="The workbook.")
