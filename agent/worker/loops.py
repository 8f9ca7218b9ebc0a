"""The worker's loops, put together: everything between the ports (control plane, queue, driver, streams) and
the runtime. A simulation composes this; a real agent composes it in `app.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.client import errors
from agent.client.port import ControlPlane, Keys
from agent.client.queue import CommandQueue
from agent.client.servertime import ServerClock
from agent.drivers.base import Driver
from agent.worker.access import Access
from agent.worker.claims import Claims
from agent.worker.dispatch import Dispatcher
from agent.worker.execute import Executor
from agent.worker.fences import Fences
from agent.worker.health import AgentHealth
from agent.worker.heartbeat import Heart
from agent.worker.lanes import Lanes
from agent.worker.lease import Why
from agent.worker.outbox import Outbox, Report
from agent.worker.platform import Platform
from agent.worker.poll import Poller
from agent.worker.reach import Reach
from agent.worker.reconcile import Reconciler
from agent.worker.renew import Renewer
from agent.worker.report import Reporter
from agent.worker.rotate import Rotator
from agent.worker.runtime import Runtime
from agent.worker.streams import NoStreams, Streams
from agent.worker.supervisor import Supervisor
from agent.worker.timings import Timings
from agent.worker.watch import Watcher
from chalicelib.protocol.agents import Heartbeat


@dataclass(frozen=True)
class Surroundings:
    """All that a worker touches."""

    tenant_id: str
    controller_id: str
    control: ControlPlane
    queue: CommandQueue
    driver: Driver
    access: Access
    reach: Reach
    clock: ServerClock
    runtime: Runtime
    timings: Timings
    folder: Path
    streams: Streams = field(default_factory=NoStreams)
    gateway_url: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    told: Callable[[Heartbeat], None] = lambda _: None
    keys: Keys | None = None
    """Unset where the key is not the worker's to change."""


class Worker:
    """Start, then wait for `supervisor.ended` or for a reason to stop."""

    def __init__(self, around: Surroundings) -> None:
        runtime, timings, reach, access = around.runtime, around.timings, around.reach, around.access
        self._around = around
        self._health = AgentHealth()
        self._lanes = Lanes()
        self._fences = Fences(around.folder / "fences")
        self.outbox = Outbox(around.folder / "outbox", runtime.blocking)
        self._executor = Executor(
            driver=around.driver,
            outbox=self.outbox,
            fences=self._fences,
            renewer=Renewer(
                control=around.control, access=access, reach=reach, runtime=runtime, timings=timings
            ),
            clock=around.clock,
            runtime=runtime,
            timings=timings,
        )
        self._dispatcher = Dispatcher(
            control=around.control,
            queue=around.queue,
            access=access,
            claims=Claims(around.folder / "claims"),
            outbox=self.outbox,
            executor=self._executor,
            lanes=self._lanes,
            reach=reach,
            runtime=runtime,
            timings=timings,
        )
        self.supervisor = Supervisor(runtime=runtime, timings=timings)

    def start(self) -> None:
        """Start every loop."""
        poller, reconciler = self._poller(), self._reconciler()
        loops = {
            "access": self._around.access.run,
            "report": self._reporter().run,
            "dispatch": self._dispatcher.run,
            "poll": poller.run,
            "heartbeat": self._heart(poller, reconciler).run,
            "reconcile": reconciler.run,
            "watch": self._watcher(reconciler).run,
        }
        if self._around.keys is not None:
            loops["rotate"] = self._rotator(self._around.keys).run
        for name, loop in loops.items():
            self.supervisor.start(name, loop)

    async def stop(self) -> None:
        """Receive no more, finish or hand back what was claimed, send what can be sent. Sessions run on."""
        await self.supervisor.stop("poll")
        if self.supervisor.fatal is None:
            await self._dispatcher.stop()
            await self._flush()
        else:
            self._executor.give_up_all(Why.STALE)
        await self.supervisor.stop_all()

    async def _flush(self) -> None:
        """What the control plane does not take now stays on disk."""
        over = self._around.runtime.monotonic() + self._around.timings.finish / 4
        while len(self.outbox) and self._around.reach.reachable.is_set():
            left = over - self._around.runtime.monotonic()
            if left <= 0:
                return
            self.outbox.shrunk.clear()
            await self._around.runtime.wait(self.outbox.shrunk, most=left)

    def _refused(self, report: Report, error: errors.Permanent) -> None:
        """A report was refused for good: stop the work that it was about, which is all that may be done."""
        if isinstance(error, errors.StaleFence):
            self._executor.give_up(report.session_id, report.fence, Why.STALE)
            self._fences.forget(report.session_id, up_to=report.fence)
        elif isinstance(error, errors.Superseded):
            self._executor.give_up(report.session_id, report.fence, Why.SUPERSEDED)

    def _reporter(self) -> Reporter:
        return Reporter(
            control=self._around.control,
            access=self._around.access,
            outbox=self.outbox,
            reach=self._around.reach,
            runtime=self._around.runtime,
            timings=self._around.timings,
            refused=self._refused,
        )

    def _rotator(self, keys: Keys) -> Rotator:
        return Rotator(
            control=self._around.control,
            access=self._around.access,
            keys=keys,
            reach=self._around.reach,
            runtime=self._around.runtime,
            timings=self._around.timings,
        )

    def _poller(self) -> Poller:
        return Poller(
            control=self._around.control,
            tenant_id=self._around.tenant_id,
            controller_id=self._around.controller_id,
            queue=self._around.queue,
            dispatcher=self._dispatcher,
            access=self._around.access,
            reach=self._around.reach,
            health=self._health.polling,
            runtime=self._around.runtime,
            timings=self._around.timings,
        )

    def _heart(self, poller: Poller, reconciler: Reconciler) -> Heart:
        def gone(sessions: frozenset[str]) -> None:
            """What we removed has no fence any more; what somebody else removed is the control plane's to
            judge, and soon."""
            if any(self._fences.get(each) is not None and not self._lanes.busy(each) for each in sessions):
                reconciler.soon()

        platform = Platform(
            driver=self._around.driver,
            health=self._health.platform,
            runtime=self._around.runtime,
            timings=self._around.timings,
            gone=gone,
        )
        return Heart(
            control=self._around.control,
            access=self._around.access,
            platform=platform,
            poller=poller,
            streams=self._around.streams,
            outbox=self.outbox,
            health=self._health,
            reach=self._around.reach,
            runtime=self._around.runtime,
            timings=self._around.timings,
            gateway_url=self._around.gateway_url,
            labels=self._around.labels,
            told=self._around.told,
        )

    def _reconciler(self) -> Reconciler:
        return Reconciler(
            control=self._around.control,
            driver=self._around.driver,
            access=self._around.access,
            fences=self._fences,
            lanes=self._lanes,
            reach=self._around.reach,
            clock=self._around.clock,
            runtime=self._around.runtime,
            timings=self._around.timings,
        )

    def _watcher(self, reconciler: Reconciler) -> Watcher:
        return Watcher(
            driver=self._around.driver,
            fences=self._fences,
            lanes=self._lanes,
            outbox=self.outbox,
            reconciler=reconciler,
            platform=self._health.platform,
            runtime=self._around.runtime,
            timings=self._around.timings,
        )
