"""Agents as a supervisor sees them: a hung one is told from one whose control plane is away."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from tests.functional.agent.agent_process import eventually
from tests.functional.agent.fake_server import FakeServer

ROOT = Path(__file__).parents[3]


class Machine:
    """One state folder with a token file, as a container has it."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.token = folder / "token"
        self._environment = {
            **os.environ,
            "STREAMSPACE_INTERVAL_DIVISOR": "20",
            "STREAMSPACE_AGENT_STATE": str(self.state),
        }

    async def start(self, url: str) -> Process:
        arguments = ("run", "--url", url, "--token-file", str(self.token), "--platform", "fake")
        return await self._python("agent", *arguments)

    async def probe(self, question: str) -> tuple[int, str]:
        process = await self._python("agent.cli.probe", question)
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    async def _python(self, module: str, *arguments: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=ROOT,
            env=self._environment,
            stdout=PIPE,
            stderr=PIPE,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def _until(machine: Machine, question: str, status: int) -> str:
    for _ in range(300):
        code, text = await machine.probe(question)
        if code == status:
            return text
        await asyncio.sleep(0.1)
    raise AssertionError(f"{question} is not {status}: {text}")


@pytest.mark.feature("An agent that hangs is told from one whose control plane is away")
async def test_a_control_plane_that_is_away_is_no_reason_to_restart(machine: Machine) -> None:
    machine.token.write_text("sse_any\n")
    agent = await machine.start("http://127.0.0.1:9")
    try:
        await _until(machine, "alive", 0)
        assert (await machine.probe("ready"))[0] == 1
        os.utime(machine.state / "lock", (1, 1))
        await _until(machine, "alive", 0)  # touched again: its loop turns while it waits
        agent.send_signal(signal.SIGSTOP)
        os.utime(machine.state / "lock", (1, 1))
        await asyncio.sleep(6)
        assert "has not moved" in await _until(machine, "alive", 1)
    finally:
        agent.kill()
        await agent.wait()


async def test_it_enrols_by_the_tokens_file_and_runs_without_it(server: FakeServer, machine: Machine) -> None:
    machine.token.write_text(f"{server.token}\n")
    for _ in range(2):
        (machine.state / "status.json").unlink(missing_ok=True)
        agent = await machine.start(server.url)
        try:
            await eventually((machine.state / "status.json").exists, within=60)
            # The one thing that is not well here: there is no relay.
            assert (await machine.probe("ready"))[1].startswith("streaming: ")
        finally:
            agent.terminate()
            assert await asyncio.wait_for(agent.wait(), 60) == 0
        machine.token.unlink(missing_ok=True)
