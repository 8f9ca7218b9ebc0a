"""An agent in another language, written from the document alone, on a control plane that runs."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.protocol import golden
from tests.contract.protocol.second_process import FATAL, HERE, SecondAgent, node
from tests.support.control_plane import ControlPlane
from tests.support.stack import ApiClient, wait_until

Launch = Callable[[SecondAgent], str]


@pytest.fixture
def launch(api: ApiClient, template_id: str) -> Launch:
    """Launches a session on an agent's controller; its id."""

    def launched(agent: SecondAgent) -> str:
        body = {"template_id": template_id, "controller_id": agent.controller_id}
        answer = api("POST", "/v1/sessions", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return launched


def ask(api: ApiClient, session_id: str, action: str) -> None:
    answer = api("POST", f"/v1/sessions/{session_id}/{action}")
    assert answer.status_code in (200, 202), answer.text


def end(api: ApiClient, session_id: str) -> None:
    answer = api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
    assert answer.status_code in (200, 202), answer.text


def causes(api: ApiClient, session_id: str) -> list[str]:
    return [each["cause"] for each in api("GET", f"/v1/sessions/{session_id}/timeline").json()["items"]]


def test_it_reproduces_every_signature_of_the_vectors() -> None:
    script = [node(), str(HERE / "vectors.mjs"), str(golden.FOLDER / "signatures.json")]
    said = json.loads(subprocess.run(script, capture_output=True, check=True, text=True).stdout)
    assert said == {"made": len(golden.load("signatures")["good"]), "wrong": []}


@pytest.mark.feature("An agent written in JavaScript from the protocol's document alone runs sessions")
def test_the_whole_life_of_a_session(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.online()
    session_id = launch(second)
    api.wait(session_id, "running")
    assert second.instances()[f"{session_id}.1"]["state"] == "running"
    ask(api, session_id, "hibernate")
    api.wait(session_id, "hibernated")
    assert second.instances()[f"{session_id}.1"]["state"] == "stopped"
    ask(api, session_id, "wake")
    api.wait(session_id, "running")
    assert second.instances()[f"{session_id}.1"]["state"] == "running"
    end(api, session_id)
    api.wait(session_id, "terminated")
    assert (second.instances(), second.homes()) == ({}, set())
    fences = [each["fence"] for each in second.events if each["event"] == "claimed"]
    assert fences == [1, 2, 3, 4]
    view = api("GET", f"/v1/controllers/{second.controller_id}").json()
    assert view["booked"]["sessions"] == 0


@pytest.mark.parametrize("point", ["claimed", "worked", "result-on-disk", "result-accepted"])
def test_killed_between_claim_and_result_it_goes_on(
    second: SecondAgent, api: ApiClient, launch: Launch, point: str
) -> None:
    second.online().kill()
    second.start(SECOND_AGENT_DIES_AT=point)
    session_id = launch(second)
    assert second.ended() == -signal.SIGKILL
    second.start()
    api.wait(session_id, "running")
    assert list(second.instances()) == [f"{session_id}.1"]
    assert causes(api, session_id).count("started") == 1
    end(api, session_id)
    api.wait(session_id, "terminated")
    assert second.instances() == {}


def test_killed_in_the_middle_of_a_start_it_takes_over_at_once(
    second: SecondAgent, api: ApiClient, launch: Launch
) -> None:
    second.online().hold()
    session_id = launch(second)
    first = second.heard("claimed", session=session_id)
    wait_until(second.instances, 5)
    second.kill()
    second.let_go()
    second.start()
    again = second.heard("claimed", session=session_id, seconds=4)  # the lease has six seconds
    assert again["fence"] == first["fence"] + 1
    api.wait(session_id, "running")
    assert list(second.instances()) == [f"{session_id}.1"]


def test_superseded_it_stops_at_its_next_step(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.online().hold()
    session_id = launch(second)
    second.heard("claimed", session=session_id, kind="start")
    wait_until(second.instances, 5)
    end(api, session_id)
    second.heard("result", outcome="cancelled", why="superseded")
    api.wait(session_id, "terminated")
    assert (second.instances(), second.homes()) == ({}, set())
    assert "started" not in causes(api, session_id)


def test_it_removes_by_inventory_what_nobody_wants(second: SecondAgent, api: ApiClient) -> None:
    second.online()
    known = json.loads((second.state / "identity" / "enrolment.json").read_text())
    session_id = "ses-01kb3q7v5e8m2n4p6r8t0w0000"
    labels = {"tenant": known["tenant_id"], "session": session_id, "incarnation": 1}
    resources = {"cpu_millis": 1000, "memory_bytes": 2**30}
    orphan = {"labels": {"controller": second.controller_id, **labels}, "state": "running"}
    foreign = {"labels": {"controller": "ctl-01kb3pyz2a4c6e8g0j2m4p6r8t", **labels}, "state": "running"}
    second.put("orphan", {**orphan, "resources": resources})
    second.put("foreign", {**foreign, "resources": resources})
    for _ in range(2):  # each boot begins with an inventory, and it takes two
        second.kill()
        second.start()
        time.sleep(1.5)
    second.heard("removed", session=session_id, incarnation=1, seconds=60)
    assert list(second.instances()) == ["foreign"]


def test_it_adopts_by_inventory_what_it_forgot(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.online()
    session_id = launch(second)
    api.wait(session_id, "running")
    second.kill()
    shutil.rmtree(second.state / "fences")
    second.start()
    second.heard("adopted", session=session_id, fence=1, seconds=40)
    ended = {"code": "instance_exited", "message": "It ended with exit code 9."}
    [(name, instance)] = second.instances().items()
    second.put(name, {**instance, "state": "stopped", "ended": ended})
    assert api.wait(session_id, "failed")["reason"] == ended
    ask(api, session_id, "wake")
    api.wait(session_id, "running")
    assert list(second.instances()) == [f"{session_id}.2"]


def test_it_rotates_its_key(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.online()
    second.signal(signal.SIGUSR2)
    key = second.heard("rotated")["key"]
    session_id = launch(second)
    api.wait(session_id, "running")
    second.kill()
    assert second.start().heard("serving")["key"] == key


@pytest.mark.parametrize("point", ["key-on-disk", "key-answered"])
def test_killed_in_the_middle_of_a_rotation_it_can_sign(second: SecondAgent, point: str) -> None:
    second.online().kill()
    second.start(SECOND_AGENT_DIES_AT=point).signal(signal.SIGUSR2)
    assert second.ended() == -signal.SIGKILL
    second.start()
    key = second.heard("rotated")["key"]
    second.kill()
    assert second.start().heard("serving")["key"] == key


def test_a_later_boot_ends_the_one_before(
    second: SecondAgent, plane: ControlPlane, api: ApiClient, tmp_path: Any
) -> None:
    second.online()
    clone = SecondAgent(plane, api, tmp_path / "clone")
    clone._token = "none is needed"
    shutil.copytree(second.state, clone.state)
    clone.start()
    try:
        assert second.ended() == FATAL
        assert second.heard("fatal")["code"] == "epoch_superseded"
    finally:
        clone.kill()


def test_it_corrects_a_wrong_clock(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.start(SECOND_AGENT_CLOCK_IS_WRONG_BY="-7200")
    path = f"/v1/controllers/{second.controller_id}"
    wait_until(lambda: api("GET", path).json()["capacity"] is not None, 10)
    session_id = launch(second)
    api.wait(session_id, "running")


def test_an_enrolment_whose_answer_was_lost_is_repeated(second: SecondAgent) -> None:
    second.start(serving=False, SECOND_AGENT_DIES_AT="enrolled")
    assert second.ended() == -signal.SIGKILL
    assert second.start().heard("serving")["epoch"] == 1


def test_work_ends_well_while_the_control_plane_is_away(
    second: SecondAgent, plane: ControlPlane, api: ApiClient, launch: Launch
) -> None:
    second.online().hold()
    session_id = launch(second)
    second.heard("claimed", session=session_id)
    plane.stop("api", hard=True)
    try:
        second.let_go()
        second.heard("result", outcome="succeeded")
        second.kill()
        second.start(serving=False)
    finally:
        plane.start("api")
    api.wait(session_id, "running")
    assert causes(api, session_id).count("started") == 1


def test_stopping_hands_back_what_is_not_done(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.online().hold()
    session_id = launch(second)
    second.heard("claimed", session=session_id)
    second.signal(signal.SIGTERM)
    assert second.ended() == 0
    assert second.heard("result")["outcome"] == "cancelled"
    assert second.instances() == {}
    second.let_go()
    second.start()
    api.wait(session_id, "running")


def test_a_message_that_cannot_be_read_goes_to_the_dead_letters(
    second: SecondAgent, plane: ControlPlane, api: ApiClient, launch: Launch
) -> None:
    second.online()
    sqs = plane.sqs()
    [url] = [each for each in sqs.list_queues()["QueueUrls"] if each.endswith(second.controller_id)]
    sqs.send_message(QueueUrl=url, MessageBody="not a reference")
    second.heard("dead letter", problem="unreadable")
    items = api("GET", f"/v1/controllers/{second.controller_id}/dead-letters").json()["items"]
    assert [each["problem"] for each in items] == ["unreadable"]
    session_id = launch(second)
    api.wait(session_id, "running")


def test_a_pause_is_waited_for(second: SecondAgent, api: ApiClient, launch: Launch) -> None:
    second.online().hold()
    session_id = launch(second)
    second.heard("claimed", session=session_id)
    pause = f"/v1/controllers/{second.controller_id}/pause"
    assert api("PUT", pause, {"seconds": 600}).status_code == 200
    second.let_go()
    api.wait(session_id, "running")
    end(api, session_id)
    second.heard("claim refused", code="controller_paused")
    assert api("DELETE", pause).status_code == 200
    api.wait(session_id, "terminated", seconds=90)


def test_revoked_it_stops_at_once(second: SecondAgent, api: ApiClient) -> None:
    second.online()
    path = f"/v1/controllers/{second.controller_id}/agents/{second.agent_id}"
    assert api("DELETE", path).status_code == 204
    assert second.ended() == FATAL
    assert second.heard("fatal")["code"] == "agent_revoked"


@pytest.fixture
def third(second: SecondAgent, plane: ControlPlane, api: ApiClient, tmp_path: Any) -> Iterator[SecondAgent]:
    """Another agent of the same controller, serving."""
    second.online()
    agent = SecondAgent(plane, api, tmp_path / "third", beside=second)
    agent.start()
    yield agent
    agent.kill()


def test_two_share_one_controller(
    second: SecondAgent, third: SecondAgent, api: ApiClient, launch: Launch
) -> None:
    sessions = [launch(second) for _ in range(6)]
    for session_id in sessions:
        api.wait(session_id, "running")
    assert sorted(second.instances()) == sorted(f"{session_id}.1" for session_id in sessions)
    claimed = [each for agent in (second, third) for each in agent.events if each["event"] == "claimed"]
    assert sorted(each["session"] for each in claimed) == sorted(sessions)


def test_the_other_one_goes_on_when_one_is_revoked(
    second: SecondAgent, third: SecondAgent, api: ApiClient, launch: Launch
) -> None:
    path = f"/v1/controllers/{second.controller_id}/agents/{second.agent_id}"
    assert api("DELETE", path).status_code == 204
    session_id = launch(third)
    assert second.ended() == FATAL
    third.heard("credentials")
    api.wait(session_id, "running")
    assert third.heard("claimed")["session"] == session_id


def test_one_that_was_frozen_beyond_its_lease_harms_nobody(
    second: SecondAgent, third: SecondAgent, api: ApiClient, launch: Launch
) -> None:
    third.kill()
    second.hold()
    session_id = launch(second)
    second.heard("claimed", session=session_id)
    wait_until(second.instances, 5)
    second.signal(signal.SIGSTOP)
    third.start().heard("claimed", session=session_id, fence=2, seconds=40)
    third.let_go()
    api.wait(session_id, "running")
    second.signal(signal.SIGCONT)
    second.heard("result", outcome="cancelled", why="lapsed")  # and accepted: that command has its result
    time.sleep(1)
    assert list(third.instances()) == [f"{session_id}.1"]
    assert api("GET", f"/v1/sessions/{session_id}").json()["state"] == "running"
