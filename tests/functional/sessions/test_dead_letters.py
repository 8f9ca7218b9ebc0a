"""Messages that no agent could act on: seen by administrators, sent again where still wanted, or dropped."""

import json
from typing import Any

import boto3
import pytest

from chalicelib.commands import numbers
from chalicelib.core.ids import new_id
from tests.support.desk import Desk
from tests.support.lambda_client import Answer, LambdaClient


def path(desk: Desk, rest: str = "") -> str:
    return f"/v1/controllers/{desk.agent.controller_id}/dead-letters{rest}"


def call(desk: Desk, method: str, rest: str = "", body: Any = None, **more: Any) -> Answer:
    return desk.client(method, path(desk, rest), body, **{"token": desk.tenant.admin, **more})


def listed(desk: Desk) -> list[dict[str, Any]]:
    answer = call(desk, "GET")
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    assert answer.json["count"] == len(items)
    return items


def dead(desk: Desk, *bodies: str) -> None:
    """As SQS puts them there after a hundred receives."""
    url = f"{desk.agent.queue['queue_url']}-dead"
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body)


def reference(desk: Desk, session_id: str) -> str:
    found = desk.stored(session_id).reference()
    assert found is not None
    return found.model_dump_json()


def strange(desk: Desk, **changes: Any) -> str:
    session_id = numbers.new_session_id()
    whole = {
        "tenant_id": desk.tenant.id,
        "controller_id": desk.agent.controller_id,
        "command_id": numbers.command_id(session_id, 1),
        "session_id": session_id,
        "generation": 1,
    }
    return json.dumps({**whole, **changes})


@pytest.mark.feature("Administrators see messages that no agent could act on, and why")
def test_dead_letters_are_listed_with_what_is_wrong(desk: Desk) -> None:
    assert listed(desk) == []
    session_id = desk.launch()["id"]
    assert desk.agent.hand_over("<not json>").status == 200
    assert desk.agent.hand_over(strange(desk, controller_id=new_id("ctl")), "foreign").status == 200
    dead(desk, reference(desk, session_id), strange(desk))
    found = {(each["problem"], each["open"]): each for each in listed(desk)}
    assert set(found) == {
        ("unreadable", False),
        ("foreign", False),
        ("not_claimed", True),
        ("not_claimed", False),
    }
    wanted = found["not_claimed", True]
    assert (wanted["session_id"], wanted["command_id"]) == (session_id, desk.command(session_id))
    assert wanted["detail"].endswith("which is still to be done.")
    unreadable = found["unreadable", False]
    assert (unreadable["session_id"], unreadable["command_id"]) == (None, None)
    assert "<not json>" in unreadable["detail"]
    assert found["foreign", False]["session_id"] is None
    # Looking does not take them away.
    assert len(listed(desk)) == 4


def test_what_an_agent_cannot_read_may_be_readable_here(desk: Desk) -> None:
    """The agent may be older than the message."""
    session_id = desk.launch()["id"]
    desk.agent.hand_over(reference(desk, session_id))
    (found,) = listed(desk)
    assert (found["problem"], found["open"], found["session_id"]) == ("unreadable", True, session_id)


@pytest.mark.feature("Dead letters are sent again where their command is still wanted, and dropped otherwise")
def test_redriving_sends_what_is_still_wanted(desk: Desk) -> None:
    wanted, over = desk.launch()["id"], desk.launch()["id"]
    desk.messages()
    desk.carry_out(over)
    lost = [reference(desk, wanted), strange(desk), "nothing", strange(desk, session_id=over)]
    dead(desk, *lost)
    assert call(desk, "POST", "/redrive", {}).json == {"redriven": 1, "dropped": 3}
    assert [each["session_id"] for each in desk.messages()] == [wanted]
    assert listed(desk) == []


def test_redriving_some_leaves_the_others(desk: Desk) -> None:
    first, second = desk.launch()["id"], desk.launch()["id"]
    desk.messages()
    dead(desk, reference(desk, first), reference(desk, second), "nothing")
    chosen = [each["id"] for each in listed(desk) if each["session_id"] == first]
    answer = call(desk, "POST", "/redrive", {"ids": [*chosen, "unknown"]})
    assert answer.json == {"redriven": 1, "dropped": 0}
    assert [each["session_id"] for each in desk.messages()] == [first]
    assert {each["session_id"] for each in listed(desk)} == {second, None}


def test_nothing_is_lost_when_sending_fails(
    desk: Desk, control_plane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = desk.launch()["id"]
    desk.messages()
    dead(desk, reference(desk, session_id))

    def failing(*_: Any) -> None:
        raise RuntimeError("the queue does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(control_plane.queues, "send", failing)
        assert call(desk, "POST", "/redrive", {}).status == 503
    (kept,) = listed(desk)
    assert kept["open"]
    assert call(desk, "POST", "/redrive", {}).json == {"redriven": 1, "dropped": 0}


def test_a_process_that_dies_in_between_repeats_at_worst(
    desk: Desk, control_plane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent and not dropped yet: the claim decides which of the two messages counts."""
    session_id = desk.launch()["id"]
    desk.messages()
    dead(desk, reference(desk, session_id))

    def dies(*_: Any) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as broken:
        broken.setattr(control_plane.dead_letters.queues, "drop", dies)
        assert call(desk, "POST", "/redrive", {}).status == 500
    assert call(desk, "POST", "/redrive", {}).json == {"redriven": 1, "dropped": 0}
    assert {each["session_id"] for each in desk.messages()} == {session_id}


@pytest.mark.feature("Dead letters are purged, and no command is lost by it")
def test_purging_drops_all_and_loses_no_command(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    desk.messages()
    dead(desk, reference(desk, session_id), "nothing")
    assert call(desk, "DELETE").status == 204
    assert listed(desk) == []
    desk.attend(session_id, 31)  # the sweeper sends what is open
    assert [each["session_id"] for each in desk.messages()] == [session_id]


def test_many_are_shown_and_redriven_in_parts(desk: Desk) -> None:
    dead(desk, *(f"nothing {number}" for number in range(23)))
    answer = call(desk, "GET", query={"limit": 12})
    assert (len(answer.json["items"]), answer.json["count"]) == (12, 23)
    assert call(desk, "POST", "/redrive", {}).json == {"redriven": 0, "dropped": 23}


def test_what_is_wrong_is_cut_to_size_and_any_character_is_kept(desk: Desk) -> None:
    assert desk.agent.hand_over("\x00\ud7ff\x08" + "x" * 5000).status == 200
    (found,) = listed(desk)
    assert len(found["detail"]) < 300
    assert desk.agent.hand_over("").status == 200
    too_long = desk.agent.hand_over("x" * 10_241)
    assert (too_long.status, too_long.json["code"]) == (422, "invalid")
    assert len(listed(desk)) == 2


def test_a_superseded_boot_hands_nothing_over(desk: Desk) -> None:
    answer = desk.agent.post("/agent/v1/dead-letters", {"epoch": 99, "body": "x", "problem": "unreadable"})
    assert (answer.status, answer.json["code"]) == (409, "epoch_superseded")


def test_dead_letters_outlive_the_queue(client: LambdaClient, tenant: Any, desk: Desk) -> None:
    second = desk.agent.joined(tenant.admin)
    desk.agent.hand_over("nothing")
    revoked = f"/v1/controllers/{second.controller_id}/agents/{desk.agent.id}"
    assert client("DELETE", revoked, token=tenant.admin).status == 204
    assert len(listed(desk)) == 1


def test_others_neither_see_nor_touch_them(desk: Desk, stranger: Any) -> None:
    desk.agent.hand_over("nothing")
    for token, status in ((stranger.admin, 404), (desk.tenant.member, 403)):
        assert call(desk, "GET", token=token).status == status
        assert call(desk, "POST", "/redrive", {}, token=token).status == status
        assert call(desk, "DELETE", token=token).status == status
    assert len(listed(desk)) == 1


def test_they_are_in_the_audit_log(desk: Desk) -> None:
    desk.agent.hand_over("nothing")
    call(desk, "POST", "/redrive", {})
    call(desk, "DELETE")
    for action in ("dead_letters.redrive", "dead_letters.purge"):
        answer = desk.client("GET", "/v1/audit", query={"action": action}, token=desk.tenant.admin)
        (entry,) = answer.json["items"]
        assert entry["target"]["id"] == desk.agent.controller_id
