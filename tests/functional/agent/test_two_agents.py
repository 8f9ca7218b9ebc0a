"""Two agents, as processes, on one controller of a control plane that runs: one of them is shut out."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli import exits
from agent.drivers.fake_file import VARIABLE, FileWorld
from chalicelib.protocol.agents import Capacity
from tests.support.control_plane import ControlPlane
from tests.support.stack import REPOSITORY, ApiClient, wait_until

SESSIONS = 30
_ROOMY = Capacity(cpu_millis=10**6, memory_bytes=2**42)


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    found = ControlPlane(tmp_path / "plane", divisor=3)
    try:
        found.up()
        yield found
    finally:
        found.down()


class Agents:
    """On one platform, which is a file."""

    def __init__(self, plane: ControlPlane, api: ApiClient, folder: Path) -> None:
        self.plane, self.api, self.folder = plane, api, folder
        self.world = FileWorld(
            path=folder / "platform.json", backend_id="shared", capacity=_ROOMY, step_seconds=0.05
        )
        with self.world.held():
            pass
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, folder: str, **token: str) -> "subprocess.Popen[bytes]":
        issued = self.api("POST", "/v1/controllers/enrollment-tokens", token)
        assert issued.status_code == 201, issued.text
        environment = {
            **{each: value for each, value in os.environ.items() if not each.startswith("AWS_")},
            VARIABLE: str(self.world.path),
            "STREAMSPACE_INTERVAL_DIVISOR": "3",
        }
        token_text: str = issued.json()["token"]
        command = [
            *(sys.executable, "-m", "agent", "run", "--platform", "fake"),
            *("--state", str(self.folder / folder), "--url", self.plane.url, "--token", token_text),
        ]
        with (self.folder / f"{folder}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(30)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def agents(plane: ControlPlane, tmp_path: Path) -> Iterator[Agents]:
    made = Agents(plane, ApiClient(plane), tmp_path)
    yield made
    made.stop()


def active(api: ApiClient, controller_id: str) -> list[str]:
    """Ids of the agents that are heard from, oldest first."""
    items = api("GET", f"/v1/controllers/{controller_id}/agents").json()["items"]
    return [each["id"] for each in items if each["state"] == "active"]


@pytest.mark.feature("Sessions go on starting while one of two agents is shut out")
def test_the_other_agent_takes_over_without_a_lost_command(agents: Agents, plane: ControlPlane) -> None:
    api = agents.api
    out = agents.start("first")
    [controller] = wait_until(lambda: api("GET", "/v1/controllers").json()["items"], 60)
    controller_id = controller["id"]
    wait_until(lambda: active(api, controller_id), 60)
    stays = agents.start("second", controller_id=controller_id)
    first, second = wait_until(lambda: len(found := active(api, controller_id)) == 2 and found, 60)
    body = {"name": "Anything", "image": "fake"}
    template_id = api("POST", "/v1/templates", body).json()["id"]

    states: list[str] = []
    done = threading.Event()
    watching = threading.Thread(
        target=watch, args=(ApiClient(plane), controller_id, states, done), daemon=True
    )
    watching.start()
    made: list[str] = []
    for number in range(SESSIONS):
        asked = {"template_id": template_id, "resources": {"cpu": "100m", "memory": "64Mi"}}
        answer = api("POST", "/v1/sessions", asked)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
        if number == SESSIONS // 2:
            gone = api("DELETE", f"/v1/controllers/{controller_id}/agents/{first}")
            assert gone.status_code == 204, gone.text
    try:
        for session_id in made:
            api.wait(session_id, "running")
    finally:
        done.set()
        watching.join(10)

    assert out.wait(30) == exits.REVOKED, agents.log("first")
    assert "does not know this agent any more" in agents.log("first")
    assert stays.poll() is None
    assert active(api, controller_id) == [second]
    assert set(states) == {"ok"}, agents.log("second")
    with agents.world.held() as world:
        assert sorted(session_id for session_id, _ in world.instances) == sorted(made)
    for session_id in made:
        causes = [each["cause"] for each in api("GET", f"/v1/sessions/{session_id}/timeline").json()["items"]]
        assert causes.count("started") == 1
    urls = plane.sqs().list_queues()["QueueUrls"]
    assert [url.rpartition("/")[2] for url in urls if url.endswith((controller_id, "-1"))] == [
        f"streamspace-{controller_id}-1"
    ]


def watch(api: ApiClient, controller_id: str, states: list[str], done: threading.Event) -> None:
    """What people see of the controller's polling meanwhile. (Streaming fails: there is no relay here.)"""
    while not done.wait(0.2):
        shown: Any = api("GET", f"/v1/controllers/{controller_id}").json()
        states.append("lost" if shown["state"] == "lost" else shown["health"]["polling"]["state"])
