"""The second agent as a process, and the files of its platform."""

import json
import os
import shutil
import signal
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Any

from tests.support.control_plane import ControlPlane
from tests.support.stack import ApiClient, wait_until

HERE = Path(__file__).resolve().parent / "second_agent"
FATAL = 3
"""Its exit status after a fatal refusal."""


def node() -> str:
    """The interpreter: ours (in .venv/bin) or the system's."""
    ours = HERE.parents[3] / ".venv" / "bin" / "node"
    found = str(ours) if ours.exists() else shutil.which("node")
    assert found, "Node is missing: run `make test` once, which installs it"
    return found


class SecondAgent:
    """One identity, one platform; a process at a time. `beside`: another agent, whose platform and controller
    it shares."""

    def __init__(
        self, plane: ControlPlane, api: ApiClient, folder: Path, *, beside: "SecondAgent | None" = None
    ) -> None:
        self._plane, self._api = plane, api
        self.state, self.world = folder / "state", beside.world if beside else folder / "world"
        self.world.mkdir(parents=True, exist_ok=True)
        self._bound = {"controller_id": beside.controller_id} if beside else {}
        self.events: list[dict[str, Any]] = []
        self._process: subprocess.Popen[str] | None = None
        self._token = ""
        self._backend = beside._backend if beside else str(uuid.uuid4())

    @property
    def controller_id(self) -> str:
        return str(json.loads((self.state / "identity" / "enrolment.json").read_text())["controller_id"])

    @property
    def agent_id(self) -> str:
        return str(json.loads((self.state / "identity" / "enrolment.json").read_text())["agent_id"])

    def start(self, *, serving: bool = True, **environment: str) -> "SecondAgent":
        """Start it, enrolling it before if it is new; until it serves unless told otherwise."""
        if not self._token:
            answer = self._api("POST", "/v1/controllers/enrollment-tokens", {"name": "Second", **self._bound})
            assert answer.status_code == 201, answer.text
            self._token = answer.json()["token"]
        self.events = []
        self._process = subprocess.Popen(
            [node(), str(HERE / "agent.mjs"), str(self.state), str(self.world)],
            env={
                "PATH": os.environ["PATH"],
                "SECOND_AGENT_URL": self._plane.address,
                "SECOND_AGENT_TOKEN": self._token,
                "SECOND_AGENT_BACKEND": self._backend,
                "SECOND_AGENT_HASTE": "20",
                **environment,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self._process, self.events), daemon=True).start()
        if serving:
            self.heard("serving")
        return self

    def online(self) -> "SecondAgent":
        """Started, and known to be there."""
        self.start()
        path = f"/v1/controllers/{self.controller_id}"
        wait_until(lambda: self._api("GET", path).json()["capacity"] is not None, 10)
        return self

    def heard(self, event: str, *, seconds: float = 20, **facts: Any) -> dict[str, Any]:
        """The first event of that name and with those facts, once it has come."""

        def found() -> dict[str, Any] | None:
            for each in list(self.events):
                if each["event"] == event and facts.items() <= each.items():
                    return each
            return None

        try:
            told: dict[str, Any] = wait_until(found, seconds)
        except TimeoutError:
            raise AssertionError(f"no {event} {facts} among {self.events}\n{self._plane.logs()}") from None
        return told

    def ended(self, seconds: float = 20) -> int:
        """The exit status, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGKILL)
            self.ended()

    # Its platform

    def hold(self) -> None:
        """Starts do not come on from now."""
        (self.world / "hold").touch()

    def let_go(self) -> None:
        (self.world / "hold").unlink()

    def instances(self) -> dict[str, dict[str, Any]]:
        """By `<session>.<incarnation>`."""
        folder = self.world / "instances"
        return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}

    def homes(self) -> set[str]:
        return {path.stem for path in (self.world / "homes").glob("*.json")}

    def put(self, name: str, instance: dict[str, Any]) -> None:
        (self.world / "instances").mkdir(exist_ok=True)
        (self.world / "instances" / f"{name}.json").write_text(json.dumps(instance))

    @staticmethod
    def _listen(process: "subprocess.Popen[str]", events: list[dict[str, Any]]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            events.append(json.loads(line))
