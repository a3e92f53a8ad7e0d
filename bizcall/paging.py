"""Pages of lists: keyset paging, so that walking a list while rows arrive neither repeats nor skips.

A feature writes a `Listing`: the query (which names company_id itself) and an `Order` of columns that are never null
and end in the key. `Listing.page()` and `Listing.count()` do the rest; the GraphQL side is `schema/connections.py`.

Own code, because the libraries at hand page by offset or compare columns one by one ("a > x OR a = x AND b > y"),
which no index serves; a row comparison ("(a, b) > (x, y)") is one index range.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import orjson
from pypika_tortoise.terms import Tuple
from tortoise.connection import get_connection
from tortoise.exceptions import ValidationError
from tortoise.expressions import Q, ResolveContext
from tortoise.fields.base import Field
from tortoise.models import Model
from tortoise.query_utils import QueryModifier
from tortoise.queryset import QuerySet

from bizcall.database import query
from bizcall.errors import ErrorCode, Invalid, Problem

PAGE_MOST = 100
COUNT_MOST = 10_000
CURSOR_LONGEST = 1_000
CURSOR_VERSION = 1

R = TypeVar("R", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True)
class Order:
    """A total order: columns that are never null, the key last, all in one direction.

    `name` tells the cursors of one list and order from those of another; it may not change between releases, or
    clients in the middle of a list get an error once.

    Anybody can read a cursor and make one up. Where the columns are not for everybody's eyes, cursors hold those of
    `named_by` instead: what tells that the row was changed, such as when it last was, then its key. A row that has
    changed since, and so may stand elsewhere, is no place to go on from.
    """

    name: str
    columns: tuple[str, ...]
    descending: bool = False
    named_by: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The columns whose values stand in cursors."""
        return self.named_by or self.columns


@dataclass(frozen=True)
class Slice:
    """Which page: `first` rows (1–100) behind the cursor `after`, or the `last` ones ahead of `before`."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def checked(self) -> Slice:
        """Itself; raises Invalid naming the argument that is missing, out of bounds or doesn't go with the others."""
        if self.first is None and self.last is None:
            raise Invalid(Problem(ErrorCode.REQUIRED, ("first",)))
        if self.first is not None and self.last is not None:
            raise Invalid(Problem(ErrorCode.CONFLICT, ("last",), {"other": "first"}))
        if self.after is not None and self.first is None:
            raise Invalid(Problem(ErrorCode.CONFLICT, ("after",), {"other": "last"}))
        if self.before is not None and self.last is None:
            raise Invalid(Problem(ErrorCode.CONFLICT, ("before",), {"other": "first"}))
        if not 1 <= self.size <= PAGE_MOST:
            name = "first" if self.first is not None else "last"
            raise Invalid(Problem(ErrorCode.OUT_OF_RANGE, (name,), {"minimum": "1", "maximum": str(PAGE_MOST)}))
        return self

    @property
    def size(self) -> int:
        """How many rows at most."""
        return (self.first if self.first is not None else self.last) or 0


class Precision(StrEnum):
    """How a count is meant."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


@dataclass(frozen=True)
class Count:
    """How many rows a list has; past 10,000, or past what is read for it, counting stops and `precision` says so."""

    value: int
    precision: Precision


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some consecutive rows of a list, in its order whichever way they were asked for, with a cursor for each.

    `stopped` is the place where the reading ended before the page was full, at its end or, read backward, at its start.
    """

    rows: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    backward: bool = False
    stopped: str | None = None

    @property
    def start_cursor(self) -> str | None:
        """From where to go on backward; None where there is nothing."""
        return (self.stopped if self.backward else None) or (self.cursors[0] if self.cursors else None)

    @property
    def end_cursor(self) -> str | None:
        """From where to go on forward; None where there is nothing."""
        return (None if self.backward else self.stopped) or (self.cursors[-1] if self.cursors else None)


class Pages(Protocol[T]):
    """A list that a connection shows: a `Listing`, or what answers like one by statements of its own."""

    async def page(self, part: Slice) -> Page[T]:
        """One page; raises Invalid for a bad `part`."""

    async def count(self) -> Count:
        """How many rows the whole list has, counted no further than 10,000; needs an open transaction."""


@dataclass(frozen=True)
class Cut:
    """A page as the database is asked for it: `size` + 1 rows, in the order `down` or up, beyond `values` if given.

    `values` are the cursor's, of the order's `told` columns.
    """

    order: Order
    size: int
    backward: bool
    values: list[Any] | None

    @classmethod
    def of(cls, order: Order, part: Slice, model: type[Model]) -> Cut:
        """From what the client asks; raises Invalid for a bad `part`. `model` knows the types of the columns."""
        part = part.checked()
        backward, cursor = part.first is None, part.after if part.last is None else part.before
        values = None if cursor is None else decode(order, cursor, model, backward=backward)
        return cls(order, part.size, backward, values)

    @property
    def down(self) -> bool:
        """Whether the database reads from large to small."""
        return self.order.descending ^ self.backward

    @property
    def lost(self) -> Invalid:
        """What to raise where the row that a cursor only names isn't there as it was."""
        return _bad_cursor(self.backward)

    def page(self, found: Sequence[T], stopped: Sequence[Any] | None = None) -> Page[T]:
        """The page, of the rows that were found in the order asked for.

        Forward, `has_previous` says that a cursor was given, and backward likewise `has_next`: the row of that
        cursor stood on that side when the cursor was handed out. `stopped` are the order's values of the place at
        which the search for rows was given up, if it was.
        """
        full, rows = len(found) > self.size, list(found[: self.size])
        more = full or stopped is not None
        if self.backward:
            rows.reverse()
        given = self.values is not None
        return Page(
            rows=rows,
            cursors=[encode(self.order, [getattr(row, column) for column in self.order.told]) for row in rows],
            has_next=given if self.backward else more,
            has_previous=more if self.backward else given,
            backward=self.backward,
            stopped=encode(self.order, stopped) if stopped is not None and not full else None,
        )


@dataclass(frozen=True)
class Listing(Generic[R]):
    """A list: its rows (the caller's query filters by company_id) and its order.

    A row that a cursor only names is looked for among `places`, where it still is when the list's filter lets it
    through no more; left out, among the rows themselves.
    """

    rows: QuerySet[R]
    order: Order
    places: QuerySet[R] | None = None

    async def page(self, part: Slice) -> Page[R]:
        """One page, by one statement, and one for a cursor that only names its row; raises Invalid for a bad `part`."""
        cut = Cut.of(self.order, part, self.rows.model)
        # `Model.all()` binds a query to the pool where it is made, for operators before there is a transaction: it
        # would wait for a second connection, and a function has only one.
        rows = self.rows.using_db(get_connection("default"))
        if cut.values is not None:
            place = await self._place(cut, cut.values) if self.order.named_by else cut.values
            rows = rows.filter(Beyond(self.order.columns, place, cut.down))
        rows = rows.order_by(*("-" * cut.down + column for column in self.order.columns)).limit(cut.size + 1)
        return cut.page(await rows)

    async def _place(self, cut: Cut, named: Sequence[Any]) -> Sequence[Any]:
        """Where the row stands that a cursor names; raises Invalid for one that isn't there as it was."""
        among = (self.rows if self.places is None else self.places).using_db(get_connection("default"))
        wanted = dict(zip(self.order.named_by, named, strict=True))
        found: list[tuple[Any, ...]] = await among.filter(**wanted).values_list(*self.order.columns)
        if not found:
            raise cut.lost
        return found[0]

    async def count(self) -> Count:
        """How many rows the whole list has, counted no further than 10,000; needs an open transaction."""
        ids = self.rows.order_by().limit(COUNT_MOST + 1).values_list(self.order.columns[-1])
        ids._make_query()
        sql, parameters = ids.query.get_parameterized_sql()
        # The text in braces is Tortoise's, with its values apart.
        (found,) = await query(f"SELECT count(*) AS n FROM ({sql}) counted", *parameters)  # noqa: S608
        if found["n"] > COUNT_MOST:
            return Count(COUNT_MOST, Precision.AT_LEAST)
        return Count(found["n"], Precision.EXACT)


class Beyond(Q):
    """(a, b, …) > (x, y, …), or < when descending: a row comparison, which an index on (a, b, …) serves."""

    __slots__ = ("columns", "descending", "values")

    def __init__(self, columns: Sequence[str], values: Sequence[Any], descending: bool) -> None:
        super().__init__()
        self.columns, self.values, self.descending = columns, values, descending

    def __bool__(self) -> bool:
        return True

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        """The comparison as Tortoise wants it."""
        model, table = resolve_context.model, resolve_context.table
        fields = model._meta.fields_map
        ours = Tuple(*(table[fields[column].source_field or column] for column in self.columns))
        theirs = Tuple(*self.values)
        return QueryModifier(where_criterion=ours < theirs if self.descending else ours > theirs)


def encode(order: Order, values: Sequence[Any]) -> str:
    """An opaque cursor for the row which has these values in the order's `told` columns."""
    packed = [CURSOR_VERSION, _mark(order), *(_pack(value) for value in values)]
    return base64.urlsafe_b64encode(orjson.dumps(packed)).decode().rstrip("=")


def decode(order: Order, cursor: str, model: type[Model], *, backward: bool) -> list[Any]:
    """The values in a cursor of this order, as the database takes them; raises Invalid for any other."""
    refusal = _bad_cursor(backward)
    if len(cursor) > CURSOR_LONGEST or not cursor.isascii():
        raise refusal
    try:
        unpacked = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise refusal from None
    if not isinstance(unpacked, list) or unpacked[:2] != [CURSOR_VERSION, _mark(order)]:
        raise refusal
    if len(unpacked) != len(order.told) + 2:
        raise refusal
    values = []
    for column, value in zip(order.told, unpacked[2:], strict=True):
        try:
            field = model._meta.fields_map[column]
            values.append(field.to_db_value(_within(_unpack(value, field.field_type), field), model))
        except (TypeError, ValueError, OverflowError, ValidationError):
            raise refusal from None
    return values


def _bad_cursor(backward: bool) -> Invalid:
    return Invalid(Problem(ErrorCode.BAD_CURSOR, ("before" if backward else "after",)))


def _mark(order: Order) -> str:
    """Six bytes that differ from order to order and say nothing about it."""
    direction = "-" if order.descending else "+"
    named = f"{order.name} {direction} {' '.join((*order.columns, *order.named_by))}"
    return hashlib.blake2b(named.encode(), digest_size=6).hexdigest()


def _pack(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, date):
        return value.isoformat()
    return value


def _within(value: Any, field: Field[Any]) -> Any:
    """A value that the column has room for; raises ValueError for another, which the driver would refuse."""
    least, most = field.constraints.get("ge"), field.constraints.get("le")
    if isinstance(value, int) and least is not None and most is not None and not least <= value <= most:
        raise ValueError("no number of that column")
    return value


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without offset")
    # In UTC the first and the last year may have no such moment: OverflowError here, not in the driver.
    return found.astimezone(UTC)


def _unpack(value: Any, kind: type) -> Any:
    """The value as the column's Python type; raises TypeError or ValueError when it can't be one."""
    if kind in (UUID, datetime, date) and isinstance(value, str):
        return UUID(hex=value) if kind is UUID else _moment(value) if kind is datetime else date.fromisoformat(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    # orjson refuses lone surrogates; NUL is the other character that PostgreSQL has no place for.
    if issubclass(kind, str) and isinstance(value, str) and "\0" not in value:
        return value
    raise TypeError("not a value of that column")
