"""What a write makes of an item, and whether its condition lets it."""

from dataclasses import dataclass
from typing import Any

from tests.support.memory_tables.expressions import conditions, updates
from tests.support.memory_tables.rows import Table
from tests.support.memory_tables.schema import Key
from tests.support.memory_tables.values import Item


@dataclass(frozen=True)
class Planned:
    """A write that was worked out and not done yet. `held`: what its condition says."""

    table: Table
    key: Key
    before: Item | None
    after: Item | None
    held: bool
    writes: bool = True


def planned(table: Table, kind: str, asked: dict[str, Any]) -> Planned:
    """A Put, Update, Delete or ConditionCheck against the table as it is. Raises for what is invalid."""
    schema = table.schema
    key = schema.key_of(asked["Item"] if kind == "Put" else asked["Key"])
    before = table.items.get(key)
    names, values = _names(asked), asked.get("ExpressionAttributeValues", {})
    condition = asked.get("ConditionExpression")
    held = condition is None or conditions.compiled(condition)(before or {}, names, values)
    if not held or kind == "ConditionCheck":
        return Planned(table, key, before, before, held, writes=False)
    match kind:
        case "Put":
            after = dict(asked["Item"])
        case "Update":
            start = asked["Key"] if before is None else before
            after = updates.compiled(asked["UpdateExpression"])(start, names, values)
        case "Delete":
            return Planned(table, key, before, None, held)
        case _:
            raise ValueError(f"no such write: {kind}")
    schema.check(after)
    return Planned(table, key, before, after, held)


def _names(asked: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = asked.get("ExpressionAttributeNames", {})
    return found
