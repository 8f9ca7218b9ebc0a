"""What goes wrong: each kind strikes something that no other fault has hold of, and mends it later."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from agent.drivers.fake_file import FileWorld
from chalicelib.protocol.instances import Reason
from tests.chaos.agents import Agent
from tests.chaos.clients import Caller
from tests.chaos.proxy import Kind, Trouble
from tests.chaos.site import Site

_KINDS = {
    "agent killed": 4,
    "agent frozen": 2,
    "API killed": 2,
    "emulator killed": 2,
    "runner killed": 1,
    "relay killed": 1,
    "network refuses": 2,
    "network hangs": 2,
    "answers lost": 3,
    "everyone cut off": 1,
    "disk full": 2,
    "Docker stopped": 1,
    "Docker killed": 1,
    "Docker hangs": 1,
    "fake platform away": 1,
    "instance killed": 2,
    "instance removed": 2,
    "controller drained": 2,
    "controller paused": 2,
    "agent revoked": 1,
}
"""How often each comes in one round. The last ones are what administrators do, of all times."""
_DOCKER = frozenset({"Docker stopped", "Docker killed", "Docker hangs"})
_LEAST, _MOST = 1.5, 8.0
"""Seconds that a fault lasts. A lease is 6 s."""


@dataclass(eq=False)
class Faults:
    """`struck` counts them by kind. `failures` are faults that could not be made or mended."""

    site: Site
    luck: random.Random
    administrator: Caller
    struck: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    say: Callable[[str], None] = lambda _: None
    _busy: set[str] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seconds: float, every: float, stopping: threading.Event) -> None:
        """Strike again and again; returns when all is mended."""
        until = time.monotonic() + seconds
        for kind in self._deck():
            left = until - time.monotonic()
            if left <= 0 or stopping.wait(min(left, self.luck.uniform(0.4, 1.6) * every)):
                break
            thread = threading.Thread(target=self._strike, args=(kind, self.luck.random()), daemon=True)
            thread.start()
            self._threads.append(thread)
        for thread in self._threads:
            thread.join(60)

    def _deck(self) -> Iterator[str]:
        """All kinds, shuffled, round after round; one of Docker's first, since they need the most time."""
        while True:
            deck = [kind for kind, count in _KINDS.items() for _ in range(count)]
            self.luck.shuffle(deck)
            deck.sort(key=lambda kind: kind in _DOCKER and self.luck.random() < 0.5, reverse=True)
            yield from deck

    def _strike(self, kind: str, seed: float) -> None:
        luck = random.Random(seed)
        try:
            if getattr(self, f"_{kind.lower().replace(' ', '_')}")(luck, luck.uniform(_LEAST, _MOST)):
                self.struck[kind] += 1
        except Exception as error:
            self.failures.append(f"{kind}: {error!r}")

    @contextmanager
    def _hold(self, *names: str) -> Iterator[bool]:
        """Whether nobody else has hold of any of them."""
        with self._guard:
            free = not self._busy & set(names)
            if free:
                self._busy |= set(names)
        try:
            yield free
        finally:
            if free:
                with self._guard:
                    self._busy -= set(names)

    # Processes

    def _agent_killed(self, luck: random.Random, _seconds: float) -> bool:
        agent = luck.choice(self.site.agents)
        return self._told(agent.signal(signal.SIGKILL), f"killed {agent.name}")

    def _agent_frozen(self, luck: random.Random, seconds: float) -> bool:
        agent = luck.choice(self.site.agents)
        with self._hold(agent.name) as free:
            if not free or not agent.signal(signal.SIGSTOP):
                return False
            self.say(f"froze {agent.name} {seconds:.1f} s")
            time.sleep(seconds)
            agent.signal(signal.SIGCONT)
        return True

    def _api_killed(self, _luck: random.Random, _seconds: float) -> bool:
        return self._kill_of_stack("api")

    def _emulator_killed(self, _luck: random.Random, _seconds: float) -> bool:
        return self._kill_of_stack("ministack")

    def _runner_killed(self, _luck: random.Random, _seconds: float) -> bool:
        return self._kill_of_stack("runner")

    def _relay_killed(self, _luck: random.Random, _seconds: float) -> bool:
        return self._kill_of_stack("relay")

    def _kill_of_stack(self, name: str) -> bool:
        try:
            os.kill(self.site.stack.pid(name), signal.SIGKILL)
        except (OSError, ValueError):
            return False
        return self._told(True, f"killed {name}")

    # The network

    def _network_refuses(self, luck: random.Random, seconds: float) -> bool:
        return self._cut([luck.choice(self.site.agents)], luck, Trouble.REFUSE, seconds)

    def _network_hangs(self, luck: random.Random, seconds: float) -> bool:
        return self._cut([luck.choice(self.site.agents)], luck, Trouble.HANG, seconds)

    def _answers_lost(self, luck: random.Random, seconds: float) -> bool:
        return self._cut([luck.choice(self.site.agents)], luck, Trouble.DEAFEN, min(seconds, 4.0))

    def _everyone_cut_off(self, luck: random.Random, seconds: float) -> bool:
        return self._cut(self.site.agents, luck, luck.choice(list(Trouble)), seconds)

    def _cut(self, agents: list[Agent], luck: random.Random, trouble: Trouble, seconds: float) -> bool:
        network = self.site.network
        assert network is not None
        kinds = luck.choice([(Kind.API,), (Kind.QUEUE,), tuple(Kind)])
        with self._hold(*(f"line of {agent.name}" for agent in agents)) as free:
            if not free:
                return False
            names = ", ".join(agent.name for agent in agents)
            self.say(f"network of {names}: {trouble} {'+'.join(kinds)} {seconds:.1f} s")
            for agent in agents:
                network.do(lambda line=agent.line: line.fail(kinds, trouble))  # type: ignore[misc]
            time.sleep(seconds)
            for agent in agents:
                network.do(agent.line.mend)
        return True

    # Disks and platforms

    def _disk_full(self, luck: random.Random, seconds: float) -> bool:
        agent = luck.choice(self.site.agents)
        with self._hold(f"disk of {agent.name}") as free:
            if free:
                self.say(f"filled the disk of {agent.name} {seconds:.1f} s")
                self.site.host.fill_disk(agent.disk)
                time.sleep(seconds)
                self.site.host.free_disk(agent.disk)
            return free

    def _docker_stopped(self, _luck: random.Random, seconds: float) -> bool:
        return self._docker_down(signal.SIGTERM, seconds / 2)

    def _docker_killed(self, _luck: random.Random, seconds: float) -> bool:
        return self._docker_down(signal.SIGKILL, seconds / 2)

    def _docker_down(self, number: signal.Signals, seconds: float) -> bool:
        with self._hold("docker") as free:
            if free:
                self.say(f"ended Docker by {number.name}")
                self.site.host.signal_docker(number)
                time.sleep(seconds)
                self.site.host.docker_up_again()
            return free

    def _docker_hangs(self, _luck: random.Random, seconds: float) -> bool:
        with self._hold("docker") as free:
            if free:
                self.say(f"froze Docker {seconds:.1f} s")
                self.site.host.signal_docker(signal.SIGSTOP)
                time.sleep(seconds)
                self.site.host.signal_docker(signal.SIGCONT)
            return free

    def _fake_platform_away(self, _luck: random.Random, seconds: float) -> bool:
        with self._hold("fake") as free:
            if free:
                self.say(f"fake platform away {seconds:.1f} s")
                _set_available(self.site.world, False)
                time.sleep(seconds)
                _set_available(self.site.world, True)
            return free

    # Instances, behind the agents' backs

    def _instance_killed(self, luck: random.Random, _seconds: float) -> bool:
        if luck.random() < 0.5:
            return self._of_docker(luck, "kill")
        with self.site.world.held() as world:
            running = sorted({key[0] for key, each in world.instances.items() if each.running})
            if running:
                reason = Reason(code="instance_exited", message="The instance was killed.")
                world.end(luck.choice(running), reason)
        return self._told(bool(running), "killed a fake instance")

    def _instance_removed(self, luck: random.Random, _seconds: float) -> bool:
        if luck.random() < 0.5:
            return self._of_docker(luck, "rm", "--force")
        with self.site.world.held() as world:
            if world.instances:
                del world.instances[luck.choice(sorted(world.instances))]
                return self._told(True, "removed a fake instance")
        return False

    def _of_docker(self, luck: random.Random, *command: str) -> bool:
        with self._hold("docker") as free:
            if not free:
                return False
            label = f"label=streamspace.controller={self.site.controllers['docker']}"
            running = self.site.host.run("docker", "ps", "--quiet", "--filter", label).split()
            if not running:
                return False
            one = luck.choice(sorted(running))
            self.site.host.run("sh", "-c", f"docker {' '.join(command)} {one} || true")
            return self._told(True, f"docker {command[0]} {one}")

    # Administrators

    def _controller_drained(self, luck: random.Random, seconds: float) -> bool:
        return self._maintain(luck, seconds, "drain", {"mode": luck.choice(["finish", "move"])})

    def _controller_paused(self, luck: random.Random, seconds: float) -> bool:
        return self._maintain(luck, seconds, "pause", {"seconds": 60})

    def _maintain(self, luck: random.Random, seconds: float, what: str, body: dict[str, Any]) -> bool:
        platform = luck.choice(list(self.site.controllers))
        path = f"/v1/controllers/{self.site.controllers[platform]}/{what}"
        with self._hold(f"{what} of {platform}") as free:
            if not free:
                return False
            self.say(f"{what} of {platform} {body} {seconds:.1f} s")
            self._do("PUT", path, body)
            time.sleep(seconds)
            self._do("DELETE", path)
        return True

    def _agent_revoked(self, luck: random.Random, _seconds: float) -> bool:
        """And another is set up in its place."""
        agent = luck.choice(self.site.agents)
        with self._hold(agent.name, f"disk of {agent.name}", f"line of {agent.name}") as free:
            if not free or not agent.enrolled_as() or agent.is_new:
                return False
            controller_id, agent_id = agent.enrolled_as()
            self.say(f"revoked {agent.name}")
            asked = {"controller_id": controller_id}
            token = self._do("POST", "/v1/controllers/enrollment-tokens", asked).json()["token"]
            agent.set_up_anew(token)
            self._do("DELETE", f"/v1/controllers/{controller_id}/agents/{agent_id}")
        return True

    def _do(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        answer = self.administrator.call(method, path, body)
        assert answer is not None
        assert answer.is_success or answer.status_code == 404, f"{method} {path}: {answer.text}"
        return answer

    def _told(self, struck: bool, what: str) -> bool:
        if struck:
            self.say(what)
        return struck


def _set_available(world: FileWorld, available: bool) -> None:
    with world.held():
        world.available = available
