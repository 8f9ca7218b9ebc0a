"""Several jobs at once: as threads, or as greenlets that change places before and after each store call."""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from greenlet import getcurrent, greenlet

from chalicelib.core.dynamo import DynamoUnitOfWork
from tests.support.memory_tables import Call, MemoryTables, transaction_conflict, write_conflict

Job = Callable[[], Any]


class Crowd(Protocol):
    unit: DynamoUnitOfWork

    def run(self, jobs: Sequence[Job]) -> list[Any]:
        """Results in the order of the jobs; what a job raised stands for its result."""

    def rest(self, seconds: float) -> None:
        """Let others go first."""


def caught(job: Job) -> Any:
    """The job's result, or what it raised."""
    try:
        return job()
    except Exception as error:
        return error


class Threads:
    def __init__(self) -> None:
        self.unit = DynamoUnitOfWork()

    def run(self, jobs: Sequence[Job]) -> list[Any]:
        start = threading.Barrier(len(jobs))

        def begin(job: Job) -> Any:
            start.wait()
            return caught(job)

        with ThreadPoolExecutor(len(jobs)) as pool:
            return list(pool.map(begin, jobs))

    def rest(self, seconds: float) -> None:
        threading.Event().wait(seconds)


class Woven:
    """One of the jobs goes on at a time, by lot; now and then a write meets another transaction."""

    def __init__(self, tables: MemoryTables, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._tables = tables
        self.unit = DynamoUnitOfWork(sleep=self.rest)

    def run(self, jobs: Sequence[Job]) -> list[Any]:
        results: list[Any] = [None] * len(jobs)

        def body(number: int) -> None:
            results[number] = caught(jobs[number])

        alive = [greenlet(body) for _ in jobs]
        waiting = list(enumerate(alive))
        self._tables.before, self._tables.after = self._before, self.rest
        while alive:
            if waiting and self._chance.random() < 0.3:
                number, one = waiting.pop()
                one.switch(number)
            else:
                started = [one for one in alive if one]
                if started:
                    self._chance.choice(started).switch()
            alive = [one for one in alive if not one.dead]
        self._tables.before = self._tables.after = None
        return results

    def _before(self, call: Call) -> None:
        self.rest(call)
        if call.writes and self._chance.random() < 0.1:
            if call.operation == "TransactWriteItems":
                raise transaction_conflict(len(call.items), self._chance.randrange(len(call.items)))
            raise write_conflict(call.operation)

    def rest(self, _: object) -> None:
        parent = getcurrent().parent
        if parent is not None:
            parent.switch()
