"""One request for invitations, as a job (IN-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from bizcall.invitations import listing
from bizcall.models import InvitationBatch as BatchRow
from bizcall.models.dispatch import DeliveryState
from bizcall.paging import Slice
from schema.connections import After, Before, Connection, First, Last
from schema.context import Info
from schema.invitations.sent import Invitation
from schema.jobs import Job, JobError, JobStatus, Progress
from schema.node import Node


@strawberry.type(description="How many messages are in which state.")
class DeliveryCounts:
    """Of one batch."""

    queued: int = strawberry.field(description="QUEUED.")
    sending: int = strawberry.field(description="SENDING.")
    sent: int = strawberry.field(description="SENT.")
    delivered: int = strawberry.field(description="DELIVERED.")
    failed: int = strawberry.field(description="FAILED.")
    unknown: int = strawberry.field(description="UNKNOWN.")


async def _state(info: Info, parent: BatchRow) -> listing.BatchProgress:
    """How far the batch has come; one statement for all batches of an answer."""
    return await info.context.load(listing.progress_of, parent.id) or listing.BatchProgress()


async def _status(info: Info, parent: strawberry.Parent[BatchRow]) -> JobStatus:
    found = await _state(info, parent)
    if found.done == found.total:
        return JobStatus.COMPLETED
    return JobStatus.QUEUED if found.started_at is None else JobStatus.RUNNING


async def _progress(info: Info, parent: strawberry.Parent[BatchRow]) -> Progress:
    found = await _state(info, parent)
    return Progress(done=found.done, total=found.total)


async def _started_at(info: Info, parent: strawberry.Parent[BatchRow]) -> datetime | None:
    return (await _state(info, parent)).started_at


async def _finished_at(info: Info, parent: strawberry.Parent[BatchRow]) -> datetime | None:
    return (await _state(info, parent)).finished_at


def _error(parent: strawberry.Parent[BatchRow]) -> JobError | None:
    """Messages fail one by one, never the job."""
    return None


@strawberry.type(
    description="One request for invitations. As a job it runs until every message is SENT, FAILED or UNKNOWN: "
    "poll it, then look at what failed."
)
class InvitationBatch(Node, Job):
    """A `bizcall.models.InvitationBatch`."""

    row = BatchRow
    fetch = staticmethod(listing.batches_by_ids)

    created_at: datetime = strawberry.field(description="When it was asked for.")
    status: JobStatus = strawberry.field(
        resolver=_status, description="QUEUED until the first message goes out; COMPLETED also when messages failed."
    )
    progress: Progress = strawberry.field(
        resolver=_progress, description="Messages on which nobody works any more, of all."
    )
    started_at: datetime | None = strawberry.field(resolver=_started_at, description="When the first one went out.")
    finished_at: datetime | None = strawberry.field(
        resolver=_finished_at, description="When the last one was finished; null before."
    )
    error: JobError | None = strawberry.field(resolver=_error, description="Always null: messages fail one by one.")

    @strawberry.field(description="How many messages are in which state.")
    async def counts(self, info: Info, parent: strawberry.Parent[BatchRow]) -> DeliveryCounts:
        """One statement for all batches of an answer."""
        states = (await _state(info, parent)).states
        return DeliveryCounts(**{state.value.lower(): states.get(state, 0) for state in DeliveryState})

    @strawberry.field(description="Its invitations, newest first.")
    async def invitations(
        self,
        info: Info,
        parent: strawberry.Parent[BatchRow],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        states: Annotated[
            list[DeliveryState] | None, strawberry.argument(description="A message is in one of these states.")
        ] = None,
    ) -> Connection[Invitation]:
        """See `listing.listing`."""
        wanted = listing.InvitationFilter(states=states or (), batch_id=parent.id)
        return await Connection.of(info, listing.listing(parent.company_id, wanted), Slice(first, after, last, before))
