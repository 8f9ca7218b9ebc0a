"""Many seeds, on several cores, and the one line that says how it went."""

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field

from tests.simulation.world import Plan, Violation, run

_PER_PROCESS = 40
"""Runs that one process makes: what each leaves behind in it makes the next ones slower."""


@dataclass(frozen=True)
class Run:
    """What is kept of one run."""

    seed: int
    steps: int
    faults: dict[str, int]
    sessions: int
    digest: str
    violation: Violation | None


@dataclass
class Report:
    """The sum of all runs."""

    runs: int = 0
    steps: int = 0
    sessions: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, Violation]] = field(default_factory=list)

    def add(self, done: Run) -> None:
        self.runs += 1
        self.steps += done.steps
        self.sessions += done.sessions
        self.faults.update(done.faults)
        if done.violation is not None:
            self.violations.append((done.seed, done.violation))

    def line(self) -> str:
        """One line of JSON."""
        found = sorted(self.violations, key=lambda each: each[0])
        return json.dumps(
            {
                "runs": self.runs,
                "steps": self.steps,
                "steps_per_second": round(self.steps / max(self.seconds, 1e-6)),
                "seconds": round(self.seconds, 1),
                "sessions": self.sessions,
                "faults": dict(sorted(self.faults.items())),
                "violations": [{"seed": seed, **asdict(each)} for seed, each in found],
            }
        )


def run_one(seed: int) -> Run:
    """One seed, as told to others."""
    done = run(Plan(seed))
    return Run(seed, done.steps, dict(done.faults), done.sessions, done.trace.digest(), done.violation)


def run_many(seeds: range, jobs: int, *, stop_at_first: bool = False) -> Report:
    """All of these, each in one of so many processes."""
    report, began = Report(), time.perf_counter()
    for done in _runs(seeds, jobs):
        report.add(done)
        if stop_at_first and report.violations:
            break
    report.seconds = time.perf_counter() - began
    return report


def _runs(seeds: range, jobs: int) -> Iterator[Run]:
    if jobs <= 1:
        yield from map(run_one, seeds)
        return
    for first in range(0, len(seeds), jobs * _PER_PROCESS):
        yield from _some(seeds[first : first + jobs * _PER_PROCESS], jobs)


def _some(seeds: range, jobs: int) -> Iterator[Run]:
    left = iter(seeds)
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork"))
    try:
        under_way: set[Future[Run]] = set()
        while True:
            while len(under_way) < 2 * jobs and (seed := next(left, None)) is not None:
                under_way.add(pool.submit(run_one, seed))
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
