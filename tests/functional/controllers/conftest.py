"""Counting capacity units as DynamoDB reports them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pynamodb.connection import Connection


@dataclass
class Spent:
    by_table: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> float:
        return sum(self.by_table.values())


_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")


@pytest.fixture
def write_units(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[Spent]]:
    """`with write_units() as spent: …` sums the write units of all tables."""

    @contextmanager
    def counting() -> Iterator[Spent]:
        spent = Spent()
        plain = Connection._make_api_call

        def counted(self: Connection, name: str, arguments: Any, *rest: Any, **more: Any) -> Any:
            if name not in _WRITES:
                return plain(self, name, arguments, *rest, **more)
            answer = plain(self, name, {**arguments, "ReturnConsumedCapacity": "TOTAL"}, *rest, **more)
            used = answer.get("ConsumedCapacity", [])
            for each in used if isinstance(used, list) else [used]:
                spent.by_table[each["TableName"]] += each["CapacityUnits"]
            return answer

        monkeypatch.setattr(Connection, "_make_api_call", counted)
        yield spent
        monkeypatch.setattr(Connection, "_make_api_call", plain)

    return counting
