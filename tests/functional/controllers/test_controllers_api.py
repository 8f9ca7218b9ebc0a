"""Controllers as administrators see and change them, and the capacity that is booked on them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.quotas.service import Amount
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient

ONE = Amount(sessions=1, cpu_millis=1000, memory_bytes=2**30)


def book(control_plane: Any, agent: FakeAgent, amount: Amount = ONE) -> None:
    """As placement does it: read, and take what fits."""
    controllers = control_plane.controllers
    tenant_id = agent.enrolment["tenant_id"]
    found = controllers.get(tenant_id, agent.controller_id).controller
    control_plane.uow.commit([controllers.book(found, amount)])


def unbook(control_plane: Any, agent: FakeAgent, amount: Amount = ONE) -> None:
    tenant_id = agent.enrolment["tenant_id"]
    control_plane.uow.commit([control_plane.controllers.unbook(tenant_id, agent.controller_id, amount)])


def test_lists_are_paged(client: LambdaClient, tenant: Any) -> None:
    made = [FakeAgent.enrolled(client, tenant.admin).controller_id for _ in range(3)]
    first = client("GET", "/v1/controllers", token=tenant.admin, query={"limit": 2}).json
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = client("GET", "/v1/controllers", token=tenant.admin, query=query).json
    assert [each["id"] for each in first["items"] + second["items"]] == sorted(made)
    assert second["next_cursor"] is None


@pytest.mark.feature("A controller can be renamed, labelled, limited and cordoned")
def test_an_administrator_changes_a_controller(client: LambdaClient, tenant: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    path = f"/v1/controllers/{agent.controller_id}"

    changes = {"name": "rack 7", "labels": {"zone": "b"}, "cordoned": True, "session_limit": 4}
    changed = client("PATCH", path, changes, token=tenant.admin)
    assert changed.status == 200
    assert {name: changed.json[name] for name in changes} == changes
    assert changed.json["state"] == "draining"

    back = client("PATCH", path, {"cordoned": False, "session_limit": None}, token=tenant.admin).json
    assert (back["state"], back["session_limit"], back["name"]) == ("online", None, "rack 7")


def test_an_unknown_field_is_refused_and_no_field_changes_nothing(client: LambdaClient, tenant: Any) -> None:
    path = f"/v1/controllers/{FakeAgent.enrolled(client, tenant.admin).controller_id}"
    assert client("PATCH", path, {}, token=tenant.admin).json["name"] == "a host"
    assert client("PATCH", path, {"nmae": "x"}, token=tenant.admin).status == 422


def test_controllers_are_the_tenants_own(client: LambdaClient, tenant: Any, stranger: Any) -> None:
    path = f"/v1/controllers/{FakeAgent.enrolled(client, tenant.admin).controller_id}"
    for method, body in (("GET", None), ("PATCH", {"name": "mine"}), ("DELETE", None)):
        assert client(method, path, body, token=stranger.admin).status == 404
        assert client(method, path, body, token=tenant.member).status == 403
    assert client("GET", "/v1/controllers", token=stranger.admin).json["items"] == []


def test_silence_turns_a_controller_lost(client: LambdaClient, tenant: Any, control_plane: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    controllers = control_plane.controllers
    clock = controllers.clock
    states = []
    for minutes in (1, 20, 40):
        moment = clock() + timedelta(minutes=minutes)
        object.__setattr__(controllers, "clock", lambda moment=moment: moment)
        states.append(
            client("GET", f"/v1/controllers/{agent.controller_id}", token=tenant.admin).json["state"]
        )
        object.__setattr__(controllers, "clock", clock)
    assert states == ["online", "degraded", "lost"]


@pytest.mark.feature("A controller is never overbooked, however many start at once")
def test_sixteen_threads_do_not_overbook(client: LambdaClient, tenant: Any, control_plane: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)  # 8 cores

    def start(number: int) -> bool:
        def attempt() -> bool:
            found = control_plane.controllers.get(tenant.id, agent.controller_id)
            if found.free.cpu_millis < ONE.cpu_millis:
                return False
            # In one transaction with another row, as a session's creation books it.
            writes = [
                control_plane.controllers.book(found.controller, ONE),
                *control_plane.quotas.book(tenant.id, f"user-{number}", None, Amount(sessions=1)),
            ]
            control_plane.uow.commit(writes)
            return True

        return on_conflict(attempt, times=60)

    with ThreadPoolExecutor(16) as threads:
        started = list(threads.map(start, range(16)))

    assert sum(started) == 8
    booked = control_plane.controllers.get(tenant.id, agent.controller_id).controller.booked
    assert booked == Amount(sessions=8, cpu_millis=8000, memory_bytes=8 * 2**30)


def test_concurrent_bookings_and_heartbeats_lose_nothing(
    client: LambdaClient, tenant: Any, control_plane: Any
) -> None:
    agent = FakeAgent.online(client, tenant.admin)

    def cycle(_number: int) -> None:
        on_conflict(lambda: book(control_plane, agent), times=60)
        assert agent.beat().status == 200
        unbook(control_plane, agent)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(cycle, range(24)))

    assert control_plane.controllers.get(tenant.id, agent.controller_id).controller.booked == Amount()


def test_a_session_limit_counts_sessions(client: LambdaClient, tenant: Any, control_plane: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    path = f"/v1/controllers/{agent.controller_id}"
    client("PATCH", path, {"session_limit": 1}, token=tenant.admin)
    book(control_plane, agent)
    with pytest.raises(ConditionFailed):
        book(control_plane, agent)


def test_a_cordoned_controller_takes_no_booking(
    client: LambdaClient, tenant: Any, control_plane: Any
) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    found = control_plane.controllers.get(tenant.id, agent.controller_id).controller
    client("PATCH", f"/v1/controllers/{agent.controller_id}", {"cordoned": True}, token=tenant.admin)
    with pytest.raises(ConditionFailed):
        control_plane.uow.commit([control_plane.controllers.book(found, ONE)])


@pytest.mark.feature("A controller is deleted only when it holds no sessions; its agents are refused at once")
def test_deleting_revokes_and_removes_the_queues(
    client: LambdaClient, tenant: Any, control_plane: Any
) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    path = f"/v1/controllers/{agent.controller_id}"
    book(control_plane, agent)
    held = client("DELETE", path, token=tenant.admin)
    assert (held.status, held.json["code"]) == (409, "controller_in_use")

    unbook(control_plane, agent)
    assert client("DELETE", path, token=tenant.admin).status == 204

    assert client("GET", path, token=tenant.admin).status == 404
    assert agent.beat().json["code"] == "agent_revoked"
    names = boto3.client("sqs").list_queues(QueueNamePrefix=f"streamspace-{agent.controller_id}")
    assert names.get("QueueUrls", []) == []
    again = FakeAgent.enrolled(client, tenant.admin)  # and the backend's name is free again
    assert again.controller_id != agent.controller_id


@pytest.mark.feature("A command that stays unclaimed makes its controller lost until its agent polls again")
def test_an_unclaimed_command_makes_it_lost(client: LambdaClient, tenant: Any, control_plane: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    controllers, agents = control_plane.controllers, control_plane.agents
    controllers.mark_unclaimed(tenant.id, agent.controller_id)
    assert controllers.get(tenant.id, agent.controller_id).state == "lost"
    assert agent.beat().json["intervals"]["heartbeat"] == 30
    assert controllers.get(tenant.id, agent.controller_id).state == "lost"
    agent.boot(agent.boot_id)
    assert controllers.get(tenant.id, agent.controller_id).state == "lost"
    agent.boot()
    assert controllers.get(tenant.id, agent.controller_id).state == "online"

    controllers.mark_unclaimed(tenant.id, agent.controller_id)
    clock = agents.clock
    object.__setattr__(agents, "clock", lambda: clock() + timedelta(seconds=61))
    try:
        agent.beat()
    finally:
        object.__setattr__(agents, "clock", clock)
    assert controllers.get(tenant.id, agent.controller_id).state == "online"
