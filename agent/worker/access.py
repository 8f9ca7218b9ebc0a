"""The loop that keeps this boot's credentials fresh: its epoch, its queue, its relay.

The first answer opens the epoch. Renewal begins long before the end, so that there is no gap; a queue that
refuses the credentials asks for it at once.
"""

import asyncio
import logging
from collections.abc import Callable

from agent import __version__
from agent.client import errors, versions
from agent.client.port import ControlPlane
from agent.client.servertime import ServerClock
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import CredentialsAnswer, CredentialsRequest, Intervals, QueueAccess

_log = logging.getLogger(__name__)


class Access:
    """What the control plane granted this boot. Nothing is claimed or reported before `ready`."""

    def __init__(
        self,
        *,
        control: ControlPlane,
        clock: ServerClock,
        reach: Reach,
        runtime: Runtime,
        timings: Timings,
        granted: Callable[[CredentialsAnswer], None] = lambda _: None,
    ) -> None:
        self._control = control
        self._clock = clock
        self._reach = reach
        self._runtime = runtime
        self._timings = timings
        self._granted = granted
        self._answer: CredentialsAnswer | None = None
        self._wanted = asyncio.Event()
        self.boot_id = runtime.new_id()
        self.ready = asyncio.Event()
        self.renewed = asyncio.Event()
        """Cleared while newer credentials are asked for."""
        self.rotation = asyncio.Event()
        """The control plane asks for a new key."""
        self.intervals = Intervals()

    @property
    def epoch(self) -> int:
        return self._current().epoch

    def queue(self) -> QueueAccess:
        """The newest credentials of the queue."""
        return self._current().queue

    def renew_now(self) -> None:
        """The present ones were refused."""
        self.renewed.clear()
        self._wanted.set()

    async def run(self) -> None:
        """Ask, then wait until it is time to ask again, for ever."""
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            self._wanted.clear()
            try:
                answer = await self._control.credentials(self._request())
            except errors.Fatal:
                raise
            except errors.ApiError as error:
                self._reach.failed(error)
                _log.warning("No credentials yet: %s", error.detail)
                await self._runtime.sleep(error.retry_after or backoff.pause())
                continue
            self._reach.answered()
            self._adopt(answer)
            await self._runtime.wait(self._wanted, most=self._time_until_renewal(answer))
            if self._wanted.is_set():  # a queue that goes on refusing must not make us hammer the API
                await self._runtime.sleep(backoff.pause())
            else:
                backoff.reset()

    def _request(self) -> CredentialsRequest:
        return CredentialsRequest(
            boot_id=self.boot_id, protocol_version=PROTOCOL_VERSION, agent_version=__version__
        )

    def _adopt(self, answer: CredentialsAnswer) -> None:
        versions.check(answer.protocol_version)
        self._answer = answer
        self.intervals = answer.intervals
        self._granted(answer)
        self.ready.set()
        self.renewed.set()
        if answer.rotate_key:
            self.rotation.set()

    def _time_until_renewal(self, answer: CredentialsAnswer) -> float:
        ends = [answer.queue.expires_at, *([answer.relay.expires_at] if answer.relay else [])]
        left = (min(ends) - self._clock.now()).total_seconds()
        return max(self._timings.first_retry, left - self._timings.access_ahead, left / 2)

    def _current(self) -> CredentialsAnswer:
        if self._answer is None:
            raise RuntimeError("used before the first credentials came")
        return self._answer
