"""Maintenance: a controller is left alone for a while, and nothing is held against it or its sessions."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.controllers.service import AgentCaller
from chalicelib.core.clock import utc_now
from chalicelib.core.errors import Busy
from chalicelib.protocol.commands import ClaimRequest
from chalicelib.sessions.store import Due
from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient
from tests.support.maintenance import ask, pause

HOUR = 3600


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def caller(desk: Desk) -> AgentCaller:
    enrolment = desk.agent.enrolment
    return AgentCaller(desk.tenant.id, desk.agent.controller_id, enrolment["agent_id"], enrolment["key_id"])


@pytest.mark.feature("A paused controller's agents are given no work until the pause ends by itself")
def test_a_claim_waits_for_the_end(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id = desk.command(session_id)
    pause(desk, HOUR, reason="Kernel")
    refused = desk.claim(command_id)
    assert (refused.status, refused.json["code"]) == (423, "controller_paused")
    assert refused.headers["retry-after"] == "60"
    assert "Kernel" in refused.json["detail"]
    later, request = desk.later(HOUR - 20), ClaimRequest(epoch=desk.agent.epoch, claim_id="late")
    with pytest.raises(Busy) as busy:
        later.reports.claim(caller(desk), command_id, request)
    assert busy.value.retry_after is not None
    assert 1 <= busy.value.retry_after <= 21
    granted = desk.later(HOUR + 1).reports.claim(caller(desk), command_id, request)
    assert granted.fence == 1


def test_what_was_granted_before_is_under_way_and_goes_on(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id = desk.command(session_id)
    granted = desk.claim(command_id, "mine").json
    pause(desk)
    again = desk.claim(command_id, "mine")
    assert (again.status, again.json["fence"]) == (200, granted["fence"])
    assert desk.claim(command_id, "another").json["code"] == "command_taken"
    assert desk.renew(command_id, granted["fence"]).status == 200
    assert desk.status(session_id, granted["fence"], stage="creating").status == 200
    assert desk.result(command_id, granted["fence"]).status == 200
    assert desk.view(session_id)["state"] == "running"
    assert desk.drift() == []


def test_a_boot_in_the_middle_takes_its_work_over_after_the_pause(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    command_id, _fence = desk.claimed(session_id)
    pause(desk)
    desk.agent.boot()
    assert desk.claim(command_id).json["code"] == "controller_paused"
    ask(desk, "DELETE", "pause")
    assert desk.claim(command_id).json["fence"] == 2


def test_a_claim_that_raced_with_the_pause_counts_as_under_way(desk: Desk) -> None:
    """The pause is written between the claim's look at the controller and its commit."""
    session_id = desk.launch()["id"]
    command_id = desk.command(session_id)
    service = desk.app.sessions

    class Late:
        def commit(self, writes: Any, **more: Any) -> None:
            pause(desk)
            service.uow.commit(writes, **more)

    request = ClaimRequest(epoch=desk.agent.epoch, claim_id="raced")
    grant = replace(service, uow=Late()).reports.claim(caller(desk), command_id, request)
    assert desk.renew(command_id, grant.fence).status == 200
    assert desk.result(command_id, grant.fence).status == 200
    assert desk.view(session_id)["state"] == "running"


@pytest.mark.feature("Placement names the pause, and places what waited once it is over")
def test_nothing_is_placed_on_it(desk: Desk) -> None:
    pause(desk, reason="Kernel")
    session = desk.launch()
    assert (session["state"], session["reason"]["code"]) == ("pending", "paused")
    assert "It is paused until" in session["reason"]["message"]
    assert "(Kernel)" in session["reason"]["message"]
    [verdict] = desk.call("GET", f"/v1/sessions/{session['id']}/placement").json["verdicts"]
    assert [each["code"] for each in verdict["reasons"]] == ["paused"]
    ask(desk, "DELETE", "pause")
    assert desk.view(session["id"])["state"] == "starting"


def test_a_placement_that_raced_with_a_pause_finds_no_room(desk: Desk) -> None:
    from chalicelib.core.unit_of_work import ConditionFailed
    from chalicelib.quotas.service import Amount

    found = desk.app.controllers.get(desk.tenant.id, desk.agent.controller_id).controller
    pause(desk)
    with pytest.raises(ConditionFailed):
        desk.app.uow.commit([desk.app.controllers.book(found, Amount(1, 1000, 2**30, 0))])


def test_a_home_on_a_paused_controller_waits_and_says_until_when(desk: Desk) -> None:
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    pause(desk)
    half_way = desk.do(session_id, "wake")
    assert (half_way.status, half_way.json["code"]) == (409, "paused")
    ask(desk, "DELETE", "pause")
    desk.carry_out(session_id)
    until = pause(desk)["paused"]["until"]
    refused = desk.do(session_id, "wake")
    assert (refused.status, refused.json["code"]) == (409, "paused")
    assert f"{moment(until):%Y-%m-%d %H:%M}" in refused.json["detail"]


@pytest.mark.parametrize("action", ["hibernate", "terminate"])
def test_what_people_ask_meanwhile_waits_and_says_until_when(desk: Desk, action: str) -> None:
    session_id = desk.running()
    until = pause(desk)["paused"]["until"]
    asked = desk.delete(session_id).json if action == "terminate" else desk.do(session_id, "hibernate").json
    assert asked["reason"]["code"] == "controller_paused"
    assert f"{moment(until):%Y-%m-%d %H:%M}" in asked["reason"]["message"]
    assert desk.claim(desk.command(session_id)).json["code"] == "controller_paused"
    ask(desk, "DELETE", "pause")
    desk.carry_out(session_id)
    ended = desk.view(session_id)
    assert (ended["state"], ended["reason"]) == (f"{action}d", None)
    assert desk.drift() == []


@pytest.mark.feature("Sessions that wait for a paused controller say so, and neither expire nor get lost")
def test_the_sweeper_leaves_it_alone(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.messages()
    until = moment(pause(desk, HOUR)["paused"]["until"])
    for seconds in (31, 70, 400, 1000, 2000, HOUR - 5):
        desk.attend(session_id, seconds)
    assert desk.messages() == []
    waiting = desk.view(session_id)
    assert (waiting["state"], waiting["reason"]["code"]) == ("starting", "controller_paused")
    controller = desk.app.controllers.store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller.unclaimed_since is None
    due = desk.stored(session_id).due_at
    assert due is not None
    assert abs(due - until) < timedelta(seconds=1)

    desk.attend(session_id, HOUR + 60)

    assert len(desk.messages()) == 1
    assert desk.view(session_id)["reason"] is None
    opened = desk.stored(session_id).lane.open
    assert opened is not None
    assert opened.deadline == until + timedelta(seconds=900)
    assert abs(opened.since - until - timedelta(seconds=60)) < timedelta(seconds=5)
    controller = desk.app.controllers.store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller.unclaimed_since is None


def test_after_its_end_patience_is_what_it_always_was(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    pause(desk, HOUR)
    desk.attend(session_id, 31)
    for seconds in (HOUR + 5, HOUR + 36, HOUR + 66):
        desk.attend(session_id, seconds)
    controller = desk.app.controllers.store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller.unclaimed_since is not None
    desk.attend(session_id, HOUR + 901)
    failed = desk.view(session_id)
    assert (failed["state"], failed["reason"]["code"]) == ("failed", "deadline_exceeded")
    assert desk.drift() == []


def test_a_command_that_is_claimed_after_a_pause_has_its_whole_time(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    until = moment(pause(desk, HOUR)["paused"]["until"])
    request = ClaimRequest(epoch=desk.agent.epoch, claim_id="late")
    grant = desk.later(HOUR + 30).reports.claim(caller(desk), desk.command(session_id), request)
    assert grant.command.deadline == until + timedelta(seconds=900)
    assert desk.stored(session_id).lane.open is not None
    desk.attend(session_id, HOUR + 60)
    assert desk.view(session_id)["state"] == "starting"


def test_a_lease_that_ran_out_meanwhile_is_offered_again_after_it(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.claimed(session_id)
    desk.messages()
    pause(desk, HOUR)
    for seconds in (121, 500, HOUR - 1):
        desk.attend(session_id, seconds)
    assert desk.messages() == []
    assert desk.view(session_id)["state"] == "starting"
    desk.attend(session_id, HOUR + 1)
    assert len(desk.messages()) == 1


@pytest.mark.feature("A pause that is ended early sends at once what waited for it")
def test_ending_it_early_sends_what_waited(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.messages()
    pause(desk, HOUR)
    ask(desk, "DELETE", "pause")
    [message] = desk.messages()
    assert desk.claim(message["command_id"]).status == 200
    opened = desk.stored(session_id).lane.open
    assert opened is not None
    assert opened.deadline is not None
    assert opened.deadline > utc_now() + timedelta(seconds=890)


def test_a_request_that_died_ending_it_leaves_nothing_waiting(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.messages()
    pause(desk, HOUR)
    desk.attend(session_id, 31)

    def die(tenant_id: str, controller_id: str) -> None:
        raise KeyboardInterrupt  # the process is gone

    with pytest.raises(KeyboardInterrupt):
        replace(desk.app.maintenance, on_open=die).resume(desk.tenant.id, desk.agent.controller_id)
    due = desk.stored(session_id).due_at
    assert due is not None
    assert due < utc_now() + timedelta(seconds=335), "not only when the pause would have ended"
    desk.attend(session_id, 340)
    assert len(desk.messages()) == 1
    controller = desk.app.controllers.store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller.unclaimed_since is None, "nobody had told its agent"


@pytest.mark.parametrize("clock", [HOUR - 1, HOUR + 1])
def test_a_pause_that_ends_while_a_sweep_runs(desk: Desk, clock: float) -> None:
    """The sweep's moment is before the end; what the services' clock says may be after it."""
    session_id = desk.launch()["id"]
    desk.messages()
    pause(desk, HOUR)
    service, session = desk.later(clock), desk.stored(session_id)
    now = utc_now() + timedelta(seconds=HOUR - 1)
    assert session.due_at is not None
    service.sweeper.attend(Due(session.tenant_id, session.id, session.due_at), now)
    assert len(desk.messages()) == (clock > HOUR)
    assert desk.view(session_id)["state"] == "starting"
    controller = desk.app.controllers.store.get(desk.tenant.id, desk.agent.controller_id, consistent=True)
    assert controller.unclaimed_since is None
    desk.attend(session_id, HOUR + 70)
    assert desk.messages()


def test_an_inventory_sends_nothing_during_it(desk: Desk) -> None:
    desk.launch()
    desk.messages()
    pause(desk, HOUR)
    desk.inventory(after=120)
    assert desk.messages() == []
    desk.inventory(after=HOUR + 120)
    assert len(desk.messages()) == 1


@pytest.mark.feature("A paused controller's silence says nothing, and counts from the end of the pause")
def test_silence_says_nothing(desk: Desk) -> None:
    desk.running()
    desk.agent.beat()
    pause(desk, HOUR)
    where = (desk.tenant.id, desk.agent.controller_id)

    def state(seconds: float) -> str:
        found: str = desk.later(seconds).controllers.get(*where).state.value
        return found

    assert state(HOUR - 5) == "paused"
    assert state(HOUR + 30) == "online"
    assert state(HOUR + 110) == "degraded"
    assert state(HOUR + 1900) == "lost"


def test_a_command_that_is_given_after_a_pause_is_none_of_its_business(desk: Desk) -> None:
    pause(desk, 60)
    ask(desk, "DELETE", "pause")
    session_id = desk.launch()["id"]
    opened = desk.stored(session_id).lane.open
    desk.carry_out(session_id)
    assert opened is not None
    assert desk.stored(session_id).lane.done == (1,)
    assert desk.view(session_id)["state"] == "running"


def test_another_controller_goes_on(desk: Desk, client: LambdaClient) -> None:
    other = FakeAgent.online(client, desk.tenant.admin)
    pause(desk)
    session = desk.launch()
    assert (session["state"], session["controller_id"]) == ("starting", other.controller_id)


def test_a_later_end_replaces_the_first(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    pause(desk, 60)
    pause(desk, HOUR)
    desk.messages()
    desk.attend(session_id, 31)
    assert desk.messages() == []
    assert pause(desk, 60)["state"] == "paused"
    desk.attend(session_id, 340)
    assert len(desk.messages()) == 1
