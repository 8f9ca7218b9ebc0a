"""The installer: what it refuses, and what it does with a control plane that hands out an agent."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.functional.agent.agent_process import eventually
from tests.support import installers

SCRIPT = (Path(__file__).parents[3] / "infra" / "agent" / "install.sh").read_text()
TOOLS = (
    *("sh", "id", "uname", "dirname", "basename", "mkdir", "chmod", "cp", "ln", "rm", "cat", "tee", "printf"),
    *("curl", "setsid", "sleep", "env", "kill"),
)
PYTHON = """#!/bin/sh
# Stands in for Python, pip and the agent, and writes down how it was called.
echo "$(basename "$0") $*" >>"$CALLS"
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/pip"; cp "$0" "$3/bin/streamspace-agent" ;;
    run*) echo $$ >"$CALLS.pid"; exec sleep 60 ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """With Python and Docker, where everything is somebody else's."""
    made = installers.machine(tmp_path, TOOLS, dict.fromkeys(("python3", "docker", "iptables"), PYTHON))
    places = {"STREAMSPACE_PREFIX": str(tmp_path / "prefix"), "STREAMSPACE_STATE": str(tmp_path / "state")}
    return made | places


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with installers.handing_out({"wheel.txt": b"streamspace_agent-1-py3-none-any.whl\n"}) as found:
        yield found


async def _install(machine: dict[str, str], *arguments: str) -> tuple[int, str]:
    return await installers.install(SCRIPT, machine, *arguments)


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="would write a unit of the real systemd")
@pytest.mark.feature("One command installs, enrols and starts an agent on another machine")
async def test_it_installs_enrols_and_starts(machine: dict[str, str], url: str, tmp_path: Path) -> None:
    for _ in range(2):  # a second time replaces the running one
        code, text = await _install(machine, "--url", f"{url}/", "--token", "sse_t", "--takeover")
        assert code == 0, text
        await eventually((tmp_path / "calls.pid").exists)
        await eventually((tmp_path / "state" / "agent.pid").exists)
    calls = (tmp_path / "calls").read_text()
    state = tmp_path / "state"
    assert f"pip install --quiet --disable-pip-version-check {url}/install/streamspace_agent-1-py3" in calls
    assert (
        f"streamspace-agent enroll --state {state} --url {url} --token sse_t --platform docker --takeover"
    ) in calls
    assert f"streamspace-agent run --state {state}" in calls
    keeper = int((state / "agent.pid").read_text())
    os.kill(keeper, signal.SIGTERM)
    await eventually(lambda: not (state / "agent.pid").exists())
    agent = int((tmp_path / "calls.pid").read_text())
    await eventually(lambda: not Path(f"/proc/{agent}/cwd").exists())


async def test_it_says_what_is_missing(machine: dict[str, str], url: str, tmp_path: Path) -> None:
    good = ("--url", url, "--token", "t")
    code, text = await _install(machine, "--url", url)
    assert (code, "usage" in text) == (1, True)
    code, text = await _install(machine, *good, "--colour", "red")
    assert (code, "unknown option: --colour" in text) == (1, True)
    code, text = await _install(machine, "--url", "http://127.0.0.1:9", "--token", "t")
    assert (code, "does not hand out the agent" in text) == (1, True)
    docker = tmp_path / "bin" / "docker"
    docker.write_text("#!/bin/sh\nexit 1\n")
    code, text = await _install(machine, *good)
    assert (code, "Docker does not answer. Start it" in text) == (1, True)
    docker.unlink()
    code, text = await _install(machine, *good)
    assert (code, "Please install first: docker.io" in text) == (1, True)
    (tmp_path / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")
    code, text = await _install(machine, *good)
    assert (code, "Please install first: python3 python3-venv" in text) == (1, True)


async def test_a_download_that_breaks_off_does_nothing(machine: dict[str, str]) -> None:
    await installers.does_nothing_when_it_breaks_off(SCRIPT, machine)
