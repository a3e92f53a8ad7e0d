"""The columns of a file of calls or messages, and the statement that its rows come from.

Names are joined by the server, so that no table of customers has to fit into the worker. Moments come as whole seconds,
since making Python's out of them costs more than the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from bizcall import masking, phones
from bizcall.exports.asking import KINDS, TYPES, Asked
from bizcall.history.filters import OUTGOING
from bizcall.models.exports import Kind
from bizcall.sheets.streaming import Moments, Numbers, Telephones, Texts
from bizcall.sheets.streaming.cells import Column
from bizcall.stats import sources


async def statement(company_id: UUID, asked: Asked, *, texts: bool) -> tuple[str, list[Any]]:
    """The SELECT of all rows, the latest first as in the list, and its parameters; in the open transaction."""
    facts = asked.facts
    where = await sources.narrowed(company_id, facts, asked.wanted, hurried=False)
    name, moment = facts.table, f"{facts.table}.{facts.moment}"
    further = [f"{name}.type", f"{name}.seconds"]
    if asked.kind is Kind.MESSAGES:
        text = f"{name}.text" if texts else "NULL::text"
        further = [f"{name}.direction", f"{name}.kind", f"char_length({name}.text)", text]
    columns = ", ".join(
        (
            f"extract(epoch FROM {moment})::bigint",
            "line.number",
            "subscriber.name",
            "department.name",
            f"{name}.customer_number",
            "customer.name",
            f"{name}.id",
            *further,
        )
    )
    joins = " ".join(
        f"LEFT JOIN {table} ON {table}.company_id = $1 AND {table}.{key} = {name}.{column}"
        for table, key, column in (
            ("line", "id", "line_id"),
            ("subscriber", "id", "subscriber_id"),
            ("department", "id", "department_id"),
            ("customer", "number", "customer_number"),
        )
    )
    sql = f"SELECT {columns} FROM {name} {joins} WHERE {where.sql} ORDER BY {moment} DESC, {name}.id DESC"  # noqa: S608 - constants
    return sql, where.parameters


def columns(kind: Kind, *, masked: bool, texts: bool) -> list[Column]:
    """The columns of the sheet over the values of `statement`."""
    number: Callable[[str], str] = masking.number if masked else phones.formatted
    name: Callable[[str], str] | None = masking.name if masked else None
    shared: list[Column] = [
        Texts("가입 전화번호", 1, show=phones.formatted),
        Texts("사용자", 2),
        Texts("부서", 3),
        Telephones("고객 번호", 4, show=number),
        Texts("고객명", 5, show=name),
    ]
    direction = Texts("구분", 7, 8, show=lambda kind: "발신" if kind in OUTGOING else "수신")
    key = Texts("기록 번호", 6, 22, repeated=False)
    if kind is Kind.CALLS:
        type_ = Texts("통화 유형", 7, show=TYPES.__getitem__)
        return [Moments("통화 일시", 0), direction, type_, *shared, Numbers("통화 시간(초)", 8, 14), key]
    sort = Texts("종류", 8, 8, show=KINDS.__getitem__)
    made = [Moments("메시지 일시", 0), direction, sort, *shared, Numbers("글자 수", 9, 10)]
    return [*made, Texts("내용", 10, 60, repeated=False), key] if texts else [*made, key]
