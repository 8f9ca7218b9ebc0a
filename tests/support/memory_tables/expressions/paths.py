"""What a path names inside an item: found, or replaced in a copy (items are never changed in place)."""

from collections.abc import Callable
from typing import Any

from tests.support.memory_tables.expressions.syntax import Path
from tests.support.memory_tables.refusals import invalid
from tests.support.memory_tables.values import Item, Value

Names = dict[str, str]
Finder = Callable[[Item, Names], Value | None]
Named = tuple[str | int, ...]
"""A path whose placeholders were looked up."""


def finder(path: Path) -> Finder:
    """A function that finds what the path names, or None."""
    if len(path.steps) == 1:
        name = str(path.steps[0])
        if name.startswith("#"):
            return lambda item, names: item.get(names[name])
        return lambda item, _: item.get(name)
    return lambda item, names: _find(item, named(path, names))


def named(path: Path, names: Names) -> Named:
    return tuple(each if isinstance(each, int) else names.get(each, each) for each in path.steps)


def _find(item: Item, steps: Named) -> Value | None:
    found: Value | None = {"M": item}
    for step in steps:
        if found is None:
            return None
        if isinstance(step, int):
            listed = found.get("L", ())
            found = listed[step] if step < len(listed) else None
        else:
            found = found.get("M", {}).get(step)
    return found


def replaced(item: Item, steps: Named, value: Value | None) -> Item:
    """A copy with the value there; without what was there for None. Raises when there is no parent for it."""
    found: Item = _replaced({"M": item}, steps, value)["M"]
    return found


def _replaced(holder: Value, steps: Named, value: Value | None) -> Value:
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if "L" not in holder:
            raise _nowhere()
        return {"L": _replaced_in_list(list(holder["L"]), step, rest, value)}
    if "M" not in holder:
        raise _nowhere()
    members: dict[str, Any] = dict(holder["M"])
    if rest:
        if step not in members:
            raise _nowhere()
        members[step] = _replaced(members[step], rest, value)
    elif value is None:
        members.pop(step, None)
    else:
        members[step] = value
    return {"M": members}


def _replaced_in_list(members: list[Value], at: int, rest: Named, value: Value | None) -> list[Value]:
    if rest:
        if at >= len(members):
            raise _nowhere()
        members[at] = _replaced(members[at], rest, value)
    elif value is None:
        del members[at : at + 1]
    elif at < len(members):
        members[at] = value
    else:  # past the end is at the end
        members.append(value)
    return members


def _nowhere() -> Exception:
    return invalid("The document path provided in the update expression is invalid for update")
