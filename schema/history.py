"""What calls and messages share: the filter's fields, and who was on either side (ST-02, MS-01)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import cast
from uuid import UUID

import strawberry

from bizcall import customers, departments, masking, phones
from bizcall.audit.views import CUSTOMER_NUMBERS
from bizcall.calls import CallRow
from bizcall.history.filters import Direction, HistoryFilter
from bizcall.messages import MessageRow
from bizcall.models.calls import NOBODY
from bizcall.subscribers import listing
from schema.context import Info
from schema.customers import Customer, shown
from schema.departments import Department
from schema.enums import described
from schema.node import decode
from schema.personal import personal
from schema.scalars import PhoneNumber
from schema.subscribers import Line, Subscriber

FactRow = CallRow | MessageRow


class Weekday(IntEnum):
    """ISO's numbers."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


described(Weekday, "A day of the week in Korea.", {day: f"{day.name.capitalize()}." for day in Weekday})
described(
    Direction,
    "Which way, as seen from the company.",
    {
        Direction.ALL: "Both ways.",
        Direction.OUTGOING: "What the company called or sent, failed attempts included.",
        Direction.INCOMING: "What called or reached the company, missed calls included.",
    },
)


def freshness(what: str) -> str:
    """The description of `asOf` wherever it is told of `what`."""
    return (
        f"How fresh the data of {what} is: when the newest file with anything new in it came. It doesn't say that all "
        "up to then is here. Null when none ever came."
    )


@strawberry.input(description="A span of hours of the day in Korea.")
class HoursInput:
    """Over midnight where it ends before it begins."""

    start: int = strawberry.field(name="from", description="The first hour, 0–24.")
    end: int = strawberry.field(
        name="to", description="The hour that is no longer inside, 0–24; smaller than `from` for a span over midnight."
    )


@strawberry.input(
    description="Which calls or messages; fields that are left out let all through, empty lists nothing. "
    "Lists, statistics and Excel take the same one."
)
class HistoryFilterInput:
    """A `bizcall.history.filters.HistoryFilter`."""

    from_on: date = strawberry.field(description="The first day.")
    to_on: date = strawberry.field(
        description="The last day; at most three months behind `fromOn`, as 15 March to 14 June. More is refused."
    )
    weekdays: list[Weekday] | None = strawberry.field(
        default=None,
        description="On these days of the week; at most 7. What lies past midnight counts for its own day.",
    )
    hours: HoursInput | None = strawberry.field(default=None, description="In these hours of the day.")
    direction: Direction = strawberry.field(default=Direction.ALL, description="Which way.")
    department_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these departments at the time; at most 500."
    )
    no_department: bool = strawberry.field(
        default=False, description="Also, or with `departmentIds` left out only, what was of no department."
    )
    line_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="On one of these lines; at most 500."
    )
    subscriber_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these subscribers, who held the line at the time; at most 500."
    )
    no_subscriber: bool = strawberry.field(
        default=False, description="Also, or with `subscriberIds` left out only, what lay on a line that nobody held."
    )
    customer_number: PhoneNumber | None = strawberry.field(
        default=None, description="With exactly this number on the other side, in any spelling."
    )
    customer_tail: str | None = strawberry.field(
        default=None, description="With a number on the other side that ends in these 4–8 digits."
    )
    customer_name: str | None = strawberry.field(
        default=None,
        description="With a customer on the other side whose name begins so, 2–100 characters; capitals count.",
    )

    def to_filter(self) -> HistoryFilter:
        """For `bizcall`, which checks it."""
        return HistoryFilter(
            from_on=self.from_on,
            to_on=self.to_on,
            weekdays=None if self.weekdays is None else frozenset(int(day) for day in self.weekdays),
            hours=None if self.hours is None else (self.hours.start, self.hours.end),
            direction=self.direction,
            department_ids=_keys(self.department_ids, "Department", self.no_department),
            line_ids=_keys(self.line_ids, "Line"),
            subscriber_ids=_keys(self.subscriber_ids, "Subscriber", self.no_subscriber),
            customer_number=self.customer_number,
            customer_tail=self.customer_tail,
            customer_name=self.customer_name,
        )


def _keys(ids: Sequence[str] | None, type_name: str, nobody: bool = False) -> tuple[UUID, ...] | None:
    """The keys in ids of that type. Texts that are none find nothing: unlike the nil key, which stands for nobody."""
    if ids is None and not nobody:
        return None
    found = [known[1] for opaque in ids or () if (known := decode(opaque)) and known[0] == type_name]
    return (*(key for key in found if key != NOBODY), *((NOBODY,) if nobody else ()))


@strawberry.type
class Fact:
    """What `Call` and `Message` inherit: both sides of a `CallRow` or `MessageRow`."""

    @strawberry.field(description="The line's number, digits only, also of a line that the company no longer has.")
    async def line_number(self, info: Info, parent: strawberry.Parent[FactRow]) -> PhoneNumber:
        """One statement for all lines of an answer."""
        return PhoneNumber(await info.context.load(listing.numbers_ever, parent.line_id) or "")

    @strawberry.field(description="The line; null when the company no longer has it.")
    async def line(self, info: Info, parent: strawberry.Parent[FactRow]) -> Line | None:
        """One statement for all lines of an answer."""
        return cast("Line | None", await info.context.load(listing.lines_by_ids, parent.line_id))

    @strawberry.field(description="Who held the line at the time; null when nobody did.")
    async def subscriber(self, info: Info, parent: strawberry.Parent[FactRow]) -> Subscriber | None:
        """One statement for all subscribers of an answer."""
        if parent.subscriber_id == NOBODY:
            return None
        return cast("Subscriber | None", await info.context.load(listing.by_ids, parent.subscriber_id))

    @strawberry.field(description="The subscriber's department at the time; null for none.")
    async def department(self, info: Info, parent: strawberry.Parent[FactRow]) -> Department | None:
        """One statement for all departments of an answer."""
        if parent.department_id == NOBODY:
            return None
        return cast("Department | None", await info.context.load(departments.by_ids, parent.department_id))

    @personal(
        CUSTOMER_NUMBERS,
        noted=False,
        description="The number on the other side, digits only, or what was told instead of a number; "
        "null when nothing was told, and while the company masks customers.",
    )
    async def customer_number(self, info: Info, parent: strawberry.Parent[FactRow]) -> PhoneNumber | None:
        """By the company's policy."""
        if not await shown(info, CUSTOMER_NUMBERS, parent.line_id):
            return None
        return PhoneNumber(parent.customer_number) or None

    @personal(
        CUSTOMER_NUMBERS,
        noted=False,
        description="The same for people, with hyphens; masked (010-****-1234) while the company masks customers. "
        "Empty when nothing was told.",
    )
    async def customer_number_formatted(self, info: Info, parent: strawberry.Parent[FactRow]) -> str:
        """By the company's policy."""
        if await shown(info, CUSTOMER_NUMBERS, parent.line_id):
            return phones.formatted(parent.customer_number)
        return masking.number(parent.customer_number)

    @strawberry.field(description="The customer of that number; null when no address book knows it.")
    async def customer(self, info: Info, parent: strawberry.Parent[FactRow]) -> Customer | None:
        """One statement for all customers of an answer."""
        if not parent.customer_number:
            return None
        return cast("Customer | None", await info.context.load(customers.by_numbers, parent.customer_number))
