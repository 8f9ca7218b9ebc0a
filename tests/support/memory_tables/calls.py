"""One call, as hooks see it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.support.memory_tables.values import Item

_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})


@dataclass(frozen=True)
class Call:
    """`operation` by its DynamoDB name; `arguments` in DynamoDB JSON, not to be changed."""

    operation: str
    arguments: dict[str, Any]

    @property
    def writes(self) -> bool:
        return self.operation in _WRITES

    @cached_property
    def items(self) -> tuple[tuple[str, str, dict[str, Any]], ...]:
        """What is asked for, each as (table, kind of request, its arguments); a query is one."""
        if "TransactItems" in self.arguments:
            return tuple(
                (asked["TableName"], kind, asked)
                for item in self.arguments["TransactItems"]
                for kind, asked in item.items()
            )
        if "RequestItems" in self.arguments:
            return tuple(
                (table, kind, asked)
                for table, requests in self.arguments["RequestItems"].items()
                for kind, asked in _batched(requests)
            )
        return ((self.arguments["TableName"], self.operation.removesuffix("Item"), self.arguments),)

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(table for table, _, _ in self.items)

    @property
    def keys(self) -> tuple[tuple[str, Item], ...]:
        """(table, key) of what is read or written by key; of a put its whole item."""
        return tuple(
            (table, asked.get("Key") or asked["Item"])
            for table, _, asked in self.items
            if "Key" in asked or "Item" in asked
        )

    @property
    def index(self) -> str | None:
        return self.arguments.get("IndexName")

    @property
    def consistent(self) -> bool:
        """Whether everything that was acknowledged before is seen: writes do, and reads that ask for it."""
        if "RequestItems" in self.arguments and not self.writes:
            return all(each.get("ConsistentRead") for each in self.arguments["RequestItems"].values())
        return self.writes or bool(self.arguments.get("ConsistentRead"))


def _batched(requests: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(requests, dict):
        return [("Get", {"Key": key}) for key in requests["Keys"]]
    return [(kind.removesuffix("Request"), asked) for each in requests for kind, asked in each.items()]


@dataclass(frozen=True)
class Change:
    """What a call did to one row; None where there is no row."""

    table: str
    before: Item | None
    after: Item | None
