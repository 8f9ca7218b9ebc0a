"""Claims, renewals and results as agents make them."""

from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient


@pytest.mark.feature("Repeating a claim gets the same grant; nobody else gets the command")
def test_the_same_claim_gets_the_same_grant(desk: Desk) -> None:
    command_id = desk.command(desk.launch()["id"])
    first = desk.claim(command_id, "one").json
    again = desk.claim(command_id, "one").json
    assert (again["fence"], again["command"]) == (first["fence"], first["command"])
    taken = desk.claim(command_id, "two")
    assert (taken.status, taken.json["code"]) == (409, "command_taken")


def test_a_new_boot_takes_its_claims_over_under_a_higher_fence(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    old = desk.agent.epoch
    desk.agent.boot()
    grant = desk.claim(command_id, "after the crash")
    assert grant.json["fence"] == fence + 1
    stale = desk.result(command_id, fence)
    assert (stale.status, stale.json["code"]) == (409, "stale_fence")
    new, desk.agent.epoch = desk.agent.epoch, old
    superseded = desk.result(command_id, fence + 1)
    assert (superseded.status, superseded.json["code"]) == (409, "epoch_superseded")
    desk.agent.epoch = new
    assert desk.result(command_id, fence + 1).status == 200
    assert desk.view(session_id)["state"] == "running"


def test_an_expired_lease_is_taken_over(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    later = desk.later(121)
    from chalicelib.controllers.service import AgentCaller
    from chalicelib.protocol.commands import ClaimRequest

    who = AgentCaller(desk.tenant.id, desk.agent.controller_id, desk.agent.enrolment["agent_id"], "key")
    grant = later.reports.claim(who, command_id, ClaimRequest(epoch=desk.agent.epoch, claim_id="late"))
    assert grant.fence == fence + 1
    assert desk.renew(command_id, fence).json["code"] == "stale_fence"


@pytest.mark.feature("A result that is reported twice takes effect once and is answered alike")
def test_a_repeated_result_is_answered_alike(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    first = desk.result(command_id, fence)
    desk.do(session_id, "hibernate")
    hibernate, second_fence = desk.claimed(session_id)
    again = desk.result(command_id, fence, "failed", code="late", message="Too late.")
    assert (first.status, first.json) == (again.status, again.json)
    assert desk.view(session_id)["state"] == "hibernating"
    assert desk.result(hibernate, second_fence).status == 200
    assert desk.result(command_id, fence).status == 200
    assert desk.view(session_id)["state"] == "hibernated"
    gone = desk.claim(command_id)
    assert (gone.status, gone.json["code"]) == (410, "command_finished")


def test_renewing(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)
    before = desk.stored(session_id).lane.holder
    assert desk.renew(command_id, fence).json["lease_seconds"] == 120
    after = desk.stored(session_id).lane.holder
    assert before is not None
    assert after is not None
    assert after.lease_until > before.lease_until
    stale = desk.renew(command_id, fence + 1)
    assert (stale.status, stale.json["code"]) == (409, "stale_fence")
    desk.result(command_id, fence)
    assert desk.renew(command_id, fence).json["code"] == "command_finished"


def test_ids_that_lead_nowhere(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.launch()["id"]
    command_id = desk.command(session_id)
    beyond = command_id[:-1] + "9"
    for unknown in (beyond, "cmd-01kb0000000000000000000001", "cmd-nonsense"):
        assert desk.claim(unknown).status == 404
    assert desk.status("ses-01kb0000000000000000000000", 1, stage="creating").status == 404


@pytest.mark.feature("An agent gets no command of another controller")
def test_another_controllers_agent_gets_nothing(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.launch()["id"]
    command_id = desk.command(session_id)
    colleague = FakeAgent.online(client, desk.tenant.admin)
    refused = desk.claim(command_id, agent=colleague)
    assert (refused.status, refused.json["code"]) == (410, "command_superseded")
    assert desk.stored(session_id).lane.holder is None


def test_another_tenants_agent_gets_nothing(desk: Desk, client: LambdaClient, stranger: Any) -> None:
    command_id = desk.command(desk.launch()["id"])
    foreign = FakeAgent.online(client, stranger.admin)
    assert desk.claim(command_id, agent=foreign).status == 404


def test_late_and_repeated_progress_is_accepted_and_ignored(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, fence = desk.claimed(session_id)

    def say(sequence: int, stage: str) -> int:
        body = {"epoch": desk.agent.epoch, "fence": fence, "sequence": sequence, "stage": stage}
        return desk.agent.post(f"/agent/v1/sessions/{session_id}/status", body).status

    assert [say(5, "creating"), say(4, "pulling"), say(5, "pulling")] == [200, 200, 200]
    assert desk.view(session_id)["stage"] == "creating"
    assert say(6, "connecting") == 200
    assert desk.view(session_id)["stage"] == "connecting"
    desk.result(command_id, fence)
    assert say(7, "creating") == 200
    assert desk.view(session_id)["stage"] is None
    stale = desk.status(session_id, fence + 1, stage="creating")
    assert (stale.status, stale.json["code"]) == (409, "stale_fence")


def test_a_command_given_up_is_issued_again(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    first, fence = desk.claimed(session_id)
    desk.messages()
    assert desk.result(first, fence, "cancelled").status == 200
    [message] = desk.messages()
    assert message["command_id"] != first
    assert desk.view(session_id)["state"] == "starting"
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "running"
