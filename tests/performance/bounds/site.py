"""The control plane as processes of their own, and agents as people run them, on fake platforms."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.drivers.fake import FakeInstance
from agent.drivers.fake_file import VARIABLE, FileWorld
from chalicelib.protocol.agents import Capacity
from tests.performance.bounds.crowd import SMALL
from tests.support.control_plane import ControlPlane
from tests.support.stack import REPOSITORY, ApiClient, wait_until

_CLIENTS = 8
_PAGE = 100
_PATIENCE = 900
_FILL = (sys.executable, "-m", "tests.performance.bounds.fill")
_TICKS = os.sysconf("SC_CLK_TCK")
ROOMY = Capacity(cpu_millis=10**8, memory_bytes=2**50)


@dataclass
class Agent:
    """`python -m agent run`, with a state folder of its own."""

    state: Path
    url: str
    token: str
    platform: Path | None = None
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # There is no relay here, and nobody streams: say that browsers would come directly.
        environment["STREAMSPACE_GATEWAY_URL"] = "ws://127.0.0.1:9"
        if self.platform is not None:
            environment[VARIABLE] = str(self.platform)
        arguments = ("--state", str(self.state), "--url", self.url, "--token", self.token)
        with self.state.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "agent", "run", *arguments, "--platform", "fake"],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        if self._process is not None:
            self.go_on()
            self._process.terminate()
            try:
                self._process.wait(40)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def hold(self) -> None:
        """Let it stand still, as it is."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    @property
    def controller_id(self) -> str:
        """Known once it is enrolled."""
        wait_until((self.state / "enrolment.json").exists, 60)
        found: str = json.loads((self.state / "enrolment.json").read_text())["answer"]["controller_id"]
        return found

    def fences(self) -> int:
        """How many sessions it may report on."""
        return len(list((self.state / "worker" / "fences").glob("*.json")))

    def memory(self) -> tuple[int, int]:
        """Resident bytes: now, and the most it ever were."""
        lines = (Path("/proc") / str(self._pid()) / "status").read_text().splitlines()
        told = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return int(told["VmRSS"]) * 1024, int(told["VmHWM"]) * 1024

    def cpu_seconds(self) -> float:
        """Of its life so far."""
        parts = (Path("/proc") / str(self._pid()) / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / _TICKS

    def _pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


class Site:
    """Real intervals; every agent started here ends with it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.stack = ControlPlane(home / "stack", divisor=1)
        self._agents: list[Agent] = []

    def open(self) -> None:
        self.stack.up()
        self.api = ApiClient(self.stack)
        made = self.api("POST", "/v1/templates", {"name": "Bounds", "image": "fake"})
        made.raise_for_status()
        self.template_id: str = made.json()["id"]

    def close(self) -> None:
        for each in self._agents:
            each.stop()
        self.stack.down()

    def agent(self, name: str, *, beside: Agent | None = None, shared: bool = False) -> Agent:
        """A new one, on a controller of its own or beside another; it runs. `shared`: its platform outlives
        it, in a file; else it has one in its memory."""
        asked = {"controller_id": beside.controller_id} if beside else {"name": name}
        token = self.api("POST", "/v1/controllers/enrollment-tokens", asked)
        token.raise_for_status()
        platform = self.home / f"{name}.json" if shared else None
        if platform is not None:
            with FileWorld(path=platform, backend_id=name, capacity=ROOMY).held():
                pass
        made = Agent(self.home / name, self.stack.url, token.json()["token"], platform)
        self._agents.append(made)
        made.start()
        path = f"/v1/controllers/{made.controller_id}"
        wait_until(lambda: self.api("GET", path).json()["state"] == "online", 60)
        return made

    def create(self, controller_id: str, count: int) -> list[str]:
        """Asked for by several clients at once; their ids."""
        body = {"template_id": self.template_id, "controller_id": controller_id, "resources": SMALL}

        def one(_number: int) -> str:
            answer = self.api("POST", "/v1/sessions", body)
            answer.raise_for_status()
            found: str = answer.json()["id"]
            return found

        with ThreadPoolExecutor(_CLIENTS) as clients:
            return list(clients.map(one, range(count)))

    def filled(self, agent: Agent, session_id: str, count: int) -> list[str]:
        """So many copies of a running session, itself among them, here and on its agent's platform. The agent
        is not at work meanwhile."""
        assert agent.platform is not None, "its platform ends with it"
        with FileWorld(path=agent.platform).held() as world:
            pattern = world.instances[session_id, 1]
            filling = [*_FILL, pattern.spec.tenant_id, session_id, str(count)]
            done = subprocess.run(
                filling, cwd=REPOSITORY, env=self.stack._app(), capture_output=True, text=True, check=True
            )
            ids: list[str] = json.loads(done.stdout.splitlines()[-1])
            for each in ids:
                spec = pattern.spec.model_copy(update={"session_id": each})
                world.instances[each, 1] = FakeInstance(agent.controller_id, spec)
                world.homes[each] = (agent.controller_id, {})
        return ids

    def views(self, state: str) -> Iterator[dict[str, Any]]:
        """Sessions in that state."""
        cursor = None
        while True:
            query = {"limit": _PAGE, "state": state, **({"cursor": cursor} if cursor else {})}
            answer = self.api("GET", "/v1/sessions", params=query)
            answer.raise_for_status()
            yield from answer.json()["items"]
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                return

    def all_running(self, ids: list[str]) -> list[dict[str, Any]]:
        """Their views, once they run."""
        wanted = set(ids)
        found: list[dict[str, Any]] = []

        def running() -> bool:
            found[:] = [each for each in self.views("running") if each["id"] in wanted]
            return len(found) == len(wanted)

        wait_until(running, _PATIENCE, every=0.5)
        return found

    def end(self, ids: list[str]) -> None:
        """And wait until their agents have done it."""
        with ThreadPoolExecutor(_CLIENTS) as clients:
            for answer in clients.map(lambda each: self.api("DELETE", f"/v1/sessions/{each}"), ids):
                answer.raise_for_status()
        wait_until(lambda: not any(True for _ in self.views("terminating")), _PATIENCE, every=0.5)


@contextmanager
def opened(home: Path) -> Iterator[Site]:
    """A site for a while."""
    site = Site(home)
    try:
        site.open()
        yield site
    finally:
        site.close()


def moment(text: str) -> float:
    """Of an answer's time, in seconds."""
    return datetime.fromisoformat(text).timestamp()
