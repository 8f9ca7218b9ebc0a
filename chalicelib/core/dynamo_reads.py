"""`Reads` on BatchGetItem, which reads rows of several tables in one request."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pynamodb.models import Model

from chalicelib.core.dynamo import new_connection
from chalicelib.core.errors import Unavailable
from chalicelib.core.reads import Found, Read
from chalicelib.core.retry import pause, rest

M = TypeVar("M", bound=Model)
T = TypeVar("T")
_AT_ONCE = 100
"""DynamoDB's limit of one BatchGetItem."""
_ATTEMPTS = 6


@dataclass(frozen=True)
class _Row:
    model: type[Any]
    key: dict[str, Any]
    decode: Callable[[Any], Any]

    @property
    def name(self) -> str:
        """Equal for the row as it is asked for and as it comes back."""
        return f"{self.model.Meta.table_name} {json.dumps(self.key, sort_keys=True)}"


def row_read(model: type[M], hash_key: str, range_key: str | None, decode: Callable[[M], T]) -> Read[T]:
    """A `Read` of this storage. Both keys are strings, as all of ours are."""
    schema = {each["KeyType"]: each["AttributeName"] for each in model._get_schema()["key_schema"]}
    key = {schema["HASH"]: {"S": hash_key}}
    if range_key is not None:
        key[schema["RANGE"]] = {"S": range_key}
    return Read(_Row(model, key, decode))


class DynamoReads:
    """`Reads`, consistent."""

    def __init__(self, *, sleep: Callable[[float], None] = rest) -> None:
        self._sleep = sleep
        self._connection = new_connection()

    def fetch(self, *reads: Read[Any]) -> Found:
        rows = {read: _row(read) for read in reads}
        raw: dict[str, Any] = {}
        listed = list(rows.values())
        for start in range(0, len(listed), _AT_ONCE):
            raw.update(self._batch(listed[start : start + _AT_ONCE]))
        return Found(
            {
                read: row.decode(row.model.from_raw_data(raw[row.name])) if row.name in raw else None
                for read, row in rows.items()
            }
        )

    def _batch(self, rows: list[_Row]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        left: dict[str, Any] = {}
        names = {row.model.Meta.table_name: list(row.key) for row in rows}
        for row in rows:
            table = left.setdefault(row.model.Meta.table_name, {"Keys": [], "ConsistentRead": True})
            table["Keys"].append(row.key)
        for attempt in range(_ATTEMPTS):
            answer = self._connection.dispatch("BatchGetItem", {"RequestItems": left})
            for table, items in answer["Responses"].items():
                for item in items:
                    key = {name: item[name] for name in names[table]}
                    found[f"{table} {json.dumps(key, sort_keys=True)}"] = item
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return found
            self._sleep(pause(attempt, base=0.02))
        raise Unavailable("The store answered only in part. Please try again.", retry_after=1)


def _row(read: Read[Any]) -> _Row:
    assert isinstance(read.request, _Row), "a read of another storage"  # noqa: S101
    return read.request
