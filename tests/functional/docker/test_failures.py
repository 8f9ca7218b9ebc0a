"""What goes wrong on a Docker host, caused for real, and what people are told about it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.drivers.base import Cancelled, DriverError, PermanentError, Step, TemporaryError
from agent.drivers.docker.firewall import Firewall, FirewallError
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceState, Network, Resources, Stage
from tests.contract.drivers.docker_adapter import COMMANDS, DockerAdapter

pytestmark = pytest.mark.docker
MIB = 2**20


def ignore(_step: Step) -> None:
    """Listens to nothing."""


def failure(controller: DockerAdapter, **changes: object) -> DriverError:
    """The error of a start; nothing may be left of it."""
    session = new_id("ses")
    with pytest.raises(DriverError) as caught:
        controller.open().start(controller.spec(session, **changes), ignore)
    assert controller.remains(session) == []
    return caught.value


@pytest.mark.feature("A session that cannot start says why")
def test_a_registry_that_serves_damage(controller: DockerAdapter) -> None:
    controller.registry.broken = True
    error = failure(controller, behaviour="pullable")
    assert isinstance(error, TemporaryError)
    assert error.reason.code == "image_pull_failed"


@pytest.mark.feature("A session that cannot start says why")
def test_a_registry_that_refuses(controller: DockerAdapter) -> None:
    controller.registry.refusing = True
    error = failure(controller, behaviour="pullable")
    assert isinstance(error, PermanentError)
    assert error.reason.code == "image_pull_failed"
    assert "docker login" in error.reason.message


@pytest.mark.feature("A session that cannot start says why")
def test_a_registry_that_is_not_there(controller: DockerAdapter) -> None:
    error = failure(controller, image="127.0.0.1:9/nothing:1")
    assert isinstance(error, TemporaryError)
    assert error.reason.code == "image_pull_failed"
    assert "127.0.0.1:9/nothing:1" in error.reason.message


def test_a_name_that_is_no_image(controller: DockerAdapter) -> None:
    assert failure(controller, image="Not An Image").reason.code == "image_not_found"


def test_too_little_memory(controller: DockerAdapter) -> None:
    error = failure(controller, resources=Resources(cpu_millis=500, memory_bytes=MIB))
    assert error.reason.code == "insufficient_memory"


def test_too_many_cpus(controller: DockerAdapter) -> None:
    cpus = (os.cpu_count() or 1) + 1
    error = failure(controller, resources=Resources(cpu_millis=cpus * 1000, memory_bytes=64 * MIB))
    assert error.reason.code == "insufficient_cpu"


def test_no_such_command(controller: DockerAdapter) -> None:
    error = failure(controller, command=("/no/such/command",))
    assert error.reason.code == "instance_exited"
    assert "/no/such/command" in error.reason.message


@pytest.mark.feature("A session that cannot start says why")
def test_memory_that_runs_out_is_named(controller: DockerAdapter) -> None:
    glutton = ("perl", "-e", 'my @x; push @x, "x" x 1048576 while 1')
    resources = Resources(cpu_millis=1000, memory_bytes=32 * MIB)
    error = failure(controller, command=glutton, resources=resources)
    assert error.reason.code in {"insufficient_memory", "instance_exited"}
    assert "memory" in error.reason.message or "137" in error.reason.message


@pytest.mark.feature("A session that needs a network is refused where its host cannot be protected")
def test_no_firewall_no_network(controller: DockerAdapter) -> None:
    def denied(arguments: Sequence[str], text: str | None) -> str:
        raise FirewallError(f"{arguments[0]}: Permission denied (you must be root)")

    driver, session = controller.open(), new_id("ses")
    driver._networks.firewall = replace(Firewall(), run=denied)
    with pytest.raises(PermanentError) as caught:
        driver.start(controller.spec(session, network=Network.INTERNET), ignore)
    assert caught.value.reason.code == "network_unprotected"
    assert "as root" in caught.value.reason.message
    assert controller.remains(session) == []
    driver.start(controller.spec(session), ignore)


def test_a_cancelled_pull_hangs_up(controller: DockerAdapter) -> None:
    """The daemon stops downloading, instead of finishing for nobody."""
    controller.registry.seconds = 30.0

    def after_the_first_bytes(step: Step) -> None:
        if step.progress and step.progress.done:
            raise Cancelled

    started = time.monotonic()
    with pytest.raises(Cancelled):
        controller.open().start(controller.spec(new_id("ses"), behaviour="pullable"), after_the_first_bytes)
    assert time.monotonic() - started < 20
    deadline = time.monotonic() + 10
    while controller.registry.sending and time.monotonic() < deadline:
        time.sleep(0.05)
    assert controller.registry.sending == 0


def test_cancelling_does_not_wait_for_a_silent_registry(controller: DockerAdapter) -> None:
    controller.registry.seconds = 300.0
    started = time.monotonic()

    def soon(step: Step) -> None:
        if step.stage is Stage.PULLING and time.monotonic() - started > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        controller.open().start(controller.spec(new_id("ses"), behaviour="pullable"), soon)
    assert time.monotonic() - started < 30


KILLED = """
import sys
from pathlib import Path
from agent.drivers.docker.driver import DockerDriver
from chalicelib.protocol.instances import InstanceSpec
controller, run, spec = sys.argv[1:]
def tell(step):
    print(step.stage, flush=True)
DockerDriver(controller, run_dir=Path(run)).start(InstanceSpec.model_validate_json(spec), tell)
"""


@pytest.mark.feature("An agent that is killed finds its sessions again")
@pytest.mark.parametrize("network", list(Network))
def test_a_process_killed_in_midstart_is_taken_over(controller: DockerAdapter, network: Network) -> None:
    session = new_id("ses")
    spec = controller.spec(session, behaviour="silent", network=network)
    arguments = (
        controller.controller_id,
        str(controller.run_dir),
        spec.model_dump_json(),
    )
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        while "connecting" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    driver = controller.open()
    (found,) = driver.inventory().instances
    assert (found.session_id, found.state) == (session, InstanceState.RUNNING)
    driver.start(controller.spec(session, incarnation=2, network=network), ignore)
    driver.remove(session, delete_home=True)
    assert controller.remains(session) == []


def test_a_container_made_but_never_started_is_started(controller: DockerAdapter) -> None:
    """What a kill between Docker's create and start leaves."""
    driver, session = controller.open(), new_id("ses")
    driver.start(controller.spec(session), ignore)
    (container,) = controller._containers(session)
    body, name = dict(container.attrs["Config"]), container.name
    host = container.attrs["HostConfig"]
    container.remove(force=True)
    controller.api.api.create_container_from_config({**body, "HostConfig": host}, name)
    driver.start(controller.spec(session), ignore)
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert controller.greet(endpoint)


def test_names_in_the_way_are_not_taken_over(controller: DockerAdapter) -> None:
    session = new_id("ses")
    controller.plant_foreign(session)
    with pytest.raises(PermanentError) as caught:
        controller.open().start(controller.spec(session), ignore)
    assert caught.value.reason.code == "home_taken"
    with pytest.raises(PermanentError) as caught:
        controller.open().start(controller.spec(session, 7, persistent_home=False), ignore)
    assert caught.value.reason.code == "name_taken"
    assert controller.foreign_intact(session)


def test_damaged_labels_hide_an_object_and_break_nothing(controller: DockerAdapter) -> None:
    labels = {"streamspace.controller": controller.controller_id, "streamspace.session": "nonsense"}
    container = controller.api.containers.create(
        controller.spec(new_id("ses")).image, list(COMMANDS["exiting"]), labels=labels
    )
    try:
        container.start()
        container.wait()
        driver = controller.open()
        assert driver.inventory().instances == ()
        assert driver.ended() == ()
        assert driver.usage().cpu_millis == 0
    finally:
        container.remove(force=True)
