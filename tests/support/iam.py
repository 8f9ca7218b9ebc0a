"""Evaluates the IAM policies that we generate, exactly, and refuses what it does not know.

What AWS documents (IAM User Guide: "Policy evaluation logic", "Multivalued context keys", "Condition
operators", "Policy variables"): a request is allowed if a statement allows it and none denies it; a statement
applies if action, resource and every condition match; `ForAllValues` is true if each value in the request
matches some value of the policy, so also if the request has none; `Null` asks whether a key is absent; a
policy variable without a value matches nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_STATEMENT = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Request:
    """`keys` are multivalued context keys, `principal` single-valued ones."""

    action: str
    resource: str
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    principal: Mapping[str, str] = field(default_factory=dict)


def allowed(policy: Mapping[str, Any], request: Request) -> bool:
    """Whether an identity with this policy alone may do it."""
    applying = [each for each in policy["Statement"] if _applies(each, request)]
    effects = {each["Effect"] for each in applying}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    unknown = set(statement) - _STATEMENT
    if unknown or statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError(f"a statement that this evaluator does not know: {statement}")
    if not any(_like(each, request.action, ignore_case=True) for each in _list(statement["Action"])):
        return False
    if not any(_like(each, request.resource) for each in _list(statement["Resource"])):
        return False
    conditions = statement.get("Condition", {})
    return all(
        _holds(operator, key, _list(values), request)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _holds(operator: str, key: str, values: list[str], request: Request) -> bool:
    given = list(request.keys.get(key, ()))
    match operator:
        case "Null":
            (wanted,) = values
            return (not given) == (wanted == "true")
        case "ForAllValues:StringLike":
            patterns = [found for found in (_filled(each, request) for each in values) if found is not None]
            return all(any(_like(pattern, each) for pattern in patterns) for each in given)
        case _:
            raise ValueError(f"a condition that this evaluator does not know: {operator}")


def _filled(pattern: str, request: Request) -> str | None:
    """The pattern with its variables' values in place, which are text and not patterns; None without one."""
    names = _VARIABLE.findall(pattern)
    if any(name not in request.principal for name in names):
        return None
    return _VARIABLE.sub(lambda found: _literal(request.principal[found[1]]), pattern)


def _literal(value: str) -> str:
    if set(value) & set("*?$"):
        raise ValueError(f"{value} would be a pattern")
    return value


def _like(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(expression, value, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
