"""DynamoDB in memory, under PynamoDB: the tables of the simulation.

Everything above the wire is the real thing: models, conditions, mapping, units of work with their retries.
What DynamoDB does with a request is done here, on DynamoDB JSON and by the expressions PynamoDB made of it:

    tables = MemoryTables()
    with installed(tables):
        ...  # every model of this process now reads and writes `tables`

Rules: one call is atomic, and nothing in it waits; what waits, fails or interleaves comes from the hooks
(`before`, `after`, `stale`; `faults` makes what botocore would raise). Key schemas and indexes are those of
the models (`infra.tables`), so none is listed here. What DynamoDB refuses is refused with its codes; what the
product does not use (local indexes, PartiQL, segmented scans, capacity units) is not here and raises.

The contract suite (`tests/contract/stores`) holds it against the emulator. Not for functional tests: those
run on a real implementation.
"""

from tests.support.memory_tables.calls import Call, Change
from tests.support.memory_tables.engine import MemoryTables
from tests.support.memory_tables.faults import (
    AnswerLost,
    throttled,
    transaction_conflict,
    transaction_in_progress,
    unreachable,
    write_conflict,
)
from tests.support.memory_tables.installing import installed

__all__ = [
    "AnswerLost",
    "Call",
    "Change",
    "MemoryTables",
    "installed",
    "throttled",
    "transaction_conflict",
    "transaction_in_progress",
    "unreachable",
    "write_conflict",
]
