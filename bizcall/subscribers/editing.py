"""What an administrator does on the subscribers screen: save rows, one or many, and free a line (IN-01 … IN-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from bizcall import audit, idempotency
from bizcall.audit import Actor
from bizcall.database import tenant
from bizcall.errors import ErrorCode, Invalid, Problem
from bizcall.models import LineRow, Subscriber
from bizcall.models.companies import OnError
from bizcall.ports import Clock, now
from bizcall.subscribers import rules, saving
from bizcall.subscribers.changes import Changes
from bizcall.subscribers.entries import Entry, Kind, Outcome, Seen

ROWS_MOST = 500


class Fields(TypedDict, total=False):
    """What a row says about the person, as typed; an absent key keeps the holder's value, or is empty or off."""

    name: str | None
    department_id: UUID | None
    position: str | None
    mobile: str | None
    email: str | None
    rid_enabled: bool
    app_enabled: bool


@dataclass(frozen=True)
class Draft:
    """A row of the screen. `subscriber_id`, `revision` and `seen` are those of `Entry`."""

    line_id: UUID
    fields: Fields = field(default_factory=lambda: Fields())
    subscriber_id: UUID | None = None
    revision: int | None = None
    seen: Seen | None = None


@dataclass(frozen=True)
class Saved:
    """An outcome for each row, in their order, and the problems of the refused, with paths like (rows, 3, email)."""

    outcomes: list[Outcome]
    problems: list[Problem]


async def save(
    company_id: UUID,
    actor: Actor,
    rows: Sequence[Draft],
    *,
    on_error: OnError = OnError.REJECT_ALL,
    idempotency_key: str | None = None,
    clock: Clock = now,
) -> Saved:
    """Save 1 to 500 rows in one transaction.

    With REJECT_ALL raises Invalid with every problem of every row, and nothing is changed; with SKIP_BAD_ROWS the
    good rows are saved (IN-04). A key that came before with the same rows gets the answer of that time.
    """
    if not rows:
        raise Invalid(Problem(ErrorCode.REQUIRED, ("rows",)))
    if len(rows) > ROWS_MOST:
        raise Invalid(Problem(ErrorCode.TOO_MANY, ("rows",), {"maximum": str(ROWS_MOST)}))

    async def work() -> idempotency.Answer:
        saved = await save_rows(company_id, actor, rows, on_error=on_error, at=clock())
        if saved.problems and on_error is OnError.REJECT_ALL:
            raise Invalid(*saved.problems)
        return asdict(saved)

    async with tenant(company_id):
        given = {"rows": rows, "onError": on_error}
        return _restored(
            await idempotency.once(company_id, "subscribersSave", idempotency_key, given, work, clock=clock)
        )


async def save_rows(company_id: UUID, actor: Actor, rows: Sequence[Draft], *, on_error: OnError, at: datetime) -> Saved:
    """`save` inside the caller's transaction, which must not be committed when REJECT_ALL meets problems."""
    lines = {row.id: row for row in await LineRow.filter(company_id=company_id, id__in=[row.line_id for row in rows])}
    outcomes: dict[int, Outcome] = {}
    problems: dict[int, Sequence[Problem]] = {}
    entries: dict[int, Entry] = {}
    for index, row in enumerate(rows):
        entry = _entry(row, lines.get(row.line_id))
        if isinstance(entry, Entry):
            entries[index] = entry
        else:
            problems[index] = entry
            outcomes[index] = Outcome(None, Kind.REFUSED, entry[0])
    applied = await saving.apply(company_id, list(entries.values()), at=at, on_error=on_error)
    for index, outcome in zip(entries, applied, strict=True):
        outcomes[index] = outcome
        if outcome.problem is not None:
            problems[index] = (outcome.problem,)
    results = [outcomes[index] for index in range(len(rows))]
    if not problems or on_error is OnError.SKIP_BAD_ROWS:
        await _record(company_id, actor, results, at)
    return Saved(
        results,
        [
            Problem(problem.code, ("rows", str(index), *problem.field), problem.params)
            for index in sorted(problems)
            for problem in problems[index]
        ],
    )


async def remove(
    company_id: UUID, actor: Actor, subscriber_id: UUID, *, revision: int, clock: Clock = now
) -> Subscriber:
    """End a holding and free its line (IN-03); returns it as it ended.

    Raises Invalid: NOT_FOUND at `id`, CONFLICT at `revision` where it was changed or has ended meanwhile.
    """
    async with tenant(company_id):
        found = await Subscriber.filter(company_id=company_id, id=subscriber_id).first()
        if found is None:
            raise Invalid(Problem(ErrorCode.NOT_FOUND, ("id",)))
        lines = await saving.lock_lines(company_id, [found.line_id])
        holder = (await saving.holders(company_id, lines)).get(found.line_id)
        if holder is None or holder.id != subscriber_id or holder.revision != revision:
            raise Invalid(Problem(ErrorCode.CONFLICT, ("revision",)))
        at = clock()
        changes = Changes(at)
        changes.end(holder)
        await changes.write(company_id)
        await audit.record(
            company_id, actor, "subscribers.remove", [subscriber_id], kind="Subscriber", clock=lambda: at
        )
        return await Subscriber.get(company_id=company_id, id=subscriber_id)


def _entry(draft: Draft, line: LineRow | None) -> Entry | rules.Problems:
    """The draft over the values that stand, cleaned."""
    if line is None:
        return (Problem(ErrorCode.NOT_FOUND, ("lineId",)),)
    edits = draft.subscriber_id is not None and draft.subscriber_id == line.subscriber_id
    if edits and draft.revision != line.revision:
        # Absent fields would be taken from another revision than the author saw.
        return (Problem(ErrorCode.CONFLICT, ("revision",)),)
    fields: dict[str, Any] = {name: getattr(line, name) for name in Fields.__annotations__} if edits else {}
    fields |= draft.fields
    person = rules.clean(
        name=fields.get("name"),
        position=fields.get("position"),
        mobile=fields.get("mobile"),
        email=fields.get("email"),
        rid_enabled=fields.get("rid_enabled", False),
        app_enabled=fields.get("app_enabled", False),
        rid=line.rid,
    )
    if not isinstance(person, rules.Person):
        return person
    return Entry(
        line_id=draft.line_id,
        subscriber_id=draft.subscriber_id,
        revision=draft.revision,
        department_id=fields.get("department_id"),
        name=person.name,
        position=person.position,
        mobile=person.mobile,
        email=person.email,
        rid_enabled=person.rid_enabled,
        app_enabled=person.app_enabled,
        seen=draft.seen,
    )


async def _record(company_id: UUID, actor: Actor, outcomes: Sequence[Outcome], at: datetime) -> None:
    changed = [
        outcome for outcome in outcomes if outcome.subscriber_id is not None and outcome.kind is not Kind.UNCHANGED
    ]
    if not changed:
        return
    subjects = [outcome.subscriber_id for outcome in changed if outcome.subscriber_id is not None]
    subjects += [outcome.ended_id for outcome in changed if outcome.ended_id is not None]
    counts = {kind.lower(): sum(outcome.kind is kind for outcome in changed) for kind in Kind}
    await audit.record(
        company_id,
        actor,
        "subscribers.save",
        subjects,
        {name: count for name, count in counts.items() if count},
        kind="Subscriber",
        clock=lambda: at,
    )


def _restored(answer: idempotency.Answer) -> Saved:
    """A `Saved` from its fields, as they are or as JSON keeps them."""

    def key(value: UUID | str | None) -> UUID | None:
        return None if value is None else UUID(str(value))

    def problem(value: dict[str, Any]) -> Problem:
        return Problem(ErrorCode(value["code"]), tuple(value["field"]), value["params"])

    return Saved(
        [
            Outcome(
                key(outcome["subscriber_id"]),
                Kind(outcome["kind"]),
                None if outcome["problem"] is None else problem(outcome["problem"]),
                key(outcome["ended_id"]),
            )
            for outcome in answer["outcomes"]
        ],
        [problem(each) for each in answer["problems"]],
    )
