"""Agents as processes that somebody starts again when they end, as systemd does."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from agent.cli import exits
from tests.chaos.host import Host
from tests.chaos.proxy import Line
from tests.support.stack import REPOSITORY, wait_until

_STOP_SECONDS = 20


@dataclass(eq=False)
class Agent:
    """One agent of one controller. `disk` is where its state folder is mounted."""

    name: str
    host: Host
    line: Line
    disk: str
    group: int
    environment: dict[str, str]
    arguments: tuple[str, ...]
    token: str
    log: Path
    luck: random.Random
    starts: int = 0
    gave_up: list[int] = field(default_factory=list)
    """Exit statuses that say that starting again cannot help, and that nobody expected."""
    _next_token: str = ""
    _process: "subprocess.Popen[bytes] | None" = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def start(self) -> None:
        """And again whenever it ends."""
        self._keeper = threading.Thread(target=self._keep, name=self.name, daemon=True)
        self._keeper.start()

    def pid(self) -> int:
        """Of the agent itself; 0 while it does not run."""
        process = self._process
        if process is None or process.poll() is not None:
            return 0
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            pid = int(children[0]) if children else 0
            return pid if b"\0run\0" in Path(f"/proc/{pid}/cmdline").read_bytes() else 0
        except OSError:
            return 0

    def signal(self, number: signal.Signals) -> bool:
        """Whether there was a process to send it to."""
        pid = self.pid()
        if not pid:
            return False
        try:
            os.kill(pid, number)
            if number is signal.SIGCONT and self._process is not None:
                self._process.send_signal(number)  # nsenter stops with what it runs
        except ProcessLookupError:
            return False
        return True

    def enrolled_as(self) -> tuple[str, ...]:
        """Controller and agent id; empty while it is not enrolled."""
        try:
            answer = json.loads(self._state().joinpath("enrolment.json").read_bytes())["answer"]
        except (OSError, ValueError):
            return ()
        return answer["controller_id"], answer["agent_id"]

    @property
    def is_new(self) -> bool:
        """Being set up after a revocation."""
        return bool(self._next_token) or not self.enrolled_as()

    def set_up_anew(self, token: str) -> None:
        """Once it was revoked: from nothing, with that token."""
        self._next_token = token

    def stop(self) -> None:
        """For good."""
        self._stopping.set()
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self._keeper is not None:
            self._keeper.join(_STOP_SECONDS)
            if self._keeper.is_alive():
                self.signal(signal.SIGKILL)
                self._keeper.join(_STOP_SECONDS)

    def wait(self, seconds: float = 60) -> None:
        """Until it runs and knows who it is."""
        wait_until(lambda: self.pid() and not self.is_new, seconds)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.host.inside(*self._command()),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=REPOSITORY,
                )
            self.starts += 1
            status = self._process.wait()
            if status == exits.REVOKED and self._next_token:
                shutil.rmtree(self._state(), ignore_errors=True)
                self.token, self._next_token = self._next_token, ""
            elif status in (exits.SUPERSEDED, exits.REVOKED, exits.TOO_OLD):
                self.gave_up.append(status)
            if not self._stopping.is_set():
                time.sleep(self.luck.uniform(0.2, 1.0))

    def _command(self) -> list[str]:
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return [
            *("env", f"PYTHONPATH={REPOSITORY}", "PYTHONUNBUFFERED=1", *settings),
            # The group leads its connections to its own line; it dies with whoever keeps it.
            *("setpriv", "--pdeathsig", "KILL", "--regid", str(self.group), "--clear-groups"),
            *(sys.executable, "-m", "agent", "run", "--state", f"{self.disk}/state", *self.arguments),
            *("--token", self.token),
        ]

    def _state(self) -> Path:
        return self.host.path(f"{self.disk}/state")
