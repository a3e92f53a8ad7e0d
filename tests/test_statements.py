"""The rule that every test's statements are held against (tests/conftest.py)."""

from __future__ import annotations

import pytest

from tests.statements import TENANTS, forgets_company

pytestmark = pytest.mark.usefixtures("db")


def test_tables_and_views_of_companies_are_known() -> None:
    assert {"department", "call", "call_hour", "audit_seal", "idempotency_key", "line_row"} <= TENANTS
    assert not {"company", "credential", "outbox", "throttle"} & TENANTS


def test_a_statement_that_forgets_its_company_is_found() -> None:
    assert forgets_company('SELECT "name" FROM "department" WHERE "id" = $1')
    assert forgets_company('SELECT "company_id","id","name" FROM "department" WHERE "id"=$1')
    assert forgets_company("DELETE FROM department WHERE id = $1 RETURNING company_id, id")
    assert forgets_company("DELETE FROM ONLY public.department WHERE id = $1 -- company_id = $2")
    assert forgets_company("UPDATE subscriber SET name = $1 WHERE id = $2")
    assert not forgets_company('SELECT "name" FROM "department" WHERE "company_id" = $1 AND "id" = $2')
    assert not forgets_company("SELECT 1 FROM a JOIN department d ON d.company_id = a.company_id")
    assert not forgets_company("UPDATE department SET name = 'x' WHERE (company_id, id) IN (SELECT $1, $2)")
    assert not forgets_company("INSERT INTO department AS kept (company_id, id, name) VALUES ($1, $2, $3)")
    assert not forgets_company("SELECT name FROM company WHERE id = $1")
    assert not forgets_company("SELECT 1")
