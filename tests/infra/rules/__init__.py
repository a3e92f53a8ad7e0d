"""What must hold for the translated template, beyond what cfn-lint knows: each rule yields one sentence per breach.

A rule is a generator over the plain CloudFormation template; `test_template.py` runs all of them on the real one, and
each of them on a template spoilt on purpose, so that no rule passes by looking away.
"""

from __future__ import annotations

from tests.infra.reading import Template
from tests.infra.rules import access, functions, messages
from tests.infra.rules.registry import RULES

__all__ = ["RULES", "access", "breaches", "functions", "messages"]


def breaches(template: Template) -> list[str]:
    """All breaches of all rules."""
    return [breach for check in RULES for breach in check(template)]
