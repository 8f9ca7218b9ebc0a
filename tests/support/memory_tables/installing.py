"""Where the engine is put in: in place of the client that all models share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.core.connection import SharedConnection
from tests.support.memory_tables.engine import Answer, MemoryTables


class _Client:
    """The one method of botocore's client that PynamoDB sends with."""

    def __init__(self, tables: MemoryTables) -> None:
        self._tables = tables

    def _make_api_call(self, operation: str, arguments: dict[str, Any]) -> Answer:
        return self._tables.call(operation, arguments)


@contextmanager
def installed(tables: MemoryTables) -> Iterator[None]:
    """While this lasts, every model of this process works on `tables`."""
    before = SharedConnection._shared
    SharedConnection._shared = _Client(tables)
    try:
        yield
    finally:
        SharedConnection._shared = before
