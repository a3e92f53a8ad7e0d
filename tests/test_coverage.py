"""Every statement of docs/product.md is tested, and docs/coverage.md says by what."""

from __future__ import annotations

from tests import coverage


def test_every_statement_has_a_test_that_names_it() -> None:
    by_test = coverage.tests()
    assert [statement.id for statement in coverage.statements() if not by_test[statement.id]] == []


def test_every_statement_that_the_manual_demands_has_an_operation() -> None:
    by_operation = coverage.operations()
    assert [
        statement.id for statement in coverage.statements() if statement.manual and not by_operation[statement.id]
    ] == []


def test_operations_name_statements_that_exist() -> None:
    assert set(coverage.operations()) <= {statement.id for statement in coverage.statements()}


def test_the_page_is_as_it_would_be_made_now() -> None:
    assert coverage.PAGE.read_text() == coverage.page(), "python -m tests.coverage"
