"""What happens around each store call: others run, and the store may be in trouble.

Every store call of a request is a yield point before it takes effect and another one before its answer is
there. A request may die at either: a Lambda that ends, whatever it was about to do.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.chance import Luck
from tests.simulation.loop import PROCESS
from tests.simulation.weaving import Weaver
from tests.support.memory_tables import (
    AnswerLost,
    Call,
    MemoryTables,
    throttled,
    transaction_conflict,
    transaction_in_progress,
    write_conflict,
)

_SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})


@dataclass(frozen=True)
class StoreTrouble:
    """Hooks of `MemoryTables`. `stepped` is told of each call; `crashed` of a request that died."""

    tables: MemoryTables
    weaver: Weaver
    luck: Luck
    stepped: Callable[[str], None]
    crashed: Callable[[str], None]

    def install(self) -> None:
        chance = self.luck.stream("store-latency")

        def before(call: Call) -> None:
            if not self.weaver.inside:
                return
            self.stepped("store")
            pause = chance.uniform(0.001, 0.02)
            if self.luck.strikes("slow_store"):
                pause = self.luck.within("slow_store", 0.5, 6.0)
            self.weaver.pause(pause)
            self._may_die(f"before {call.operation}")
            self._trouble(call)

        def after(call: Call) -> None:
            if not self.weaver.inside:
                return
            self._may_die(f"after {call.operation}")
            if call.writes and self.luck.strikes("write_lost"):
                self.weaver.pause(2.0)
                raise AnswerLost
            self.weaver.pause(chance.uniform(0.0005, 0.01))

        def stale(call: Call) -> bool:
            return self.weaver.inside and self.luck.strikes("stale_read")

        self.tables.before, self.tables.after, self.tables.stale = before, after, stale

    def _may_die(self, when: str) -> None:
        if self.luck.strikes("request_crashed"):
            process = PROCESS.get()
            if process is not None and process.name.startswith("request"):
                process.die()
                self.crashed(f"{process.name} dies {when}")
                self.weaver.park()

    def _trouble(self, call: Call) -> None:
        if self.luck.strikes("throttled"):
            raise throttled(call.operation)
        if call.operation == "TransactWriteItems":
            if self.luck.strikes("conflict"):
                count = len(call.items)
                raise transaction_conflict(count, int(self.luck.within("conflict", 0, count - 0.01)))
            if self.luck.strikes("in_progress"):
                raise transaction_in_progress()
        elif call.operation in _SINGLE_WRITES and self.luck.strikes("conflict"):
            raise write_conflict(call.operation)
