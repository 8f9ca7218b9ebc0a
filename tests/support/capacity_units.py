"""Capacity units per use case, as DynamoDB reports them: nothing to measure twice, so budgets are tests.

`table(desk)` walks a session through its life and says what each step cost; the benchmark prints it.
"""

import math
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
        used = _of_query(arguments, answer) if name == "Query" else answer.get("ConsumedCapacity")
        used = used or _of_batch(arguments)
        units.calls += 1
        for each in used if isinstance(used, list) else [used]:
            amount = max(float(each["CapacityUnits"]), _of_large_item(name, arguments, answer))
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


def _of_query(arguments: Any, answer: Any) -> list[dict[str, Any]]:
    """The emulator charges any query half a unit: what DynamoDB charges is the size of what was examined."""
    items, scanned = answer.get("Items", []), answer["ScannedCount"]
    mean = sum(item_size(each) for each in items) / len(items) if items else 0
    blocks = max(1, math.ceil(mean * scanned / 4096))
    each = 1.0 if arguments.get("ConsistentRead") else 0.5
    return [{"TableName": arguments["TableName"], "CapacityUnits": blocks * each}]


def _of_large_item(name: str, arguments: Any, answer: Any) -> float:
    """The emulator charges one unit for an item of any size."""
    if name == "PutItem":
        return math.ceil(item_size(arguments["Item"]) / 1024)
    if name == "GetItem" and "Item" in answer:
        blocks = math.ceil(item_size(answer["Item"]) / 4096)
        return blocks * (1.0 if arguments.get("ConsistentRead") else 0.5)
    return 0


def item_size(item: Any) -> int:
    """Bytes of an item: names, text, half a byte a digit, a few for what holds others (AWS, "DynamoDB item
    sizes and formats")."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: Any) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(str(content).encode())
        case "N":
            return len(str(content)) // 2 + 2
        case "M":
            return 3 + len(content) + item_size(content)
        case _:
            return 1


def _of_batch(arguments: Any) -> list[dict[str, Any]]:
    """The emulator does not say what a batch of reads costs: each key counts as an item of at most 4 KB."""
    return [
        {"TableName": name, "CapacityUnits": len(asked["Keys"]) * (1 if asked.get("ConsistentRead") else 0.5)}
        for name, asked in arguments.get("RequestItems", {}).items()
        if "Keys" in asked
    ]


def table(desk: Desk) -> dict[str, Units]:
    """Units of every use case in a session's life, with limits of the tenant, the user and their group."""
    spent: dict[str, Units] = {}

    @contextmanager
    def measured(name: str) -> Iterator[None]:
        with metered() as units:
            yield
        spent[name] = units

    group_id = desk.charge()
    for scope in ("tenant", f"users/{desk.tenant.member_id}", f"groups/{group_id}"):
        assert desk.limit(scope, sessions=500, cpu="500", memory="500Gi", storage="5Ti").status == 200
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
    for _ in range(50 - len(desk.call("GET", "/v1/sessions", query={"limit": 50}).json["items"])):
        desk.launch(resources={"cpu": "10m", "memory": "16Mi"}, name="A session of some length")
    with measured("list_of_50"):
        desk.call("GET", "/v1/sessions", query={"limit": 50})
    failing = desk.launch()["id"]
    command_id, fence = desk.claimed(failing)
    with measured("start_failed"):
        desk.result(command_id, fence, "failed", code="image_not_found", message="There is no such image.")
    return spent


_TRANSITION = {"write": 12.0}
BUDGETS: dict[str, dict[str, float]] = {
    "create": {"write": 22.0, "read": 8.0},
    "create_with_key": {"write": 22.0, "read": 8.0},
    "stage_progress": {"write": 3.0},
    "heartbeat": {"write": 3.0},
    "list_of_50": {"write": 0.0, "read": 8.0},
    "claim": {"write": 4.0},
    "renew": {"write": 2.0},
    "get": {"write": 0.0, "read": 4.0},
    "started": _TRANSITION,
    "hibernate": _TRANSITION,
    "hibernated": _TRANSITION,
    "wake": _TRANSITION,
    "woken": _TRANSITION,
    "terminate": _TRANSITION,
    "terminated": _TRANSITION,
    "start_failed": _TRANSITION,
}
"""Design §4; those it does not name (claim, renew, get) are our own."""


def report(spent: dict[str, Units]) -> dict[str, dict[str, Any]]:
    """What each use case cost, what it may cost and whether that is too much."""
    found = {}
    for name, units in spent.items():
        budget = BUDGETS.get(name, {})
        used = {"write": units.write, "read": units.read}
        over = any(used[kind] > most for kind, most in budget.items())
        found[name] = {**used, "budget": budget, "over": over}
    return found
