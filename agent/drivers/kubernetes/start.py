"""One start: remnants, objects, pod, handshake. All of it, or only the home stays."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from agent.drivers.base import Cancelled, DriverError, PermanentError, Progressing, Step, lost
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.attending import Attendance
from agent.drivers.kubernetes.capacity import Room
from agent.drivers.kubernetes.errors import permanent, temporary
from agent.drivers.kubernetes.instances import Instances, State, answering, state
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.making import Making, taken_away
from agent.drivers.kubernetes.manifests import Plan, Surroundings
from agent.drivers.kubernetes.reach import Reach
from agent.drivers.kubernetes.removal import Removal
from agent.drivers.kubernetes.seen import Sight
from agent.drivers.kubernetes.stages import Wanted
from agent.drivers.waiting import Patience, wait_for_answer
from chalicelib.protocol.instances import InstanceSpec, Stage

CLEANING = 15.0
"""Seconds that cleaning up after a failed start may wait for the pod's end: within the lease's margin."""


class _TooLate(Exception):
    """The lease ended while we cleaned up: what is there may be somebody else's by now."""


@dataclass(frozen=True)
class Starter:
    """What a start works with."""

    instances: Instances
    removal: Removal
    making: Making
    reach: Reach
    room: Callable[[], Room | None]
    surroundings: Callable[[], Surroundings]
    patience: Patience

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        """Run the steps; on failure remove what there is of this incarnation.

        An instance that already ran survives a cancellation: this call did not make it, and what supersedes
        the command decides over it.
        """
        ran = False
        try:
            plan = self._plan(spec)
            current = self._settle_incarnations(spec, progressing)
            ran = current is not None and answering(current, self.instances.pod(current))
            attendance = self._bring_up(plan, current, ran, progressing)
            pod = attendance.until_ready()
            progressing(Step(Stage.CONNECTING))
            self._connect(plan, pod, attendance)
            if not ran:
                self._note_answer(pod, attendance)
        except BaseException as error:
            if not (isinstance(error, Cancelled) and ran) and not lost(error, progressing):
                self._clean(spec, progressing)
            raise

    def _plan(self, spec: InstanceSpec) -> Plan:
        try:
            naming.port(spec)
        except ValueError as error:
            raise permanent("invalid_template", str(error)) from error
        return Plan(spec, self.surroundings())

    def _settle_incarnations(self, spec: InstanceSpec, progressing: Progressing) -> Object | None:
        """Remove older ones; return the one asked for, if it exists. A newer one wins over this call."""

        def ask() -> None:
            progressing(Step(Stage.CREATING))

        found = self.instances.own(Kind.STATEFUL_SET, spec.session_id)
        if any(naming.incarnation(each) > spec.incarnation for each in found):
            raise permanent("superseded", "A newer instance of this session exists on this controller.")
        if any(naming.incarnation(each) < spec.incarnation for each in found):
            self.removal.remove(spec.session_id, before=spec.incarnation, ask=ask)
        if any(naming.leaving(each) for each in found):
            # Somebody's removal was broken off.
            self.removal.remove(spec.session_id, before=spec.incarnation + 1, ask=ask)
            return None
        return next((each for each in found if naming.incarnation(each) == spec.incarnation), None)

    def _bring_up(
        self, plan: Plan, current: Object | None, ran: bool, progressing: Progressing
    ) -> Attendance:
        """With its pod asked for."""

        def ask() -> None:
            progressing(Step(Stage.CREATING))

        known = frozenset(each.mark for each in self.instances.watches.happenings())
        if current is not None and (ran or self._is_half_way(current)):
            return self._attend(plan, current, progressing, known)
        if current is None:
            self._check_room(plan.spec)
        else:
            self.removal.stop(plan.spec.session_id, before=plan.spec.incarnation + 1, ask=ask)
        ask()
        owner = self.making.make(plan, current, ask)
        owner = self.making.run(owner, ask)
        return self._attend(plan, owner, progressing, known)

    def _is_half_way(self, current: Object) -> bool:
        """Another try of this start, broken off, has asked for the pod: all else is there."""
        known = state(current)
        return known.replicas > 0 and naming.ANSWERED not in known.notes

    def _attend(
        self, plan: Plan, owner: Object, progressing: Progressing, known: frozenset[str]
    ) -> Attendance:
        homes = self.instances.own(Kind.HOME, plan.spec.session_id) if plan.spec.persistent_home else []
        wanted = Wanted(
            owner=naming.uid(owner),
            home=naming.uid(homes[0]) if homes else "",
            image=plan.spec.image,
            settings=plan.around.settings,
        )
        return Attendance(self.instances, owner, wanted, progressing, known)

    def _check_room(self, spec: InstanceSpec) -> None:
        """At once what no waiting can mend. Where the cluster does not say, the scheduler will."""
        room = self.room()
        short = room.lacks(spec.resources) if room else None
        if short is not None:
            raise PermanentError(short)

    def _connect(self, plan: Plan, pod: Sight, attendance: Attendance) -> None:
        def check() -> None:
            attendance.check()

        answers = self.reach.probe(plan.spec, pod)
        wait_for_answer(answers, check, self.patience)

    def _note_answer(self, pod: Sight, attendance: Attendance) -> None:
        """From here on this pod is the desktop that the user has, and any other is not."""

        def decide(found: Object) -> State:
            if not state(found).replicas:  # that is why it ended, if it did
                raise temporary("platform_error", "The instance was stopped while it started.")
            now = self.instances.pod(found)
            if now is None or now.uid != pod.uid or not now.lives:
                raise attendance.exited(now or pod) if now and now.died else _gone()
            return State(1, {naming.ANSWERED: pod.uid})

        def ask() -> None:
            attendance.progressing(Step(Stage.CONNECTING))

        if self.instances.change(attendance.owner, ask, decide) is None:
            raise taken_away()

    def _clean(self, spec: InstanceSpec, progressing: Progressing) -> None:
        def ask() -> None:
            if lost(_TooLate(), progressing):
                raise _TooLate

        with contextlib.suppress(DriverError, _TooLate):  # `remove` finds what is left later
            self.removal.remove(spec.session_id, before=spec.incarnation + 1, ask=ask, patience=CLEANING)


def _gone() -> DriverError:
    return temporary("platform_error", "The cluster replaced the instance while it started.")
