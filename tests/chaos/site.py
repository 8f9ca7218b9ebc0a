"""All that a run needs, of its own: a machine with Docker, a local stack, two controllers with two agents
each, and the network between them."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.drivers.fake_file import VARIABLE, FileWorld
from chalicelib.protocol.agents import Capacity
from tests.chaos.agents import Agent
from tests.chaos.host import Host
from tests.chaos.proxy import Network
from tests.support.stack import REPOSITORY, ApiClient, Stack, wait_until

DIVISOR = 20
IMAGE = f"streamspace/terminal:{os.environ.get('IMAGE_TAG', 'dev')}"
PLATFORMS = ("docker", "fake")
AGENTS_EACH = 2
_GROUPS = 52_000
_SMALL = {"cpu": "100m", "memory": "192Mi", "storage": "16Mi"}
_ROOMY = Capacity(cpu_millis=200_000, memory_bytes=2**38)
_STEP_SECONDS = 0.08


class _OwnStack(Stack):
    """In the foreground of a process of ours, so that it ends with us whatever happens."""

    process: "subprocess.Popen[bytes] | None" = None

    def up(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "stack.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "infra.local", "run"],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> None:
        """Returns when a person could sign in."""
        status = self.home / "run" / "status.json"

        def up() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError(f"the stack ended:\n{self.logs()}")
            return status.exists() and '"ready": true' in status.read_text()

        wait_until(up, 120, every=0.1)
        lines = (self.home / "env").read_text().splitlines()
        held = dict(line.split("=", 1) for line in lines if "=" in line)
        self.url = held["STREAMSPACE_URL"].rstrip("/")
        self.email, self.password = held["STREAMSPACE_EMAIL"], held["STREAMSPACE_PASSWORD"]

    def down(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(90)
        except subprocess.TimeoutExpired:
            self.process.kill()


@dataclass(eq=False)
class Site:
    """`controllers` and `templates` are ids by platform. Everything ends with `close`."""

    folder: Path
    luck: random.Random
    controllers: dict[str, str] = field(default_factory=dict)
    templates: dict[str, list[str]] = field(default_factory=dict)
    agents: list[Agent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = Host(self.folder)
        self.world = FileWorld(
            path=self.folder / "fake-platform.json",
            backend_id=f"fake-{time.time_ns()}",
            capacity=_ROOMY,
            step_seconds=_STEP_SECONDS,
        )
        self.stack = _OwnStack(
            self.folder / "stack",
            STREAMSPACE_BIND="0.0.0.0",
            STREAMSPACE_INTERVAL_DIVISOR=str(DIVISOR),
            DOCKER_HOST="unix:///nonexistent",  # so that its own agent serves nothing of this machine
        )
        self.stack.environment["STREAMSPACE_PUBLIC_URL"] = (
            f"http://{self.host.host_address}:{self.stack.port}"
        )
        self.network: Network | None = None

    def open(self) -> None:
        """Returns when sessions can be launched on both controllers."""
        self.host.start()
        self.stack.up()  # not in a thread: it ends with the thread that began it
        with ThreadPoolExecutor() as pool:
            for each in (pool.submit(self._furnish), pool.submit(self.stack.ready)):
                each.result()
        self.network = Network(self.host.host_address)
        api = self.client()
        for platform in PLATFORMS:
            self._make_controller(api, platform)
        self._make_templates(api)

    def client(self) -> ApiClient:
        """Signed in on its own."""
        return ApiClient(self.stack)

    def settle(self) -> None:
        """After the faults: all processes are there again. Raises TimeoutError."""
        for agent in self.agents:
            assert self.network is not None
            self.network.do(agent.line.mend)
            self.host.free_disk(agent.disk)
            agent.signal(signal.SIGCONT)
        with self.world.held() as world:
            world.available = True
        self.host.signal_docker(signal.SIGCONT)
        if not self.host.docker_answers():
            self.host.docker_up_again()
        for agent in self.agents:
            agent.wait()

    def keep_evidence(self) -> None:
        """What each agent has on its disk and does right now, among the logs; the agents end by it."""
        for agent in self.agents:
            state = self.host.path(f"{agent.disk}/state/worker")
            shutil.copytree(state, self.folder / f"state-{agent.name}", dirs_exist_ok=True)
            agent.signal(signal.SIGABRT)  # faulthandler writes where its threads are

    def close(self) -> None:
        """Nothing is left but the logs. May be called at any time."""
        steps = [agent.stop for agent in self.agents]
        with ThreadPoolExecutor() as pool:
            closing = [pool.submit(step) for step in (*steps, self.stack.down)]
            for each in closing:
                each.exception()
        if self.network is not None:
            self.network.close()
        self.host.signal_docker(signal.SIGCONT)
        self.host.close()

    def _furnish(self) -> None:
        self.host.start_docker()
        self.host.copy_image(IMAGE)

    def _make_controller(self, api: ApiClient, platform: str) -> None:
        """The first agent's token makes it; the others' are bound to it."""
        asked: dict[str, Any] = {"name": f"Chaos {platform}"}
        for number in range(AGENTS_EACH):
            answer = api("POST", "/v1/controllers/enrollment-tokens", asked)
            answer.raise_for_status()
            agent = self._make_agent(f"{platform}-{number}", platform, answer.json()["token"])
            agent.start()
            if number == 0:
                self.controllers[platform] = wait_until(lambda: self._online(api, platform), 40)
                asked = {"controller_id": self.controllers[platform]}
        for agent in self.agents:
            agent.wait()

    def _make_agent(self, name: str, platform: str, token: str) -> Agent:
        assert self.network is not None
        group = _GROUPS + len(self.agents)
        line = self.network.line((self.host.host_address, self.stack.port))
        self.host.lead(group, self.stack.port, line.port)
        made = Agent(
            name=name,
            host=self.host,
            line=line,
            disk=self.host.make_disk(name),
            group=group,
            environment={
                "STREAMSPACE_INTERVAL_DIVISOR": str(DIVISOR),
                VARIABLE: str(self.world.path),
                "PYTHONFAULTHANDLER": "1",
            },
            arguments=("--url", self.stack.url, "--platform", platform),
            token=token,
            log=self.folder / f"agent-{name}.log",
            luck=random.Random(self.luck.random()),
        )
        self.agents.append(made)
        return made

    def _online(self, api: ApiClient, platform: str) -> str:
        items = api("GET", "/v1/controllers").json()["items"]
        wanted = f"Chaos {platform}"
        return next((str(c["id"]) for c in items if c["name"] == wanted and c["state"] == "online"), "")

    def _make_templates(self, api: ApiClient) -> None:
        images = {"docker": IMAGE, "fake": "fake"}
        for platform in PLATFORMS:
            for network in ("none", "internet") if platform == "docker" else ("none",):
                body = {
                    "name": f"{platform} {network}",
                    "image": images[platform],
                    "platforms": [platform],
                    "resources": _SMALL,
                    "network": network,
                }
                answer = api("POST", "/v1/templates", body)
                answer.raise_for_status()
                self.templates.setdefault(platform, []).append(answer.json()["id"])
