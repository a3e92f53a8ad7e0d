"""Read after everything else (tests/conftest.py moves it last): every statement the suite has sent."""

from __future__ import annotations

import pytest

from tests.statements import ON_PURPOSE, SENT, forgets_company


@pytest.mark.last
def test_every_statement_on_a_tenants_table_names_the_company() -> None:
    """The first wall (docs/decisions/0004): row-level security alone neither prunes partitions nor reads well."""
    forgetful = {sql for sql in SENT if ON_PURPOSE not in sql and forgets_company(sql)}

    assert not forgetful


def test_the_rule_bites() -> None:
    assert forgets_company('SELECT "name" FROM "department" WHERE "id" = $1')
    assert forgets_company("UPDATE subscriber SET name = $1 WHERE id = $2")
    assert not forgets_company('SELECT "name" FROM "department" WHERE "company_id" = $1 AND "id" = $2')
    assert not forgets_company("SELECT name FROM company WHERE id = $1")
    assert not forgets_company("SELECT 1")
