"""The commands behind `make up`, `make down` and `make status`, on a real stack."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.audit.__main__ import main as verifier
from tests.support.stack import REPOSITORY, ApiClient, Stack, wait_until

pytestmark = pytest.mark.docker
PROCESSES = ("ministack", "api", "runner", "relay", "agent")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("st"))
    stack.up()
    yield stack
    stack.down()


def command(stack: Stack, verb: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.local", verb],
        cwd=REPOSITORY,
        env={**stack.environment, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]


def make_template(stack: Stack, name: str) -> str:
    answer = ApiClient(stack)("POST", "/v1/templates", {"name": name, "image": "streamspace/terminal:dev"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def has_template(stack: Stack, template_id: str) -> bool:
    try:
        return ApiClient(stack)("GET", f"/v1/templates/{template_id}").status_code == 200
    except Exception:
        return False


@pytest.mark.feature("One command starts everything on one machine")
def test_a_controller_is_online_and_templates_are_there(stack: Stack) -> None:
    api = ApiClient(stack)
    assert [each["state"] for each in api("GET", "/v1/controllers").json()["items"]] == ["online"]
    names = {each["name"] for each in api("GET", "/v1/templates").json()["items"]}
    assert names == {"Terminal", "Desktop", "Firefox"}
    assert command(stack, "status").returncode == 0


def test_the_login_is_kept_for_its_owner_alone(stack: Stack) -> None:
    assert (stack.home / "env").stat().st_mode & 0o077 == 0
    assert len(stack.password) >= 16


def test_a_second_up_says_that_it_is_running(stack: Stack) -> None:
    began = time.monotonic()
    done = command(stack, "up")
    assert done.returncode == 0
    assert "already running" in done.stdout
    assert time.monotonic() - began < 10


def test_a_busy_port_is_named_with_its_holder(stack: Stack, tmp_path: Path) -> None:
    done = command(stack, "up", STREAMSPACE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"Port {stack.port} is taken by process {stack.pid('relay')}" in done.stderr


def test_changes_are_sealed_within_a_minute_and_exported_through_the_public_port(
    stack: Stack, tmp_path: Path
) -> None:
    made = make_template(stack, "Audited")
    api = ApiClient(stack)

    def sealed() -> bool:
        [entry] = api("GET", f"/v1/audit?target={made}").json()["items"]
        return entry["sequence"] is not None

    wait_until(sealed, 60)
    export = api("POST", "/v1/audit/exports", {}).json()
    [file] = export["files"]
    assert file["url"].startswith(f"{stack.url}/files/")
    answer = httpx.get(file["url"])
    assert answer.status_code == 200, answer.text
    (tmp_path / file["name"]).write_bytes(answer.content)
    head = "{sequence}:{hash}".format(**export["head"])
    assert verifier(["verify", str(tmp_path / file["name"]), "--head", head]) == 0
    assert made in answer.text
    assert httpx.get(file["url"].partition("?")[0]).status_code == 403


def test_inner_ports_listen_on_loopback_only(stack: Stack) -> None:
    addresses = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None)}
    for address in addresses - {"127.0.0.1", "127.0.1.1", "::1"}:
        for port in range(stack.port, stack.port + 4):
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
                assert probe.connect_ex((address, port)) != 0, (address, port)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_killed_process_comes_back_and_nothing_is_lost(stack: Stack, process: str) -> None:
    template_id = make_template(stack, f"before {process}")
    before = stack.pid(process)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: stack.pid(process) != before, 10)
    wait_until(lambda: has_template(stack, template_id), 15)
    assert ApiClient(stack)("DELETE", f"/v1/templates/{template_id}").status_code == 204


def test_children_die_with_a_killed_supervisor_and_the_next_up_goes_on(stack: Stack) -> None:
    template_id = make_template(stack, "before the supervisor")
    pids = [stack.pid(process) for process in PROCESSES]
    (holder,) = [
        int(line) for line in (stack.home / "run" / "supervisor.pid").read_text().split() if line.strip()
    ]
    os.kill(holder, signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in pids), 15)
    stack.up()
    assert has_template(stack, template_id)


@pytest.mark.feature("Stopping the local stack hibernates its sessions and keeps their homes")
def test_down_hibernates_sessions_which_wake_after_the_next_up(stack: Stack) -> None:
    api = ApiClient(stack)
    answer = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]})
    session_id = answer.json()["id"]
    api.wait(session_id, "running")
    assert command(stack, "down").returncode == 0
    assert not containers(session_id)
    stack.up()
    api = ApiClient(stack)
    assert api("GET", f"/v1/sessions/{session_id}").json()["state"] == "hibernated"
    assert api("POST", f"/v1/sessions/{session_id}/wake").status_code == 202
    api.wait(session_id, "running")
    assert containers(session_id)
    api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
    api.wait(session_id, "terminated")
    assert not containers(session_id)


def containers(session_id: str) -> str:
    """Ids of what runs for a session."""
    listed = subprocess.run(
        ["docker", "ps", "-q", "--filter", f"label=streamspace.session={session_id}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.strip()


def test_down_leaves_nothing_running_and_may_be_repeated(stack: Stack) -> None:
    pids = [stack.pid(process) for process in PROCESSES]
    assert command(stack, "down").returncode == 0
    assert not any(alive(pid) for pid in pids)
    assert "not running" in command(stack, "down").stdout
    assert command(stack, "status").returncode == 1
