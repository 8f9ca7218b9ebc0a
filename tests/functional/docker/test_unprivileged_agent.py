"""An agent that is not root, but the session's own uid in the group docker, as on a developer's machine."""

import json
import multiprocessing
import os
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from agent.drivers.base import DriverError
from agent.drivers.docker.driver import DockerDriver
from agent.drivers.docker.engine import DEFAULT_ADDRESS, Engine
from agent.drivers.docker.files import UID
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec, Network
from tests.contract.drivers.docker_adapter import DockerAdapter

pytestmark = pytest.mark.docker


def attempt(uid: int, controller_id: str, specs: list[InstanceSpec], answer: Connection) -> None:
    """In a process of its own: become that user, start each, tell what came of it."""
    group = os.stat(DEFAULT_ADDRESS.removeprefix("unix://")).st_gid
    os.setgroups([group])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    outcome = []
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as folder:
        driver = DockerDriver(controller_id, run_dir=Path(folder) / "r")
        for spec in specs:
            try:
                driver.start(spec, lambda _step: None)
                outcome.append("started")
            except DriverError as error:
                outcome.append(f"{error.reason.code}: {error.reason.message}")
            driver.remove(spec.session_id, delete_home=True)
    answer.send(json.dumps(outcome))


def outcomes(uid: int, controller: DockerAdapter) -> list[str]:
    Engine().host()  # imports, before the process loses sight of root's files
    specs = [
        controller.spec(new_id("ses")),
        controller.spec(new_id("ses"), network=Network.INTERNET),
    ]
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=attempt, args=(uid, controller.controller_id, specs, theirs))
    process.start()
    process.join(60)
    assert ours.poll(), "it said nothing"
    assert [controller.remains(spec.session_id) for spec in specs] == [[], []]
    outcome: list[str] = json.loads(ours.recv())
    return outcome


@pytest.mark.feature("A session that needs a network is refused where its host cannot be protected")
def test_the_sessions_own_uid_may_serve_sessions_without_network(controller: DockerAdapter) -> None:
    offline, online = outcomes(UID, controller)
    assert offline == "started"
    assert online.startswith("network_unprotected: ")
    assert "root" in online


def test_another_uid_is_told_what_to_do(controller: DockerAdapter) -> None:
    offline, _ = outcomes(UID + 1, controller)
    assert offline.startswith("platform_unavailable: ")
    assert "run it as root" in offline
