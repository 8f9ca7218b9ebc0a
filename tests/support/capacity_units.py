"""Capacity units per use case, as DynamoDB reports them: nothing to measure twice, so budgets are tests.

`table(desk)` walks a session through its life and says what each step cost; the benchmark prints it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynamodb.connection import Connection

from tests.support.desk import Desk

_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
_READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})


@dataclass
class Units:
    """Units of one use case, indexes and the signature's nonce included."""

    write: float = 0
    read: float = 0
    calls: int = 0
    by_table: Counter[str] = field(default_factory=Counter)


@contextmanager
def metered() -> Iterator[Units]:
    """Counts what this process's calls to DynamoDB consume."""
    units = Units()
    plain = Connection._make_api_call

    def counted(self: Connection, name: str, arguments: Any) -> Any:
        if name not in _WRITES | _READS:
            return plain(self, name, arguments)
        answer = plain(self, name, {**arguments, "ReturnConsumedCapacity": "TOTAL"})
        used = answer.get("ConsumedCapacity", [])
        units.calls += 1
        for each in used if isinstance(used, list) else [used]:
            amount = float(each["CapacityUnits"])
            units.by_table[f"{each['TableName']} {'write' if name in _WRITES else 'read'}"] += amount
            if name in _WRITES:
                units.write += amount
            else:
                units.read += amount
        return answer

    Connection._make_api_call = counted  # type: ignore[method-assign]
    try:
        yield units
    finally:
        Connection._make_api_call = plain  # type: ignore[method-assign]


def table(desk: Desk) -> dict[str, Units]:
    """Units of every use case in a session's life. The desk's quotas exist already."""
    spent: dict[str, Units] = {}

    @contextmanager
    def measured(name: str) -> Iterator[None]:
        with metered() as units:
            yield
        spent[name] = units

    desk.launch()  # the first session of a user also makes the quota's rows
    with measured("create"):
        session_id = desk.launch()["id"]
    with measured("create_with_key"):
        desk.create(headers={"Idempotency-Key": "units"})
    command_id = desk.command(session_id)
    with measured("claim"):
        fence = desk.claim(command_id).json["fence"]
    with measured("stage_progress"):
        desk.status(session_id, fence, stage="pulling", progress={"done": 1, "total": 9})
    with measured("renew"):
        desk.renew(command_id, fence)
    with measured("started"):
        desk.result(command_id, fence)
    with measured("get"):
        desk.view(session_id)
    with measured("heartbeat"):
        desk.agent.beat()
    with measured("hibernate"):
        desk.do(session_id, "hibernate")
    command_id, fence = desk.claimed(session_id)
    with measured("hibernated"):
        desk.result(command_id, fence)
    with measured("wake"):
        desk.do(session_id, "wake")
    command_id, fence = desk.claimed(session_id)
    with measured("woken"):
        desk.result(command_id, fence)
    with measured("terminate"):
        desk.delete(session_id)
    command_id, fence = desk.claimed(session_id)
    with measured("terminated"):
        desk.result(command_id, fence)
    with measured("archive"):
        desk.attend(session_id, 60)
    failing = desk.launch()["id"]
    command_id, fence = desk.claimed(failing)
    with measured("start_failed"):
        desk.result(command_id, fence, "failed", code="image_not_found", message="There is no such image.")
    return spent


TRANSITIONS = (
    "started",
    "hibernate",
    "hibernated",
    "wake",
    "woken",
    "terminate",
    "terminated",
    "start_failed",
)
"""The use cases that are transitions."""
