"""Heartbeats, inventories, endings and credentials: what the agent says without being asked to act."""

import asyncio
from datetime import datetime

import pytest

from agent.drivers.base import Inventory, TemporaryError
from agent.drivers.fake import FakeDriver, FakeWorld
from agent.worker import heartbeat, slicing
from agent.worker.streams import NoStreams
from chalicelib.core.clock import utc_now
from chalicelib.core.ids import new_id
from chalicelib.protocol.agents import Capacity, Health, InventoryAction, Remedy, SessionActivity
from chalicelib.protocol.instances import InstanceState, Reason
from tests.functional.agent.agent_process import AgentProcess, eventually, holds
from tests.functional.agent.fake_server import FakeServer

GONE = Reason(code="instance_exited", message="It ended with exit code 1.")


@pytest.mark.feature("Controllers show capacity, usage and the health of each part of their agent")
async def test_heartbeats_say_how_the_agent_is(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(lambda: server.heartbeats[-1].instances == 1)
    beat = server.heartbeats[-1]
    assert beat.capacity == world.capacity
    assert beat.usage.cpu_millis == 500
    assert {beat.polling.state, beat.platform.state, beat.streaming.state} == {Health.OK}
    assert agent.beats[-1].epoch == 1


async def test_heartbeats_say_what_is_in_use_where_that_is_measured(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    await eventually(lambda: server.heartbeats)
    assert server.heartbeats[-1].load is None
    world.load = Capacity(cpu_millis=70, memory_bytes=2**28)
    await eventually(lambda: server.heartbeats[-1].load == world.load)


async def test_what_cannot_be_measured_is_no_failure_of_the_platform(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    asked = []

    class Unmeasured(FakeDriver):
        def load(self) -> Capacity | None:
            asked.append(True)
            raise TemporaryError(Reason(code="platform_unavailable", message="No metrics today."))

    await eventually(lambda: server.heartbeats)
    after = await agent.kill()
    await after.start(driver=Unmeasured(server.controller_id, world))
    await eventually(lambda: asked and server.heartbeats[-1].epoch == 2)
    assert server.heartbeats[-1].load is None
    assert server.heartbeats[-1].platform.state is Health.OK
    await after.stop()


async def test_heartbeats_keep_to_the_servers_interval(server: FakeServer, agent: AgentProcess) -> None:
    await eventually(lambda: len(server.heartbeats) >= 2)
    server.intervals = server.intervals.model_copy(update={"heartbeat": 300})
    count = len(server.heartbeats)
    await eventually(lambda: len(server.heartbeats) > count)
    count = len(server.heartbeats)
    await holds(lambda: len(server.heartbeats) == count, 1)


async def test_a_change_of_health_is_told_at_once(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.intervals = server.intervals.model_copy(update={"heartbeat": 300})
    await eventually(lambda: server.heartbeats and agent.access.intervals.heartbeat == 300)
    world.available = False
    await eventually(lambda: server.heartbeats[-1].platform.state is Health.FAILING)


async def test_a_platform_that_hangs_is_failing(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    await eventually(lambda: server.heartbeats)
    with world.lock:
        await eventually(
            lambda: (
                server.heartbeats[-1].platform.reason
                and server.heartbeats[-1].platform.reason.code == "platform_silent"
            )
        )
    await eventually(lambda: server.heartbeats[-1].platform.state is Health.OK)


async def test_a_queue_that_refuses_is_told(server: FakeServer, agent: AgentProcess) -> None:
    await eventually(lambda: server.heartbeats)
    server.queue_down = True
    await eventually(lambda: server.heartbeats[-1].polling.state is Health.FAILING)
    server.queue_down = False
    await eventually(lambda: server.heartbeats[-1].polling.state is Health.OK)
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])


async def test_credentials_renew_before_they_end_without_a_gap(
    server: FakeServer, agent: AgentProcess
) -> None:
    await eventually(lambda: server.calls["credentials"] == 1)
    server.credentials_life = 1.0
    agent.access.renew_now()
    await eventually(lambda: server.calls["credentials"] >= 4)
    await holds(lambda: server.heartbeats[-1].polling.state is Health.OK, 1)
    assert server.epoch == 1


async def test_refused_credentials_are_replaced_at_once(server: FakeServer, agent: AgentProcess) -> None:
    await eventually(lambda: server.queue_keys_used)
    server.queue_key = "key-2"
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(lambda: not server.queue and server.queue_keys_used[-1] == "key-2")
    await eventually(lambda: server.heartbeats)
    # A queue that was replaced is no failure: nobody is told of one.
    assert {each.polling.state for each in server.heartbeats} == {Health.OK}


async def test_a_queue_that_goes_on_refusing_is_a_failure(server: FakeServer, agent: AgentProcess) -> None:
    await eventually(lambda: server.queue_keys_used and server.heartbeats)
    server.refuse_all_keys = True
    await eventually(lambda: server.heartbeats[-1].polling.state is Health.FAILING)
    server.refuse_all_keys = False
    await eventually(lambda: server.heartbeats[-1].polling.state is Health.OK)


async def test_an_instance_that_ends_by_itself_is_reported_once(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    world.end(session.session_id, GONE)
    await eventually(lambda: session.endings)
    await holds(lambda: session.endings == [GONE], 0.5)
    server.issue("wake", session)
    await eventually(lambda: session.outcomes == ["succeeded"] * 2)
    world.end(session.session_id, GONE)
    await eventually(lambda: len(session.endings) == 2)


async def test_an_instance_that_ended_while_the_agent_was_dead_is_reported(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    after = await agent.kill()
    world.end(session.session_id, GONE)
    await after.start()
    await eventually(lambda: session.endings == [GONE])
    await after.stop()


async def test_inventory_is_taken_on_start_and_after_an_outage(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.intervals = server.intervals.model_copy(update={"inventory": 600})
    await eventually(lambda: server.inventories)
    await eventually(lambda: agent.access.intervals.inventory == 600)
    await asyncio.sleep(0.6)
    count = len(server.inventories)
    server.down = True
    await eventually(lambda: not agent.reach.reachable.is_set())
    server.down = False
    await eventually(lambda: len(server.inventories) > count)


async def test_an_instance_that_somebody_removed_is_noticed_soon(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    server.intervals = server.intervals.model_copy(update={"inventory": 600})
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(lambda: server.heartbeats[-1].instances == 1)
    await eventually(lambda: agent.access.intervals.inventory == 600)
    await asyncio.sleep(0.8)  # past an inventory that may still be due by the interval before
    count = len(server.inventories)
    world.instances.clear()
    await eventually(lambda: len(server.inventories) > count)
    assert server.inventories[-1].instances == ()


@pytest.mark.feature("A restarted agent adopts running instances and removes what nobody wants")
async def test_orphans_are_removed_and_the_unknown_adopted(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    orphan, _ = server.issue("start")
    adopted, _ = server.issue("start")
    await eventually(lambda: orphan.outcomes == adopted.outcomes == ["succeeded"])
    for file in (agent.state / "worker" / "fences").glob("*.json"):
        file.unlink()
    after = await agent.kill()
    await asyncio.sleep(0.3)  # an inventory of the dead may still be under way
    for session, remedy in ((orphan, Remedy.REMOVE), (adopted, Remedy.ADOPT)):
        server.actions.append(
            InventoryAction(
                remedy=remedy, session_id=session.session_id, incarnation=1, generation=1, fence=1
            )
        )
    await after.start()
    await eventually(lambda: list(world.instances) == [(adopted.session_id, 1)])
    assert orphan.session_id in world.homes
    world.end(adopted.session_id, GONE)
    await eventually(lambda: adopted.endings == [GONE])
    last = server.inventories[-1]
    await eventually(lambda: server.inventories[-1] is not last)
    facts = server.inventories[-1].instances
    assert [(each.session_id, each.state) for each in facts] == [(adopted.session_id, InstanceState.STOPPED)]
    await after.stop()


async def test_an_older_decision_does_not_touch_what_was_claimed_since(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    decided = asyncio.Event()
    server.fault("inventory", wait=decided)
    await eventually(lambda: not server.faults["inventory"])  # one is under way
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    server.actions.append(
        InventoryAction(
            remedy=Remedy.REMOVE, session_id=session.session_id, incarnation=1, generation=0, fence=0
        )
    )
    decided.set()
    await eventually(lambda: not server.actions)
    await holds(lambda: (session.session_id, 1) in world.instances, 0.3)


async def test_a_loop_that_crashes_is_started_again(
    server: FakeServer, world: FakeWorld, agent: AgentProcess
) -> None:
    class Broken(FakeDriver):
        def inventory(self) -> Inventory:
            raise ZeroDivisionError

        def ended(self) -> tuple[()]:
            raise ZeroDivisionError

    after = await agent.kill()
    await after.start(driver=Broken(server.controller_id, world))
    session, _ = server.issue("start")
    await eventually(lambda: session.outcomes == ["succeeded"])
    await eventually(lambda: server.heartbeats[-1].platform.reason is not None)
    await after.stop()


async def test_unknown_sessions_reports_are_dropped(server: FakeServer, agent: AgentProcess) -> None:
    from agent.worker.outbox import Report

    await agent.worker.outbox.add(Report(session_id=new_id("ses"), fence=1, ended=GONE))
    await eventually(lambda: len(agent.worker.outbox) == 0)


async def test_a_long_inventory_goes_in_slices(
    server: FakeServer, world: FakeWorld, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes on from where the one before ended, or from where the control plane had come to."""
    sessions = [server.issue("start")[0] for _ in range(5)]
    await eventually(lambda: all(each.outcomes == ["succeeded"] for each in sessions))
    server.intervals = server.intervals.model_copy(update={"inventory": 300})
    await eventually(lambda: agent.access.intervals.inventory == 300)
    ids = sorted(each.session_id for each in sessions)
    monkeypatch.setattr(slicing, "SLICE", 2)
    looked: list[datetime] = []

    def look(driver: FakeDriver) -> Inventory:
        looked.append(utc_now())
        return whole(driver)

    whole = FakeDriver.inventory
    monkeypatch.setattr(FakeDriver, "inventory", look)
    server.inventories.clear()
    server.compared_until = [None, ids[2]]
    agent.reach.recovered.set()
    await eventually(lambda: server.inventories and server.inventories[-1].until is None)
    assert [(each.after, each.until) for each in server.inventories] == [
        (None, ids[1]),
        (ids[1], ids[3]),
        (ids[2], None),
    ]
    # Not one date: the agent's clock is corrected with every answer.
    assert len(looked) == 1
    assert max(each.started_at for each in server.inventories) <= looked[0]
    assert [[facts.session_id for facts in each.instances] for each in server.inventories] == [
        ids[:2],
        ids[2:4],
        ids[3:],
    ]


async def test_the_activity_of_a_crowd_is_told_in_turns(
    server: FakeServer, agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = tuple(SessionActivity(session_id=new_id("ses"), viewers=1) for _ in range(5))
    monkeypatch.setattr(heartbeat, "MOST_ACTIVITY", 2)
    monkeypatch.setattr(NoStreams, "activity", lambda _self: crowd)
    server.heartbeats.clear()
    await eventually(lambda: len(server.heartbeats) > 5)
    told = [[each.session_id for each in beat.activity] for beat in server.heartbeats]
    assert max(map(len, told)) == 2
    assert {each for beat in told for each in beat} == {each.session_id for each in crowd}
