"""The loop that says how the agent is: on the server's interval, and at once when a part's health changes.

While the control plane does not answer, it is this loop that finds out when it does again.
"""

import logging
from collections.abc import Callable, Mapping

from agent import __version__
from agent.client import errors
from agent.client.port import ControlPlane
from agent.worker.access import Access
from agent.worker.health import AgentHealth, failing
from agent.worker.outbox import Outbox
from agent.worker.platform import Platform
from agent.worker.poll import Poller
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.streams import Streams
from agent.worker.timings import Timings
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import Health, Heartbeat, PartHealth, SessionActivity

_log = logging.getLogger(__name__)
MOST_ACTIVITY = 1000
"""Sessions whose activity one heartbeat tells of, below half of what a request may have."""


class Heart:
    """`told` is called with each heartbeat that was answered (the status file)."""

    def __init__(
        self,
        *,
        control: ControlPlane,
        access: Access,
        platform: Platform,
        poller: Poller,
        streams: Streams,
        outbox: Outbox,
        health: AgentHealth,
        reach: Reach,
        runtime: Runtime,
        timings: Timings,
        gateway_url: str | None = None,
        labels: Mapping[str, str] | None = None,
        told: Callable[[Heartbeat], None] = lambda _: None,
    ) -> None:
        self._control = control
        self._access = access
        self._platform = platform
        self._poller = poller
        self._streams = streams
        self._outbox = outbox
        self._health = health
        self._reach = reach
        self._runtime = runtime
        self._timings = timings
        self._gateway_url = gateway_url
        self._labels = dict(labels or {})
        self._told = told
        self._turn = 0

    async def run(self) -> None:
        """Beat for ever."""
        await self._access.ready.wait()
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            beat = await self._beat()
            self._health.changed.clear()
            try:
                answer = await self._control.heartbeat(beat)
            except errors.Fatal:
                raise
            except errors.ApiError as error:
                self._reach.failed(error)
                await self._runtime.sleep(error.retry_after or backoff.pause())
                continue
            backoff.reset()
            self._reach.answered()
            self._access.intervals = answer.intervals
            self._told(beat)
            await self._until_next(beat, answer.intervals.heartbeat)

    async def _until_next(self, told: Heartbeat, interval: float) -> None:
        """The interval, or less when there is something to say or to find out. Never less than a moment,
        whatever flaps."""
        over = self._runtime.monotonic() + interval
        await self._runtime.sleep(min(self._timings.first_retry, interval))
        while (left := over - self._runtime.monotonic()) > 0:
            most = min(left, self._timings.look)
            if await self._runtime.wait(self._health.changed, self._reach.failing, most=most):
                return
            now = (self._poller.health().state, self._streams.health().state)
            if now != (told.polling.state, told.streaming.state):
                return

    async def _beat(self) -> Heartbeat:
        facts = await self._platform.facts()
        return Heartbeat(
            epoch=self._access.epoch,
            agent_version=__version__,
            protocol_version=PROTOCOL_VERSION,
            capacity=facts.capacity,
            usage=facts.usage,
            load=facts.load,
            instances=facts.instances,
            polling=self._poller.health(),
            platform=self._platform_health(),
            streaming=self._streams.health(),
            gateway_url=self._gateway_url,
            labels=self._labels,
            activity=self._activity(),
        )

    def _activity(self) -> tuple[SessionActivity, ...]:
        """Of all sessions, or in turn of as many as fit."""
        seen = self._streams.activity()
        if len(seen) <= MOST_ACTIVITY:
            return seen
        first = self._turn % len(seen)
        self._turn = first + MOST_ACTIVITY
        return (*seen[first:], *seen[:first])[:MOST_ACTIVITY]

    def _platform_health(self) -> PartHealth:
        """The platform's, or the trouble that the agent's own disk gives."""
        health, trouble = self._health.platform.now, self._outbox.trouble
        if health.state is Health.OK and trouble is not None:
            return failing(trouble.code, trouble.message)
        return health
