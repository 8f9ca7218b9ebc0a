"""A command's way through the agent, over real HTTP and real signatures."""

import asyncio
import threading
import time

import pytest

from agent.drivers.fake import FakeWorld
from chalicelib.core.ids import new_id
from chalicelib.protocol.commands import Unfit
from chalicelib.protocol.instances import Stage
from tests.functional.agent.agent_process import AgentProcess, eventually, holds
from tests.functional.agent.fake_server import FakeServer


@pytest.mark.feature("An agent carries out commands with signed calls and reports each stage as it happens")
async def test_a_start_is_claimed_carried_out_and_reported(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    world.registry["remote"] = 4_000_000
    world.pause = lambda _: time.sleep(0.1)
    session, command_id = server.issue("start", image="remote")
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert session.results[0][0] == command_id
    assert (session.session_id, 1) in world.instances
    assert list(dict.fromkeys(session.stages)) == ["pulling", "creating", "connecting"]
    assert [each.progress.done for each in session.statuses if each.progress][-1] == 4_000_000
    sequences = [each.sequence for each in session.statuses] + [session.results[0][1].sequence]
    assert sequences == sorted(set(sequences))
    await eventually(lambda: not server.queue)


async def test_a_whole_life(server: FakeServer, world: FakeWorld, agent: AgentProcess) -> None:
    session, _ = server.issue("start")
    for kind in ("hibernate", "wake", "terminate"):
        await eventually(lambda: session.lane.idle)
        server.issue(kind, session, delete_home=True)
    await eventually(lambda: session.outcomes == ["succeeded"] * 4)
    assert not world.instances
    assert not world.homes
    assert list((agent.state / "worker" / "fences").glob("*.json")) == []
    assert list((agent.state / "worker" / "claims").glob("*.json")) == []
    await eventually(lambda: not list((agent.state / "worker" / "outbox").glob("*.json")))


async def test_duplicates_are_carried_out_once(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    session, command_id = server.issue("start", send=5)
    await eventually(lambda: session.outcomes == ["succeeded"])
    server.send(session, command_id)
    await eventually(lambda: not server.queue)
    assert session.outcomes == ["succeeded"]
    assert len({fence for _, fence in session.claims}) == 1


async def test_malformed_messages_are_handed_over_at_once(server: FakeServer, agent: AgentProcess) -> None:
    server.send_raw("not json" * 2000)
    server.send_raw('{"command_id": "x"}')
    session, _ = server.issue("start", send=0)
    foreign = server.controller_id
    server.controller_id = new_id("ctl")
    server.send(session, "cmd-" + session.session_id[4:-4] + "0001")
    server.controller_id = foreign
    await eventually(lambda: not server.queue)
    assert session.claims == []
    assert sorted(
        (each.problem, each.body[:8], len(each.body) <= 10_240) for each in server.dead_letters
    ) == [
        (Unfit.FOREIGN, '{"tenant', True),
        (Unfit.UNREADABLE, "not json", True),
        (Unfit.UNREADABLE, '{"comman', True),
    ]


async def test_a_malformed_message_waits_for_the_control_plane_and_keeps_nobody_waiting(
    server: FakeServer, agent: AgentProcess
) -> None:
    holding = asyncio.Event()
    for _ in range(4):
        server.fault("dead-letters", wait=holding, lose_call=True)
    for number in range(12):
        server.send_raw(f"nothing {number}")
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    assert len(server.queue) == 12
    holding.set()
    await eventually(lambda: not server.queue)
    assert {each.body for each in server.dead_letters} == {f"nothing {number}" for number in range(12)}


async def test_a_malformed_message_goes_though_the_control_plane_keeps_none(
    server: FakeServer, agent: AgentProcess
) -> None:
    server.fault("dead-letters", status=404)
    server.send_raw("nothing")
    await eventually(lambda: not server.queue)
    assert server.dead_letters == []


async def test_a_permanent_failure_is_reported_with_its_reason(
    server: FakeServer, agent: AgentProcess
) -> None:
    session, _ = server.issue("start", image="absent")
    await eventually(lambda: session.outcomes == ["failed"])
    reason = session.results[0][1].reason
    assert reason is not None
    assert reason.code == "image_not_found"


async def test_a_platform_that_is_away_fails_a_start_soon_but_a_removal_waits(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    kept, _ = server.issue("start")
    await eventually(lambda: kept.outcomes == ["succeeded"])
    world.available = False
    refused, _ = server.issue("start")
    server.issue("terminate", kept)
    await eventually(lambda: refused.outcomes == ["failed"])
    reason = refused.results[0][1].reason
    assert reason is not None
    assert reason.code == "platform_unavailable"
    assert kept.outcomes == ["succeeded"]
    await eventually(
        lambda: (
            server.heartbeats[-1].platform.reason
            and server.heartbeats[-1].platform.reason.code == "platform_unavailable"
        )
    )
    world.available = True
    await eventually(lambda: kept.outcomes == ["succeeded", "succeeded"])
    await eventually(lambda: server.heartbeats[-1].platform.reason is None)
    assert not world.instances


async def test_newer_intent_stops_a_start_between_two_steps(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    creating, go_on = threading.Event(), threading.Event()

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING:
            creating.set()
            go_on.wait(40)

    world.pause = pause
    server.intervals = server.intervals.model_copy(update={"renew": 60})
    await eventually(lambda: agent.access.intervals.renew == 60)
    session, _ = server.issue("start")
    await eventually(creating.is_set)
    began = asyncio.get_running_loop().time()
    server.issue("terminate", session)
    await eventually(lambda: server.calls["renew"] > 0)  # asked at once, not after 60 s
    await asyncio.sleep(0.1)
    go_on.set()
    await eventually(lambda: session.outcomes == ["cancelled", "succeeded"])
    assert asyncio.get_running_loop().time() - began < 20
    assert not world.instances


async def test_sessions_run_side_by_side(server: FakeServer, world: FakeWorld, agent: AgentProcess) -> None:
    together = threading.Barrier(5)

    def pause(stage: Stage) -> None:
        if stage is Stage.CREATING:
            together.wait(40)

    world.pause = pause
    sessions = [server.issue("start")[0] for _ in range(5)]
    await eventually(lambda: all(each.outcomes == ["succeeded"] for each in sessions))
    assert not together.broken


async def test_a_busy_session_is_tried_again_later(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    from chalicelib.commands import rules

    session, _ = server.issue("start", send=0)
    other = rules.Claimant("agt-other", 1, "claim")
    session.lane = rules.claim(session.lane, 1, other, server.now(), 1.2)
    _, second = server.issue("terminate", session)
    await eventually(lambda: session.claims)
    assert session.claims == [(second, 2)]
    await eventually(lambda: session.outcomes == ["succeeded"])


async def test_a_command_that_somebody_else_has_is_left_to_them(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    from chalicelib.commands import rules

    session, _ = server.issue("start", send=0)
    other = rules.Claimant("agt-other", 1, "claim")
    session.lane = rules.claim(session.lane, 1, other, server.now(), 60)
    server.send(session, session.issued[1].command_id)
    await eventually(lambda: not server.queue)
    await holds(lambda: not world.instances, 0.2)
