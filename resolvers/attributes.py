"""Which fields are nothing but an attribute of the object that they belong to.

`resolvers/completion.py` reads such attributes itself, so a field that is wrapped, as `schema/personal.py` wraps those
that it watches, must never pass for one. Strawberry has no more than a mark on its getters, which `functools.wraps`
would copy; therefore a getter is known by what it is compiled to. A later Strawberry may have another getter: then no
field is an attribute, answers take longer, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any

from strawberry.types.field import StrawberryField

Get = Callable[[Any], Any]
"""Reads an attribute of an object."""


@lru_cache(maxsize=4096)
def getter(resolve: Any) -> Get | None:
    """What a resolver reads if it does nothing but read an attribute; else None."""
    if not isinstance(resolve, FunctionType) or _compiled(resolve) != _RESOLVE or resolve.__closure__ is None:
        return None
    declared = resolve.__closure__[0].cell_contents
    if (
        isinstance(declared, StrawberryField)
        and _compiled(type(declared).get_result) == _GET_RESULT
        and declared.base_resolver is None
        and declared.default_resolver is getattr
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
