"""The agent changes its key: on request, without a gap, and whatever it dies of in between."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.client import errors, versions
from agent.client.identity import IdentityStore, public_key_text
from agent.drivers.fake import FakeWorld
from chalicelib.protocol.keys import rotated_key_id
from tests.functional.agent.agent_process import AgentProcess, eventually, holds
from tests.functional.agent.fake_server import FakeServer


def key_on_disk(process: AgentProcess) -> str:
    return public_key_text(IdentityStore(process.state).key())


def newest(server: FakeServer) -> str:
    """The id of the key that came last."""
    return list(server.keys)[-1]


async def asked(server: FakeServer, agent: AgentProcess) -> None:
    """Ask for a new key with the next credentials."""
    await eventually(lambda: server.epoch)
    server.rotate = True
    agent.access.renew_now()


async def serves(server: FakeServer) -> None:
    """Commands are carried out, with the newest key alone."""
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    used = len(server.keys_used)
    await eventually(lambda: len(server.keys_used) > used)
    assert server.keys_used[-1] == newest(server)


@pytest.mark.feature("Agents change their keys when they are asked to, without a gap")
async def test_a_key_is_changed_on_request(server: FakeServer, agent: AgentProcess) -> None:
    first = key_on_disk(agent)
    session, _ = server.issue("start", image="fake")
    await asked(server, agent)
    await eventually(lambda: server.keys_used[-1] != server.key_id)
    assert server.calls["keys"] == 1
    assert key_on_disk(agent) != first
    assert newest(server) == rotated_key_id(key_on_disk(agent)) == server.keys_used[-1]
    server.refused_keys.add(server.key_id)  # the overlap is over
    await serves(server)
    assert session.outcomes == ["succeeded"]
    # And once more, by the key that came by rotation.
    second = newest(server)
    await asked(server, agent)
    await eventually(lambda: server.keys_used[-1] not in (server.key_id, second))
    server.refused_keys.add(second)
    await serves(server)
    assert not (agent.state / "next.key").exists()


async def test_the_changed_key_is_the_next_boots(server: FakeServer, agent: AgentProcess) -> None:
    await asked(server, agent)
    await eventually(lambda: server.keys_used[-1] != server.key_id)
    await agent.stop()
    server.refused_keys.add(server.key_id)
    again = await AgentProcess(server, agent.world, agent.state).start()
    await serves(server)
    await again.stop()


def _before_the_key_is_written(store: Any, die: Callable[[], None]) -> None:
    store.make_next_key = die


def _once_it_is_written(store: Any, die: Callable[[], None]) -> None:
    make = store.make_next_key

    def written() -> None:
        make()
        die()

    store.make_next_key = written


def _before_the_switch(store: Any, die: Callable[[], None]) -> None:
    store.switch = lambda _: die()


def _after_the_switch(store: Any, die: Callable[[], None]) -> None:
    switch = store.switch

    def switched(to: Any) -> None:
        switch(to)
        die()

    store.switch = switched


@pytest.mark.feature("An agent that crashes while it changes its key goes on with one that is accepted")
@pytest.mark.parametrize("overlap", [True, False], ids=["soon", "after the overlap"])
@pytest.mark.parametrize(
    "crash", [_before_the_key_is_written, _once_it_is_written, _before_the_switch, _after_the_switch]
)
async def test_no_crash_leaves_the_agent_without_a_key(
    server: FakeServer, agent: AgentProcess, crash: Any, overlap: bool
) -> None:
    dying = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Store:
        """The real one but for the moment of death (frozen, so it cannot be patched in place)."""

        def __init__(self, real: IdentityStore) -> None:
            self._real = real

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    def die() -> None:
        loop.call_soon_threadsafe(dying.set)
        agent.life.dead = True
        agent.life.look()

    store: Any = Store(agent.keys._store)
    crash(store, die)
    agent.keys._store = store
    await asked(server, agent)
    await asyncio.wait_for(dying.wait(), 30)
    changed = len(server.keys) > 1
    assert changed == (crash in (_before_the_switch, _after_the_switch))
    server.rotate = not changed
    if changed and not overlap:
        server.refused_keys.add(server.key_id)
    again = await (await agent.kill()).start()
    await eventually(lambda: len(server.keys) == 2 and server.keys_used[-1] == newest(server))
    server.refused_keys.add(server.key_id)
    await serves(server)
    assert rotated_key_id(key_on_disk(again)) == newest(server)
    await again.stop()


@pytest.mark.parametrize("overlap", [True, False], ids=["soon", "after the overlap"])
async def test_a_lost_answer_is_asked_for_again(
    server: FakeServer, agent: AgentProcess, overlap: bool
) -> None:
    lost = server.fault("keys", lose_answer=True, times=2)  # the client repeats a dropped call by itself once
    await asked(server, agent)
    await eventually(lambda: lost.times == 0)
    if not overlap:
        server.refused_keys.add(server.key_id)
    await eventually(lambda: server.keys_used[-1] == newest(server) != server.key_id)
    assert len(server.keys) == 2
    await serves(server)
    assert rotated_key_id(key_on_disk(agent)) == newest(server)


async def test_no_key_is_told_that_is_not_on_disk(
    server: FakeServer, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    await eventually(lambda: server.epoch)
    with monkeypatch.context() as disk:
        disk.setattr("agent.client.identity.write_atomically", full)
        await asked(server, agent)
        await holds(lambda: not server.calls["keys"], 0.5)
    agent.access.renew_now()
    await eventually(lambda: server.keys_used[-1] != server.key_id)


async def test_a_switch_that_the_disk_refuses_is_tried_again(
    server: FakeServer, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    await eventually(lambda: server.epoch)
    with monkeypatch.context() as disk:
        disk.setattr("agent.client.identity.sync_folder", failing)
        await asked(server, agent)
        await eventually(lambda: server.calls["keys"] > 1)
    await eventually(lambda: server.keys_used[-1] != server.key_id)
    assert len(server.keys) == 2
    assert rotated_key_id(key_on_disk(agent)) == newest(server)


@pytest.mark.parametrize("status", [400, 403, 404, 409])
async def test_what_a_proxy_refuses_says_nothing_about_the_key(
    server: FakeServer, agent: AgentProcess, status: int
) -> None:
    """The key was accepted, its answer lost, and the repetition met something on the way."""
    lost = server.fault("keys", lose_answer=True, times=2)
    met = server.fault("keys", status=status)
    await asked(server, agent)
    await eventually(lambda: lost.times == met.times == 0)
    await eventually(lambda: server.keys_used[-1] == newest(server) != server.key_id)
    assert len(server.keys) == 2
    server.refused_keys.add(server.key_id)
    await serves(server)


async def test_a_refused_key_is_given_up(server: FakeServer, agent: AgentProcess) -> None:
    server.fault("keys", status=409, code="key_in_use")
    await asked(server, agent)
    await eventually(lambda: server.calls["keys"])
    await eventually(lambda: not agent.keys.pending)
    assert not (agent.state / "next.key").exists()
    await serves(server)


async def test_a_revoked_agent_ends_though_it_has_another_key(
    server: FakeServer, agent: AgentProcess
) -> None:
    server.fault("keys", status=503, times=10**6)
    await asked(server, agent)
    await eventually(lambda: agent.keys.pending)
    server.revoked = True
    await asyncio.wait_for(agent.worker.supervisor.ended.wait(), 30)
    assert isinstance(agent.worker.supervisor.fatal, errors.Revoked)


async def test_a_new_enrolment_forgets_the_next_key(
    server: FakeServer, agent: AgentProcess, world: FakeWorld
) -> None:
    await eventually(lambda: server.epoch)
    await agent.stop()
    store = IdentityStore(agent.state)
    store.make_next_key()
    server.token = "sse_another"
    again = await AgentProcess(server, world, agent.state).start()
    assert not again.keys.pending
    await again.stop()


@pytest.mark.feature("An agent stops with a clear message at a control plane that is too old for it")
async def test_a_control_plane_that_is_too_old_ends_the_agent(
    server: FakeServer, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually(lambda: server.epoch)
    monkeypatch.setattr(versions, "NEEDS", 7)
    agent.access.renew_now()
    await asyncio.wait_for(agent.worker.supervisor.ended.wait(), 30)
    fatal = agent.worker.supervisor.fatal
    assert isinstance(fatal, errors.ControlPlaneTooOld)
    assert "this agent needs 7" in fatal.detail


async def test_an_agent_enrols_with_no_control_plane_that_is_too_old_for_it(
    server: FakeServer, world: FakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.protocol_version = 0
    process = AgentProcess(server, world, tmp_path / "late")
    with pytest.raises(errors.ControlPlaneTooOld):
        await process.start()
    assert not os.path.exists(process.state / "enrolment.json")
    server.protocol_version = 1
    await process.start()  # with the same token and key
    await process.stop()
