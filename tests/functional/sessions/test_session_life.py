"""A session's whole life through the API, with an agent that answers as ours does."""

import pytest

from tests.support.desk import Desk

FULL = {"sessions": 1, "cpu": "1000m", "memory": "1Gi", "gpu": 0, "storage": "5Gi"}
NOTHING = {"sessions": 0, "cpu": "0m", "memory": "0", "gpu": 0, "storage": "0"}


@pytest.mark.feature("A session is created, hibernated, woken and deleted through the API")
def test_a_whole_life(desk: Desk) -> None:
    session = desk.launch(name="My desk", labels={"team": "red"})
    session_id = session["id"]
    assert (session["state"], session["stage"], session["desired_state"]) == ("starting", "queued", "running")
    assert session["controller_id"] == desk.agent.controller_id
    assert desk.used() == FULL

    [message] = desk.messages()
    assert message["session_id"] == session_id
    grant = desk.claim(message["command_id"])
    assert grant.status == 200, grant.text
    command = grant.json["command"]
    assert command["kind"] == "start"
    assert command["spec"]["image"] == "streamspace/desktop:dev"
    assert command["spec"]["resources"]["memory_bytes"] == 2**30
    assert desk.view(session_id)["stage"] == "claimed"
    fence = grant.json["fence"]
    progress = {"stage": "pulling", "progress": {"done": 10, "total": 100}}
    assert desk.status(session_id, fence, **progress).status == 200
    shown = desk.view(session_id)
    assert (shown["stage"], shown["progress"]) == ("pulling", {"done": 10, "total": 100})
    assert desk.result(message["command_id"], fence).status == 200
    running = desk.view(session_id)
    assert (running["state"], running["stage"], running["progress"]) == ("running", None, None)
    assert running["started_at"]

    hibernating = desk.do(session_id, "hibernate")
    assert hibernating.status == 202
    assert (hibernating.json["state"], hibernating.json["desired_state"]) == ("hibernating", "hibernated")
    assert hibernating.json["generation"] == 2
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "hibernated"
    assert desk.used() == {**NOTHING, "sessions": 1, "storage": "5Gi"}

    woken = desk.do(session_id, "wake").json
    assert (woken["state"], woken["stage"], woken["incarnation"]) == ("waking", "queued", 1)
    assert desk.used() == FULL
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "running"

    ended = desk.delete(session_id, delete_home="true")
    assert (ended.status, ended.json["state"]) == (202, "terminating")
    command_id = desk.command(session_id)
    grant = desk.claim(command_id)
    assert grant.json["command"]["delete_home"] is True
    assert grant.json["command"].get("spec") is None
    desk.result(command_id, grant.json["fence"])
    assert desk.view(session_id)["state"] == "terminated"
    assert desk.used() == NOTHING
    assert desk.booked()["sessions"] == 0
    assert desk.drift() == []
    assert desk.timeline(session_id) == [
        (None, "starting", "created_and_placed"),
        ("starting", "running", "started"),
        ("running", "hibernating", "hibernate_requested"),
        ("hibernating", "hibernated", "hibernated"),
        ("hibernated", "waking", "wake_requested"),
        ("waking", "running", "started"),
        ("running", "terminating", "terminate_requested"),
        ("terminating", "terminated", "terminated"),
    ]


def test_the_timeline_says_who_and_why(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.carry_out(session_id, "failed", code="image_not_found", message="There is no such image.")
    failed = desk.view(session_id)
    assert failed["state"] == "failed"
    assert failed["reason"] == {"code": "image_not_found", "message": "There is no such image."}
    assert desk.used() == {**NOTHING, "storage": "5Gi"}, "its home may be there"
    assert desk.booked()["sessions"] == 0
    items = desk.call("GET", f"/v1/sessions/{session_id}/timeline").json["items"]
    assert items[0]["actor"] == desk.tenant.member_id
    assert items[1]["actor"] == f"agent:{desk.agent.enrolment['agent_id']}"
    assert items[1]["reason"]["code"] == "image_not_found"


def test_asking_for_what_is_already_so_changes_nothing(desk: Desk) -> None:
    session_id = desk.running()
    assert desk.do(session_id, "wake").json["generation"] == 1
    first = desk.do(session_id, "hibernate").json
    assert desk.do(session_id, "hibernate").json == first
    assert desk.delete(session_id).json["generation"] == 3
    assert desk.delete(session_id).json["generation"] == 3
    desk.carry_out(session_id)
    assert desk.delete(session_id).json["state"] == "terminated"


def test_what_a_state_does_not_allow_is_refused(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    refused = desk.do(session_id, "hibernate")
    assert (refused.status, refused.json["code"]) == (409, "invalid_state")
    desk.delete(session_id)
    for action in ("hibernate", "wake"):
        refused = desk.do(session_id, action)
        assert (refused.status, refused.json["code"]) == (409, "invalid_state")


def test_a_change_of_mind_while_hibernating(desk: Desk) -> None:
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    command_id, fence = desk.claimed(session_id)
    woken = desk.do(session_id, "wake").json
    assert (woken["state"], woken["desired_state"], woken["generation"]) == ("waking", "running", 3)
    assert desk.result(command_id, fence).status == 200
    assert desk.view(session_id)["state"] == "waking"
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "running"
    assert desk.drift() == []


@pytest.mark.feature("A failed session can be woken; its instance is then made anew")
def test_waking_after_a_failure_makes_a_new_incarnation(desk: Desk) -> None:
    session_id = desk.running()
    fence = desk.stored(session_id).lane.fence
    ended = {"code": "instance_exited", "message": "It ended with status 1."}
    assert desk.status(session_id, fence, ended=ended).status == 200
    failed = desk.view(session_id)
    assert (failed["state"], failed["reason"]) == ("failed", ended)
    assert desk.status(session_id, fence, ended=ended).status == 200  # repeated: accepted, ignored
    woken = desk.do(session_id, "wake")
    assert woken.status == 202, woken.text
    assert (woken.json["incarnation"], woken.json["reason"]) == (2, None)
    grant = desk.claim(desk.command(session_id)).json
    assert grant["command"]["spec"]["incarnation"] == grant["command"]["incarnation"] == 2
    assert desk.drift() == []


def test_an_ending_of_an_earlier_incarnation_is_ignored(desk: Desk) -> None:
    session_id = desk.running()
    ended = {"code": "instance_exited", "message": "It ended with status 1."}
    desk.status(session_id, desk.stored(session_id).lane.fence, ended=ended, incarnation=1)
    desk.do(session_id, "wake")
    fence = desk.carry_out(session_id)
    assert desk.status(session_id, fence, ended=ended, incarnation=1).status == 200
    assert desk.view(session_id)["state"] == "running"
    assert desk.status(session_id, fence, ended=ended, incarnation=2).status == 200
    assert desk.view(session_id)["state"] == "failed"


@pytest.mark.feature("Terminating never waits behind a slow start")
def test_terminating_supersedes_a_start_under_way(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    start, fence = desk.claimed(session_id)
    assert desk.delete(session_id).json["state"] == "terminating"
    for answer in (
        desk.renew(start, fence),
        desk.status(session_id, fence, stage="creating"),
    ):
        assert (answer.status, answer.json["code"]) == (410, "command_superseded")
    terminate = desk.command(session_id)
    busy = desk.claim(terminate)
    assert (busy.status, busy.json["code"]) == (423, "session_busy")
    assert int(busy.headers["retry-after"]) >= 1
    desk.messages()
    assert desk.result(start, fence, "cancelled").status == 200
    assert [each["command_id"] for each in desk.messages()] == [terminate]
    assert desk.carry_out(session_id) == fence + 1
    assert desk.view(session_id)["state"] == "terminated"
    assert desk.drift() == []


def test_what_no_agent_ever_claimed_ends_at_once(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    start = desk.command(session_id)
    assert desk.delete(session_id).json["state"] == "terminated"
    late = desk.claim(start)
    assert (late.status, late.json["code"]) == (410, "command_superseded")
    assert desk.used() == NOTHING
    assert desk.timeline(session_id)[1:] == [
        ("starting", "terminating", "terminate_requested"),
        ("terminating", "terminated", "terminated"),
    ]


def test_the_home_may_still_be_added_to_a_deletion(desk: Desk) -> None:
    session_id = desk.running()
    desk.delete(session_id)
    kept, fence = desk.claimed(session_id)
    assert desk.delete(session_id, delete_home="true").status == 202
    assert desk.renew(kept, fence).json["code"] == "command_superseded"
    desk.result(kept, fence)
    assert desk.view(session_id)["state"] == "terminating"
    grant = desk.claim(desk.command(session_id)).json
    assert grant["command"]["delete_home"] is True


def test_a_failed_termination_is_tried_again_and_says_why(desk: Desk) -> None:
    session_id = desk.running()
    desk.delete(session_id)
    first = desk.command(session_id)
    desk.carry_out(session_id, "failed", code="platform_unavailable", message="Docker does not answer.")
    shown = desk.view(session_id)
    assert (shown["state"], shown["reason"]["code"]) == ("terminating", "platform_unavailable")
    assert desk.used() == FULL
    second = desk.command(session_id)
    assert second != first
    desk.messages()
    desk.attend(session_id, 65)
    assert [each["command_id"] for each in desk.messages()] == [second]
    desk.carry_out(session_id)
    assert desk.view(session_id)["state"] == "terminated"
    assert desk.drift() == []


def test_renaming(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    path = f"/v1/sessions/{session_id}"
    changed = desk.call("PATCH", path, {"name": "Renamed", "labels": {"a": "b"}})
    assert (changed.status, changed.json["name"], changed.json["labels"]) == (200, "Renamed", {"a": "b"})
    assert desk.view(session_id)["name"] == "Renamed"
    assert desk.call("PATCH", path, {"nope": 1}).status == 422
    ended = desk.call("PATCH", path, {"desired_state": "terminated"})
    assert (ended.status, ended.json["state"]) == (200, "terminated")
    assert desk.call("PATCH", path, {"name": "Too late"}).json["code"] == "invalid_state"
