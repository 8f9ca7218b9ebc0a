"""The loop that keeps one claimed command's lease, and learns from it when newer intent has won."""

import asyncio
import logging
from dataclasses import dataclass, field

from agent.client import errors
from agent.client.port import ControlPlane
from agent.worker.access import Access
from agent.worker.lease import Lease, Why
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.commands import Command, RenewRequest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Execution:
    """A claimed command at work. `nudged` asks for a renewal now."""

    command: Command
    fence: int
    lease: Lease
    nudged: asyncio.Event = field(default_factory=asyncio.Event)


class Renewer:
    """One `keep` runs beside each execution."""

    def __init__(
        self, *, control: ControlPlane, access: Access, reach: Reach, runtime: Runtime, timings: Timings
    ) -> None:
        self._control = control
        self._access = access
        self._reach = reach
        self._runtime = runtime
        self._timings = timings

    async def keep(self, execution: Execution) -> None:
        """Renew until cancelled or until the lease is lost. Raises errors.Fatal."""
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        pause = self._access.intervals.renew
        while execution.lease.ended is None:
            await self._runtime.wait(execution.nudged, most=min(pause, execution.lease.left()))
            execution.nudged.clear()
            try:
                await self._renew(execution)
            except errors.Fatal:
                execution.lease.give_up(Why.STALE)
                raise
            except (errors.StaleFence, errors.NotFound) as error:
                self._give_up(execution, Why.STALE, error)
            except (errors.Superseded, errors.Finished) as error:
                self._give_up(execution, Why.SUPERSEDED, error)
            except errors.ApiError as error:
                self._reach.failed(error)
                pause = error.retry_after or backoff.pause()
            else:
                self._reach.answered()
                backoff.reset()
                pause = self._access.intervals.renew

    async def _renew(self, execution: Execution) -> None:
        asked_at = self._runtime.monotonic()
        grant = await self._control.renew(
            execution.command.command_id, RenewRequest(epoch=self._access.epoch, fence=execution.fence)
        )
        execution.lease.extend(asked_at=asked_at, seconds=grant.lease_seconds)

    def _give_up(self, execution: Execution, why: Why, error: errors.ApiError) -> None:
        _log.info("Command %s stops: %s", execution.command.command_id, error.detail)
        self._reach.answered()
        execution.lease.give_up(why)
