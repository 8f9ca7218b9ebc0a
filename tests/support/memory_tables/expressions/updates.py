"""Updates: SET, REMOVE, ADD and DELETE, all from what the item was before."""

from collections.abc import Callable
from functools import lru_cache

from tests.support.memory_tables.expressions import conditions, reading
from tests.support.memory_tables.expressions.conditions import Gives, Values
from tests.support.memory_tables.expressions.paths import Named, Names, finder, named, replaced
from tests.support.memory_tables.expressions.syntax import Action, Call, Operand, Path, Sum
from tests.support.memory_tables.refusals import invalid
from tests.support.memory_tables.values import Item, Value, kind, number, same, written

Updates = Callable[[Item, Names, Values], Item]
_Step = Callable[[Item, Names, Values], Value | None]


@lru_cache(maxsize=4096)
def compiled(text: str) -> Updates:
    """The update as a function from an item, names and values to the changed copy."""
    actions = reading.actions(text)
    steps = [(each.path, each.verb, _step(each)) for each in actions]
    if all(len(path.steps) == 1 for path, _, _ in steps):
        return _flat([(str(path.steps[0]), step) for path, _, step in steps])

    def update(item: Item, names: Names, values: Values) -> Item:
        changes = [(named(path, names), step(item, names, values)) for path, _, step in steps]
        for where, value in _in_order(changes):
            item = replaced(item, where, value)
        return item

    return update


def _flat(steps: list[tuple[str, _Step]]) -> Updates:
    """Of whole attributes: by far the most, and quicker."""

    def update(item: Item, names: Names, values: Values) -> Item:
        changed = dict(item)
        for name, step in steps:
            value = step(item, names, values)
            if value is None:
                changed.pop(names.get(name, name), None)
            else:
                changed[names.get(name, name)] = value
        return changed

    return update


def _in_order(changes: list[tuple[Named, Value | None]]) -> list[tuple[Named, Value | None]]:
    """Removals from a list last, and from its end, since each moves what is behind it."""
    kept = [each for each in changes if each[1] is not None or not isinstance(each[0][-1], int)]
    removed = [each for each in changes if each[1] is None and isinstance(each[0][-1], int)]
    return [*kept, *sorted(removed, key=lambda each: int(each[0][-1]), reverse=True)]


def _step(action: Action) -> _Step:
    """What the path holds afterwards; None for nothing."""
    if action.operand is None:
        return lambda item, names, values: None
    given = _operand(action.operand)
    if action.verb == "SET":
        return lambda item, names, values: _known(given(item, names, values))
    find = finder(action.path)
    change = _added if action.verb == "ADD" else _deleted

    def step(item: Item, names: Names, values: Values) -> Value | None:
        return change(find(item, names), _known(given(item, names, values)))

    return step


def _operand(part: Operand) -> Gives:
    match part:
        case Sum(left, right, minus):
            one, other = _operand(left), _operand(right)
            sign = -1 if minus else 1
            return lambda item, names, values: _sum(
                one(item, names, values), other(item, names, values), sign
            )
        case Call("if_not_exists", (Path() as path, default)):
            find, otherwise = finder(path), _operand(default)

            def found(item: Item, names: Names, values: Values) -> Value | None:
                value = find(item, names)
                return otherwise(item, names, values) if value is None else value

            return found
        case Call("list_append", (first, second)):
            head, tail = _operand(first), _operand(second)
            return lambda item, names, values: _joined(head(item, names, values), tail(item, names, values))
        case _:
            return conditions.operand(part)


def _known(value: Value | None) -> Value:
    if value is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")
    return value


def _sum(left: Value | None, right: Value | None, sign: int) -> Value:
    one, other = _known(left), _known(right)
    if "N" not in one or "N" not in other:
        raise invalid("An operand in the update expression has an incorrect data type")
    return written(number(one["N"]) + sign * number(other["N"]))


def _joined(left: Value | None, right: Value | None) -> Value:
    one, other = _known(left), _known(right)
    if "L" not in one or "L" not in other:
        raise invalid("An operand in the update expression has an incorrect data type")
    return {"L": [*one["L"], *other["L"]]}


def _added(known: Value | None, value: Value) -> Value:
    name = kind(value)
    if known is None:
        return value
    if name != kind(known):
        raise invalid("An operand in the update expression has an incorrect data type")
    if name == "N":
        return _sum(known, value, 1)
    return {name: [*known[name], *(each for each in value[name] if not _member(known, each))]}


def _deleted(known: Value | None, value: Value) -> Value | None:
    """An empty set is no set: the attribute goes."""
    if known is None:
        return None
    name = kind(known)
    if name != kind(value):
        raise invalid("An operand in the update expression has an incorrect data type")
    left = [each for each in known[name] if not _member(value, each)]
    return {name: left} if left else None


def _member(holder: Value, each: str) -> bool:
    name = kind(holder)
    return any(same({name[0]: each}, {name[0]: one}) for one in holder[name])
