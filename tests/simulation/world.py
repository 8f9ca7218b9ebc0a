"""One run: a world is built from a seed, lives with its faults for a while, comes to rest, and is
examined."""

import asyncio
import gc
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from chalicelib.controllers.queues import Queues
from chalicelib.core.config import Config
from chalicelib.core.errors import DomainError
from chalicelib.quotas.service import Limits
from tests.simulation import complaints, disks, haste, pace, sources
from tests.simulation.admins import Admin
from tests.simulation.books import booked
from tests.simulation.chance import Luck
from tests.simulation.chronicle import Chronicle
from tests.simulation.exam import come_to_rest, examine
from tests.simulation.founding import Founder
from tests.simulation.gateway import AUTHORITY, Gateway
from tests.simulation.loop import Stuck, VirtualLoop
from tests.simulation.machines import MachineParts
from tests.simulation.network import Network, SimSigner
from tests.simulation.parts import Parts
from tests.simulation.people import Person, Wishes
from tests.simulation.plane import build, furnish
from tests.simulation.platforms import BackendParts
from tests.simulation.queues import Cloud
from tests.simulation.tables import StoreTrouble
from tests.simulation.trace import Trace
from tests.simulation.watching import Watch
from tests.simulation.weather import Weather
from tests.simulation.weaving import Weaver
from tests.support.memory_tables import MemoryTables
from tests.support.memory_tables import installed as tables_installed

_MOST_STEPS = 150_000
"""A run that needs more goes round in circles."""
_EXAMINED = 0.3
"""The share of runs after which people try everything once more."""
_MENDED = 0.6
"""The share of runs in which people wake what failed once it is calm, with late effects still to come."""


@dataclass(frozen=True)
class Plan:
    """What is run. `off` are kinds of fault that are left out; `wishes` and `seconds` bound what people want
    and how long things go wrong: a shrunk run has less of them."""

    seed: int
    off: frozenset[str] = frozenset()
    wishes: int = 40
    seconds: float = 400.0


@dataclass(frozen=True)
class Violation:
    at: float
    text: str
    session_id: str = ""


@dataclass
class Outcome:
    """How a run went."""

    plan: Plan
    steps: int
    faults: Counter[str]
    sessions: int
    trace: Trace
    violation: Violation | None = None


@dataclass
class World:
    plan: Plan
    steps: int = 0
    trace: Trace = field(default_factory=Trace)
    violation: Violation | None = None

    def __post_init__(self) -> None:
        self.luck = Luck(self.plan.seed, self.plan.off)
        self.loop = VirtualLoop(lambda text: self.broken(text, ""))
        self.weaver = Weaver(self.loop)
        self.shape = self.luck.stream("shape")
        self.tables = MemoryTables(self.loop.time)
        self.cloud = Cloud(self.loop, self.weaver, self.luck, self.stepped)
        self.config = Config(
            public_url=f"https://{AUTHORITY}", timings=pace.of_plane(self.shape, self.luck.stream("deadline"))
        )
        self.agent_timings = pace.of_agents(self.shape)
        self.chronicle = Chronicle(
            self._now,
            self.broken,
            lambda text, about: self.say("row", text, about),
            lambda: booked(self.tables),
        )
        self.parts = Parts(self.loop, self.config.timings, self.chronicle, self.broken)
        self.watch = Watch(self.parts, self.say)
        self.chronicle.runs = self.watch.runs

    def run(self) -> Outcome:
        """The whole of it."""
        with ExitStack() as stack:
            stack.enter_context(tables_installed(self.tables))
            stack.enter_context(haste.installed())
            stack.enter_context(disks.installed())
            stack.enter_context(complaints.heard(lambda text: self.broken(text, "")))
            stack.enter_context(
                sources.installed(self.loop.time, self.luck.stream("ids"), self._rest, SimSigner)
            )
            self._build()
            try:
                self.loop.run_until_complete(self.loop.create_task(self._live()))
            except RuntimeError:
                if self.violation is None:
                    raise
            except Stuck:
                self.broken("everybody waits for ever", "")
            finally:
                self.loop.end()
        known = len(self.chronicle.sessions)
        return Outcome(self.plan, self.steps, self.luck.struck, known, self.trace, self.violation)

    def stepped(self, _kind: str) -> None:
        """Something happens that others may come before or after."""
        self.steps += 1
        if self.steps > _MOST_STEPS:
            self.broken("it goes round in circles", "")

    def say(self, who: str, what: str, session_id: str = "") -> None:
        self.trace.add(self.loop.time(), who, what, session_id)

    def broken(self, text: str, session_id: str) -> None:
        """The first one counts, and ends the run."""
        if self.violation is None:
            self.violation = Violation(self.loop.time(), text, session_id)
            self.say("VIOLATION", text, session_id)
            self.loop.stop()

    # How it is built

    def _build(self) -> None:
        loop, weaver, luck, shape = self.loop, self.weaver, self.luck, self.shape
        self.plane = build(self.config, self._now, Queues(self.config, client=self.cloud.client))
        self.gateway = Gateway(loop, weaver, self.plane, lambda text: self.broken(text, ""))
        self.network = Network(loop, luck, self.gateway, self.stepped, self.say)
        limits = Limits(sessions=shape.choice((None, 4)))
        self.tenancy = furnish(self.plane, shape.choice((1, 2, 2)), limits)
        self.founder = Founder(
            self.parts,
            self.plane,
            self.tenancy,
            shape,
            BackendParts(loop, weaver, luck, self.stepped, self.watch.effect),
            MachineParts(
                loop, weaver, luck, self.network, self.cloud, self.watch.begun, self.say, self.watch.refused
            ),
            self.agent_timings,
        )
        for number in range(shape.choice((1, 2, 2))):
            self.founder.found(number)
        StoreTrouble(self.tables, weaver, luck, self.stepped, self._request_died).install()
        self.tables.watch = self.chronicle.watch
        self.weather = Weather(loop, luck, self.parts.machines, self.parts.backends, self.cloud, self.say)
        self.weather.settled = self.chronicle.settled
        self.chronicle.taken_over = self.weather.taken_over

    def _people(self) -> list[Person]:
        wishes, seconds = Wishes(self.plan.wishes), self.shape.choice((4.0, 8.0, 25.0))
        return [
            Person(
                f"person{number}",
                user,
                self.tenancy,
                self.plane,
                self.network,
                self.luck.stream(f"person{number}"),
                self.trace,
                wishes,
                self.shape.choice((1, 3, 5)),
                seconds,
                self.shape.choice((None, 10.0, 10.0)),
            )
            for number, user in enumerate(self.tenancy.members)
        ]

    # How it goes

    async def _live(self) -> None:
        sweeper = self.loop.create_task(self._sweep())
        for machine in self.parts.machines:
            machine.start()
        await asyncio.sleep(5)
        people = self._people()
        self.weather.restart = partial(self._restart, {each.user.user_id: each for each in people})
        admin = Admin(
            self.tenancy,
            self.plane,
            self.network,
            self.luck,
            self.luck.stream("admin"),
            list(self.parts.places),
            self.say,
            self._admit,
        )
        until = self.plan.seconds * self.shape.choice((0.3, 0.5, 1.0))
        await asyncio.gather(
            self.weather.blow(until),
            admin.live(until),
            *(each.live(until) for each in people),
            *(each.mend(until) for each in people),
        )
        self.say("weather", "is calm from now on")
        self.weather.clear()
        for controller_id in self.parts.places:
            await admin.resume(controller_id)
        keeper = self.loop.create_task(self._keep_serving())
        if self.shape.random() < _MENDED:
            await asyncio.sleep(40)  # until agents have been heard of
            for each in people:
                await each.mend_once()
        await come_to_rest(self.parts, "after the storm", sorted(admin.moving))
        if self.shape.random() < _EXAMINED:
            await admin.relent()
            await examine(self.parts, people)
        sweeper.cancel()
        keeper.cancel()

    def _restart(self, people: dict[str, Person], session_id: str) -> None:
        owner = people[self.chronicle.sessions[session_id].user_id]
        self.loop.create_task(owner.restart(session_id, lambda: self.luck.calm))

    async def _keep_serving(self) -> None:
        """Somebody sees to it that each controller has an agent."""
        while True:
            for controller_id in self.parts.places:
                if all(each.retired for each in self.parts.machines if each.controller_id == controller_id):
                    await self._admit(controller_id)
            await asyncio.sleep(10)

    async def _admit(self, controller_id: str) -> None:
        """One more agent, on a machine of its own."""
        backend = self.parts.places[controller_id]
        try:
            answer = await self.network.ask("enroll", lambda: self.founder.enrol(backend, controller_id))
        except DomainError as error:
            self.say("admin", f"enroll: {error.code}")
            return
        self.founder.settle(backend, *answer).start()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(60)
            if self.luck.strikes("sweep_missed"):
                continue
            for _ in range(2 if self.luck.strikes("sweep_doubled") else 1):
                self.loop.create_task(self._one_sweep())

    async def _one_sweep(self) -> None:
        await self.gateway.direct("sweep", self.plane.sessions.sweep)

    # What parts ask of the world

    def _request_died(self, text: str) -> None:
        self.say("control plane", text)
        self.gateway.crashed(text)

    def _now(self) -> datetime:
        return sources.moment(self.loop.time())

    def _rest(self, seconds: float) -> None:
        if self.weaver.inside:
            self.weaver.pause(seconds)


def run(plan: Plan) -> Outcome:
    """One run of one world. What it leaves half way is unwound here, or the next run would hear of it."""
    hook, collecting = sys.unraisablehook, gc.isenabled()
    gc.disable()
    gc.freeze()  # what was there before need not be looked through afterwards
    sys.unraisablehook = lambda _: None
    try:
        return World(plan).run()
    finally:
        with complaints.heard(lambda _: None):
            gc.collect()
        gc.unfreeze()
        sys.unraisablehook = hook
        if collecting:
            gc.enable()
