"""The rows of an import and what was found in their cells (BK-02, BK-03)."""

from __future__ import annotations

from typing import cast

import strawberry

from bizcall import departments, phones
from bizcall.audit.views import IMPORT_FINDINGS, IMPORT_ROWS
from bizcall.imports import findings
from bizcall.models import ImportFinding as FindingModel
from bizcall.models import ImportRow as RowModel
from bizcall.subscribers import listing as subscribers
from schema.context import Info
from schema.departments import Department
from schema.errors import ErrorParam
from schema.imports.enums import Action, Column, FindingCode, Severity
from schema.messages import Language
from schema.personal import personal
from schema.scalars import EmailAddress, PhoneNumber
from schema.subscribers import Line, Subscriber


@strawberry.type(description="What was found in one cell of the sheet, or in a row as a whole.")
class ImportFinding:
    """A `bizcall.models.ImportFinding`."""

    cell: str = strawberry.field(description="The cell as Excel names it, for example C7; empty for a whole row.")
    severity: Severity = strawberry.field(description="What it means for the row.")

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, FindingModel)

    @strawberry.field(description="The row's number in the sheet.")
    def row_number(self, parent: strawberry.Parent[FindingModel]) -> int:
        """Excel's."""
        return parent.number

    @strawberry.field(description="The column; null for a row as a whole.")
    def column(self, parent: strawberry.Parent[FindingModel]) -> Column | None:
        """Of the form, wherever the sheet has it."""
        return Column(parent.column_name) if parent.column_name else None

    @strawberry.field(description="What was found; switch on this.")
    def code(self, parent: strawberry.Parent[FindingModel]) -> FindingCode:
        """Stable."""
        return FindingCode(parent.code)

    @personal(IMPORT_FINDINGS, description="What stood in the cell, at most 200 characters.")
    def original_value(self, parent: strawberry.Parent[FindingModel]) -> str:
        """As the file has it."""
        return parent.original

    @personal(
        IMPORT_FINDINGS,
        description="For people: Korean, or English when Accept-Language asks for it. Its wording is no contract.",
    )
    def message(self, info: Info, parent: strawberry.Parent[FindingModel]) -> str:
        """Made from the code."""
        return findings.sentence(parent.code, parent.params, english=info.context.language is Language.EN)

    @personal(IMPORT_FINDINGS, description="The values that the message names, at most 10.")
    def params(self, parent: strawberry.Parent[FindingModel]) -> list[ErrorParam]:
        """By name."""
        return [ErrorParam(name=name, value=value) for name, value in parent.params.items()]


@strawberry.type(description="A row of the sheet as it would be registered, and what became of it.")
class ImportRow:
    """A `bizcall.models.ImportRow`."""

    action: Action = strawberry.field(description="What the row would do, by the preview.")
    outcome: Action | None = strawberry.field(description="What the row did; null where nothing was registered.")
    name: str = personal(IMPORT_ROWS, description="The name; may be empty on a refused row.")
    position: str = strawberry.field(description="The position; empty on a refused row.")
    mobile: PhoneNumber | None = personal(IMPORT_ROWS, description="The mobile number; null on a refused row.")
    email: EmailAddress | None = personal(IMPORT_ROWS, description="The e-mail address; null on a refused row.")
    rid_enabled: bool = strawberry.field(description="Whether calls would present the line's RID.")
    app_enabled: bool = strawberry.field(description="Whether the person might use the phone app.")

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Rows are the GraphQL objects."""
        return isinstance(row, RowModel)

    @strawberry.field(description="The row's number in the sheet.")
    def row_number(self, parent: strawberry.Parent[RowModel]) -> int:
        """Excel's."""
        return parent.number

    @strawberry.field(description="The company number in the row, digits only; null when it could not be read.")
    def number(self, parent: strawberry.Parent[RowModel]) -> PhoneNumber | None:
        """Also of a number that isn't the company's."""
        return cast("PhoneNumber | None", parent.line_number)

    @strawberry.field(description="The company number with hyphens.")
    def number_formatted(self, parent: strawberry.Parent[RowModel]) -> str | None:
        """For people."""
        return parent.line_number and phones.formatted(parent.line_number)

    @strawberry.field(description="The line; null on a refused row.")
    async def line(self, info: Info, parent: strawberry.Parent[RowModel]) -> Line | None:
        """One statement for all rows of an answer."""
        if parent.line_id is None:
            return None
        return cast("Line | None", await info.context.load(subscribers.lines_by_ids, parent.line_id))

    @strawberry.field(description="The department; null for none, and on a refused row.")
    async def department(self, info: Info, parent: strawberry.Parent[RowModel]) -> Department | None:
        """One statement for all rows of an answer."""
        if parent.department_id is None:
            return None
        return cast("Department | None", await info.context.load(departments.by_ids, parent.department_id))

    @strawberry.field(description="Who held the line when the preview was made; null when it was free.")
    async def seen_holder(self, info: Info, parent: strawberry.Parent[RowModel]) -> Subscriber | None:
        """As that holding stands now."""
        if parent.subscriber_id is None:
            return None
        return cast("Subscriber | None", await info.context.load(subscribers.by_ids, parent.subscriber_id))

    @strawberry.field(description="The subscriber that the row became; null until then, and when it was refused.")
    async def became(self, info: Info, parent: strawberry.Parent[RowModel]) -> Subscriber | None:
        """As that holding stands now."""
        if parent.became_id is None:
            return None
        return cast("Subscriber | None", await info.context.load(subscribers.by_ids, parent.became_id))


@strawberry.input(description="Which rows of an import; fields that are left out let all through.")
class ImportRowFilter:
    """Of one import."""

    actions: list[Action] | None = strawberry.field(default=None, description="Actions, at most 5.")
    outcomes: list[Action] | None = strawberry.field(default=None, description="Outcomes, at most 5.")


@strawberry.input(description="Which findings of an import; fields that are left out let all through.")
class ImportFindingFilter:
    """Of one import."""

    severities: list[Severity] | None = strawberry.field(default=None, description="Severities, at most 3.")
