"""Working on jobs: who takes one holds it for a while, works for a slice of time, and lets go.

A worker that dies simply does not let go: when its time is over the job is due again, and the sweep finds it.
One that was too slow, or whose job is gone, is stopped by the next thing it wants to write down.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed, UnitOfWork
from chalicelib.offboarding.rules import Job, given_up, is_hopeless, stumbled
from chalicelib.offboarding.store import JobStore

_AT_ONCE = 20
"""Due jobs that one sweep looks at."""


class Work(Protocol):
    """What carries a kind of job on. `step` does a little and says how the job is after it, or None when the
    job is gone. It may keep the job by `Held.keep` on the way."""

    def step(self, held: "Held") -> Job | None: ...


class Held:
    """A job in the hands of one worker."""

    def __init__(self, job: Job, store: JobStore, uow: UnitOfWork, clock: Clock, timings: Timings) -> None:
        self.job = job
        self._store = store
        self._uow = uow
        self._clock = clock
        self._lease = timedelta(seconds=timings.offboarding_lease)

    def keep(self, after: Job | None = None) -> None:
        """Write down how far it is, and hold it for another while. Raises ConditionFailed when it is not in
        these hands any more."""
        wanted = after or self.job
        self.write(wanted.moved(self._clock() + self._lease))

    def write(self, after: Job) -> None:
        """Likewise, with the time that it says."""
        self._uow.commit([self._store.change(self.job, after)], aside=True)
        self.job = after

    @property
    def is_ageing(self) -> bool:
        """Whether it is time to keep it: half of the while is over."""
        return self.job.due_at - self._clock() < self._lease / 2


@dataclass(frozen=True)
class Worker:
    store: JobStore
    uow: UnitOfWork
    clock: Clock
    timings: Timings
    work_of: Callable[[Job], Work]

    def changed(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Go on with the jobs that records of the table's stream tell of; how many slices were done."""
        images = [each["dynamodb"]["NewImage"] for each in records if "NewImage" in each["dynamodb"]]
        return sum(self._guarded(*key) for key in dict.fromkeys(map(self.store.key_of, images)))

    def sweep(self) -> int:
        """Go on with what is due: what waits for something, and what somebody died over."""
        return sum(self._guarded(*key) for key in self.store.due(self.clock(), _AT_ONCE))

    def _guarded(self, tenant_id: str, job_id: str) -> bool:
        """One job's trouble holds no other up: the sweep comes back to it."""
        try:
            return self.advance(tenant_id, job_id)
        except ConditionFailed:
            return False
        except Exception:
            logger.exception("a job could not go on", extra={"tenant_id": tenant_id, "job_id": job_id})
            return False

    def advance(self, tenant_id: str, job_id: str) -> bool:
        """One slice of a job, if it is due and in nobody's hands. Raises ConditionFailed when it was taken
        away on the way."""
        job = self.store.get(tenant_id, job_id)
        if job is None or not job.running or job.due_at > self.clock():
            return False
        held = Held(job, self.store, self.uow, self.clock, self.timings)
        if is_hopeless(job):
            held.write(given_up(job, self.clock()))
            return True
        held.keep(replace(job, attempts=job.attempts + 1))
        try:
            after = self._slice(held)
        except ConditionFailed:
            raise
        except Exception as error:
            logger.exception("a job stumbled", extra={"tenant_id": tenant_id, "job_id": job_id})
            held.write(stumbled(held.job, self.clock(), f"{type(error).__name__}: {error}"))
            return True
        if after is not None:
            held.write(after)
        return True

    def _slice(self, held: Held) -> Job | None:
        """Steps until the time is over, the job waits for something, or it is over."""
        work, until = self.work_of(held.job), self.clock() + timedelta(seconds=self.timings.offboarding_slice)
        while True:
            after = work.step(held)
            if after is None:
                return None
            after = after.moved(after.due_at, attempts=0, reason=None if after.running else after.reason)
            if not after.running or after.due_at > self.clock() or self.clock() >= until:
                return after
            held.keep(after)
