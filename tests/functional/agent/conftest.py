"""A fake control plane, a fake platform, and agents on them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.drivers.fake import FakeWorld
from tests.functional.agent.agent_process import AgentProcess
from tests.functional.agent.fake_server import FakeServer


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    fake = FakeServer()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
async def agent(server: FakeServer, world: FakeWorld, tmp_path: Path) -> AsyncIterator[AgentProcess]:
    process = await AgentProcess(server, world, tmp_path / "agent").start()
    yield process
    await process.stop()
