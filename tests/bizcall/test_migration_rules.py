"""What a migration may take away: nothing that the release before it may still use (D7).

Read are the statements' words, those inside functions and DO blocks too. Not seen is what only a person can judge: a
CHECK, a policy, a trigger or a unique index which refuses what the release before writes.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator

import pytest

from bizcall.migrate import FOLDER

RULED_FROM = "0029"
"""Those before are older than the rule. Until the changelog names a release, nothing may be taken."""

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
CONTRACT = re.compile(r"^-- contract: unused since (\S+)$", re.MULTILINE)
RELEASE = re.compile(r"^## \[?(\d[^\]\s]*)", re.MULTILINE)


def words(pattern: str) -> re.Pattern[str]:
    """Of SQL, in whatever case."""
    return re.compile(pattern, re.IGNORECASE)


TAKES = {
    "drops": words(r"\bDROP\s+(?:MATERIALIZED\s+)?(?:TABLE|COLUMN|VIEW|FUNCTION|SCHEMA|TYPE|SEQUENCE)\b"),
    # DROP without COLUMN drops a column too.
    "drops a column": words(
        r"\bALTER\s+TABLE\b[^;]*?\bDROP\s+(?!(?:COLUMN|CONSTRAINT|DEFAULT|NOT|EXPRESSION|IDENTITY)\b)\w"
    ),
    # Indexes and constraints have no name that code knows.
    "renames": words(r"\bALTER\s+(?!INDEX\b)\w+\b[^;]*?\bRENAME\s+(?!CONSTRAINT\b)"),
    "changes a type": words(r"\bALTER\s+(?:COLUMN\s+)?\"?\w+\"?\s+(?:SET\s+DATA\s+)?TYPE\b"),
    "takes rights": words(r"\bREVOKE\b[^;]*\bFROM\b[^;]*\bapp\b"),
}
SET_NOT_NULL = words(r"\bALTER\s+(?:COLUMN\s+)?(\w+)\s+SET\s+NOT\s+NULL\b")
ADDED = words(
    r"\bADD\s+(?!CONSTRAINT\b|CHECK\b|UNIQUE\b|PRIMARY\b|FOREIGN\b)(?:COLUMN\s+)?(?:IF\s+NOT\s+EXISTS\s+)?"
    r"(\w+)((?:[^,;()]|\([^()]*\))*)"
)
NOT_NULL, FILLED = words(r"\bNOT\s+NULL\b"), words(r"\b(?:DEFAULT|GENERATED)\b")


def taken(sql: str) -> Iterator[str]:
    """What the release before would miss, or could no longer write."""
    text = COMMENT.sub(" ", sql)
    yield from (what for what, pattern in TAKES.items() if pattern.search(text))
    for column in SET_NOT_NULL.findall(text):
        if not words(rf"\b(?:ADD|ALTER)\s+(?:COLUMN\s+)?{column}\b[^,;]*\bDEFAULT\b").search(text):
            yield f"asks for {column}"
    for column, rest in ADDED.findall(text):
        if NOT_NULL.search(rest) and not FILLED.search(rest):
            yield f"asks for {column}"


def faults(folder: pathlib.Path, changelog: str) -> Iterator[str]:
    """What the files from RULED_FROM on take without naming the release since which nobody uses it."""
    released = RELEASE.findall(changelog)
    for path in sorted(folder.glob("*.sql")):
        sql = path.read_text()
        unused = CONTRACT.search(sql)
        if path.name >= RULED_FROM and not (unused and unused[1] in released):
            yield from (f"{path.name} {what}" for what in taken(sql))


def test_D7_a_migration_takes_nothing_that_the_release_before_may_use() -> None:
    assert list(faults(FOLDER, (pathlib.Path(__file__).parents[2] / "CHANGELOG.md").read_text())) == []


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DROP TABLE notice", "drops"),
        ("drop view\n line_row", "drops"),
        ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'notice'); END $$", "drops"),
        ("ALTER TABLE line ADD COLUMN a int, DROP COLUMN rid", "drops"),
        ("ALTER TABLE line DROP rid", "drops a column"),
        ("ALTER TABLE line RENAME COLUMN rid TO route", "renames"),
        ("ALTER TABLE line RENAME rid TO route", "renames"),
        ("ALTER VIEW line_row RENAME TO lines", "renames"),
        ("ALTER TABLE line ALTER COLUMN rid TYPE varchar(12)", "changes a type"),
        ("ALTER TABLE line ALTER rid SET DATA TYPE varchar(12)", "changes a type"),
        ("REVOKE UPDATE ON line FROM app", "takes rights"),
        ("ALTER TABLE line ALTER COLUMN rid SET NOT NULL", "asks for rid"),
        ("ALTER TABLE line ADD COLUMN colour text NOT NULL CHECK (colour IN ('a', 'b'))", "asks for colour"),
        ("ALTER TABLE line ADD colour text NOT NULL", "asks for colour"),
    ],
)
def test_D7_what_a_migration_takes_is_told(tmp_path: pathlib.Path, sql: str, what: str) -> None:
    path = tmp_path / "0029_taking.sql"
    path.write_text(f"-- Why.\n{sql};\n")
    changelog = "## Unreleased\n\n## [1.1.0]\n\n## [1.0.0]\n"
    assert list(faults(tmp_path, changelog)) == [f"0029_taking.sql {what}"]

    # The release must be one: what nobody uses since this very change may still be used by the one before.
    path.write_text(f"-- Why.\n-- contract: unused since Unreleased\n{sql};\n")
    assert list(faults(tmp_path, changelog))
    path.write_text(f"-- Why.\n-- contract: unused since 1.0.0\n{sql};\n")
    assert list(faults(tmp_path, changelog)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "-- DROP TABLE notice\nSELECT 1",
        "CREATE INDEX further ON call (id); DROP INDEX call_customer; ALTER INDEX further RENAME TO call_customer",
        "ALTER TABLE customer DROP CONSTRAINT customer_company_id_fkey",
        "ALTER TABLE account_message ALTER COLUMN mobile DROP NOT NULL",
        "ALTER TABLE line ADD COLUMN colour text NOT NULL DEFAULT 'a' CHECK (colour IN ('a')), ADD COLUMN type text",
        "ALTER TABLE line ALTER COLUMN rid SET DEFAULT '', ALTER COLUMN rid SET NOT NULL",
        "CREATE TABLE notice (id uuid PRIMARY KEY, title text NOT NULL); GRANT SELECT ON notice TO app",
        "ALTER TABLE line ADD CHECK (rid IS NOT NULL OR retired_at IS NOT NULL) NOT VALID",
        "REVOKE ALL ON FUNCTION make_months(date, date) FROM PUBLIC",
    ],
)
def test_D7_what_only_adds_is_let_by(sql: str) -> None:
    assert list(taken(sql)) == []
