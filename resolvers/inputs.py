"""What a value of the input may be, wherever it stands: in variables, in literals, in defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bizcall import notices
from resolvers.errors import TopCode, refusal
from resolvers.limits import Bounds

INTEGER_LONGEST = 20

LONGER = {"body": notices.BODY_MOST}
"""Texts by the name of their field in the input, or of the variable, that may be longer than all others."""


def check_variables(variables: Mapping[str, Any], bounds: Bounds) -> None:
    """Raises GraphQLError for variables that are too deep, too long, or hold a text PostgreSQL has no place for."""
    waiting: list[tuple[Any, int, str | None]] = [(variables, 1, None)]
    while waiting:
        value, depth, name = waiting.pop()
        if isinstance(value, str):
            check_text(value, bounds, name)
        elif isinstance(value, int | float) and abs(value) >= 10**INTEGER_LONGEST:
            # The reader of JSON makes a float of a long integer.
            raise refusal(TopCode.BAD_USER_INPUT, f"An integer has more than {INTEGER_LONGEST} digits.")
        elif isinstance(value, list | dict):
            within("jsonDepth", depth, bounds.json_depth)
            if isinstance(value, dict):
                for key in value:
                    check_text(key, bounds)
                waiting.extend((item, depth + 1, key) for key, item in value.items())
            else:
                within("inputList", len(value), bounds.input_list)
                waiting.extend((item, depth + 1, None) for item in value)


def within(limit: str, actual: int, maximum: int) -> None:
    """Raises QUERY_TOO_COMPLEX naming the limit when it is passed."""
    if actual > maximum:
        # An exponential document measures to hundreds of digits; nobody needs them.
        told = min(actual, 10**9)
        raise refusal(
            TopCode.QUERY_TOO_COMPLEX,
            f"The request passes the limit {limit}: at most {maximum}.",
            limit=limit,
            maximum=maximum,
            actual=told,
        )


def check_text(value: str, bounds: Bounds, name: str | None = None) -> None:
    """Raises GraphQLError for a text that is too long, or that PostgreSQL has no place for.

    `name` is that of its field in the input.
    """
    within("string", len(value), LONGER.get(name or "", bounds.string))
    if "\0" in value or not encodable(value):
        raise refusal(TopCode.BAD_USER_INPUT, "A text holds NUL or half of a surrogate pair.")


def encodable(value: str) -> bool:
    """Whether a text can be written in UTF-8, as one with half of a surrogate pair can't."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
