"""Hosts with an agent: enrolled once, booted, killed, cut off, stalled, cloned; each boot is a process of its
own."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from agent.client.control import HttpControlPlane
from agent.client.errors import Revoked
from agent.client.identity import Enrolment, IdentityStore
from agent.client.keys import KeyRing
from agent.client.servertime import ServerClock
from agent.worker.access import Access
from agent.worker.loops import Surroundings, Worker
from agent.worker.reach import Reach
from agent.worker.runtime import Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import EnrollAnswer
from tests.simulation.chance import Luck
from tests.simulation.disks import Disk, DiskPath
from tests.simulation.loop import Process, VirtualLoop
from tests.simulation.network import Http, Network
from tests.simulation.platforms import Backend, SimDriver
from tests.simulation.queues import AgentQueue, Cloud
from tests.simulation.sources import moment
from tests.simulation.weaving import Weaver


@dataclass
class Boot:
    """One run of an agent's process."""

    process: Process
    worker: Worker
    task: Any = None

    def fence_at_work(self, session_id: str) -> int | None:
        """The fence under which this boot works on a session; None when it does not."""
        execution = self.worker._executor.running.get(session_id)
        return None if execution is None else execution.fence


@dataclass(frozen=True)
class MachineParts:
    """What all machines share. `begun` is called with (machine, what, session) as a driver step begins."""

    loop: VirtualLoop
    weaver: Weaver
    luck: Luck
    network: Network
    cloud: Cloud
    begun: Callable[["Machine", str, str], None]
    said: Callable[[str, str], None]
    refused: Callable[["Machine"], None]
    """An agent was told that its key is not accepted."""


@dataclass
class Machine:
    """One host, by the identity that its agent was enrolled with."""

    name: str
    parts: MachineParts
    backend: Backend
    enrolment: Enrolment
    timings: Timings
    disk: Disk
    cut_until: float = 0.0
    boot: Boot | None = None
    copies: bool = False
    """There has been another machine with the same identity."""
    retired: bool = False
    """Refused for good (revoked, superseded by a clone): nobody starts it again."""

    def __post_init__(self) -> None:
        self.loop, self.luck = self.parts.loop, self.parts.luck
        self._chance = self.luck.stream(f"machine/{self.name}")
        self._numbers = itertools.count(1)
        self._skew = self._chance.choice((0.0, 0.0, 1.5, -2.0, 400.0, -86_400.0))
        self._ahead = self._chance.uniform(0, 1e5)

    @property
    def enrolled(self) -> EnrollAnswer:
        return self.enrolment.answer

    @property
    def controller_id(self) -> str:
        return self.enrolled.controller_id

    def cut(self) -> bool:
        """Whether its network is down, or no use to its agent."""
        now = self.loop.time()
        first, last = self.boot.process.cut_between if self.boot else (0.0, 0.0)
        return now < self.cut_until or first <= now < last

    @property
    def waits(self) -> bool:
        """Whether it has something to stop or to remove, which it tries for as long as it may."""
        at_work = self.boot.worker._executor.running.values() if self.boot else ()
        return any(each.command.spec is None for each in at_work)

    def knows(self, session_id: str) -> bool:
        """Whether it has a fence under which it would tell that the session's instance ended."""
        return self.boot is not None and self.boot.worker._fences.get(session_id) is not None

    def jump(self, seconds: float) -> None:
        """Somebody sets its clock."""
        self._skew += seconds

    def start(self) -> None:
        """Switch the agent on, unless it runs or was told never to."""
        if self.boot is not None or self.retired:
            return
        number = next(self._numbers)
        process = Process(f"{self.name}/{number}")
        self.parts.said(process.name, "boots")
        self.boot = process.context.run(self._compose, process, number)
        self.boot.task = self.loop.spawn(process, self._live(self.boot))

    def kill(self) -> None:
        """As `kill -9`: what is on the wire goes on, nothing else does."""
        if self.boot is not None:
            self.parts.said(self.boot.process.name, "is killed")
            self.boot.process.die()
            self.boot = None

    def lose_power(self) -> None:
        self.kill()
        self.disk.lose_power(self._chance)

    def stop(self) -> None:
        """As TERM: it finishes or hands back what it can."""
        if self.boot is not None:
            self.parts.said(self.boot.process.name, "is asked to stop")
            self.loop.spawn(self.boot.process, self._stop(self.boot))

    def cloned(self, name: str) -> "Machine":
        """The same identity and state folder beside it."""
        self.copies = True
        return replace(self, name=name, disk=self.disk.copy(), boot=None, cut_until=0.0)

    def stall(self, seconds: float) -> None:
        """Its virtual machine is paused."""
        if self.boot is not None:
            self.parts.said(self.boot.process.name, f"stalls for {seconds:.0f} s")
            self.boot.process.stalled_until = self.loop.time() + seconds

    async def _stop(self, boot: Boot) -> None:
        await boot.worker.stop()
        self.parts.said(boot.process.name, "has stopped")
        boot.process.die()
        if self.boot is boot:
            self.boot = None
        if self.luck.calm:
            self.start()

    async def _live(self, boot: Boot) -> None:
        boot.worker.start()
        await boot.worker.supervisor.ended.wait()
        fatal = boot.worker.supervisor.fatal
        self.parts.said(boot.process.name, f"ends: {fatal.code if fatal else 'unknown'}")
        if isinstance(fatal, Revoked):
            self.parts.refused(self)
        await boot.worker.stop()
        boot.process.die()
        if self.boot is boot:
            self.boot = None
        self.retired = True

    def _compose(self, process: Process, number: int) -> Boot:
        seeded = self.luck.stream(f"{self.name}/{number}")
        ids = itertools.count(1)
        runtime = Runtime(
            blocking=_Blocking(self, process),
            monotonic=lambda: self.loop.time() + self._ahead,
            chance=seeded,
            new_id=lambda: f"{self.name}-{number}-{next(ids)}",
        )
        clock = ServerClock(lambda: moment(self.loop.time()) + timedelta(seconds=self._skew))
        ring = KeyRing(identity(self.disk), self.enrolment, now=clock.now)
        http: Any = Http(self.parts.network, self.cut)
        control = HttpControlPlane(http, ring, clock, spare=ring.spare)
        reach = Reach()
        access = Access(control=control, clock=clock, reach=reach, runtime=runtime, timings=self.timings)
        folder: Any = DiskPath(self.disk, "worker")
        driver = SimDriver(
            self.controller_id, self.backend, lambda what, session: self.parts.begun(self, what, session)
        )
        worker = Worker(
            Surroundings(
                tenant_id=self.enrolled.tenant_id,
                controller_id=self.controller_id,
                control=control,
                queue=AgentQueue(self.parts.cloud, access.queue, self.cut),
                driver=driver,
                access=access,
                reach=reach,
                clock=clock,
                runtime=runtime,
                timings=self.timings,
                folder=folder,
                keys=ring,
            )
        )
        return Boot(process, worker)


@dataclass
class _Blocking:
    """`Runtime.blocking`: a driver's thread is a greenlet of the same process."""

    machine: Machine
    process: Process

    async def __call__(self, call: Callable[[], Any]) -> Any:
        return await self.machine.parts.weaver.start(self.process, call)


def identity(disk: Disk) -> IdentityStore:
    """Who the agent is whose state is on that disk."""
    folder: Any = DiskPath(disk, "identity")
    return IdentityStore(folder)
