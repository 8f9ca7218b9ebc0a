"""`python -m agent.stream.relay` as the local stack runs it."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from agent.stream.address import Address
from agent.stream.gateway import Gateway

Browse = Callable[..., Awaitable[Any]]
Start = Callable[[], Awaitable[subprocess.Popen[str]]]


@pytest.fixture
async def start(plane: Any) -> AsyncIterator[Start]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        plane.relay_port = probe.getsockname()[1]
    started: list[subprocess.Popen[str]] = []

    async def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "agent.stream.relay", "--listen", f"127.0.0.1:{plane.relay_port}"]
        command += ["--jwks", plane.jwks_url, "--state", str(plane.directory / "relay")]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started.append(process)
        async with asyncio.timeout(10):
            while process.poll() is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", plane.relay_port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.feature("Streams come back after a restart of the relay")
async def test_killed_and_restarted_without_the_control_plane(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse, start: Start, eventually: Any
) -> None:
    process = await start()
    dialler = plane.dialler(gateway)
    await dialler.start()
    await eventually(lambda: dialler.parked == 4)
    address = Address(host="127.0.0.1", port=plane.relay_port)
    browser = await browse(address, f"ticket.{plane.ticket()}")
    await browser.start()
    process.kill()
    await eventually(lambda: dialler.parked == 0)
    plane.jwks_url = "http://127.0.0.1:1/away"
    again = await start()
    await eventually(lambda: dialler.parked == 4)
    resumed = await browse(address, f"resume.{browser.token}")
    await resumed.start()
    again.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(again.wait, 10) == 0
    await dialler.stop()


async def test_a_busy_port_is_said_in_words(plane: Any, start: Start) -> None:
    first = await start()
    assert isinstance(first.args, list)
    second = subprocess.run(first.args, check=False, capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert "cannot listen at" in second.stderr
    assert "Traceback" not in second.stderr
