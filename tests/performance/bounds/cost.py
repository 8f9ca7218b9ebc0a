"""What something cost, and whether more of it costs no more for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from time import perf_counter, process_time
from typing import Any

from botocore.client import BaseClient

from tests.support.capacity_units import metered

FACTOR = 1.1
"""Of what counts: for each of 1,000 no more than a tenth above each of 100."""
TIME_FACTOR = 1.5
"""Of time, which is less steady; CPU time of the control plane, since the machine does other things too."""


@dataclass
class Cost:
    """Counted and timed. Calls are of the agent to the API; bytes are of their bodies."""

    calls: int = 0
    request_bytes: int = 0
    answer_bytes: int = 0
    store_calls: int = 0
    read_units: float = 0
    write_units: float = 0
    queue_calls: int = 0
    seconds: float = 0
    cpu_seconds: float = 0
    longest_call: float = 0

    def plus(self, other: "Cost") -> "Cost":
        """Both, one after the other."""
        total = Cost(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Cost)))
        total.longest_call = max(self.longest_call, other.longest_call)
        return total

    def rounded(self) -> dict[str, Any]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


COUNTED = ("request_bytes", "answer_bytes", "store_calls", "read_units", "write_units", "queue_calls")
"""What is the same on every machine. `calls` goes in steps, a slice each, so it is bounded by itself."""


@contextmanager
def counted() -> Iterator[Cost]:
    """What this process asks of the store and of queues, and how long it takes."""
    cost = Cost()
    client: Any = BaseClient
    plain = client._make_api_call

    def call(self: Any, operation: str, arguments: Any) -> Any:
        if self.meta.service_model.service_name == "sqs":
            cost.queue_calls += 1
        return plain(self, operation, arguments)

    client._make_api_call = call
    began, began_cpu = perf_counter(), process_time()
    try:
        with metered() as units:
            yield cost
    finally:
        client._make_api_call = plain
        cost.seconds, cost.cpu_seconds = perf_counter() - began, process_time() - began_cpu
        cost.store_calls, cost.read_units, cost.write_units = units.calls, units.read, units.write


def growth(few: Cost, few_count: int, many: Cost, many_count: int) -> dict[str, float]:
    """By how much each of many costs more than each of few: 1 is linear, below it has a fixed part."""
    found = {}
    for name in (*COUNTED, "cpu_seconds"):
        before, after = getattr(few, name) / few_count, getattr(many, name) / many_count
        if before:
            found[name] = round(after / before, 3)
    return found


def steeper(ratios: dict[str, float]) -> list[str]:
    """What is not linear."""
    return [
        name for name, ratio in ratios.items() if ratio > (TIME_FACTOR if name == "cpu_seconds" else FACTOR)
    ]
