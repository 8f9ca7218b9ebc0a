"""Conditions and filters: does this hold for that item?"""

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tests.support.memory_tables.expressions import reading, syntax
from tests.support.memory_tables.expressions.paths import Names, finder
from tests.support.memory_tables.expressions.syntax import Call, Literal, Operand, Path
from tests.support.memory_tables.values import Item, Value, comparable, contains, kind, same, size

Values = dict[str, Value]
Holds = Callable[[Item, Names, Values], bool]
Gives = Callable[[Item, Names, Values], Value | None]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@lru_cache(maxsize=4096)
def compiled(text: str) -> Holds:
    """The condition as a function of an item (`{}` where there is none), names and values."""
    return _condition(reading.condition(text))


def _condition(part: syntax.Condition) -> Holds:
    match part:
        case syntax.All(conditions):
            parts = tuple(map(_condition, conditions))
            return lambda item, names, values: all(each(item, names, values) for each in parts)
        case syntax.Any(conditions):
            parts = tuple(map(_condition, conditions))
            return lambda item, names, values: any(each(item, names, values) for each in parts)
        case syntax.Not(inner):
            holds = _condition(inner)
            return lambda item, names, values: not holds(item, names, values)
        case syntax.Compare(sign, left, right):
            return _comparison(sign, operand(left), operand(right))
        case syntax.Between(value, low, high):
            above, below = (
                _comparison(">=", operand(value), operand(low)),
                _comparison("<=", operand(value), operand(high)),
            )
            return lambda item, names, values: above(item, names, values) and below(item, names, values)
        case syntax.In(value, among):
            equals = tuple(_comparison("=", operand(value), operand(each)) for each in among)
            return lambda item, names, values: any(each(item, names, values) for each in equals)
        case Call(name, arguments):
            return _function(name, *map(operand, arguments))


def operand(part: Operand) -> Gives:
    """A side of a comparison, or an argument."""
    match part:
        case Literal(placeholder):
            return lambda _, __, values: values[placeholder]
        case Path():
            find = finder(part)
            return lambda item, names, _: find(item, names)
        case Call("size", (inner,)):
            sized = operand(inner)
            return lambda item, names, values: _size(sized(item, names, values))
        case _:
            raise ValueError(f"not in a condition: {part}")


def _size(value: Value | None) -> Value | None:
    return None if value is None else size(value)


def _comparison(sign: str, left: Gives, right: Gives) -> Holds:
    if sign == "=":
        return lambda item, names, values: _equal(left(item, names, values), right(item, names, values))
    if sign == "<>":
        return lambda item, names, values: not _equal(left(item, names, values), right(item, names, values))
    order = _ORDERS[sign]

    def holds(item: Item, names: Names, values: Values) -> bool:
        one, other = left(item, names, values), right(item, names, values)
        if one is None or other is None or kind(one) != kind(other):
            return False
        mine = comparable(one)
        return mine is not None and order(mine, comparable(other))

    return holds


def _equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and same(left, right)


def _function(name: str, first: Gives, second: Gives | None = None) -> Holds:
    if second is None:
        if name == "attribute_exists":
            return lambda item, names, values: first(item, names, values) is not None
        if name == "attribute_not_exists":
            return lambda item, names, values: first(item, names, values) is None
        raise ValueError(f"no such condition: {name}")
    test = _TESTS[name]

    def holds(item: Item, names: Names, values: Values) -> bool:
        one, other = first(item, names, values), second(item, names, values)
        return one is not None and other is not None and test(one, other)

    return holds


def _begins_with(value: Value, prefix: Value) -> bool:
    name = kind(value)
    return name in ("S", "B") and name == kind(prefix) and value[name].startswith(prefix[name])


def _is_of_type(value: Value, wanted: Value) -> bool:
    return bool(kind(value) == wanted["S"])


_TESTS: dict[str, Callable[[Value, Value], bool]] = {
    "begins_with": _begins_with,
    "contains": contains,
    "attribute_type": _is_of_type,
}
