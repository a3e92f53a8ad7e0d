"""How failures are told: one mapping from the business's errors to payloads and to top-level errors.

    Invalid in a mutation         `userErrors` of its payload, by the decorator `mutation`
    Invalid in a query            BAD_USER_INPUT with the problems in `extensions.problems`, of the same shape but for
                                  `params`: an object of texts, and only where there are some
    the rest of BizCallError      its code of the closed list
    what the client's document    marked with its code where it is found (`refusal`, `mark`)
    or variables cause
    everything else               INTERNAL_SERVER_ERROR with an `errorId`; the log line with that id has the stack

Internal text never leaves: a message is sent only when its error was marked or is a BizCallError.
"""

from __future__ import annotations

import functools
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError, ValueNode

from bizcall.database import repeated
from bizcall.errors import (
    BizCallError,
    ErrorCode,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from schema.context import Context
from schema.errors import Payload, UserError
from schema.messages import Language

log = logging.getLogger(__name__)

ERRORS_MOST = 5
PROBLEMS_MOST = 500
MESSAGE_LONGEST = 500

P = TypeVar("P", bound=Payload)
T = TypeVar("T")


class TopCode(StrEnum):
    """The closed list of `extensions.code`."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


SENTENCES: dict[TopCode, tuple[str, str]] = {
    TopCode.UNAUTHENTICATED: ("로그인이 필요합니다.", "Sign in first."),
    TopCode.FORBIDDEN: ("권한이 없습니다.", "You may not do this."),
    TopCode.NOT_FOUND: ("대상을 찾을 수 없습니다.", "There is no such object."),
    TopCode.BAD_USER_INPUT: ("입력값이 올바르지 않습니다.", "The input is not valid."),
    TopCode.THROTTLED: ("요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.", "Too many requests. Try again later."),
    TopCode.UNAVAILABLE: ("잠시 이용할 수 없습니다. 다시 시도해 주세요.", "Unavailable for the moment. Try again."),
    TopCode.INTERNAL_SERVER_ERROR: ("알 수 없는 오류가 발생했습니다.", "Unexpected error."),
}
CODES: tuple[tuple[type[BizCallError], TopCode], ...] = (
    (Invalid, TopCode.BAD_USER_INPUT),
    (Unauthenticated, TopCode.UNAUTHENTICATED),
    (Forbidden, TopCode.FORBIDDEN),
    (NotFound, TopCode.NOT_FOUND),
    (Throttled, TopCode.THROTTLED),
    (Unavailable, TopCode.UNAVAILABLE),
)

PARSER_LIMITS = {"Document contains more than": "tokens", "Document is nested too deeply": "depth"}
"""How graphql-core begins to say that a limit of its parser was passed."""

# The parser, the validator and the coercion of variables know the schema and would tell it to strangers.
# The value that was wrong may be a customer's number or a password, and messages end up in the logs of front ends. The
# name of a field that there isn't is told: without it nobody could mend his program.
_UNTOLD = re.compile(
    r"\s*Did you mean .*$"
    r"|(cannot represent [^:]*): .*?(?='; found: |$)"
    r"|(?<=Value )'(?:.*'(?= does not exist in )|.*$)"
    r"|[,;] found: .*$"
    r"|((?:found|Unexpected) (?:String|BlockString|Int|Float)) .*$",
    re.DOTALL,
)


def mutation(payload: type[P], *, description: str) -> Callable[[Callable[..., Awaitable[P]]], Any]:
    """Make a resolver a field of Mutation: what it raises as `Invalid` becomes `userErrors` of an empty payload.

    The resolver takes `info`; the problems' paths must be paths into its `input`. It is run again, up to three times
    in all, when its transaction met with another one, so it has no effects but by transactions.
    """

    def decorate(resolver: Callable[..., Awaitable[P]]) -> Any:
        attempted = repeated(resolver)

        @functools.wraps(resolver)
        async def answering(*arguments: Any, **named: Any) -> P:
            context: Context = named["info"].context
            try:
                return await attempted(*arguments, **named)
            except Invalid as invalid:
                return payload(user_errors=user_errors(invalid, context.language))
            finally:
                context.forget()

        return strawberry.mutation(answering, description=description)

    return decorate


async def found(act: Awaitable[T], *field: str) -> T:
    """What an act answers; that its object isn't there is told as an error of the input, at this field."""
    try:
        return await act
    except NotFound:
        raise Invalid(Problem(ErrorCode.NOT_FOUND, field)) from None


def user_errors(invalid: Invalid, language: Language) -> list[UserError]:
    """The problems of a refusal, at most 500."""
    return [UserError.of(problem, language) for problem in invalid.problems[:PROBLEMS_MOST]]


def refusal(code: TopCode, message: str, **extensions: Any) -> GraphQLError:
    """An error whose message may be sent."""
    return GraphQLError(message, extensions={"code": code, **extensions})


def mark(errors: Iterable[GraphQLError], code: TopCode) -> None:
    """Say of errors made by graphql-core that the client caused them; their messages may be sent."""
    for error in errors:
        if not (error.extensions or {}).get("code"):
            error.extensions = {**(error.extensions or {}), "code": code}


def report(errors: Iterable[GraphQLError], context: Context) -> list[dict[str, Any]]:
    """Top-level errors as they are sent, at most five; unexpected ones are logged with their stack."""
    return [_told(error, context) for error in list(errors)[:ERRORS_MOST]]


def _told(error: GraphQLError, context: Context) -> dict[str, Any]:
    message, extensions = _explained(error, context)
    told: dict[str, Any] = {"message": message}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations[:ERRORS_MOST]]
    if error.path is not None:
        told["path"] = error.path
    told["extensions"] = {**extensions, "requestId": context.request_id}
    return told


def _explained(error: GraphQLError, context: Context) -> tuple[str, dict[str, Any]]:
    cause = _cause(error)
    if isinstance(cause, BizCallError):
        return _expected(cause, context.language)
    if isinstance(cause, RecursionError):
        return "The document is nested too deeply.", {"code": TopCode.QUERY_TOO_COMPLEX, "limit": "depth"}
    if isinstance(error, GraphQLSyntaxError):
        return _shown(error.message), _unparsed(error.message)
    if error.extensions and "code" in error.extensions and cause is None:
        return _shown(error.message), dict(error.extensions)
    if cause is None and any(isinstance(node, ValueNode) for node in error.nodes or ()):
        # Found while a field's arguments were read: null in a variable whose default alone made it fit for the place.
        return _shown(error.message), {"code": TopCode.BAD_USER_INPUT}
    return unexpected(cause or error, context)


def unavailable(error: GraphQLError) -> bool:
    """Whether what lies under an error is that the database or a neighbour is away."""
    return isinstance(_cause(error), Unavailable)


def _unparsed(message: str) -> dict[str, Any]:
    for start, limit in PARSER_LIMITS.items():
        if message.startswith(f"Syntax Error: {start}"):
            return {"code": TopCode.QUERY_TOO_COMPLEX, "limit": limit}
    return {"code": TopCode.GRAPHQL_PARSE_FAILED}


def _cause(error: GraphQLError) -> BaseException | None:
    """What a resolver raised, under any number of GraphQL errors; None when GraphQL itself found the fault."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        if cause.extensions and "code" in cause.extensions:
            return None
        cause = cause.original_error
    return cause


def unexpected(error: BaseException, context: Context) -> tuple[str, dict[str, Any]]:
    """Message and extensions for a bug, which is logged under the same `errorId`."""
    error_id = secrets.token_hex(8)
    log.error(
        "unexpected error",
        exc_info=(type(error), error, error.__traceback__),
        extra={"error_id": error_id, "request_id": context.request_id},
    )
    return sentence(TopCode.INTERNAL_SERVER_ERROR, context.language), {
        "code": TopCode.INTERNAL_SERVER_ERROR,
        "errorId": error_id,
    }


def sentence(code: TopCode, language: Language) -> str:
    """What people read for a code that stands for itself."""
    return SENTENCES[code][0 if language is Language.KO else 1]


def _expected(error: BizCallError, language: Language) -> tuple[str, dict[str, Any]]:
    code = next((code for kind, code in CODES if isinstance(error, kind)), TopCode.INTERNAL_SERVER_ERROR)
    extensions: dict[str, Any] = {"code": code}
    if isinstance(error, Invalid):
        extensions["problems"] = [_problem(told) for told in user_errors(error, language)[:ERRORS_MOST]]
    if isinstance(error, Throttled):
        extensions["retryAt"] = error.retry_at.isoformat()
    return sentence(code, language), extensions


def _problem(told: UserError) -> dict[str, Any]:
    problem: dict[str, Any] = {"code": told.code, "field": told.field, "message": told.message}
    if told.params:
        problem["params"] = {param.name: param.value for param in told.params}
    return problem


def _shown(message: str) -> str:
    return _UNTOLD.sub(r"\1\2", message[:MESSAGE_LONGEST])
