"""A whole local stack of a test's own, started by the same command that people use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 180


def free_port_range() -> int:
    """A port whose next few are free too: the stack's inner ports follow the public one."""
    for start in range(18080, 28080, 20):
        try:
            held = []
            for port in range(start, start + 10):
                probe = socket.socket()
                probe.bind(("127.0.0.1", port))
                held.append(probe)
        except OSError:
            continue
        else:
            return start
        finally:
            for probe in held:
                probe.close()
    raise RuntimeError("no ten free ports in a row")


class Stack:
    """`url`, `email` and `password` are known once it is up."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = free_port_range()
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("AWS_", "STREAMSPACE_"))
            },
            "STREAMSPACE_HOME": str(home),
            "STREAMSPACE_PORT": str(self.port),
            **environment,
        }
        self.url = self.email = self.password = ""

    def up(self) -> None:
        """Returns when a person could sign in."""
        self._command("up", START_SECONDS)
        held = dict(
            line.split("=", 1)
            for line in (self.home / "env").read_text().splitlines()
            if "=" in line and line[0] != "#"
        )
        self.url = held["STREAMSPACE_URL"].rstrip("/")
        self.email, self.password = held["STREAMSPACE_EMAIL"], held["STREAMSPACE_PASSWORD"]

    def down(self) -> None:
        self._command("down", 120)

    def pid(self, process: str) -> int:
        """The process that runs under this name now."""
        return int((self.home / "run" / f"{process}.pid").read_text())

    def logs(self) -> str:
        """The end of every log, for the message of a failed test."""
        parts = []
        for path in sorted((self.home / "log").glob("*.log")):
            parts.append(
                f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:])
            )
        return "\n".join(parts)

    def _command(self, verb: str, seconds: int) -> None:
        finished = subprocess.run(
            [sys.executable, "-m", "infra.local", verb],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if finished.returncode:
            raise RuntimeError(
                f"`infra.local {verb}` failed:\n{finished.stdout}\n{finished.stderr}\n{self.logs()}"
            )


class ApiClient:
    """The public API as automation uses it. Signs in again when the access token has expired."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx.Client(base_url=stack.url, timeout=15)
        self._token = ""

    def sign_in(self) -> None:
        answer = self._http.post(
            "/v1/auth/login", json={"email": self._stack.email, "password": self._stack.password}
        )
        answer.raise_for_status()
        self._token = answer.json()["access_token"]

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        if not self._token:
            self.sign_in()
        headers = {"Authorization": f"Bearer {self._token}", **options.pop("headers", {})}
        return self._http.request(method, path, json=body, headers=headers, **options)

    def token(self) -> str:
        """A fresh access token."""
        self.sign_in()
        return self._token

    def template(self, name: str) -> dict[str, Any]:
        """By its name in the catalog."""
        items = self("GET", "/v1/templates").json()["items"]
        [found] = [item for item in items if item["name"].lower() == name.lower()]
        return dict(found)

    def wait(self, session_id: str, *states: str, seconds: float = 60) -> dict[str, Any]:
        """The session once it is in one of the states. Fails with its reason and timeline otherwise."""
        view: dict[str, Any] = {}

        def reached() -> bool:
            view.clear()
            view.update(self("GET", f"/v1/sessions/{session_id}").json())
            return view.get("state") in states

        try:
            wait_until(reached, seconds)
        except TimeoutError:
            timeline = self("GET", f"/v1/sessions/{session_id}/timeline").text
            raise AssertionError(
                f"not {states} after {seconds} s: {view}\n{timeline}\n{self._stack.logs()}"
            ) from None
        return view


def wait_until(condition: Callable[[], Any], seconds: float, *, every: float = 0.05) -> Any:
    """The condition's first true answer. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(every)
