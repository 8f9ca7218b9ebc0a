"""One run: a world is built from a seed, lives with its faults for a while, comes to rest, and is examined."""

import asyncio
import gc
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from agent.worker.timings import Timings as AgentTimings
from chalicelib.controllers.queues import Queues
from chalicelib.core.config import Config, Timings
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import Backend as BackendFacts
from chalicelib.protocol.agents import Capacity, EnrollRequest
from chalicelib.quotas.counters import DynamoBooks
from chalicelib.quotas.row_models import QuotaRow
from chalicelib.quotas.service import Amount, Limits
from chalicelib.sessions.rules import State
from tests.simulation import complaints, disks, quiescence, sources
from tests.simulation.chance import Luck
from tests.simulation.chronicle import Chronicle
from tests.simulation.gateway import AUTHORITY, Gateway
from tests.simulation.loop import Stuck, VirtualLoop
from tests.simulation.machines import Machine, public_key
from tests.simulation.network import Network
from tests.simulation.people import Person, Wishes
from tests.simulation.plane import GIB, IMAGE, TINY_IMAGE, Plane, Tenancy, build, furnish
from tests.simulation.platforms import Backend
from tests.simulation.queues import Cloud
from tests.simulation.tables import StoreTrouble
from tests.simulation.trace import Trace
from tests.simulation.weather import Weather
from tests.simulation.weaving import Weaver
from tests.support.memory_tables import MemoryTables
from tests.support.memory_tables import installed as tables_installed

_MOST_STEPS = 150_000
"""A run that needs more goes round in circles."""
_EXAMINED = 0.3
"""The share of runs after which people try everything once more."""


@dataclass(frozen=True)
class Plan:
    """What is run. `off` are kinds of fault that are left out; `wishes` and `seconds` bound what people want and how long
    things go wrong: a shrunk run has less of them."""

    seed: int
    off: frozenset[str] = frozenset()
    wishes: int = 40
    seconds: float = 600.0


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
    kinds: Counter[str]
    sessions: int
    trace: Trace
    violation: Violation | None = None


class _Broken(Exception):
    """The run need not go on."""


@dataclass
class World:
    plan: Plan
    steps: Counter[str] = field(default_factory=Counter)
    trace: Trace = field(default_factory=Trace)
    violation: Violation | None = None
    homes_seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.luck = Luck(self.plan.seed, self.plan.off)
        self.loop = VirtualLoop(lambda text: self.broken(text, ""))
        self.weaver = Weaver(self.loop)
        self.shape = self.luck.stream("shape")
        self.tables = MemoryTables(self.loop.time)
        self.cloud = Cloud(self.loop, self.weaver, self.luck, self.stepped)
        timings = replace(
            Timings(),
            inventory=self.shape.choice((60.0, 60.0, 120.0)),
            heartbeat_idle=self.shape.choice((60.0, 60.0, 300.0)),
        )
        self.config = Config(public_url=f"https://{AUTHORITY}", timings=timings)
        self.agent_timings = replace(AgentTimings(), watch=self.shape.choice((5.0, 15.0)), look=5.0)
        self.machines: list[Machine] = []
        self.backends: list[Backend] = []
        self.places: dict[str, Backend] = {}

    # What the parts call

    def now(self) -> datetime:
        return sources.moment(self.loop.time())

    def stepped(self, kind: str) -> None:
        self.steps[kind] += 1
        if self.steps.total() > _MOST_STEPS:
            self.broken("it goes round in circles", "")

    def say(self, who: str, what: str, session_id: str = "") -> None:
        self.trace.add(self.loop.time(), who, what, session_id)

    def broken(self, text: str, session_id: str) -> None:
        """The first one counts."""
        if self.violation is None:
            self.violation = Violation(self.loop.time(), text, session_id)
            self.say("VIOLATION", text, session_id)
            self.loop.stop()

    # One run

    def run(self) -> Outcome:
        with ExitStack() as stack:
            stack.enter_context(tables_installed(self.tables))
            stack.enter_context(disks.installed())
            stack.enter_context(complaints.heard(lambda text: self.broken(text, "")))
            stack.enter_context(sources.installed(self.loop.time, self.luck.stream("ids"), self._rest))
            self._build()
            try:
                self.loop.run_until_complete(self.loop.create_task(self._live()))
            except (RuntimeError, _Broken):
                if self.violation is None:
                    raise
            except Stuck:
                self.broken("everybody waits for ever", "")
            finally:
                self.loop.end()
        return Outcome(
            self.plan,
            self.steps.total(),
            self.luck.struck,
            self.steps,
            len(self.chronicle.sessions),
            self.trace,
            self.violation,
        )

    def _rest(self, seconds: float) -> None:
        if self.weaver.inside:
            self.weaver.pause(seconds)

    def _build(self) -> None:
        self.chronicle = Chronicle(
            self.now, self.broken, lambda text, session: self.say("row", text, session), self._booked
        )
        self.plane: Plane = build(self.config, self.now, Queues(self.config, client=self.cloud.client))
        self.gateway = Gateway(self.loop, self.weaver, self.plane, lambda text: self.broken(text, ""))
        self.network = Network(self.loop, self.luck, self.gateway, self.stepped, self.say)
        limits = Limits(sessions=self.shape.choice((None, 4)))
        self.tenancy: Tenancy = furnish(self.plane, self.shape.choice((1, 2, 2)), limits)
        for number in range(self.shape.choice((1, 1, 2))):
            self._add_backend(number)
        StoreTrouble(self.tables, self.weaver, self.luck, self.stepped, self._request_died).install()
        self.tables.watch = self.chronicle.watch
        self.chronicle.controllers.update(
            {each.id: each for each in self.plane.controllers.store.all_of(self.tenancy.tenant_id)}
        )
        self.weather = Weather(self.loop, self.luck, self.machines, self.backends, self.say)

    def _request_died(self, text: str) -> None:
        self.say("control plane", text)
        self.gateway.crashed(text)

    def _booked(self) -> dict[str, Amount]:
        rows: dict[str, QuotaRow] = {}
        for item in self.tables.rows(QuotaRow):
            row = QuotaRow()
            row.deserialize(dict(item))
            rows[row.subject] = row
        books = DynamoBooks(rows)
        return {each: books.used(each) for each in books.subjects()}

    def _add_backend(self, number: int) -> None:
        backend = Backend(f"backend{number}", self.loop, self.weaver, self.luck, self.stepped, self._effect)
        cores = self.shape.choice((2000, 4000, 8000))
        backend.world.backend_id = backend.name
        backend.world.capacity = Capacity(cpu_millis=cores, memory_bytes=16 * GIB)
        backend.world.images = {IMAGE, TINY_IMAGE} if self.shape.random() < 0.7 else set()
        backend.world.registry = {IMAGE: 4000, TINY_IMAGE: 400}
        self.backends.append(backend)
        controller_id: str | None = None
        for which in range(self.shape.choice((1, 1, 2))):
            token = self.plane.enrollment.create_token(
                self.tenancy.tenant_id,
                self.tenancy.admin.user_id,
                name=backend.name,
                controller_id=controller_id,
            )
            answer = self.plane.enrollment.enroll(
                EnrollRequest(
                    token=token.secret,
                    public_key=public_key(self.shape),
                    backend=BackendFacts(platform="fake", id=backend.name, name=backend.name),
                    agent_version="simulated",
                    protocol_version=PROTOCOL_VERSION,
                )
            )
            controller_id = answer.controller_id
            self.places[controller_id] = backend
            self.machines.append(
                Machine(
                    f"agent{number}{'ab'[which]}",
                    self.loop,
                    self.weaver,
                    self.luck,
                    self.network,
                    self.cloud,
                    backend,
                    answer,
                    self.agent_timings,
                    self._begun,
                    self.say,
                )
            )

    async def _live(self) -> None:
        loop = self.loop
        sweeper = loop.create_task(self._sweep())
        for machine in self.machines:
            machine.start()
        await asyncio.sleep(5)
        wishes = Wishes(self.plan.wishes)
        pace = self.shape.choice((5.0, 15.0, 40.0))
        people = [
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
                pace,
            )
            for number, user in enumerate(self.tenancy.members)
        ]
        until = self.plan.seconds * self.shape.choice((0.3, 0.5, 1.0))
        await asyncio.gather(self.weather.blow(until), *(each.live(until) for each in people))
        self.say("weather", "is calm from now on")
        self.weather.clear()
        await self._come_to_rest("after the storm")
        if self.shape.random() < _EXAMINED:
            await self._exam(people)
        sweeper.cancel()

    async def _come_to_rest(self, when: str) -> None:
        """Until nothing is to happen any more, then some inventories longer; and then everything has to agree."""
        timings = self.config.timings
        over = (
            self.loop.time()
            + timings.command_deadline
            + timings.placement_deadline
            + 6 * timings.heartbeat_idle
        )
        began, confirmed = self.loop.time(), 2.5 * timings.inventory + 60
        while self.loop.time() < over + confirmed:
            quiet = self.loop.time() - max(began, self.chronicle.moved_at)
            if not quiescence.restless(self.chronicle) and quiet >= confirmed:
                break
            await asyncio.sleep(20)
        self._look_round(when)

    def _look_round(self, when: str) -> None:
        found = [
            *quiescence.problems(self.chronicle, self.backends, self.places),
            *quiescence.homes(self.chronicle, self.backends, self.homes_seen),
            *quiescence.leftovers(self.machines, self.chronicle),
        ]
        for text, session_id in found:
            self.broken(f"{when}: {text}", session_id)

    async def _exam(self, people: list[Person]) -> None:
        """Nothing is left broken: whatever people ask for now, they get."""
        owners = {session_id: person for person in people for session_id in person.own}
        for what, state in (
            ("wake", State.RUNNING),
            ("hibernate", State.HIBERNATED),
            ("wipe", State.TERMINATED),
        ):
            asked = []
            for session_id, person in owners.items():
                session = self.chronicle.sessions[session_id]
                if session.state is State.TERMINATED or session.state is state:
                    continue
                if what == "hibernate" and session.state is not State.RUNNING:
                    continue
                answer = await person.ask(what, session_id)
                if answer is not None:
                    asked.append(session_id)
                elif what == "wipe":
                    self.broken(f"in the end: it could not be asked to {what}", session_id)
            await self._come_to_rest(f"after everybody's {what}")
            for session_id in asked:
                found = self.chronicle.sessions[session_id].state
                if found is not state:
                    self.broken(f"in the end: asked to {what}, it is {found}", session_id)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(60)
            if self.luck.strikes("sweep_missed"):
                continue
            for _ in range(2 if self.luck.strikes("sweep_doubled") else 1):
                self.loop.create_task(self._one_sweep())

    async def _one_sweep(self) -> None:
        await self.gateway.direct("sweep", self.plane.sessions.sweep)

    # What is watched

    def _effect(self, backend: Backend, what: str, session_id: str) -> None:
        """Something changed on a platform."""
        self.say(backend.name, what, session_id)
        session = self.chronicle.sessions.get(session_id)
        live = [(each.name, number) for each in self.backends for number, _ in each.running(session_id)]
        if len({number for _, number in live}) < len(live):
            self.broken(f"one incarnation runs twice: {live}", session_id)
        if session_id in backend.world.homes:
            self.homes_seen.add(session_id)
        elif session_id in self.homes_seen and session is not None and not session.delete_home:
            if self.places.get(session.controller_id or "") is backend:
                self.broken("its home was removed, and nobody asked for that", session_id)

    def _begun(self, machine: Machine, what: str, session_id: str) -> None:
        """A step of a driver begins: only under a lease that the control plane still honours."""
        fence = machine.boot.fence_at_work(session_id) if machine.boot else None
        self.say(machine.name, f"{what} under fence {fence}", session_id)
        if fence is None:
            self.broken(f"{what} begins without a command", session_id)
            return
        lease = self.chronicle.leases.get((session_id, fence))
        if lease is None:
            self.broken(f"{what} begins under fence {fence}, which nobody gave out", session_id)
        elif self.now() >= lease.until:
            self.broken(
                f"{what} begins past its lease (fence {fence}, until {lease.until:%H:%M:%S})", session_id
            )


def run(plan: Plan) -> Outcome:
    """One run of one world. What it leaves half way is unwound here, or the next run would hear of it."""
    hook, collecting = sys.unraisablehook, gc.isenabled()
    gc.disable()
    sys.unraisablehook = lambda _: None
    try:
        return World(plan).run()
    finally:
        gc.collect()
        sys.unraisablehook = hook
        if collecting:
            gc.enable()
