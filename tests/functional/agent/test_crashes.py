"""What happens when the agent, the network or the control plane dies between any two steps."""

import asyncio
import threading
from datetime import timedelta

import pytest

from agent.client import errors
from agent.drivers.fake import FakeWorld
from agent.worker.lease import Why
from chalicelib.protocol.instances import Stage
from tests.functional.agent.agent_process import AgentProcess, eventually, holds
from tests.functional.agent.fake_server import FakeServer


async def test_killed_while_the_claim_is_on_its_way(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    """The control plane granted it, the agent never knew; nobody sends the message again."""
    held = server.fault("claim", lose_answer=True, times=100)
    session, _ = server.issue("start")
    await eventually(lambda: session.claims)
    server.queue.clear()
    after = await agent.kill()
    server.faults["claim"].remove(held)
    await after.start()
    await eventually(lambda: session.outcomes == ["succeeded"])
    fences = [fence for _, fence in session.claims]
    # A dropped connection is tried once more at once, under the same claim id and so the same fence.
    assert fences in ([1, 2], [1, 1, 2])
    assert len(world.instances) == 1
    await after.stop()


async def test_killed_between_claim_and_start(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    reached = threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING and not agent.life.dead:
            reached.set()
            while not agent.life.dead:
                threading.Event().wait(0.01)

    world.pause = pause
    session, _ = server.issue("start")
    await eventually(reached.is_set)
    after = await agent.kill()
    assert not world.instances
    await after.start()
    await eventually(lambda: session.outcomes == ["succeeded"], within=10)  # well before the lease runs out
    assert session.results[0][1].fence == 2
    await after.stop()


@pytest.mark.feature("An agent that is killed at any moment finishes what it had claimed after its restart")
async def test_killed_between_start_and_result(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    started = threading.Event()
    agent.driver.before_return = lambda: (started.set(), threading.Event().wait(0.3))[0]
    session, _ = server.issue("start")
    await eventually(started.is_set)
    after = await agent.kill()
    assert list(world.instances) == [(session.session_id, 1)]
    await after.start()
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert list(world.instances) == [(session.session_id, 1)]
    await after.stop()


async def test_killed_with_the_result_on_disk(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.fault("result", lose_call=True, times=1000)
    session, command_id = server.issue("start")
    await eventually(lambda: server.calls["result"])
    assert session.outcomes == []
    after = await agent.kill()
    server.faults.clear()
    server.send(session, command_id)  # what the sweeper would do
    await after.start()
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(lambda: not server.queue)
    assert [fence for _, fence in session.claims] == [1]  # told, not done again
    await after.stop()


async def test_the_answer_to_a_result_is_lost(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.fault("result", lose_answer=True, times=2)
    session, _ = server.issue("start")
    await eventually(lambda: server.calls["result"] >= 3)
    await eventually(lambda: not agent.worker.outbox.sessions())
    assert session.outcomes == ["succeeded"]


async def test_the_answer_to_a_claim_is_lost(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.fault("claim", lose_answer=True)
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert {fence for _, fence in session.claims} == {1}  # the same claim id got the same grant


async def test_the_answer_to_a_claim_is_lost_and_another_agent_takes_the_message_away(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    """The other was told that the command is ours: nobody sends it again before our lease has run out."""
    held = server.fault("claim", lose_answer=True, times=100)
    session, _ = server.issue("start")
    await eventually(lambda: session.claims)
    server.queue.clear()
    await asyncio.sleep(server.intervals.visibility * 1.2)  # by then the agent waits for the message
    server.faults["claim"].remove(held)
    await eventually(lambda: session.outcomes == ["succeeded"], within=10)
    assert {fence for _, fence in session.claims} == {1}
    await eventually(lambda: not list((agent.state / "worker" / "claims").glob("*.json")))


@pytest.mark.feature("While the control plane is away, work goes on and reports wait on disk")
async def test_the_control_plane_is_away_for_a_while(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    creating, go_on = threading.Event(), threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING:
            creating.set()
            go_on.wait(40)

    world.pause = pause
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    server.down = True
    go_on.set()
    outbox = agent.state / "worker" / "outbox"
    await eventually(lambda: list(outbox.glob("*.json")))
    assert (session.session_id, 1) in world.instances
    waiting, _ = server.issue("start")
    await asyncio.sleep(1.5)  # a long poll may still have been under way
    received = [each.received for each in server.queue]
    await holds(lambda: [each.received for each in server.queue] == received, 0.7)
    assert waiting.claims == []
    server.down = False
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(lambda: waiting.outcomes == ["succeeded"])
    await eventually(lambda: not list(outbox.glob("*.json")))


async def test_the_control_plane_is_away_when_the_agent_starts(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    after = await agent.kill()
    server.down = True
    session, _ = server.issue("start")
    await after.start()
    await asyncio.sleep(0.5)
    server.down = False
    await eventually(lambda: session.outcomes == ["succeeded"])
    await after.stop()


async def test_the_lease_runs_out_while_starting(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    """No step starts after it, nothing is left behind, and the command is handed back."""
    creating, go_on = threading.Event(), threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING and not go_on.is_set():
            creating.set()
            go_on.wait(40)

    world.pause = pause
    server.lease_seconds = 2
    server.fault("renew", lose_call=True, times=1000)
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    execution = agent.worker._executor.running[session.session_id]
    await eventually(lambda: execution.lease.ended is Why.LAPSED)
    go_on.set()
    await eventually(lambda: session.outcomes == ["cancelled"])  # handed back
    assert not world.instances


async def test_another_owner_takes_over_while_starting(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    from dataclasses import replace

    creating, go_on = threading.Event(), threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING:
            creating.set()
            go_on.wait(40)

    world.pause = pause
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    session.lane = replace(session.lane, fence=session.lane.fence + 1)
    execution = agent.worker._executor.running[session.session_id]
    await eventually(lambda: execution.lease.ended is Why.STALE)
    go_on.set()
    await eventually(lambda: session.session_id not in agent.worker._executor.running)
    assert session.outcomes == []


async def test_an_epoch_that_is_over_stops_the_agent(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    kept, _ = server.issue("start")
    await eventually(lambda: kept.outcomes == ["succeeded"])
    server.boots.append("the clone")
    server.epoch += 1
    await asyncio.wait_for(agent.worker.supervisor.ended.wait(), 40)
    assert isinstance(agent.worker.supervisor.fatal, errors.EpochSuperseded)
    await agent.stop()
    assert len(world.instances) == 1


async def test_a_revoked_agent_stops(server: FakeServer, agent: AgentProcess) -> None:
    await eventually(lambda: server.heartbeats)
    server.revoked = True
    await asyncio.wait_for(agent.worker.supervisor.ended.wait(), 40)
    assert isinstance(agent.worker.supervisor.fatal, errors.Revoked)


@pytest.mark.parametrize("skew", [timedelta(hours=-3), timedelta(days=2)])
async def test_a_wrong_clock_is_corrected(server: FakeServer, agent: AgentProcess, skew: timedelta) -> None:
    server.skew = skew
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert abs(agent.clock.offset - skew) < timedelta(seconds=5)
    await eventually(lambda: server.inventories)
    last = len(server.inventories)
    await eventually(lambda: len(server.inventories) > last)
    assert abs(server.inventories[-1].started_at - server.now()) < timedelta(seconds=5)


async def test_a_clean_stop_finishes_what_is_claimed(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    creating = threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING:
            creating.set()
            threading.Event().wait(0.5)

    world.pause = pause
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    await agent.stop()
    assert session.outcomes == ["succeeded"]
    assert len(world.instances) == 1


async def test_a_clean_stop_gives_up_between_two_steps_what_takes_too_long(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    creating, stopping = threading.Event(), threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING and not creating.is_set():
            creating.set()
            stopping.wait(10)
            threading.Event().wait(3.35)

    world.pause = pause
    server.lease_seconds = 60
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    stopping.set()
    await agent.stop()
    assert session.outcomes == ["cancelled"]  # handed back
    assert not world.instances


async def test_a_full_disk_is_told_and_does_not_stop_work(
    server: FakeServer, world: FakeWorld, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.worker import shelf

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "write_atomically", full)
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(
        lambda: (
            server.heartbeats[-1].platform.reason
            and server.heartbeats[-1].platform.reason.code == "agent_disk"
        )
    )
    monkeypatch.undo()
    server.issue("terminate", session)
    await eventually(lambda: server.heartbeats[-1].platform.reason is None)
