"""From a driver's thread to the outbox: the lease allows each step, which is reported, but not too often."""

import asyncio
from collections.abc import Callable

from agent.drivers.base import Step
from agent.worker.lease import Lease
from agent.worker.outbox import Outbox, Report


class StepReporter:
    """A `drivers.base.Progressing`. Made on the event loop, called in one driver thread."""

    def __init__(
        self,
        *,
        lease: Lease,
        outbox: Outbox,
        session_id: str,
        fence: int,
        monotonic: Callable[[], float],
        interval: float,
    ) -> None:
        self._lease = lease
        self._outbox = outbox
        self._session_id = session_id
        self._fence = fence
        self._monotonic = monotonic
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._last: Step | None = None
        self._last_at = 0.0

    def __call__(self, step: Step) -> None:
        self._lease.check()
        now = self._monotonic()
        same_stage = self._last is not None and self._last.stage is step.stage
        if same_stage and now - self._last_at < self._interval:
            return
        self._last, self._last_at = step, now
        report = Report(
            session_id=self._session_id, fence=self._fence, stage=step.stage, progress=step.progress
        )
        self._loop.call_soon_threadsafe(self._outbox.progress, report)
