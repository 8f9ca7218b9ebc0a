"""Values of DynamoDB JSON (`{"S": "text"}`, `{"N": "12"}`): how they compare, how numbers are written."""

from decimal import Context, Decimal
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]
Number = int | Decimal

_ORDERED = frozenset({"S", "N", "B"})
_SETS = frozenset({"SS", "NS", "BS"})
_DIGITS = Context(prec=38)
"""The precision of DynamoDB's numbers."""


def kind(value: Value) -> str:
    """`S`, `N`, …"""
    return next(iter(value))


def number(text: str) -> Number:
    """Numbers compare as numbers, not as text."""
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


def written(value: Number) -> Value:
    """A number as DynamoDB answers it: without trailing zeros, without an exponent."""
    if isinstance(value, Decimal):
        value = _DIGITS.plus(value)
        return {"N": str(int(value)) if value == value.to_integral_value() else f"{value.normalize():f}"}
    return {"N": str(value)}


def same(left: Value, right: Value) -> bool:
    """Equal in type and content; sets whatever their order."""
    if left == right:
        return True
    name = kind(left)
    if name != kind(right):
        return False
    mine, other = left[name], right[name]
    match name:
        case "N":
            return number(mine) == number(other)
        case "NS":
            return set(map(number, mine)) == set(map(number, other))
        case "SS" | "BS":
            return set(mine) == set(other)
        case "L":
            return len(mine) == len(other) and all(map(same, mine, other))
        case "M":
            return mine.keys() == other.keys() and all(same(mine[each], other[each]) for each in mine)
        case _:
            return False


def comparable(value: Value) -> Any:
    """What orders values of one type: a key in memory, or a side of `<`. None for what has no order."""
    name = kind(value)
    if name == "N":
        return number(value["N"])
    return value[name] if name in _ORDERED else None


def contains(holder: Value, sought: Value) -> bool:
    """`contains(path, operand)`: a part of a text, a member of a set or of a list."""
    name = kind(holder)
    if name in _SETS:
        return kind(sought) == name[0] and any(same({name[0]: each}, sought) for each in holder[name])
    if name == "L":
        return any(same(each, sought) for each in holder["L"])
    return name == kind(sought) and name in ("S", "B") and sought[name] in holder[name]


def size(value: Value) -> Value | None:
    """`size(path)`: bytes of a text, members of the rest. None where a size makes no sense."""
    name = kind(value)
    match name:
        case "S":
            return {"N": str(len(value["S"].encode()))}
        case "B" | "L" | "M" | "SS" | "NS" | "BS":
            return {"N": str(len(value[name]))}
        case _:
            return None
