"""The loop that sends what is in the outbox: in order per session, until accepted or refused for good.

Refused for good is 404, 409 and 410: somebody else has the session, or nobody knows it. That stops work on it
here; what exists on the platform is left to reconciliation.
"""

import asyncio
import logging
from collections.abc import Callable

from agent.client import errors
from agent.client.port import ControlPlane
from agent.worker.access import Access
from agent.worker.outbox import Entry, Outbox, Report
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.commands import ResultReport, StatusReport

_log = logging.getLogger(__name__)

AT_ONCE = 8
"""Reports under way at a time, of different sessions; bounds what a recovering control plane gets."""
BOOT_STRIDE = 10**9
"""More reports than one boot makes, and small enough for any reader's integers."""


class Reporter:
    """`refused` is called with each report that was refused for good."""

    def __init__(
        self,
        *,
        control: ControlPlane,
        access: Access,
        outbox: Outbox,
        reach: Reach,
        runtime: Runtime,
        timings: Timings,
        refused: Callable[[Report, errors.Permanent], None],
    ) -> None:
        self._control = control
        self._access = access
        self._outbox = outbox
        self._reach = reach
        self._runtime = runtime
        self._timings = timings
        self._tell_refused = refused
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Give each session that has something to send a task of its own."""
        await self._access.ready.wait()
        under_way: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._outbox.changed.clear()
                for session_id in self._outbox.sessions():
                    if session_id not in under_way:
                        under_way.add(session_id)
                        tasks.create_task(self._send_all(session_id, under_way))
                await self._outbox.changed.wait()

    async def _send_all(self, session_id: str, under_way: set[str]) -> None:
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while (entry := self._outbox.head(session_id)) is not None:
            try:
                async with self._at_once:
                    await self._send(entry)
            except errors.Fatal:
                raise
            except errors.Permanent as error:
                self._reach.answered()
                self._refused(entry.report, error)
                await self._outbox.done(entry)
            except errors.ApiError as error:
                self._outbox.later(entry)
                await self._pause(error, backoff)
            else:
                self._reach.answered()
                backoff.reset()
                await self._outbox.done(entry)
        under_way.discard(session_id)  # no await since `head` said None: nothing can be missed

    async def _send(self, entry: Entry) -> None:
        report = entry.report
        if report.command_id is not None and report.outcome is not None:
            await self._control.result(
                report.command_id,
                ResultReport(
                    epoch=self._access.epoch,
                    fence=report.fence,
                    sequence=self._sequence(entry),
                    outcome=report.outcome,
                    reason=report.reason,
                ),
            )
            return
        await self._control.status(
            report.session_id,
            StatusReport(
                epoch=self._access.epoch,
                fence=report.fence,
                sequence=self._sequence(entry),
                stage=report.stage,
                progress=report.progress,
                ended=report.ended,
                incarnation=report.incarnation,
            ),
        )

    def _sequence(self, entry: Entry) -> int:
        """Grows within a boot, and from each boot to the next (whose epoch is higher)."""
        return self._access.epoch * BOOT_STRIDE + entry.sequence

    def _refused(self, report: Report, error: errors.Permanent) -> None:
        level = logging.INFO if report.stage is not None else logging.WARNING
        _log.log(level, "A report on %s was refused and is dropped: %s", report.session_id, error.detail)
        self._tell_refused(report, error)

    async def _pause(self, error: errors.ApiError, backoff: Backoff) -> None:
        self._reach.failed(error)
        pause = error.retry_after or backoff.pause()
        if self._reach.reachable.is_set():
            await self._runtime.sleep(pause)
        else:
            await self._runtime.wait(self._reach.reachable, most=pause)
