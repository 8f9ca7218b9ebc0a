"""The agent's stream plane as a whole, with a relay."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from agent.client.servertime import ServerClock
from agent.drivers.fake import FakeDriver, FakeWorld
from agent.stream.relay import Relay
from agent.worker.stream_plane import StreamPlane
from chalicelib.protocol.agents import Intervals
from tests.functional.stream.conftest import CONTROLLER


async def test_a_grant_that_a_relay_refuses_is_asked_for_anew(
    plane: Any, relay: Relay, tmp_path: Path
) -> None:
    wanted = asyncio.Event()
    access: Any = SimpleNamespace(intervals=Intervals(), renew_now=wanted.set)
    streams = StreamPlane(
        controller_id=CONTROLLER,
        driver=FakeDriver(CONTROLLER, FakeWorld()),
        folder=tmp_path / "streams",
        access=access,
        clock=ServerClock(),
        gateway_url=None,
    )
    (tmp_path / "streams").mkdir()
    plane.grant_life = -60
    answer: Any = SimpleNamespace(jwks_url=plane.jwks_url, relay=plane.access())
    streams.granted(answer)
    running = asyncio.create_task(streams.run())
    async with asyncio.timeout(10):
        await wanted.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
