"""The rule that every test's statements are held against (tests/conftest.py)."""

from __future__ import annotations

from tests.statements import forgets_company


def test_a_statement_that_forgets_its_company_is_found() -> None:
    assert forgets_company('SELECT "name" FROM "department" WHERE "id" = $1')
    assert forgets_company("UPDATE subscriber SET name = $1 WHERE id = $2")
    assert not forgets_company('SELECT "name" FROM "department" WHERE "company_id" = $1 AND "id" = $2')
    assert not forgets_company("SELECT name FROM company WHERE id = $1")
    assert not forgets_company("SELECT 1")
