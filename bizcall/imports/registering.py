"""Apply exactly what was previewed, once; or leave it (BK-02)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bizcall import audit, idempotency, invitations
from bizcall.audit import Actor, ActorKind
from bizcall.database import tenant
from bizcall.dispatch import publish
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.imports import answers, collector, commands, storing
from bizcall.imports.checking import CheckedRow
from bizcall.imports.findings import Finding, FindingCode
from bizcall.imports.refusals import FileRefusal
from bizcall.models import Import
from bizcall.models.companies import OnError
from bizcall.models.imports import Action, State
from bizcall.ports import Clock, Queue, Storage, now
from bizcall.sheets import Column
from bizcall.subscribers import Entry, Outcome, Seen, saving

_NOBODY = Seen()
_CONFLICTS = {
    "lineId": (Column.NUMBER, FindingCode.NUMBER_UNKNOWN),
    "ridEnabled": (Column.RID, FindingCode.NO_RID),
    "departmentId": (Column.DEPARTMENT, FindingCode.DEPARTMENT_RETIRED),
}


async def register(
    company_id: UUID,
    actor: Actor,
    import_id: UUID,
    *,
    content_hash: str,
    on_error: OnError,
    idempotency_key: str,
    queue: Queue,
    send_invitations: bool = False,
    clock: Clock = now,
) -> Import:
    """Ask for the registration of a preview and return the import; a worker carries it out.

    With `send_invitations` those of its rows are invited to the app who can be and never were (IN-10).

    Raises Invalid: NOT_FOUND or STATE (not previewed, or too long ago) at `id`, CONTENT_CHANGED at `contentHash`,
    ROW_REFUSED at `onError` when all rows are wanted and some were refused, and those of `idempotency.once`.
    """
    messages: list[UUID] = []

    async def ask() -> idempotency.Answer:
        await _registrable(company_id, import_id, content_hash, on_error, clock())
        await storing.step(
            company_id,
            import_id,
            State.REGISTERING,
            clock() + storing.WORK_MOST,
            on_error=on_error,
            send_invitations=send_invitations,
            requested_by=actor.id if actor.kind is ActorKind.ADMIN else None,
            expires_at=None,
        )
        messages.append(await commands.carry_on(company_id, import_id, clock=clock))
        await audit.record(
            company_id,
            actor,
            "imports.register",
            [import_id],
            {"onError": on_error, "sendInvitations": send_invitations},
            kind="Import",
            clock=clock,
        )
        return {"importId": str(import_id)}

    async with tenant(company_id):
        given = {
            "id": str(import_id),
            "contentHash": content_hash,
            "onError": on_error,
            "sendInvitations": send_invitations,
        }
        await idempotency.once(company_id, "importRegister", idempotency_key, given, ask, clock=clock)
        asked = await Import.get(company_id=company_id, id=import_id)
    await publish(messages, queue=queue)
    return asked


async def _registrable(company_id: UUID, import_id: UUID, content_hash: str, on_error: OnError, at: datetime) -> None:
    """Lock the import and see that its registration may be asked for; raises Invalid as `register` says."""
    found = await _found(company_id, import_id, State.PREVIEWED)
    if found.expires_at is not None and found.expires_at <= at:
        raise Invalid(Problem(ErrorCode.STATE, ("id",)))
    if found.content_hash != content_hash:
        raise Invalid(Problem(ErrorCode.CONTENT_CHANGED, ("contentHash",)))
    if on_error is OnError.REJECT_ALL and found.rows_refused:
        raise Invalid(Problem(ErrorCode.ROW_REFUSED, ("onError",), {"count": str(found.rows_refused)}))


async def cancel(company_id: UUID, actor: Actor, import_id: UUID, *, clock: Clock = now) -> Import:
    """End an import that is previewed, or waits for its registration.

    Raises Invalid: NOT_FOUND, or STATE when it is being checked or finished. While a worker registers it, waits for
    the worker.
    """
    async with tenant(company_id):
        await _found(company_id, import_id, State.PREVIEWED, State.REGISTERING)
        await storing.finish(company_id, import_id, State.CANCELLED, clock())
        await audit.record(company_id, actor, "imports.cancel", [import_id], kind="Import", clock=clock)
        return await Import.get(company_id=company_id, id=import_id)


async def register_queued(
    company_id: UUID, import_id: UUID, *, storage: Storage, queue: Queue, clock: Clock = now
) -> Import | None:
    """Apply an import whose registration was asked for, and store the answers that it lacks, as `commands` says.

    Returns what has become of the import, None when there is none.

    The message may come twice: the import's state, read under its lock in the transaction of the effect, is what makes
    the effect happen once.
    """
    messages: list[UUID] = []
    with collector.paused():
        async with tenant(company_id):
            found = await storing.locked(company_id, import_id)
            if found is not None and found.state is State.REGISTERING and found.on_error is not None:
                rows = await storing.rows_of(company_id, import_id)
                messages = await apply(found, rows, found.on_error, clock=clock)
    await publish(messages, queue=queue)
    await answers.give(company_id, import_id, storage=storage)
    return await storing.found(company_id, import_id)


async def apply(found: Import, rows: Sequence[CheckedRow], on_error: OnError, *, clock: Clock) -> list[UUID]:
    """Write the good rows as subscribers inside the open transaction, which holds the import, and finish it.

    A row whose line was changed since the preview is refused; what that means for the others, `on_error` says.
    Returns the outbox messages of the invitations, to be published after commit.
    """
    company_id, import_id, at = found.company_id, found.id, clock()
    outcomes = await saving.apply(company_id, [_entry(row) for row in rows], at=at, on_error=on_error)
    pairs = list(zip(rows, outcomes, strict=True))
    refused = [(row, outcome) for row, outcome in pairs if outcome.problem is not None]
    nothing = on_error is OnError.REJECT_ALL and bool(refused)
    # The first places of a row belong to what the preview found: one finding a cell and one of the row.
    await storing.add_findings(
        company_id, import_id, [_conflict(row, outcome) for row, outcome in refused], first=len(Column) + 1
    )
    await storing.add_outcomes(
        company_id,
        import_id,
        [(row.number, Action(outcome.kind), outcome.subscriber_id) for row, outcome in (refused if nothing else pairs)],
    )
    registered = 0 if nothing else len(pairs) - len(refused)
    invited, messages = 0, list[UUID]()
    if found.send_invitations and registered:
        invited, messages = await invitations.invite(
            company_id,
            [outcome.subscriber_id for _, outcome in pairs if outcome.subscriber_id is not None],
            at,
            requested_by=found.requested_by,
            import_id=import_id,
        )
    await storing.finish(
        company_id,
        import_id,
        State.REFUSED if nothing else State.REGISTERED,
        at,
        refusal=FileRefusal.ROWS_REFUSED if nothing else None,
        rows_registered=registered,
        rows_conflicting=len(refused),
        rows_invited=invited,
        # The workbook of the preview doesn't hold these rows yet.
        **({"refused_key": None} if refused else {}),
    )
    await audit.record(
        company_id,
        audit.system(),
        "imports.apply",
        [import_id],
        {"registered": registered, "conflicting": len(refused), "invited": invited},
        kind="Import",
        clock=clock,
    )
    return messages


async def _found(company_id: UUID, import_id: UUID, *states: State) -> Import:
    """The import, locked; raises Invalid when it is not there or in another state."""
    found = await storing.locked(company_id, import_id, skip_locked=True)
    if found is None:
        # A worker that is checking a file holds the lock for seconds; the state can be read without it.
        seen = await Import.get_or_none(company_id=company_id, id=import_id)
        if seen is None:
            raise Invalid(Problem(ErrorCode.NOT_FOUND, ("id",)))
        found = await storing.locked(company_id, import_id) if seen.state in states else None
    if found is None or found.state not in states:
        raise Invalid(Problem(ErrorCode.STATE, ("id",)))
    return found


def _entry(row: CheckedRow) -> Entry:
    if row.line_id is None:
        raise ValueError("a row without line can't be registered")
    edits = row.action in (Action.CHANGED, Action.UNCHANGED)
    return Entry(
        line_id=row.line_id,
        name=row.name,
        subscriber_id=row.subscriber_id if edits else None,
        revision=row.revision if edits else None,
        department_id=row.department_id,
        position=row.position,
        mobile=row.mobile,
        email=row.email,
        rid_enabled=row.rid_enabled,
        app_enabled=row.app_enabled,
        seen=None if edits else _NOBODY if row.subscriber_id is None else Seen(row.subscriber_id, row.revision),
    )


def _conflict(row: CheckedRow, outcome: Outcome) -> Finding:
    """Why a row that was good in the preview could not be registered."""
    problem_field = outcome.problem.field[-1] if outcome.problem and outcome.problem.field else ""
    column, code = _CONFLICTS.get(problem_field, (None, FindingCode.CONFLICT))
    return Finding(row.number, column, "", code, "", {})
