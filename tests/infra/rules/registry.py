"""The rules that there are; each module beside this one adds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.infra.reading import Template

Rule = Callable[[Template], Iterator[str]]

RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Add to RULES."""
    RULES.append(check)
    return check
