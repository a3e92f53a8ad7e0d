"""Errors that a user can cause, as payloads carry them: `userErrors` with code, path and message."""

from __future__ import annotations

from typing import Self

import strawberry

from bizcall.errors import ErrorCode, Problem
from schema.enums import described
from schema.messages import Language, meaning, message

described(
    ErrorCode,
    "Why an input was refused. Clients switch on this; it is stable, and new members may come.",
    {code: meaning(code) for code in ErrorCode},
)


@strawberry.type(description="A value that an error's message names.")
class ErrorParam:
    """One entry of `Problem.params`."""

    name: str = strawberry.field(description="What the value is, in camelCase.")
    value: str = strawberry.field(description="The value as text.")


@strawberry.type(description="Something in the input that the user can mend.")
class UserError:
    """A `Problem` in the language of the request."""

    code: ErrorCode = strawberry.field(description="The reason; switch on this.")
    field: list[str] = strawberry.field(
        description="The path into `input`, with indexes as text: [rows, 3, email]. Empty when no one field is wrong."
    )
    message: str = strawberry.field(
        description="For people: Korean, or English when Accept-Language asks for it. Its wording is no contract."
    )
    params: list[ErrorParam] = strawberry.field(description="The values that the message names, at most 10.")

    @classmethod
    def of(cls, problem: Problem, language: Language) -> Self:
        """The problem, told in that language."""
        return cls(
            code=problem.code,
            field=list(problem.field),
            message=message(problem, language),
            params=[ErrorParam(name=name, value=value) for name, value in problem.params.items()],
        )


@strawberry.type
class Payload:
    """What every mutation's payload inherits; its other fields are nullable and None when there are errors."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="What was wrong with the input; empty when the mutation took effect. At most 500.",
    )
