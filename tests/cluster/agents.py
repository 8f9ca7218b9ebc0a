"""Agents of one controller, as processes of this machine that reach the cluster by a kubeconfig."""

import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.stack import REPOSITORY, ApiClient, Stack, wait_until


@dataclass
class Agent:
    """`python -m agent run`, with a state folder of its own."""

    state: Path
    environment: dict[str, str]
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.state.with_suffix(".log")

    def start(self) -> None:
        command = [sys.executable, "-m", "agent", "run", "--state", str(self.state), *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """As a crash does."""
        assert self.process
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class Controller:
    """One controller on one namespace, and its agents."""

    stack: Stack
    api: ApiClient
    name: str
    namespace: str
    kubeconfig: Path
    folder: Path
    settings: dict[str, Any]
    agents: list[Agent] = field(default_factory=list)
    id: str = ""

    def enrol(self, agents: int = 1) -> None:
        """Returns once it is online."""
        asked = {"name": self.name, "agents": agents}
        answer = self.api("POST", "/v1/controllers/enrollment-tokens", asked)
        assert answer.status_code == 201, answer.text
        arguments = ["--url", self.stack.url, "--token", answer.json()["token"], "--platform", "kubernetes"]
        environment = {
            **self.stack.environment,
            "KUBECONFIG": str(self.kubeconfig),
            "STREAMSPACE_KUBERNETES_NAMESPACE": self.namespace,
            "STREAMSPACE_KUBERNETES_SETTINGS": json.dumps(self.settings),
            "PYTHONUNBUFFERED": "1",
        }
        environment.pop("STREAMSPACE_HOME", None)
        for number in range(agents):
            agent = Agent(self.folder / f"{self.namespace}-{number}", environment, arguments)
            self.agents.append(agent)
            agent.start()
        try:
            self.id = wait_until(self._online, 60)
            wait_until(lambda: self._enrolled() == agents, 60)
        except TimeoutError:
            raise AssertionError(f"not online: {self.view()}\n{self.logs()}") from None

    def view(self) -> dict[str, Any]:
        items: list[dict[str, Any]] = self.api("GET", "/v1/controllers").json()["items"]
        return next((each for each in items if each["name"] == self.name), {})

    def logs(self) -> str:
        """The end of each agent's log, for the message of a failed test."""
        parts = (
            f"--- {each.log.name}\n{each.log.read_text(errors='replace')[-6000:]}" for each in self.agents
        )
        return "\n".join(parts)

    def close(self) -> None:
        for agent in self.agents:
            agent.stop()

    def _online(self) -> str:
        view = self.view()
        return str(view["id"]) if view.get("state") == "online" else ""

    def _enrolled(self) -> int:
        return sum((each.state / "enrolment.json").exists() for each in self.agents)
