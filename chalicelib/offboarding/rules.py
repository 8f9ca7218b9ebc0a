"""What a job is and how it goes on: pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

DELETION = "deletion"
"""The id of a tenant's deletion: there is only one."""
ATTEMPTS = 8
"""An export that fails so often in a row is given up. A deletion never is."""
EXPORT_KEPT = timedelta(days=7)
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=5)


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Phase(StrEnum):
    """A deletion's. `ending`: sessions end, agents still answer; `erasing`: nobody is accepted any more and
    rows go; `settling`: what was under way meanwhile is swept up."""

    ENDING = "ending"
    ERASING = "erasing"
    SETTLING = "settling"


@dataclass(frozen=True)
class Job:
    """`due_at` is when it may go on; while somebody works on it, when they count as dead. `place` is how far
    it is, in the words of whoever carries it out. `attempts` are slices that began since one came to
    something. `revision` grows with every change: who holds an old one has lost the job."""

    tenant_id: str
    id: str
    requested_by: str
    created_at: datetime
    due_at: datetime
    state: JobState = JobState.RUNNING
    place: dict[str, Any] = field(default_factory=dict)
    done: int = 0
    attempts: int = 0
    reason: str | None = None
    bytes: int | None = None
    finished_at: datetime | None = None
    revision: int = 0

    @property
    def is_deletion(self) -> bool:
        return self.id == DELETION

    @property
    def running(self) -> bool:
        return self.state is JobState.RUNNING

    def moved(self, due_at: datetime, **changes: Any) -> "Job":
        """The same, later."""
        return replace(self, due_at=due_at, revision=self.revision + 1, **changes)


def stumbled(job: Job, now: datetime, message: str) -> Job:
    """After a slice that failed: again after a pause that doubles."""
    pause = min(_FIRST_PAUSE * (1 << min(max(job.attempts - 1, 0), 10)), _LONGEST_PAUSE)
    return job.moved(now + pause, reason=message[:300])


def is_hopeless(job: Job) -> bool:
    """Whether so many slices in a row came to nothing, also by dying, that another one is in vain."""
    return job.attempts >= ATTEMPTS and not job.is_deletion


def given_up(job: Job, now: datetime) -> Job:
    """The end of a hopeless one."""
    reason = job.reason or "It did not come to an end in the time that it is given."
    return job.moved(now, state=JobState.FAILED, reason=reason, finished_at=now)
