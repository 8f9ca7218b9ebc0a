"""Queries: a slice of what lies under one hash key, of a table or of an index."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from tests.support.memory_tables.expressions import conditions, reading, syntax
from tests.support.memory_tables.expressions.syntax import Literal, Path
from tests.support.memory_tables.refusals import invalid
from tests.support.memory_tables.rows import Entry, Table
from tests.support.memory_tables.schema import NO_RANGE, Key, KeySchema
from tests.support.memory_tables.values import Item, Value, comparable

_RANGE = itemgetter(0)
_LAST = "\U0010ffff"
Late = dict[Key, Item | None]


@dataclass(frozen=True)
class _Term:
    """A key compared with values, all by placeholder."""

    operator: str
    name: str
    values: tuple[str, ...]


@lru_cache(maxsize=1024)
def _terms(text: str) -> tuple[_Term, ...]:
    found = reading.condition(text)
    parts = found.conditions if isinstance(found, syntax.All) else (found,)
    return tuple(map(_term, parts))


def _term(part: syntax.Condition) -> _Term:
    match part:
        case syntax.Compare(operator, Path((str(name),)), Literal(value)):
            return _Term(operator, name, (value,))
        case syntax.Between(Path((str(name),)), Literal(low), Literal(high)):
            return _Term("between", name, (low, high))
        case syntax.Call("begins_with", (Path((str(name),)), Literal(value))):
            return _Term("begins_with", name, (value,))
        case _:
            raise invalid("Invalid operator used in KeyConditionExpression", "Query")


def query(table: Table, asked: dict[str, Any], late: Late) -> dict[str, Any]:
    """The answer to a Query. `late`: rows that this reader sees as they were."""
    index = asked.get("IndexName")
    schema = table.schema.key if index is None else table.schema.indexes[index].key
    hash_key, bounds = _asked_for(asked, schema)
    listed = table.under_before(index, hash_key, late) if late else table.under(index, hash_key)
    start, end = _slice(listed, bounds)
    forward = asked.get("ScanIndexForward", True)
    after = asked.get("ExclusiveStartKey")
    if after is not None:
        entry = _entry(table, schema, after)
        if forward:
            start = max(start, bisect_right(listed, entry))
        else:
            end = min(end, bisect_left(listed, entry))
    limit = asked.get("Limit")
    if limit is not None and end - start > limit:
        start, end = (start, start + limit) if forward else (end - limit, end)
    found = listed[start:end]
    if not forward:
        found.reverse()
    items = [_seen(table, key, late) for _, key in found]
    answer = _answer(table, asked, items)
    if limit is not None and items and len(items) == limit:
        last = items[-1]
        names = dict.fromkeys((*table.schema.key.names, *schema.names))
        answer["LastEvaluatedKey"] = {name: last[name] for name in names}
    return answer


def scan(table: Table, asked: dict[str, Any], late: Late) -> dict[str, Any]:
    """All of a table at once; for what is never on a request's path."""
    keys = sorted({*table.items, *late})
    items = [_seen(table, key, late) for key in keys if not (key in late and late[key] is None)]
    return _answer(table, asked, items)


def _answer(table: Table, asked: dict[str, Any], items: list[Item]) -> dict[str, Any]:
    examined = len(items)
    index = asked.get("IndexName")
    if index is not None:
        items = [table.schema.indexes[index].shown(item) for item in items]
    names = asked.get("ExpressionAttributeNames", {})
    wanted = asked.get("FilterExpression")
    if wanted is not None:
        holds, values = conditions.compiled(wanted), asked.get("ExpressionAttributeValues", {})
        items = [item for item in items if holds(item, names, values)]
    answer: dict[str, Any] = {"Count": len(items), "ScannedCount": examined}
    if asked.get("Select") != "COUNT":
        answer["Items"] = [projected(item, asked) for item in items]
    return answer


def projected(item: Item, asked: dict[str, Any]) -> Item:
    """A copy, of what the request wants of the item."""
    text = asked.get("ProjectionExpression")
    if text is None:
        return dict(item)
    names = asked.get("ExpressionAttributeNames", {})
    wanted = [names.get(each, each) for each in _top_level(text)]
    return {name: item[name] for name in wanted if name in item}


@lru_cache(maxsize=256)
def _top_level(text: str) -> tuple[str, ...]:
    found = []
    for path in reading.paths(text):
        if len(path.steps) != 1:
            raise ValueError("parts of attributes are not projected here")
        found.append(str(path.steps[0]))
    return tuple(found)


def _asked_for(asked: dict[str, Any], schema: KeySchema) -> tuple[Any, tuple[str, tuple[Any, ...]] | None]:
    """The hash key, and how the range key is bounded."""
    names, values = asked.get("ExpressionAttributeNames", {}), asked["ExpressionAttributeValues"]
    hash_key, bounds = None, None
    for term in _terms(asked["KeyConditionExpression"]):
        name = names.get(term.name, term.name)
        given = tuple(comparable(values[each]) for each in term.values)
        if name == schema.hash and term.operator == "=":
            hash_key = given[0]
        elif name == schema.range and term.operator != "<>":
            bounds = (term.operator, given)
        else:
            raise invalid("Query key condition not supported", "Query")
    if hash_key is None:
        raise invalid(f"Query condition missed key schema element: {schema.hash}", "Query")
    return hash_key, bounds


def _slice(listed: list[Entry], bounds: tuple[str, tuple[Any, ...]] | None) -> tuple[int, int]:
    if bounds is None:
        return 0, len(listed)
    operator, given = bounds
    low = bisect_left(listed, given[0], key=_RANGE)
    match operator:
        case "<":
            return 0, low
        case ">=":
            return low, len(listed)
        case "begins_with":
            return low, bisect_left(listed, given[0] + _LAST, key=_RANGE)
    high = bisect_right(listed, given[-1], key=_RANGE)
    match operator:
        case "<=":
            return 0, high
        case ">":
            return high, len(listed)
        case _:  # "=" and "between"
            return low, max(low, high)


def _entry(table: Table, schema: KeySchema, after: dict[str, Value]) -> Entry:
    """Where a page ended."""
    by = NO_RANGE if schema.range is None else comparable(after[schema.range])
    return by, table.schema.key_of(after)


def _seen(table: Table, key: Key, late: Late) -> Item:
    item = late[key] if key in late else table.items[key]
    assert item is not None
    return item
