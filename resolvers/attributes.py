"""Which fields are nothing but an attribute of the object that they belong to.

`resolvers/completion.py` reads such attributes itself, so a field that is wrapped, as `schema/personal.py` wraps those
that it watches, must never pass for one. Strawberry has no more than a mark on its getters, which `functools.wraps`
would copy; therefore a getter is known by what it is compiled to. A later Strawberry may have another getter: then no
field is an attribute, answers take longer, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Get = Callable[[Any], Any]
"""Reads an attribute of an object."""


def getter(field: GraphQLField) -> Get | None:
    """What reads the attribute that a field is; None where anything else may happen."""
    declared, resolve = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF), field.resolve
    if (
        isinstance(declared, StrawberryField)
        and isinstance(resolve, FunctionType)
        and _compiled(resolve) == _RESOLVE
        and [cell.cell_contents for cell in resolve.__closure__ or ()] == [declared]
        and _compiled(type(declared).get_result) == _GET_RESULT
        and declared.base_resolver is None
        and declared.default_resolver is getattr
        and not field.args
    ):
        return attrgetter(declared.python_name)
    return None


def _compiled(function: Any) -> tuple[object, ...]:
    """What a function does, whatever its own name and docstring are."""
    code: CodeType = function.__code__
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_consts[1:]


def _resolver(field: StrawberryField) -> Get:
    """As Strawberry's converter makes it for a field without a resolver of its own."""

    def resolve(_source: Any, *args: str, **kwargs: Any) -> Any:
        return field.get_result(_source, info=None, args=[], kwargs={})

    return resolve


def _get_result(self: Any, source: Any, info: Any, args: Any, kwargs: Any) -> Any:
    """As `StrawberryField.get_result`."""
    if self.base_resolver:
        return self.base_resolver(*args, **kwargs)
    return self.default_resolver(source, self.python_name)


_RESOLVE, _GET_RESULT = _compiled(_resolver(StrawberryField())), _compiled(_get_result)
