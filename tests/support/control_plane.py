"""The control plane alone, as processes: the local stack without relay, agent and Docker.

Real HTTP, real signatures, queues that verify SigV4 and session policies, and the sweeper.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

from infra.local.processes import Process, processes
from infra.local.settings import ROOT, Settings, read
from tests.support.stack import Stack, wait_until

_WANTED = ("ministack", "api", "runner")


class ControlPlane(Stack):
    """`url` is what agents are told, `address` another name for the same place, as behind a proxy."""

    def __init__(self, home: Path, *, divisor: float = 20) -> None:
        super().__init__(home)
        self.url = f"http://localhost:{self.port + 1}"
        self.address = f"http://127.0.0.1:{self.port + 1}"
        self.environment |= {
            "STREAMSPACE_PUBLIC_URL": self.url,
            "STREAMSPACE_INTERVAL_DIVISOR": str(divisor),
        }
        self._settings: Settings = read(self.environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def up(self) -> None:
        """Returns when it answers. Raises TimeoutError, RuntimeError."""
        self._settings.prepare()
        self.start("ministack")
        seed = [sys.executable, "-m", "infra.local.seed"]
        done = subprocess.run(seed, env=self._app(), cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        self.start("api")
        self.start("runner")
        lines = (line.split("=", 1) for line in self._settings.env_file.read_text().splitlines())
        known = dict(lines)
        self.email, self.password = known["STREAMSPACE_EMAIL"], known["STREAMSPACE_PASSWORD"]

    def down(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def start(self, name: str) -> None:
        """One of its processes, and wait until it is ready."""
        process = self._process(name)
        with (self._settings.log / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                process.command, env=self._with_ours(process.environment()), cwd=ROOT, stdout=log, stderr=log
            )
        wait_until(process.ready, 30)

    def stop(self, name: str, *, hard: bool = False) -> None:
        """End it; `hard` as by `kill -9`."""
        running = self._running.pop(name)
        running.kill() if hard else running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def sqs(self) -> Any:
        """SQS with the root's key."""
        held = self._settings.aws_environment()
        return boto3.client(
            "sqs",
            endpoint_url=held["AWS_ENDPOINT_URL"],
            region_name=held["AWS_REGION"],
            aws_access_key_id=held["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=held["AWS_SECRET_ACCESS_KEY"],
        )

    def _process(self, name: str) -> Process:
        assert name in _WANTED
        [found] = [each for each in processes(self._settings) if each.name == name]
        return found

    def _app(self) -> dict[str, str]:
        return self._with_ours(self._settings.app_environment())

    def _with_ours(self, environment: dict[str, str]) -> dict[str, str]:
        """Ours win over what the test run itself is configured by."""
        chosen = {name: value for name, value in self.environment.items() if name.startswith("STREAMSPACE_")}
        return {**environment, **chosen, "STREAMSPACE_MAIL": f"file:{self._settings.mail}"}
