"""Intrinsic functions, parameters and conditions of a CloudFormation template, resolved without CloudFormation.

cfn-lint and moto resolve templates too, but for their own ends: neither lets the values of resources that were really
created flow into later ones, which is what a deployment does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


class DeployError(Exception):
    """The template asks for something that can't be done here; the message names the resource or parameter."""


class _Absent:
    """What AWS::NoValue stands for: the key or list item which holds it is left out."""


_ABSENT = _Absent()


class Values:
    """The values of a stack, which grow with each resource deployed: `refs` for Ref, `attributes` for Fn::GetAtt."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], pseudo: Mapping[str, str]) -> None:
        self._conditions: Mapping[str, Any] = template.get("Conditions", {})
        self.refs: dict[str, Any] = {**pseudo, **_parameters(template.get("Parameters", {}), parameters)}
        self.refs["AWS::NoValue"] = _ABSENT
        self.attributes: dict[tuple[str, str], Any] = {}

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function computed; DeployError for what is unknown or not there yet."""
        resolved = self._resolve(value)
        return None if resolved is _ABSENT else resolved

    def condition(self, name: str) -> bool:
        """Whether a named condition of the template holds."""
        if name not in self._conditions:
            raise DeployError(f"condition {name} is not in the template")
        return bool(self._resolve(self._conditions[name]))

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self._resolve, value) if item is not _ABSENT]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._call(name, argument)
        resolved = {key: self._resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _ABSENT}

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "Condition":
                # Conditions refer to each other so; in a policy statement "Condition" holds a mapping instead.
                return self.condition(argument) if isinstance(argument, str) else {name: self._resolve(argument)}
            case "Fn::GetAtt":
                resource, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return self._attribute(resource, attribute)
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Join":
                return str(argument[0]).join(map(str, self._resolve(argument[1])))
            case "Fn::Split":
                return str(self._resolve(argument[1])).split(argument[0])
            case "Fn::If":
                return self._resolve(argument[1] if self.condition(argument[0]) else argument[2])
            case "Fn::Equals":
                return str(self._resolve(argument[0])) == str(self._resolve(argument[1]))
            case "Fn::Not":
                return not self._resolve(argument[0])
            case "Fn::And":
                return all(self._resolve(item) for item in argument)
            case "Fn::Or":
                return any(self._resolve(item) for item in argument)
            case _:
                # Fn::ImportValue among them: there is no other stack on a laptop to import from.
                raise DeployError(f"{name} has no local meaning: {argument!r}")

    def _ref(self, name: str) -> Any:
        if name not in self.refs:
            raise DeployError(f"Ref {name}: no such parameter, and no resource deployed under that name")
        return self.refs[name]

    def _attribute(self, resource: str, attribute: str) -> Any:
        if (resource, attribute) not in self.attributes:
            raise DeployError(f"Fn::GetAtt {resource}.{attribute} is not known to the local deployment")
        return self.attributes[resource, attribute]

    def _sub(self, argument: Any) -> str:
        text, given = (argument[0], self._resolve(argument[1])) if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in given:
                return str(given[name])
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(value, text)


def references(value: Any) -> Iterator[str]:
    """The names which a value refers to, resources and parameters alike: what has to be deployed before it."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt":
                yield item[0] if isinstance(item, list) else item.split(".")[0]
            elif key == "Fn::Sub":
                text, given = item if isinstance(item, list) else (item, {})
                yield from (name.split(".")[0] for name in _PLACEHOLDER.findall(text) if name not in given)
                yield from references(given)
            else:
                yield from references(item)


def _parameters(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters' values, checked as CloudFormation does: known, present, and one of the allowed."""
    if unknown := set(given) - set(declared):
        raise DeployError(f"the template has no parameter {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        value = given.get(name, parameter.get("Default"))
        if value is None:
            raise DeployError(f"parameter {name} has no default and was not given")
        allowed = parameter.get("AllowedValues")
        if allowed and str(value) not in map(str, allowed):
            raise DeployError(f"parameter {name} is {value!r}, which is none of {', '.join(map(str, allowed))}")
        if parameter["Type"].startswith("List<") or parameter["Type"] == "CommaDelimitedList":
            values[name] = [item.strip() for item in str(value).split(",")]
        else:
            values[name] = str(value)
    return values
