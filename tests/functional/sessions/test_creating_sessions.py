"""Creating sessions: what is refused, what waits, and what repeating a request does."""

from typing import Any

import pytest

from tests.functional.conftest import make_tenant
from tests.support.desk import Desk
from tests.support.fake_agent import CAPACITY, FakeAgent
from tests.support.lambda_client import LambdaClient

MISSING = "tpl-01kb0000000000000000000000"
KEY = {"Idempotency-Key": "first-try"}


def test_resources_may_differ_from_the_template(desk: Desk) -> None:
    session = desk.launch(resources={"cpu": "2", "memory": "512Mi", "shm": "128Mi"})
    assert session["resources"] == {
        "cpu": "2000m",
        "memory": "512Mi",
        "gpu": 0,
        "shm": "128Mi",
        "storage": "5Gi",
    }
    spec = desk.claim(desk.command(session["id"])).json["command"]["spec"]
    assert spec["resources"]["cpu_millis"] == 2000
    assert spec["resources"]["memory_bytes"] == 512 * 2**20


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"resources": {"memory": "lots"}}, "resources.memory"),
        ({"resources": {"memory": "1Mi"}}, "resources.memory"),
        ({"resources": {"cpu": "0m"}}, "resources.cpu"),
        ({"resources": {"disk": "1Gi"}}, "resources.disk"),
        ({"template_id": "nonsense"}, "template_id"),
        ({"template_id": MISSING}, "template_id"),
        ({"controller_id": "ctl-01kb0000000000000000000000"}, "controller_id"),
        ({"name": ""}, "name"),
        ({"labels": {"-": "x"}}, "labels"),
    ],
)
def test_a_wrong_field_is_named(desk: Desk, body: dict[str, Any], field: str) -> None:
    answer = desk.create(**body)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["field"].startswith(field)
    assert desk.drift() == []


@pytest.mark.feature("Sessions run only images that the organisation allows")
def test_an_image_off_the_allow_list_is_refused(control_plane: Any, client: LambdaClient) -> None:
    tenant = make_tenant(control_plane, client, allowed_images=("streamspace/*",))
    desk = Desk.ready(control_plane, client, tenant)
    assert desk.create().status == 201
    foreign = desk.template(image="elsewhere/desktop:1")
    refused = desk.create(template_id=foreign)
    assert (refused.status, refused.json["code"]) == (403, "image_not_allowed")


def test_a_disabled_template_is_refused(desk: Desk) -> None:
    path = f"/v1/templates/{desk.template_id}"
    assert desk.call("PATCH", path, {"enabled": False}, token=desk.tenant.admin).status == 200
    refused = desk.create()
    assert (refused.status, refused.json["code"]) == (409, "template_disabled")


@pytest.mark.feature("A repeated request with the same Idempotency-Key creates one session")
def test_a_repeated_request_creates_one_session(desk: Desk) -> None:
    first = desk.create(headers=KEY)
    again = desk.create(headers=KEY)
    assert (first.status, again.status) == (201, 201)
    assert first.json["id"] == again.json["id"]
    assert desk.used()["sessions"] == 1
    other = desk.create(headers=KEY, name="Another")
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")
    elsewhere = desk.create(headers=KEY, token=desk.tenant.admin)
    assert elsewhere.json["id"] != first.json["id"]
    assert desk.create(headers={"Idempotency-Key": "ä"}).status == 422


@pytest.mark.feature("A quota that is too small refuses a session and says so")
def test_a_quota_refuses_and_leaves_nothing_behind(desk: Desk) -> None:
    limits = {"limits": {"memory": "0"}}
    assert desk.call("PUT", "/v1/quotas/user-default", limits, token=desk.tenant.admin).status == 200
    refused = desk.create()
    assert (refused.status, refused.json["code"]) == (409, "quota_exceeded")
    assert "memory" in refused.json["detail"]
    assert desk.call("GET", "/v1/sessions").json["items"] == []
    assert desk.booked()["sessions"] == 0
    assert desk.messages() == []
    assert desk.drift() == []


def test_a_quota_counts_hibernated_sessions_but_not_what_they_used(desk: Desk) -> None:
    limits = {"limits": {"sessions": 1}}
    assert desk.call("PUT", "/v1/quotas/tenant", limits, token=desk.tenant.admin).status == 200
    session_id = desk.running()
    desk.do(session_id, "hibernate")
    desk.carry_out(session_id)
    assert desk.create().json["code"] == "quota_exceeded"
    desk.delete(session_id)
    desk.carry_out(session_id)
    assert desk.create().status == 201


@pytest.mark.feature("Without a controller a session waits and says why")
def test_without_a_controller_a_session_waits(bare: Desk, client: LambdaClient) -> None:
    session = bare.launch()
    assert (session["state"], session["controller_id"]) == ("pending", None)
    assert session["reason"] == {"code": "no_controller", "message": "No controller is registered."}
    bare.attend(session["id"], 31)
    assert bare.view(session["id"])["state"] == "pending"

    bare.agent = FakeAgent.online(client, bare.tenant.admin)  # its heartbeat has the session placed
    placed = bare.view(session["id"])
    assert (placed["state"], placed["controller_id"]) == ("starting", bare.agent.controller_id)
    assert placed["reason"] is None
    assert [each["session_id"] for each in bare.messages()] == [session["id"]]
    assert bare.timeline(session["id"]) == [
        (None, "pending", "created"),
        ("pending", "starting", "placed"),
    ]
    assert bare.drift() == []


def test_a_session_that_stays_without_a_place_fails_at_its_deadline(bare: Desk) -> None:
    session_id = bare.launch()["id"]
    bare.attend(session_id, 601)
    failed = bare.view(session_id)
    assert (failed["state"], failed["reason"]["code"]) == ("failed", "no_controller")
    assert bare.used()["sessions"] == 0
    refused = bare.do(session_id, "wake")
    assert (refused.status, refused.json["code"]) == (409, "no_controller")
    assert bare.delete(session_id).json["state"] == "terminated"
    assert bare.drift() == []


@pytest.mark.feature("Placement explains itself: a verdict with reasons for every controller")
def test_a_full_controller_is_named_with_what_lacks(desk: Desk, client: LambdaClient) -> None:
    small = {**CAPACITY, "memory_bytes": 2**29}
    other = FakeAgent.online(client, desk.tenant.admin, capacity=small)
    session_id = desk.launch(resources={"cpu": "64", "memory": "32Gi"})["id"]
    shown = desk.view(session_id)
    assert (shown["state"], shown["reason"]["code"]) == ("pending", "no_capacity")
    assert "Not enough memory: 32Gi asked, 512Mi free." in shown["reason"]["message"]
    found = desk.call("GET", f"/v1/sessions/{session_id}/placement").json
    assert found["controller_id"] is None
    verdicts = {each["controller_id"]: each for each in found["verdicts"]}
    assert set(verdicts) == {desk.agent.controller_id, other.controller_id}
    codes = [each["code"] for each in verdicts[other.controller_id]["reasons"]]
    assert codes == ["no_cpu", "no_memory"]


def test_the_chosen_controller_is_in_the_verdicts(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    found = desk.call("GET", f"/v1/sessions/{session_id}/placement").json
    assert found["controller_id"] == desk.agent.controller_id
    assert [each["suitable"] for each in found["verdicts"]] == [True]


def test_a_platform_that_does_not_answer_is_the_reason(desk: Desk) -> None:
    reason = {"code": "docker_unreachable", "message": "Docker does not answer at /var/run/docker.sock."}
    desk.agent.beat(platform={"state": "failing", "reason": reason})
    session = desk.launch()
    assert (session["state"], session["reason"]["code"]) == ("pending", "platform_unavailable")
    assert "Docker does not answer" in session["reason"]["message"]
    desk.agent.beat()
    assert desk.view(session["id"])["state"] == "starting"


def test_a_session_may_ask_for_its_controller(desk: Desk, client: LambdaClient) -> None:
    other = FakeAgent.online(client, desk.tenant.admin)
    for agent in (desk.agent, other):
        assert desk.launch(controller_id=agent.controller_id)["controller_id"] == agent.controller_id
    full = desk.launch(controller_id=other.controller_id, resources={"cpu": "8"})
    assert full["state"] == "pending"
    found = desk.call("GET", f"/v1/sessions/{full['id']}/placement").json
    assert [each["controller_id"] for each in found["verdicts"]] == [other.controller_id]


def test_capacity_that_comes_free_is_used_by_who_waits_longest(desk: Desk) -> None:
    first = desk.running(resources={"cpu": "8"})
    waiting = [desk.launch(resources={"cpu": "8"})["id"] for _ in range(2)]
    desk.delete(first)
    desk.carry_out(first)
    assert [desk.view(each)["state"] for each in waiting] == ["starting", "pending"]
    small = desk.launch(resources={"cpu": "9", "memory": "64Mi"})["id"]
    assert desk.delete(waiting[0]).json["state"] == "terminated"
    assert desk.view(small)["state"] == "pending"
    assert desk.view(waiting[1])["state"] == "starting"
    assert desk.drift() == []
