"""Tables as the models define them: what their keys are, and what their indexes hold."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from infra import tables
from tests.support.memory_tables.refusals import invalid
from tests.support.memory_tables.values import Item, comparable, kind

Key = tuple[Any, ...]
"""A row's hash and range key, in memory: comparable with others of its table."""
NO_RANGE = ""
"""Stands for the range key where there is none."""


@dataclass(frozen=True)
class KeySchema:
    hash: str
    range: str | None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.hash,) if self.range is None else (self.hash, self.range)


@dataclass(frozen=True)
class IndexSchema:
    """`projected` is None where whole items are."""

    name: str
    key: KeySchema
    projected: frozenset[str] | None

    def place(self, item: Item) -> tuple[Any, Any] | None:
        """Hash and range under which the index has the item; None for one that is not in it."""
        at = item.get(self.key.hash)
        if at is None:
            return None
        if self.key.range is None:
            return comparable(at), NO_RANGE
        by = item.get(self.key.range)
        return None if by is None else (comparable(at), comparable(by))

    def shown(self, item: Item) -> Item:
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(frozen=True)
class TableSchema:
    """`types` are those of all keys. `ttl`: whether rows say when they expire."""

    name: str
    key: KeySchema
    types: dict[str, str]
    indexes: dict[str, IndexSchema]
    ttl: bool

    def key_of(self, item: Item) -> Key:
        """Raises what DynamoDB does for a key that is missing, empty or of another type."""
        found = []
        for name in self.key.names:
            value = item.get(name)
            if value is None or kind(value) != self.types[name]:
                raise invalid(f"One of the required keys was not given a value: {name}")
            if value in ({"S": ""}, {"B": b""}):
                raise invalid("One or more parameter values are not valid: a key may not be empty")
            found.append(comparable(value))
        return tuple(found)

    def check(self, item: Item) -> None:
        """That the attributes which indexes are sorted by can be sorted."""
        for index in self.indexes.values():
            for name in index.key.names:
                value = item.get(name)
                if value is not None and (kind(value) != self.types[name] or value == {"S": ""}):
                    raise invalid(f"Type mismatch for index key {name}, index {index.name}")


@cache
def schemas() -> dict[str, TableSchema]:
    """Of every model of every capability, by table name."""
    found = [_schema(tables.definition(model), ttl=tables.expires(model)) for model in tables.models()]
    return {each.name: each for each in found}


def _schema(definition: dict[str, Any], *, ttl: bool) -> TableSchema:
    key = _key(definition["KeySchema"])
    indexes = [_index(each, key) for each in definition.get("GlobalSecondaryIndexes", ())]
    return TableSchema(
        name=definition["TableName"],
        key=key,
        types={each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]},
        indexes={each.name: each for each in indexes},
        ttl=ttl,
    )


def _index(definition: dict[str, Any], table: KeySchema) -> IndexSchema:
    key = _key(definition["KeySchema"])
    projection = definition["Projection"]
    projected = None
    if projection["ProjectionType"] != "ALL":
        projected = frozenset({*table.names, *key.names, *projection.get("NonKeyAttributes", ())})
    return IndexSchema(definition["IndexName"], key, projected)


def _key(schema: list[dict[str, str]]) -> KeySchema:
    names = {each["KeyType"]: each["AttributeName"] for each in schema}
    return KeySchema(names["HASH"], names.get("RANGE"))
