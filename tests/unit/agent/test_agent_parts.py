"""Configuration, identity files, supervision and lanes."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from agent.client import errors
from agent.client.files import write_atomically
from agent.client.identity import IdentityStore, IdentityUnreadable
from agent.config import AgentConfig
from agent.worker.lanes import Lanes
from agent.worker.runtime import Backoff, Runtime
from agent.worker.status import AlreadyRunning, StateLock, holder
from agent.worker.supervisor import Supervisor
from agent.worker.timings import Timings
from tests.unit.agent.virtual_time import in_virtual_time


async def inline(call: Any) -> Any:
    return call()


def test_configuration_names_what_is_wrong(tmp_path: Path) -> None:
    config = AgentConfig.read(
        tmp_path, {"STREAMSPACE_LABELS": "zone=a, gpu=no", "STREAMSPACE_INTERVAL_DIVISOR": "20"}
    )
    assert config.labels == {"zone": "a", "gpu": "no"}
    assert config.timings.watch == Timings().watch / 20
    for name, value in (
        ("STREAMSPACE_LABELS", "zone"),
        ("STREAMSPACE_INTERVAL_DIVISOR", "fast"),
        ("STREAMSPACE_CPU_OVERCOMMIT", "-1"),
    ):
        with pytest.raises(ValueError, match=name):
            AgentConfig.read(tmp_path, {name: value})


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    store = IdentityStore(tmp_path / "state")
    key = store.key()
    assert store.key().private_bytes_raw() == key.private_bytes_raw()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "agent.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "state" / "agent.key").write_bytes(b"short")
    with pytest.raises(IdentityUnreadable, match=r"agent\.key"):
        store.key()
    (tmp_path / "state" / "enrolment.json").write_text("{}")
    with pytest.raises(IdentityUnreadable, match=r"enrolment\.json"):
        store.enrolment()


def test_a_failed_write_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_one_agent_per_state_folder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with StateLock(tmp_path):
        assert holder(tmp_path) is not None
        with pytest.raises(AlreadyRunning, match="pid"), StateLock(tmp_path):
            pass
    assert holder(tmp_path) is None


def test_crashing_loops_come_back_ever_more_slowly() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        runtime = Runtime(blocking=inline, monotonic=loop.time, chance=random.Random(7))
        supervisor = Supervisor(runtime=runtime, timings=Timings())
        tries: list[float] = []

        async def broken() -> None:
            tries.append(loop.time())
            if len(tries) % 2:
                raise ZeroDivisionError

        supervisor.start("broken", broken)
        await asyncio.sleep(300)
        await supervisor.stop_all()
        return tries

    tries = in_virtual_time(main())
    assert 10 < len(tries) < 40
    assert tries[2] < 2
    assert tries[-1] - tries[-2] > 10


def test_a_fatal_refusal_ends_everything_even_from_within_a_group() -> None:
    async def main() -> errors.Fatal | None:
        supervisor = Supervisor(runtime=Runtime(blocking=inline), timings=Timings())

        async def refused() -> None:
            await asyncio.sleep(1)
            raise errors.EpochSuperseded("clone")

        async def grouped() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(refused())

        supervisor.start("grouped", grouped)
        await asyncio.wait_for(supervisor.ended.wait(), 60)
        await supervisor.stop_all()
        return supervisor.fatal

    assert isinstance(in_virtual_time(main()), errors.EpochSuperseded)


def test_pauses_double_with_jitter_up_to_a_limit() -> None:
    backoff = Backoff(Runtime(blocking=inline, chance=random.Random(3)), first=1, most=30)
    pauses = [backoff.pause() for _ in range(10)]
    for number, pause in enumerate(pauses):
        most = min(30, 2**number)
        assert most / 2 <= pause <= most
    backoff.reset()
    assert backoff.pause() <= 1


def test_lanes_serialise_one_session_only() -> None:
    async def main() -> list[str]:
        lanes, done = Lanes(), []

        async def work(session: str, name: str, seconds: float) -> None:
            async with lanes.hold(session):
                await asyncio.sleep(seconds)
                done.append(name)

        await asyncio.gather(work("a", "a1", 5), work("a", "a2", 1), work("b", "b1", 2))
        assert not lanes.busy("a")
        assert lanes.all_busy() == frozenset()
        return done

    assert in_virtual_time(main()) == ["b1", "a1", "a2"]
