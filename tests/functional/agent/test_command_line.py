"""The agent as people start it: a process of its own, killed and started again."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.functional.agent.agent_process import eventually
from tests.functional.agent.fake_server import FakeServer

ROOT = Path(__file__).parents[3]
Run = Callable[..., Awaitable[Process]]


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    """Start `python -m agent …` on one state folder."""
    started: list[Process] = []

    async def start(*arguments: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "agent",
            *arguments,
            "--state",
            str(tmp_path / "state"),
            cwd=ROOT,
            env={**os.environ, "STREAMSPACE_INTERVAL_DIVISOR": "20"},
            stdout=PIPE,
            stderr=PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ended(process: Process) -> tuple[int, str]:
    out, error = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode or 0, (out + error).decode()


async def _says(run: Run, word: str, code: int = 0) -> bool:
    status, text = await _ended(await run("status"))
    return status == code and word in text


@pytest.mark.feature("An agent enrols with a token; giving the same command again is harmless")
async def test_enrol_run_kill_and_stop(server: FakeServer, run: Run, tmp_path: Path) -> None:
    enroll = ("enroll", "--url", server.url, "--token", server.token, "--platform", "fake")
    assert await _says(run, "No agent is enrolled", 3)
    assert await _ended(await run(*enroll)) == (0, f"Enrolled as controller {server.controller_id}.\n")
    assert await _ended(await run(*enroll)) == (
        0,
        f"Already enrolled as controller {server.controller_id}.\n",
    )
    assert (tmp_path / "state" / "agent.key").stat().st_mode & 0o777 == 0o600
    assert await _says(run, "not running", 3)

    agent = await run("run")
    first, _ = server.issue("start")
    await eventually(lambda: first.outcomes == ["succeeded"], within=60)
    code, text = await _ended(await run("status", "--json"))
    assert json.loads(text)["pid"] == agent.pid
    assert code == 1  # no relay: streaming is failing, and says so
    assert await _says(run, "relay", 1)
    code, text = await _ended(await run("run"))
    assert code == 2
    assert f"pid {agent.pid}" in text

    agent.kill()
    await agent.wait()
    second, _ = server.issue("start")
    agent = await run("run", "--log-format", "json")
    await eventually(lambda: second.outcomes == ["succeeded"], within=60)
    assert server.epoch == 2

    agent.send_signal(signal.SIGTERM)
    code, text = await _ended(agent)
    assert code == 0
    assert all(json.loads(line)["message"] for line in text.splitlines())


async def test_run_enrols_first_and_says_when_it_is_superseded(server: FakeServer, run: Run) -> None:
    server.down = True
    agent = await run("run", "--url", server.url, "--token", server.token, "--platform", "fake")
    await asyncio.sleep(1.5)
    assert agent.returncode is None
    server.down = False
    await eventually(lambda: server.heartbeats, within=60)
    server.boots.append("the clone")
    server.epoch += 1
    code, text = await _ended(agent)
    assert code == 3
    assert "Another process now runs with this agent's identity" in text


async def test_refusals_say_what_to_do(server: FakeServer, run: Run) -> None:
    code, text = await _ended(await run("run"))
    assert (code, "enroll --url" in text) == (2, True)
    wrong = ("enroll", "--url", server.url, "--token", "wrong", "--platform", "fake")
    code, text = await _ended(await run(*wrong))
    assert (code, "token is not known" in text) == (1, True)
    code, text = await _ended(
        await run("enroll", "--url", "http://127.0.0.1:9", "--token", "t", "--platform", "fake")
    )
    assert (code, "Check --url" in text) == (1, True)
    code, text = await _ended(await run("enroll", "--url", server.url, "--token", "t", "--platform", "vax"))
    assert (code, "no driver for vax" in text) == (1, True)
