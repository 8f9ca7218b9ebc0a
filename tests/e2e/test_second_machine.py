"""On a second machine the command that the API hands out, and the desktop that then streams from there."""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.machine import Machine
from tests.support.stack import REPOSITORY, ApiClient, Stack, wait_until
from tests.support.viewer import Viewer

pytestmark = pytest.mark.e2e
IMAGE = f"streamspace/terminal:{os.environ.get('IMAGE_TAG', 'dev')}"
WHEELS = REPOSITORY / ".streamspace" / "agent-wheels"
NAME = "Second machine"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    # It reaches nothing but this machine: what pip would fetch lies at hand. Compiling all of it takes long.
    assert WHEELS.is_dir(), "run infra/local/bootstrap.sh test first: it fetches the agent's packages"
    made.environment |= {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_COMPILE": "1",
    }
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def reachable(machine: Machine, tmp_path: Path) -> Iterator[Stack]:
    """A stack that other machines may use, while the second one gets its Docker and the image."""
    stack = Stack(tmp_path / "stack", STREAMSPACE_BIND="0.0.0.0")
    stack.environment["STREAMSPACE_PUBLIC_URL"] = f"http://{machine.host_address}:{stack.port}"
    try:
        with ThreadPoolExecutor() as pool:
            for each in (pool.submit(stack.up), pool.submit(_furnish, machine)):
                each.result()
        yield stack
    finally:
        stack.down()


def _furnish(machine: Machine) -> None:
    machine.start_docker()
    machine.copy_image(IMAGE)


@pytest.mark.feature(
    "An agent on another machine is installed by one command and streams without an open port"
)
def test_one_command_and_a_desktop_streams_from_there(reachable: Stack, machine: Machine) -> None:
    api = ApiClient(reachable)
    print(machine.run("sh", "-c", _command(reachable, api), seconds=180))
    try:
        controller_id = wait_until(lambda: _online(api), 30)
        session_id = _launch(api, controller_id)
        access = api("POST", f"/v1/sessions/{session_id}/connect", {}).json()
        assert access["url"].startswith(f"{reachable.url.replace('http', 'ws')}/stream/{controller_id}/")
        protocols = ["binary", f"ticket.{access['ticket']}"]
        with connect(access["url"], subprotocols=protocols, proxy=None) as websocket:
            viewer = Viewer(websocket)
            wait_until(lambda: viewer.colours() > 2, 20)
            _is_closed(machine)
        api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
        api.wait(session_id, "terminated")
        assert machine.run("docker", "ps", "--all", "--quiet") == ""
        assert machine.run("docker", "volume", "ls", "--quiet") == ""
    except (AssertionError, TimeoutError, OSError):
        print(machine.logs())
        raise


def _command(stack: Stack, api: ApiClient) -> str:
    """As an administrator is shown it who sits at the stack's own machine and calls it localhost."""
    answer = httpx.post(
        f"http://localhost:{stack.port}/v1/controllers/enrollment-tokens",
        json={"name": NAME},
        headers={"authorization": f"Bearer {api.token()}"},
    )
    assert answer.status_code == 201, answer.text
    command: str = answer.json()["command"]
    return command


def _online(api: ApiClient) -> str:
    """Its id once it is all well, else an empty text."""
    items: list[dict[str, Any]] = api("GET", "/v1/controllers").json()["items"]
    found = [each for each in items if each["name"] == NAME and each["state"] == "online"]
    return next((str(each["id"]) for each in found if each["health"]["streaming"]["state"] == "ok"), "")


def _launch(api: ApiClient, controller_id: str) -> str:
    asked = {"template_id": api.template("Terminal")["id"], "controller_id": controller_id}
    session_id: str = api("POST", "/v1/sessions", asked).json()["id"]
    view = api.wait(session_id, "running")
    assert view["controller_id"] == controller_id
    return session_id


def _is_closed(machine: Machine) -> None:
    """Nothing there waits for a connection, nobody tried to make one, and it would have failed."""
    assert machine.listeners() == []
    assert machine.knocks() == 0
    for port in (22, 80, 5900, 8080):
        with pytest.raises(OSError, match="timed out"):
            socket.create_connection((machine.address, port), timeout=0.3)
    assert machine.knocks() >= 4
