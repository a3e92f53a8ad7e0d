"""Models and catalogue agree: the SQL of the migrations is the truth, and Tortoise's description of it is checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from tortoise.fields import Field

from bizcall.models.base import DirectoryRow, Row
from local.postgres import Postgres
from tests.bizcall.catalogue import DIRECTORY, as_owner

WITHOUT_MODEL = {
    "audit_chain",
    "audit_seal",
    "call_department_day",
    "call_department_hour",
    "call_hour",
    "call_line_day",
    "call_line_month",
    "correction",
    "delivery_directory",
    "erased_customer",
    "export_deadline",
    "feed_reject",
    "former_password",
    "gateway",
    "idempotency_key",
    "import_deadline",
    "inbox",
    "message_department_day",
    "message_department_hour",
    "message_failure",
    "message_hour",
    "message_line_day",
    "message_line_month",
    "migration",
    "number_freed",
    "provisioning_fact",
    "provisioning_subscription",
    "sign_in_attempt",
    "throttle",
}
"""Tables that are read and written by SQL alone."""

COLUMNS = """
SELECT c.table_name::text AS "table", c.column_name::text AS name, c.udt_name::text AS type,
       c.character_maximum_length AS length, c.is_nullable = 'YES' AS nullable, t.table_type = 'VIEW' AS is_view
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public'
"""
TYPES = {
    "UUID": "uuid",
    "TEXT": "text",
    "INT": "int4",
    "SMALLINT": "int2",
    "BIGINT": "int8",
    "BOOL": "bool",
    "TIMESTAMPTZ": "timestamptz",
    "JSONB": "jsonb",
    "BYTEA": "bytea",
    "DATE": "date",
    "UUID[]": "_uuid",
    "TEXT[]": "_text",
}
_VARCHAR = re.compile(r"VARCHAR\((\d+)\)")


def models(root: type[Row] = Row) -> Iterator[type[Row]]:
    """Every mapped table and view."""
    for child in root.__subclasses__():
        if not child._meta.abstract and child.__module__.startswith("bizcall."):
            yield child
        yield from models(child)


@pytest.fixture
async def columns(db: None, postgres: Postgres) -> dict[str, dict[str, dict[str, Any]]]:
    """The catalogue's columns by table and name."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in await as_owner(postgres, COLUMNS):
        found.setdefault(row["table"], {})[row["name"]] = row
    return found


def expected(field: Field[Any], column: dict[str, Any]) -> tuple[str, bool]:
    """Type and nullability that a model's field stands for.

    Views have no NOT NULL. Enums, and keys that Tortoise wants as varchar, may be text with a CHECK.
    """
    nullable = column["is_view"] or field.null
    declared = field.get_for_dialect("postgres", "SQL_TYPE") or field.SQL_TYPE
    if varchar := _VARCHAR.fullmatch(declared):
        if (field.pk or hasattr(field, "enum_type")) and column["type"] == "text":
            return "text", nullable
        return f"varchar({varchar[1]})", nullable
    return TYPES[declared], nullable


def actual(column: dict[str, Any]) -> tuple[str, bool]:
    """The same as the catalogue has it."""
    length = f"({column['length']})" if column["length"] is not None else ""
    return f"{column['type']}{length}", column["nullable"]


async def test_models_and_catalogue_have_the_same_columns(columns: dict[str, dict[str, dict[str, Any]]]) -> None:
    described = {model._meta.db_table: model for model in models()}
    assert described.keys() == columns.keys() - WITHOUT_MODEL
    for table, model in described.items():
        fields = {field.source_field or name: field for name, field in model._meta.fields_map.items()}
        assert fields.keys() == columns[table].keys(), table
        for name, field in fields.items():
            column = columns[table][name]
            assert actual(column) == expected(field, column), f"{table}.{name}"


async def test_every_member_of_an_enum_passes_its_columns_check(
    columns: dict[str, dict[str, dict[str, Any]]], postgres: Postgres
) -> None:
    checks = await as_owner(
        postgres,
        "SELECT conrelid::regclass::text AS tbl, pg_get_constraintdef(oid) AS body FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
    )
    seen = 0
    for model in models():
        for name, field in model._meta.fields_map.items():
            enum = getattr(field, "enum_type", None)
            if not (isinstance(enum, type) and issubclass(enum, Enum)):
                continue
            allowed = [
                set(re.findall(r"'(\w+)'", check["body"]))
                for check in checks
                if check["tbl"] == model._meta.db_table and re.search(rf"\(+{name} = ", check["body"])
            ]
            assert {str(member.value) for member in enum} in allowed, f"{model._meta.db_table}.{name}"
            seen += 1
    assert seen > 1


async def test_the_tables_outside_companies_are_those_that_are_listed(db: None, postgres: Postgres) -> None:
    assert {model._meta.db_table for model in models(DirectoryRow)} == DIRECTORY - WITHOUT_MODEL
    outside = await as_owner(
        postgres,
        "SELECT relname::text AS name FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity",
    )
    assert {row["name"] for row in outside} == DIRECTORY - {"account_row"} | {"migration", "throttle"}
