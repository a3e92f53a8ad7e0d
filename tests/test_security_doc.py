"""docs/security.md names tests, files and requirements: all of them exist, and each requirement stands there once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"

SECTIONS = {
    "2.3": 4,
    "2.4": 1,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "11.4": 4,
    "11.5": 1,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
}
"""Requirements of levels 1 and 2 in each section of ASVS 5.0 that the page goes through; they are numbered from 1."""

TAKEN_UP = {"6.3.8"}
"""Of level 3, because the manual forces a deviation."""

CHECKLIST = {"G": 14, "L": 14, "A": 12, "O": 11, "S": 7, "T": 9, "P": 9, "X": 5, "D": 8, "W": 11}

REQUIREMENTS = {f"{section}.{n}" for section, last in SECTIONS.items() for n in range(1, last + 1)} | TAKEN_UP
IDS = {f"{letter}{n}" for letter, last in CHECKLIST.items() for n in range(1, last + 1)}
"""Of the checklist, beside those that tests' names have."""

ID = re.compile(r"\d+\.\d+\.\d+|[A-Z]\d+")
TEST = re.compile(r"(?<![\w/])test_\w+")
FILE = re.compile(r"`([a-z]\w*(?:/[\w.-]+)+)`")
NAMED = re.compile(r"(?<=_)[A-Z]\d+(?=_)")
MODULE = re.compile(r"python -m ((?:benchmarks|bizcall|lambdas|local|tests)[\w.]*)")
MEASURE = re.compile(r"`scripts/security`|`python -m benchmarks\.\w+`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
JUDGED = re.compile(r"met|met by deployment|not applicable|deviates|not met")
EXPLAINED = ("deviates: ", "not met: ", "not applicable: ")


@cache
def functions() -> frozenset[str]:
    """The names of all test functions."""
    return frozenset(
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def rows(page: str) -> Iterator[list[str]]:
    """The cells of each row that begins with the id of a requirement."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and ID.fullmatch(cells[0]):
            yield cells


def faults(page: str) -> Iterator[str]:
    """What is wrong with the page, one sentence each."""
    yield from (f"no test is called {name}" for name in sorted(set(TEST.findall(page)) - functions()))
    yield from (f"{path} is not there" for path in sorted(set(FILE.findall(page))) if not (ROOT / path).exists())
    for module in sorted(set(MODULE.findall(page))):
        path = ROOT / module.replace(".", "/")
        if not path.is_dir() and not path.with_suffix(".py").exists():
            yield f"{module} can't be run"
    yield from (f"{link} leads nowhere" for link in LINK.findall(page) if not (PAGE.parent / link).exists())
    counted = Counter(cells[0] for cells in rows(page))
    wanted = REQUIREMENTS | IDS | {each for name in functions() for each in NAMED.findall(name)}
    for asked in sorted(wanted | counted.keys()):
        if (asked in wanted) != counted[asked]:
            yield f"{asked} stands there {counted[asked]} times"
    for cells in rows(page):
        yield from (f"{cells[0]} {what}" for what in (judged if cells[0] in REQUIREMENTS else checked)(cells))


def judged(cells: list[str]) -> Iterator[str]:
    """What is wrong with a row of ASVS: id, what is asked, where, test, state."""
    proof, state = cells[3], cells[4]
    if not JUDGED.fullmatch(re.split("[:;]", state)[0]):
        yield f"has no state: {state}"
    if not state.startswith(EXPLAINED) and not state.startswith("met"):
        yield "gives no reason"
    if state.startswith(("met", "deviates")) and not TEST.search(proof) and "by reading" not in proof:
        yield "is said to be met without a proof"


def checked(cells: list[str]) -> Iterator[str]:
    """What is wrong with a row of the checklist: id, what it is about, state, test, what is missing."""
    state, proof, missing = cells[2:5]
    if state not in ("met", "partly", "not met"):
        yield f"has no state: {state}"
    if state != "met" and not missing:
        yield "doesn't say what is missing"
    if state != "not met" and not TEST.search(proof) and not MEASURE.search(proof):
        yield "is said to be met without a proof"


def test_what_the_page_on_security_names_is_there() -> None:
    assert list(faults(PAGE.read_text())) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("test_AU_24_a_code_lives_three_minutes", "test_AU_24_a_code_lives_ten_minutes", "no test is called"),
        ("`bizcall/throttles.py`", "`bizcall/bounds.py`", "bizcall/bounds.py is not there"),
        ("python -m tests.security.races", "python -m tests.security.duels", "can't be run"),
        ("(operations.md)", "(operation.md)", "leads nowhere"),
        ("| 7.3.1 |", "| 7.3.2 |", "7.3.2 stands there 2 times"),
        ("| S6 |", "| S66 |", "S6 stands there 0 times"),
        ("| S6 |", "| S66 |", "S66 stands there 1 times"),
        ("| W10 |", "| W9 |", "W10 stands there 0 times"),
        ("| W11 |", "| W10 |", "W11 stands there 0 times"),
        ("| D7 |", "| D6 |", "D7 stands there 0 times"),
        ("| not met: zxcvbn", "| fine: zxcvbn", "6.2.12 has no state"),
        ("| not met: zxcvbn", "| not met; zxcvbn", "6.2.12 gives no reason"),
        ("`test_AU_31_a_session_ends_after_30_idle_minutes` | met |", " | met |", "7.3.1 is said to be met"),
        ("`scripts/security` | codes of our", "`scripts/security` | | codes of our", "G14 doesn't say what is missing"),
    ],
)
def test_what_is_wrong_on_the_page_is_found(right: str, wrong: str, told: str) -> None:
    page = PAGE.read_text()
    assert right in page
    assert any(told in fault for fault in faults(page.replace(right, wrong)))
