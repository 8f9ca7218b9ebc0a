"""Several agents on one controller: who they are, how each is, and shutting one out."""

import base64
import json
from typing import Any

import boto3
import pytest

from chalicelib.controllers.queues import QueueError
from chalicelib.controllers.service import AgentService
from tests.support.desk import Desk
from tests.support.fake_agent import OK, FakeAgent, enroll, enrollment_token
from tests.support.lambda_client import LambdaClient
from tests.support.wound_clock import later

SICK = {"state": "failing", "reason": {"code": "queue_unreachable", "message": "The queue refuses."}}


@pytest.fixture
def first(client: LambdaClient, tenant: Any) -> FakeAgent:
    return FakeAgent.online(client, tenant.admin, instances=1)


@pytest.fixture
def second(first: FakeAgent, tenant: Any) -> FakeAgent:
    return first.joined(tenant.admin)


@pytest.fixture
def desk(control_plane: Any, client: LambdaClient, tenant: Any, first: FakeAgent) -> Desk:
    made = Desk(control_plane, client, tenant, first)
    made.template_id = made.template()
    return made


def listed(client: LambdaClient, tenant: Any, agent: FakeAgent) -> Any:
    answer = client("GET", f"/v1/controllers/{agent.controller_id}/agents", token=tenant.admin)
    assert answer.status == 200, answer.text
    return {each["id"]: each for each in answer.json["items"]}


def shown(client: LambdaClient, tenant: Any, agent: FakeAgent) -> Any:
    return client("GET", f"/v1/controllers/{agent.controller_id}", token=tenant.admin).json


def claims(token: str) -> Any:
    """What a JWT says, unverified."""
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def revoke(client: LambdaClient, tenant: Any, agent: FakeAgent, token: str | None = None) -> Any:
    path = f"/v1/controllers/{agent.controller_id}/agents/{agent.id}"
    return client("DELETE", path, token=token or tenant.admin)


def exists(url: str) -> bool:
    sqs = boto3.client("sqs")
    try:
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    except sqs.exceptions.QueueDoesNotExist:
        return False
    return True


@pytest.mark.feature("A controller's agents are listed, each with version, health and last contact")
def test_agents_are_listed_each_with_its_own_health(
    client: LambdaClient, tenant: Any, first: FakeAgent, second: FakeAgent
) -> None:
    found = listed(client, tenant, first)
    assert list(found) == [first.id, second.id]
    assert (found[first.id]["state"], found[second.id]["state"]) == ("active", "never_seen")
    assert found[second.id]["last_seen_at"] is None
    assert found[second.id]["health"]["polling"] == {"state": "unknown", "reason": None}
    assert second.beat(polling=SICK).status == 200
    second.boot()
    found = listed(client, tenant, first)
    assert found[first.id]["health"]["polling"] == {"state": "ok", "reason": None}
    assert found[second.id]["health"]["polling"] == SICK
    assert found[second.id]["last_seen_at"] is not None
    assert (found[first.id]["boots"], found[second.id]["boots"]) == (1, 2)
    assert (found[first.id]["protocol_version"], found[first.id]["version"]) == (1, "0.1.0")
    assert found[first.id]["key_created_at"] == found[first.id]["created_at"]


def test_others_are_not_told(client: LambdaClient, tenant: Any, stranger: Any, first: FakeAgent) -> None:
    path = f"/v1/controllers/{first.controller_id}/agents"
    assert client("GET", path, token=stranger.admin).status == 404
    assert client("GET", path, token=tenant.member).status == 403
    assert revoke(client, tenant, first, stranger.admin).status == 404
    assert revoke(client, tenant, first, tenant.member).status == 403
    assert first.beat().status == 200


@pytest.mark.feature("One failing agent does not make its controller flap while another is well")
def test_a_controller_is_as_well_as_its_healthiest_agent(
    control_plane: Any, client: LambdaClient, tenant: Any, first: FakeAgent, second: FakeAgent
) -> None:
    for _ in range(2):
        assert second.beat(platform=SICK, instances=1).status == 200
        assert shown(client, tenant, first)["state"] == "online"
        assert first.beat(instances=1).status == 200
        assert shown(client, tenant, first)["health"]["platform"] == {"state": "ok", "reason": None}
    # The well one falls silent: what is left is not well.
    with later(control_plane, 120, second):
        assert second.beat(platform=SICK, instances=1).status == 200
        found = shown(client, tenant, first)
        assert (found["state"], found["health"]["platform"]) == ("degraded", SICK)
        assert listed(client, tenant, first)[first.id]["state"] == "silent"


def test_a_controller_is_there_while_any_agent_is_heard_from(
    control_plane: Any, client: LambdaClient, tenant: Any, first: FakeAgent, second: FakeAgent
) -> None:
    with later(control_plane, 400, second):
        assert shown(client, tenant, first)["state"] == "lost"
        assert second.beat(instances=1).status == 200
        assert shown(client, tenant, first)["state"] == "online"


def test_commands_are_claimed_again_though_one_agent_cannot_poll(
    control_plane: Any, client: LambdaClient, tenant: Any, first: FakeAgent, second: FakeAgent
) -> None:
    control_plane.controllers.mark_unclaimed(tenant.id, first.controller_id)
    assert shown(client, tenant, first)["state"] == "lost"
    with later(control_plane, 61, first, second):
        assert first.beat(polling=SICK, instances=1).status == 200
        assert shown(client, tenant, first)["state"] == "lost"
        assert second.beat(instances=1).status == 200
        assert shown(client, tenant, first)["state"] == "online"


def test_a_heartbeat_of_many_agents_costs_at_most_three_units(
    first: FakeAgent, second: FakeAgent, write_units: Any
) -> None:
    for number in range(40):  # as many past boots as are kept
        assert first.boot(f"{number:036d}").status == 200
    first.beat()
    second.beat()
    with write_units() as spent:
        assert first.beat(polling=OK, instances=3).status == 200
    assert 0 < spent.total <= 3, spent.by_table


def test_a_boot_that_was_superseded_is_known_for_long(first: FakeAgent) -> None:
    old = first.boot_id
    for _ in range(30):
        assert first.boot().status == 200
    clone = first.boot(old)
    assert (clone.status, clone.json["code"]) == (409, "epoch_superseded")


@pytest.mark.feature("An agent is shut out at once; the others of its controller go on and lose no command")
def test_a_revoked_agent_is_out_and_the_others_go_on(
    client: LambdaClient, tenant: Any, desk: Desk, first: FakeAgent, second: FakeAgent
) -> None:
    waiting = desk.launch()["id"]  # on the old queue
    old = second.queue["queue_url"]
    assert revoke(client, tenant, first).status == 204
    for refused in (first.beat(), first.boot(), first.claim(desk.command(waiting))):
        assert (refused.status, refused.json["code"]) == (403, "agent_revoked")
    assert not exists(old)
    assert list(listed(client, tenant, first)) == [second.id]

    # The other finds its queue gone and asks for the new one, where the command is waiting.
    again = second.boot(second.boot_id)
    assert again.status == 200
    assert second.epoch == 1
    assert second.queue["queue_url"] == f"{old}-1"
    assert claims(again.json["relay"]["grant"])["revocations"] == 1
    assert [each["session_id"] for each in second.obey()] == [waiting]
    opened = client("POST", f"/v1/sessions/{waiting}/connect", {}, token=tenant.admin)
    assert claims(opened.json["ticket"])["revocations"] == 1, "relays are told so"
    later_one = desk.launch()["id"]
    assert [each["session_id"] for each in second.obey()] == [later_one]
    assert revoke(client, tenant, first).status == 404


def test_a_revocation_is_in_the_audit_log(client: LambdaClient, tenant: Any, first: FakeAgent) -> None:
    assert revoke(client, tenant, first).status == 204
    entry = client("GET", "/v1/audit", query={"action": "agent.revoke"}, token=tenant.admin).json["items"][0]
    assert (entry["target"]["id"], entry["outcome"]) == (first.id, "succeeded")


def test_what_a_revoked_agent_had_claimed_is_taken_over(
    client: LambdaClient, tenant: Any, desk: Desk, first: FakeAgent, second: FakeAgent
) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    assert revoke(client, tenant, first).status == 204
    assert desk.result(command_id, fence).json["code"] == "agent_revoked"
    second.boot(second.boot_id)
    assert second.received() == []  # until its lease is over, the agent may be at work
    desk.attend(session_id, 121)
    assert [each["session_id"] for each in second.received()] == [session_id]


def test_a_queue_that_could_not_be_deleted_is_deleted_later(
    control_plane: Any,
    client: LambdaClient,
    tenant: Any,
    desk: Desk,
    first: FakeAgent,
    second: FakeAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if the request had died right after its commit."""

    def failing(*_: Any) -> None:
        raise QueueError("no answer")

    old = second.queue["queue_url"]
    with monkeypatch.context() as broken:
        broken.setattr(control_plane.queues, "erase", failing)
        assert revoke(client, tenant, first).status == 204
    assert exists(old)
    assert second.beat().status == 200  # still on the old queue
    assert not exists(old)
    second.boot(second.boot_id)
    assert second.queue["queue_url"] == f"{old}-1"

    # Twice in a row, and the next to send does it.
    third = second.joined(tenant.admin)
    fourth = second.joined(tenant.admin)
    with monkeypatch.context() as broken:
        broken.setattr(control_plane.queues, "erase", failing)
        assert revoke(client, tenant, third).status == 204
        fourth.boot(fourth.boot_id)
        assert revoke(client, tenant, fourth).status == 204
    assert all(exists(url) for url in (f"{old}-1", f"{old}-2"))
    session_id = desk.launch()["id"]
    assert not any(exists(url) for url in (f"{old}-1", f"{old}-2"))
    second.boot(second.boot_id)
    assert [each["session_id"] for each in second.received()] == [session_id]


def test_credentials_are_never_for_a_queue_that_was_replaced_meanwhile(
    control_plane: Any,
    client: LambdaClient,
    tenant: Any,
    first: FakeAgent,
    second: FakeAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    access = control_plane.queues.access

    def slowly(queue: str) -> Any:
        if queue == first.controller_id:
            assert revoke(client, tenant, first).status == 204
        return access(queue)

    old = second.queue["queue_url"]
    monkeypatch.setattr(control_plane.queues, "access", slowly)
    assert second.boot(second.boot_id).status == 200
    assert second.queue["queue_url"] == f"{old}-1"


@pytest.mark.parametrize("moment", ["opening", "granting"])
def test_who_is_revoked_while_asking_gets_nothing_of_the_new_queue(
    control_plane: Any,
    client: LambdaClient,
    tenant: Any,
    first: FakeAgent,
    second: FakeAgent,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    open_epoch, access = AgentService._open_epoch, control_plane.queues.access

    def opened(*args: Any) -> Any:
        found = open_epoch(*args)
        if moment == "opening":
            assert revoke(client, tenant, second).status == 204
        return found

    def granted(queue: str) -> Any:
        if moment == "granting" and queue == first.controller_id:
            assert revoke(client, tenant, second).status == 204
        return access(queue)

    with monkeypatch.context() as racing:
        racing.setattr(AgentService, "_open_epoch", opened)
        racing.setattr(control_plane.queues, "access", granted)
        answer = second.boot(second.boot_id)
    assert (answer.status, answer.json["code"]) == (403, "agent_revoked")
    assert first.boot(first.boot_id).status == 200


def test_a_takeover_replaces_the_queue_too(client: LambdaClient, tenant: Any, first: FakeAgent) -> None:
    old = first.queue["queue_url"]
    token = enrollment_token(client, tenant.admin)
    assert enroll(client, token, backend_id=first.backend_id, takeover=True).status == 200
    assert not exists(old)
    assert exists(f"{old}-1")
    assert first.beat().json["code"] == "agent_revoked"


def test_a_removed_controller_leaves_no_queue(client: LambdaClient, tenant: Any, first: FakeAgent) -> None:
    old = first.queue["queue_url"]
    second = first.joined(tenant.admin)
    assert revoke(client, tenant, second).status == 204
    first.boot(first.boot_id)
    assert client("DELETE", f"/v1/controllers/{first.controller_id}", token=tenant.admin).status == 204
    assert not any(exists(url) for url in (old, f"{old}-1", f"{old}-dead"))
