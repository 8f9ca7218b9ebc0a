"""Inventories against stored sessions."""

import pytest

from tests.support.desk import Desk


@pytest.mark.feature("A running session whose instance vanished fails, and can be woken")
def test_a_vanished_instance_fails_its_session(desk: Desk) -> None:
    session_id = desk.running()
    assert desk.inventory().actions == ()
    failed = desk.view(session_id)
    assert (failed["state"], failed["reason"]["code"]) == ("failed", "instance_lost")
    assert desk.used()["sessions"] == 0
    assert desk.do(session_id, "wake").status == 202
    desk.carry_out(session_id)
    assert desk.view(session_id)["incarnation"] == 2
    assert desk.drift() == []


def test_what_runs_as_it_should_is_adopted(desk: Desk) -> None:
    running, asleep = desk.running(), desk.running()
    desk.do(asleep, "hibernate")
    desk.carry_out(asleep)
    answer = desk.inventory((running, 1, "running"), (asleep, 1, "stopped"))
    assert {(each.remedy, each.session_id) for each in answer.actions} == {
        ("adopt", running),
        ("adopt", asleep),
    }
    fences = {each.session_id: each.fence for each in answer.actions}
    assert fences == {running: 1, asleep: 2}
    assert desk.view(running)["state"] == "running"


def test_an_instance_that_stopped_unnoticed_fails_its_session(desk: Desk) -> None:
    session_id = desk.running()
    desk.inventory((session_id, 1, "stopped"))
    assert desk.view(session_id)["reason"]["code"] == "instance_stopped"


@pytest.mark.feature("What a session left behind is removed after two inventories")
def test_leftovers_are_removed_after_two_inventories(desk: Desk) -> None:
    ended = desk.running()
    desk.delete(ended, delete_home="true")
    desk.carry_out(ended)
    unknown = "ses-01kb00000000000000000z0000"
    seen = ((ended, 1, "running"), (unknown, 1, "running"))
    assert desk.inventory(*seen, after=60).actions == ()
    removed = desk.inventory(*seen, after=360).actions
    assert {(each.remedy, each.session_id, each.delete_home) for each in removed} == {
        ("remove", ended, True),
        ("remove", unknown, False),
    }
    assert desk.inventory(after=660).actions == ()
    assert desk.inventory(*seen, after=960).actions == ()


def test_a_leftover_of_an_archived_session_is_removed_too(desk: Desk) -> None:
    session_id = desk.running()
    desk.delete(session_id)
    desk.carry_out(session_id)
    desk.attend(session_id, 60)
    desk.inventory((session_id, 1, "running"), after=100)
    answer = desk.inventory((session_id, 1, "running"), after=400)
    assert [each.remedy for each in answer.actions] == ["remove"]


def test_a_session_with_a_command_under_way_is_left_alone(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    assert desk.inventory().actions == ()
    desk.claimed(session_id)
    assert desk.inventory((session_id, 1, "running")).actions == ()
    assert desk.view(session_id)["state"] == "starting"


def test_a_session_that_changed_after_the_inventory_began_is_left_alone(desk: Desk) -> None:
    session_id = desk.running()
    assert desk.inventory(after=-30).actions == ()
    assert desk.view(session_id)["state"] == "running"


def test_a_hibernated_session_that_runs_is_stopped_again(desk: Desk) -> None:
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    desk.carry_out(session_id)
    desk.messages()
    desk.inventory((session_id, 1, "running"))
    [message] = desk.messages()
    grant = desk.claim(message["command_id"]).json
    assert grant["command"]["kind"] == "hibernate"
    assert desk.result(message["command_id"], grant["fence"]).status == 200
    assert desk.view(session_id)["state"] == "hibernated"
    assert desk.drift() == []


@pytest.mark.feature("An agent that comes back gets its open commands at once")
def test_what_nobody_claimed_is_sent_again(desk: Desk) -> None:
    waiting, claimed = desk.launch()["id"], desk.launch()["id"]
    desk.claimed(claimed)
    desk.messages()
    desk.inventory(after=-30)
    assert desk.messages() == []
    desk.inventory(after=30)
    assert [each["session_id"] for each in desk.messages()] == [waiting]


def test_the_signed_call(desk: Desk) -> None:
    session_id = desk.running()
    from datetime import UTC, datetime, timedelta

    facts = {
        "tenant_id": desk.tenant.id,
        "session_id": session_id,
        "incarnation": 1,
        "state": "running",
    }
    body = {
        "epoch": desk.agent.epoch,
        "started_at": datetime.now(UTC).isoformat(),
        "instances": [facts],
        "homes": [session_id],
    }
    answer = desk.agent.post("/agent/v1/inventory", body)
    assert (answer.status, answer.json) == (200, {"actions": [], "compared_until": None})
    ahead = {**body, "started_at": (datetime.now(UTC) + timedelta(seconds=90)).isoformat(), "instances": []}
    refused = desk.agent.post("/agent/v1/inventory", ahead)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "started_at")
    assert abs(datetime.fromisoformat(refused.json["server_time"]) - datetime.now(UTC)) < timedelta(
        seconds=30
    )
    assert desk.view(session_id)["state"] == "running", "what has come since does not count as missing"
    stale = desk.agent.post("/agent/v1/inventory", {**body, "epoch": 0})
    assert stale.json["code"] == "epoch_superseded"
