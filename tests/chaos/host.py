"""The machine that the agents serve: a Docker daemon of its own that can be stopped, and disks that fill."""

import contextlib
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.support.machine import Machine

STATES = "/var/lib/agents"
_DISK = "6m"
_NETWORKS = "/var/lib/docker/network/files/local-kv.db"
_BALLAST = ".ballast"


class Host(Machine):
    """Everything that runs or is mounted here ends with it."""

    def path(self, inside: str) -> Path:
        """A path of that machine as this one sees it."""
        return Path(f"/proc/{self.first}/root{inside}")

    def make_disk(self, name: str) -> str:
        """A small disk for one agent's state; where it is mounted."""
        where = f"{STATES}/{name}"
        self.run("mkdir", "-p", where)
        self.run("mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=0700", f"disk-{name}", where)
        return where

    def fill_disk(self, where: str) -> None:
        """To the last byte."""
        with (
            contextlib.suppress(OSError),
            self.path(f"{where}/{_BALLAST}").open("wb", buffering=0) as ballast,
        ):
            for size in (2**16, 2**12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(b"x" * size)

    def free_disk(self, where: str) -> None:
        self.path(f"{where}/{_BALLAST}").unlink(missing_ok=True)

    def lead(self, group: int, port: int, to_port: int) -> None:
        """Connections of that group's processes to the control plane's port go to another one."""
        self.run(
            *("iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-d", self.host_address),
            *("--dport", str(port), "-m", "owner", "--gid-owner", str(group)),
            *("-j", "DNAT", "--to-destination", f"{self.host_address}:{to_port}"),
        )

    # Docker

    def signal_docker(self, number: signal.Signals) -> None:
        """To the daemon. Its containerd is its child and is left alone."""
        with contextlib.suppress(OSError, ValueError, AssertionError):
            pid = int(self.path("/run/docker.pid").read_text())
            self.run("kill", f"-{number.value}", str(pid))
        if number is signal.SIGCONT and self.docker is not None:
            self.docker.send_signal(number)  # nsenter stops with what it runs

    def docker_answers(self) -> bool:
        try:
            done = subprocess.run(self.inside("docker", "info"), capture_output=True, timeout=5, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def docker_up_again(self) -> None:
        """After it ended. Docker 20.10 that was ended while it made or removed a network may panic at every
        start from then on; the known remedy is to take its list of networks away."""
        if self.docker is not None:
            self.docker.wait(60)
        try:
            self.start_docker()
        except RuntimeError as error:
            if "reservePools" not in str(error):
                raise
            self.path(_NETWORKS).unlink()
            self.start_docker()

    def listed(self, *command: str) -> list[dict[str, Any]]:
        """`docker … ls` as JSON."""
        lines = self.run("docker", *command, "--format", "{{json .}}").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def labels(listed: dict[str, Any]) -> dict[str, str]:
    """Of one line of Docker's lists."""
    pairs = (pair.partition("=") for pair in str(listed.get("Labels", "")).split(","))
    return {name: value for name, _, value in pairs}
