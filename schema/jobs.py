"""Job: long work that a client starts and then polls."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from schema.enums import described


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


described(
    JobStatus,
    "Where a job stands. The last four are final.",
    {
        JobStatus.QUEUED: "Waits for a worker.",
        JobStatus.RUNNING: "Is being worked on.",
        JobStatus.COMPLETED: "Done; an empty result is a result too.",
        JobStatus.FAILED: "Ended without result; `error` says why.",
        JobStatus.CANCELLED: "Ended by a user.",
        JobStatus.EXPIRED: "Its result is no longer kept, or nobody carried it on in time.",
    },
)


@strawberry.type(description="How far a job has come.")
class Progress:
    """Counted in the job's own units, rows for example."""

    done: int = strawberry.field(description="Units that are finished.")
    total: int | None = strawberry.field(description="Units in all; null until it is known.")


@strawberry.type(description="Why a job failed, for people.")
class JobError:
    """Its wording is no contract."""

    code: str = strawberry.field(description="A stable name of the reason, UPPER_SNAKE.")
    message: str = strawberry.field(description="A sentence in the language of the request.")


@strawberry.interface(description="Long work. Poll it every second or two until its status is final.")
class Job:
    """What every kind of job has. A type may also implement Node; it reads these fields from its row."""

    status: JobStatus = strawberry.field(description="Where the job stands.")
    progress: Progress = strawberry.field(description="How far the job has come.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When a worker began; null before.")
    finished_at: datetime | None = strawberry.field(description="When it reached a final status; null before.")
    error: JobError | None = strawberry.field(description="Why it failed; null unless it has.")
