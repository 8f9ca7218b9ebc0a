"""What is watched where things happen: on platforms, and on machines with agents."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.protocol.instances import Stage
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import State
from tests.simulation.machines import Machine
from tests.simulation.parts import Parts
from tests.simulation.platforms import Backend
from tests.simulation.sources import moment


@dataclass
class Watch:
    """`say` is told of everything: who, what, and about which session."""

    parts: Parts
    say: Callable[[str, str, str], None]
    unasked: set[str] = field(default_factory=set)
    """Instances (by their own ids) that came into being when nobody waited for them any more, and that no
    start has found since."""

    def effect(self, backend: Backend, what: str, session_id: str) -> None:
        """Something changed on a platform."""
        parts = self.parts
        self.say(backend.name, what, session_id)
        session, seen = parts.chronicle.sessions.get(session_id), parts.homes_seen
        settled = session is not None and session.state is State.RUNNING
        if what.startswith("create") and (backend.unheard or settled):
            # The one that was waited for had been made before: if that has ended, this one will be removed.
            self.unasked |= {each.id for _, each in backend.running(session_id)}
        live = [(each.name, number) for each in parts.backends for number, _ in each.running(session_id)]
        if len({number for _, number in live}) < len(live):
            parts.broken(f"one incarnation runs twice: {live}", session_id)
        if session_id in backend.world.homes:
            seen.add(session_id)
            return
        here = session is not None and parts.places.get(session.controller_id or "") is backend
        if session_id in seen and here and session is not None and not session.delete_home:
            parts.broken("its home was removed, and nobody asked for that", session_id)

    def begun(self, machine: Machine, what: str, session_id: str) -> None:
        """A step of a driver begins: only under a lease that the control plane still honours."""
        parts, fence = self.parts, machine.boot.fence_at_work(session_id) if machine.boot else None
        self.say(machine.name, f"{what} under fence {fence}", session_id)
        place = parts.places.get(machine.controller_id)
        if what == f"step {Stage.CONNECTING}" and place is not None:
            self.unasked -= {each.id for _, each in place.running(session_id)}
        if fence is None:
            parts.broken(f"{what} begins without a command", session_id)
            return
        lease = parts.chronicle.leases.get((session_id, fence))
        if lease is None:
            parts.broken(f"{what} begins under fence {fence}, which nobody gave out", session_id)
        elif moment(parts.loop.time()) >= lease.until:
            parts.broken(f"{what} begins past its lease ({fence}, until {lease.until:%H:%M:%S})", session_id)

    def refused(self, machine: Machine) -> None:
        """Only whom an administrator shut out. A restored copy may lag behind a key that the other one
        changed: which of the two is served is for their epochs to say."""
        if machine.enrolled.agent_id not in self.parts.chronicle.revoked and not machine.copies:
            self.parts.broken(f"{machine.name} is locked out, and nobody meant that", "")

    def runs(self, session: Session) -> bool:
        """Whether its instance does, in truth."""
        place = self.parts.places.get(session.controller_id or "")
        live = [] if place is None else place.running(session.id)
        return any(number == session.incarnation and each.id not in self.unasked for number, each in live)
