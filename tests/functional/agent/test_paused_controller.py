"""A paused controller's agent: what it holds goes on, what it would take waits, and nothing is lost."""

import asyncio
import threading

import pytest

from agent.drivers.fake import FakeWorld
from chalicelib.protocol.instances import Stage
from tests.functional.agent.agent_process import AgentProcess, eventually
from tests.functional.agent.fake_server import FakeServer


@pytest.mark.feature("An agent hands commands back while its controller is paused, and takes them after it")
async def test_what_comes_during_a_pause_is_carried_out_after_it(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.paused = True
    sessions = [server.issue("start")[0] for _ in range(70)]  # more than it works on at once
    await eventually(lambda: server.calls["claim"] >= 140)  # each came back and was asked for again
    assert len(server.queue) == 70
    assert not world.instances
    server.retry_after = 8  # so that all rest at once: a busy machine is never done with them in one second
    await eventually(lambda: not list((agent.state / "worker" / "claims").glob("*.json")))
    server.paused = False
    await eventually(lambda: all(each.outcomes == ["succeeded"] for each in sessions))
    assert all(len(each.claims) == 1 for each in sessions)
    await eventually(lambda: not server.queue)


async def test_a_message_is_handed_back_for_as_long_as_it_was_told(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.paused = True
    server.intervals = server.intervals.model_copy(update={"visibility": 30})
    await eventually(lambda: agent.access.intervals.visibility == 30)
    session, _ = server.issue("start")
    await eventually(lambda: server.calls["claim"] >= 1)
    now = asyncio.get_running_loop().time
    await eventually(lambda: server.queue[0].visible_at - now() <= 1)
    server.paused = False
    await eventually(lambda: session.outcomes == ["succeeded"], within=10)


async def test_what_is_under_way_goes_on(server: FakeServer, world: FakeWorld, agent: AgentProcess) -> None:
    creating, go_on = threading.Event(), threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING:
            creating.set()
            go_on.wait(40)

    world.pause = pause
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    server.paused = True
    renewed = server.calls["renew"]
    await eventually(lambda: server.calls["renew"] > renewed + 2)
    go_on.set()
    await eventually(lambda: session.outcomes == ["succeeded"])


async def test_an_answer_that_was_lost_before_the_pause_is_asked_for_again(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    lost = server.fault("claim", lose_answer=True, times=100)
    session, _ = server.issue("start")
    await eventually(lambda: session.claims)
    server.paused = True
    server.faults["claim"].remove(lost)
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert {fence for _, fence in session.claims} == {1}


@pytest.mark.parametrize("message_comes_too", [False, True])
async def test_a_boot_during_the_pause_takes_over_what_the_last_one_held(
    server: FakeServer, world: FakeWorld, agent: AgentProcess, message_comes_too: bool
) -> None:
    held = server.fault("claim", lose_answer=True, times=100)
    session, command_id = server.issue("start")
    await eventually(lambda: session.claims)
    server.queue.clear()
    after = await agent.kill()
    server.faults["claim"].remove(held)
    server.paused = True
    asked = server.calls["claim"]
    await after.start()
    if message_comes_too:
        server.send(session, command_id)
    await eventually(lambda: server.calls["claim"] >= asked + 2)
    assert not world.instances
    server.paused = False
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert session.results[0][1].fence == 2
    assert len(world.instances) == 1
    await after.stop()


async def test_stopping_during_a_pause_hands_everything_back(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.paused = True
    session, _ = server.issue("start")
    await eventually(lambda: server.calls["claim"] >= 1)
    await agent.stop()
    server.paused = False
    again = await AgentProcess(server, world, agent.state).start()
    await eventually(lambda: session.outcomes == ["succeeded"])
    await again.stop()
