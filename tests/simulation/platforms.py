"""Backends that answer late, fail, go away, lose instances; and whose effects happen though nobody waits any
more, or after their callers were told that they did not.

The driver is the fake one (it passes the driver contract); every call of it to its platform travels: the
effect happens on the platform a while later and the answer comes another while later, to whoever is still
alive to hear it.
"""

import contextvars
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agent.drivers.base import (
    DriverError,
    Ended,
    Inventory,
    PermanentError,
    Progressing,
    Step,
    TemporaryError,
)
from agent.drivers.fake import FakeDriver, FakeInstance, FakeWorld
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.instances import InstanceSpec, Reason, Stage
from tests.simulation.chance import Luck
from tests.simulation.loop import PROCESS, VirtualLoop
from tests.simulation.weaving import Weaver

T = TypeVar("T")


@dataclass(frozen=True)
class BackendParts:
    """What all backends share. `effect` is told of everything that changes on one: what, and whose
    session."""

    loop: VirtualLoop
    weaver: Weaver
    luck: Luck
    stepped: Callable[[str], None]
    effect: Callable[["Backend", str, str], None]


@dataclass
class Backend:
    """One platform."""

    name: str
    parts: BackendParts
    world: FakeWorld = field(default_factory=FakeWorld)
    known: dict[tuple[str, int], FakeInstance] = field(default_factory=dict)
    """What has been seen there, gone or not."""
    away_until: float = 0.0
    struggles_until: float = 0.0
    """Until then many answers come late."""
    behind_until: float = 0.0
    """Until then it does everything too late."""
    holds: Callable[[], bool] = field(default=lambda: False)
    """Whether those who ask what has ended have to wait for the answer."""
    spared_until: float = 0.0
    """Until then the weather leaves it and its agents alone: what it did there last has yet to show."""
    unheard: bool = False
    """Whether nobody waits any more for what happens just now."""
    last_due: float = 0.0
    """When (virtual s) the last effect that is on the wire happens."""

    def __post_init__(self) -> None:
        self.loop, self.weaver, self.luck = self.parts.loop, self.parts.weaver, self.parts.luck
        self._chance = self.luck.stream(f"platform/{self.name}")
        self._context = contextvars.Context()
        self.world.pause = self._within_step

    def running(self, session_id: str) -> list[tuple[int, FakeInstance]]:
        """Incarnations of a session that run here."""
        return [
            (key[1], each)
            for key, each in self.world.instances.items()
            if key[0] == session_id and each.running
        ]

    def travel(self, effect: Callable[[], T], *, quick: bool = False, changes: bool = False) -> T:
        """Do it over there. Raises what it raises. What `changes` something may be done long after its caller
        was told that the platform did not answer."""
        self.parts.stepped("platform")
        there = self._chance.uniform(0.01, 0.3)
        back = self._chance.uniform(0.01, 0.2)
        if not quick and self.luck.strikes("platform_slow"):
            there = self.luck.within("platform_slow", 1, 240)
        struggling = self.loop.time() < self.struggles_until and self._chance.random() < 0.5
        if struggling or self.luck.strikes("answer_late"):
            back = self.luck.within("answer_late", 1, 100)
        late = self._late() if changes else 0.0
        self.last_due = max(self.last_due, self.loop.time() + there + back + late)
        answer: list[Any] = []

        def happen() -> None:
            try:
                if self.loop.time() < self.away_until or (not quick and self.luck.strikes("platform_fails")):
                    raise _away()
                if late:
                    self.loop.call_later(late, self._unheard, effect, context=self._context)
                    raise _away()
                answer.extend((True, effect()))
            except Exception as error:
                answer.extend((False, error))

        def begin(go_on: Callable[[], None]) -> None:
            self.loop.call_later(there, happen, context=self._context)
            self.loop.call_later(there + back, tell, go_on)

        def tell(go_on: Callable[[], None]) -> None:
            if quick and self.holds():
                self.last_due = max(self.last_due, self.loop.time() + 1)
                self.loop.call_later(1, tell, go_on)
            else:
                go_on()

        self.weaver.wait(begin)
        succeeded, result = answer
        if not succeeded:
            raise result
        return result  # type: ignore[no-any-return]

    def _late(self) -> float:
        """How much later than its caller is told that it failed a change takes place; 0 for most. Once the
        platform is behind, it stays so for a while: a start may fail before any of its tries has."""
        now = self.loop.time()
        if now >= self.behind_until:
            if not self.luck.strikes("effect_late"):
                return 0.0
            self.behind_until = now + self.luck.within("effect_late", 5, 50)
        return self.luck.within("effect_late", 20, 240)

    def _unheard(self, effect: Callable[[], Any]) -> None:
        self.unheard = True
        try:
            with suppress(DriverError):
                effect()
        finally:
            self.unheard = False

    def _within_step(self, stage: Stage) -> None:
        seconds = self._chance.uniform(0.05, 4.0)
        if self.luck.strikes("step_slow"):
            seconds = self.luck.within("step_slow", 10, 300)
            self._fill_the_line(seconds)
        self.weaver.pause(seconds)
        if stage is Stage.CONNECTING and self.luck.strikes("start_fails"):
            raise PermanentError(Reason(code="handshake_timeout", message="It runs but does not answer."))

    def _fill_the_line(self, seconds: float) -> None:
        """What is pulled leaves no room for the agent's own calls, from some time into the step to its
        end."""
        process, now = PROCESS.get(), self.loop.time()
        if process is not None:
            first = self.luck.within("step_slow", 0, 120)
            process.cut_between = (now + first, now + seconds + 5)

    def may_refuse(self) -> None:
        """For good, as far as this command is concerned."""
        if self.luck.strikes("stop_refused"):
            raise PermanentError(Reason(code="refused", message="It will not be stopped."))


def _away() -> TemporaryError:
    return TemporaryError(Reason(code="platform_unavailable", message="The platform does not answer."))


class SimDriver(FakeDriver):
    """`begun` is called as each step begins: what, and for which session."""

    def __init__(self, controller_id: str, backend: Backend, begun: Callable[[str, str], None]) -> None:
        super().__init__(controller_id, backend.world)
        self._backend = backend
        self._begun = begun

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        def stepping(step: Step) -> None:
            progressing(step)
            self._begun(f"step {step.stage}", spec.session_id)

        self._begun("start", spec.session_id)
        super().start(spec, stepping)

    def stop(self, session_id: str) -> None:
        self._begun("stop", session_id)
        self._backend.may_refuse()
        self._change("stop", session_id, lambda: super(SimDriver, self).stop(session_id))

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        if before_incarnation is None:
            self._begun("remove", session_id)
            self._backend.may_refuse()
        self._change(
            f"remove{' with home' if delete_home else ''}",
            session_id,
            lambda: super(SimDriver, self).remove(
                session_id, delete_home=delete_home, before_incarnation=before_incarnation
            ),
        )

    def inventory(self) -> Inventory:
        return self._backend.travel(super().inventory)

    def ended(self) -> tuple[Ended, ...]:
        return self._backend.travel(super().ended, quick=True)

    def capacity(self) -> Capacity:
        return super().capacity()

    def _settle_incarnations(self, spec: InstanceSpec) -> bool:
        settle = super()._settle_incarnations
        return self._change("settle", spec.session_id, lambda: settle(spec), mostly_looks=True)

    def _create(self, spec: InstanceSpec) -> None:
        create = super()._create
        self._change(f"create {spec.incarnation}", spec.session_id, lambda: create(spec))

    def _drop(self, session_id: str, *, before: int | None) -> None:
        drop = super()._drop
        if self._backend.weaver.inside:
            self._begun("clean up", session_id)
            self._change("drop", session_id, lambda: drop(session_id, before=before))
        else:
            drop(session_id, before=before)

    def _change(
        self, what: str, session_id: str, effect: Callable[[], T], *, mostly_looks: bool = False
    ) -> T:
        def happen() -> T:
            result = effect()
            self._backend.known.update(self._backend.world.instances)
            self._backend.parts.effect(self._backend, what, session_id)
            return result

        return self._backend.travel(happen, changes=not mostly_looks)
