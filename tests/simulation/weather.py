"""What breaks, and when: episodes on machines, platforms and networks, until it is calm."""

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from chalicelib.protocol.instances import Reason
from tests.simulation.chance import Luck
from tests.simulation.loop import VirtualLoop
from tests.simulation.machines import Machine
from tests.simulation.platforms import Backend
from tests.simulation.queues import Cloud

_LOOK = 20.0
"""Seconds between two looks at the sky; rates are per look and machine or platform."""
_LAST = 90.0
"""Seconds into the calm at which the last of the late things happen."""
_RUBBISH = (
    "not json",
    "{}",
    '{"tenant_id":"ten-1","controller_id":"ctl-1","command_id":"cmd-1","session_id":"ses-1","generation":1}',
)
"""Messages that no agent can act on."""


@dataclass
class Weather:
    """`said` gets what happened, and to whom."""

    loop: VirtualLoop
    luck: Luck
    machines: list[Machine]
    backends: list[Backend]
    cloud: Cloud
    said: Callable[[str, str], None]
    settled: Callable[[str], bool] = lambda _session_id: False
    """Whether a session runs, and nothing is asked of it."""
    restart: Callable[[str], None] = lambda _session_id: None
    """Let a session's owner put it to sleep and wake it."""
    chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = self.luck.stream("weather")

    async def blow(self, until: float) -> None:
        """Until then."""
        while self.loop.time() < until:
            await asyncio.sleep(_LOOK)
            for machine in list(self.machines):
                if self.loop.time() >= machine.backend.spared_until:
                    self._machine(machine)
            for backend in self.backends:
                if self.loop.time() >= backend.spared_until:
                    self._backend(backend)
            for queue in list(self.cloud.queues.values()):
                if self.luck.strikes("bad_message"):
                    self.cloud.put(queue, self.luck.pick("bad_message", list(_RUBBISH)))

    def clear(self) -> None:
        """It is calm: everything that can be mended is, and everybody is at work."""
        self.luck.calm = True
        for machine in self.machines:
            machine.cut_until, machine.disk.full = 0.0, False
            machine.start()
        for backend in self.backends:
            backend.away_until = backend.struggles_until = backend.behind_until = 0.0
            if self.chance.random() < 0.5 and "instance_returns" not in self.luck.off:
                # Late enough for what is woken now to run by then.
                backend.last_due = max(backend.last_due, self.loop.time() + _LAST)
                self.loop.call_later(_LAST, partial(self._bring_back, backend, last=True))

    def taken_over(self, former: str, present: str) -> None:
        """The agent that had the work is back just when the one that took it over pauses."""
        if self.luck.strikes("back_too_soon"):
            seconds = self.luck.within("back_too_soon", 20, 60)
            context = contextvars.Context()  # not the request's in which this comes to light
            self.loop.call_later(0.5, self._swap, former, present, seconds, context=context)

    def _swap(self, former: str, present: str, seconds: float) -> None:
        for machine in self.machines:
            if machine.enrolled.agent_id == former:
                machine.cut_until = 0.0
                machine.start()
            elif machine.enrolled.agent_id == present:
                machine.stall(seconds)

    def _machine(self, machine: Machine) -> None:
        away = self.chance.choice((0.5, 5, 40, 100, 300))
        if self.luck.strikes("agent_killed"):
            machine.kill()
            self.loop.call_later(away, machine.start)
        elif self.luck.strikes("power_cut"):
            machine.lose_power()
            self.loop.call_later(away, machine.start)
        elif self.luck.strikes("agent_stopped"):
            machine.stop()
            self.loop.call_later(away + 30, machine.start)
        elif self.luck.strikes("agent_stalled"):
            machine.stall(self.luck.within("agent_stalled", 1, 180))
        elif self.luck.strikes("crash_loop"):
            self._crash_again(machine, 4)
        elif machine.boot is None:
            self.loop.call_later(away, machine.start)
        if self.luck.strikes("partition"):
            self._cut_off(machine, self.luck.within("partition", 5, 400))
        if self.luck.strikes("disk_full"):
            machine.disk.full = True
            self.said(machine.name, "has a full disk")
            self.loop.call_later(self.luck.within("disk_full", 10, 200), self._tidy, machine)
        if self.luck.strikes("clock_jump"):
            seconds = self.luck.within("clock_jump", -1000, 1000)
            machine.jump(seconds)
            self.said(machine.name, f"has its clock set by {seconds:.0f} s")
        if self.luck.strikes("cloned_disk") and machine.boot is not None:
            self._clone(machine)

    def _crash_again(self, machine: Machine, times: int) -> None:
        """It dies soon after each start, with what it asked for still on the wire."""
        machine.kill()
        machine.start()
        if times and not self.luck.calm:
            soon = self.luck.within("crash_loop", 0.05, 0.5)
            self.loop.call_later(soon, self._crash_again, machine, times - 1)

    def _tidy(self, machine: Machine) -> None:
        machine.disk.full = False

    def _clone(self, machine: Machine) -> None:
        """Somebody restores a snapshot beside the original."""
        number = sum(each.name.startswith(f"{machine.name}+") for each in self.machines)
        clone = machine.cloned(f"{machine.name}+{number}")
        self.machines.append(clone)
        self.said(machine.name, f"is cloned as {clone.name}")
        clone.start()

    def _end(self, backend: Backend, session_id: str) -> None:
        if self.luck.calm:
            return
        backend.world.end(session_id, Reason(code="instance_exited", message="It ended by itself."))
        backend.parts.effect(backend, "an instance ends by itself", session_id)
        if self.chance.random() < 0.5:  # as where memory is short
            backend.struggles_until = self.loop.time() + 20

    def _restart(self, backend: Backend, session_id: str) -> None:
        """An instance ends, and its owner is quicker than the agents: they hear late what they saw, or can
        tell it late, when the same incarnation runs again."""
        backend.world.end(session_id, Reason(code="instance_exited", message="It ended by itself."))
        backend.parts.effect(backend, "an instance ends by itself, and its owner sees it", session_id)
        until, restless = self.loop.time() + 200, False

        def under_way() -> bool:
            nonlocal restless
            settled = self.settled(session_id)
            restless = restless or not settled
            return not (settled and restless) and not self.luck.calm and self.loop.time() < until

        backend.holds = under_way
        backend.spared_until = self.loop.time() + 110
        self.loop.call_later(self.luck.within("owner_restarts", 15, 20), self.restart, session_id)
        there = [each for each in self.machines if each.backend is backend and each.boot]
        knowing = [each for each in there if each.knows(session_id)]
        if knowing and len(there) > 1:
            self._cut_off(knowing[0], self.luck.within("owner_restarts", 50, 100))

    def _cut_off(self, machine: Machine, seconds: float) -> None:
        if self.luck.calm:
            return
        machine.cut_until = self.loop.time() + seconds
        self.said(machine.name, f"is cut off for {seconds:.0f} s")

    def _fail_switch(self, backend: Backend, looks: int = 24) -> None:
        """First the platform goes away, then an agent that waits for it; which is back when another one has
        gone on with its work, and before the platform is."""
        backend.away_until = max(backend.away_until, self.loop.time() + 10)
        waiting = [each for each in self.machines if each.backend is backend and each.waits]
        if waiting and not self.luck.calm:
            seconds = self.luck.within("switch_fails", 130, 320)
            backend.away_until = self.loop.time() + seconds + self.luck.within("switch_fails", 10, 60)
            self.said(backend.name, f"is away for {backend.away_until - self.loop.time():.0f} s")
            self._cut_off(waiting[0], seconds)
        elif looks and not self.luck.calm:
            self.loop.call_later(5, self._fail_switch, backend, looks - 1)

    def _bring_back(self, backend: Backend, *, last: bool = False) -> None:
        """Somebody starts what was removed, or restores a snapshot: of sessions that have newer instances."""
        newest = dict(sorted(backend.known))
        old = [key for key in sorted(backend.known) if key[1] < newest[key[0]]]
        gone = [f"{key[0]}/{key[1]}" for key in old if key not in backend.world.instances]
        if gone and (last or self.luck.strikes("instance_returns")):
            session_id, number = self.luck.pick("instance_returns", gone).split("/")
            backend.world.instances[session_id, int(number)] = backend.known[session_id, int(number)]
            backend.parts.effect(backend, f"somebody brings instance {number} back", session_id)

    def _backend(self, backend: Backend) -> None:
        self._bring_back(backend)
        if self.luck.strikes("platform_away"):
            backend.away_until = self.loop.time() + self.luck.within("platform_away", 5, 300)
            self.said(backend.name, f"is away for {backend.away_until - self.loop.time():.0f} s")
        agents = {each.name: each for each in self.machines if each.backend is backend}
        there = self.loop.time() >= backend.away_until
        if there and len(agents) > 1 and self.luck.strikes("switch_fails"):
            self._fail_switch(backend)
        running = sorted({key[0] for key, each in backend.world.instances.items() if each.running})
        if running and self.luck.strikes("instance_dies"):
            session_id = self.luck.pick("instance_dies", running)
            self._end(backend, session_id)
        settled = [each for each in running if self.settled(each)]
        if settled and self.luck.strikes("owner_restarts"):
            self._restart(backend, self.luck.pick("owner_restarts", settled))
        if running and self.luck.strikes("instance_vanishes"):
            session_id = self.luck.pick("instance_vanishes", running)
            for key in [each for each in backend.world.instances if each[0] == session_id]:
                del backend.world.instances[key]
            backend.parts.effect(backend, "somebody removes an instance by hand", session_id)
        if running and len(agents) > 1 and self.luck.strikes("ends_unheard"):
            # Whoever sees it cannot tell for longer than others need to see it, mend it, and go on.
            seconds = self.luck.within("ends_unheard", 100, 250)
            self._cut_off(agents[self.luck.pick("ends_unheard", list(agents))], seconds)
            session_id = self.luck.pick("ends_unheard", running)
            self.loop.call_later(self.luck.within("ends_unheard", 1, 20), self._end, backend, session_id)
