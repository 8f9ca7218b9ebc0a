"""Enrolment through the API, with the agent's own keys."""

import uuid
from datetime import timedelta
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.core.ids import new_id
from chalicelib.protocol.commands import CommandReference
from tests.support.fake_agent import FakeAgent, enroll, enrollment_token
from tests.support.lambda_client import LambdaClient


@pytest.mark.feature("An administrator enrols a controller with a single-use token and one command")
def test_a_token_makes_a_controller_known(client: LambdaClient, tenant: Any) -> None:
    issued = client(
        "POST",
        "/v1/controllers/enrollment-tokens",
        {"name": "lab", "labels": {"zone": "a"}},
        token=tenant.admin,
    ).json
    assert issued["token"] in issued["command"]
    assert issued["command"].startswith("curl -fsSL http://localhost:8080/install | sh")

    answer = enroll(client, issued["token"])

    assert answer.status == 200
    controller = client("GET", f"/v1/controllers/{answer.json['controller_id']}", token=tenant.admin).json
    assert (controller["name"], controller["labels"]) == ("lab", {"zone": "a"})
    assert controller["state"] == "never_seen"
    assert controller["capacity"] is None
    assert controller["health"]["polling"] == {"state": "unknown", "reason": None}


def test_the_same_token_and_key_get_the_same_answer(client: LambdaClient, tenant: Any) -> None:
    token, key = enrollment_token(client, tenant.admin), Ed25519PrivateKey.generate()
    first, second = (enroll(client, token, key=key, backend_id="daemon-1") for _ in range(2))
    assert first.status == second.status == 200
    same = ("tenant_id", "controller_id", "agent_id", "key_id", "authority")
    assert [first.json[name] for name in same] == [second.json[name] for name in same]


def test_a_token_works_once(client: LambdaClient, tenant: Any) -> None:
    token = enrollment_token(client, tenant.admin)
    assert enroll(client, token).status == 200
    refused = enroll(client, token)
    assert (refused.status, refused.json["code"]) == (409, "enrollment_token_used")


def test_unknown_and_expired_tokens_are_refused(
    client: LambdaClient, tenant: Any, control_plane: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = enroll(client, "sse_nothing")
    assert (unknown.status, unknown.json["code"]) == (401, "enrollment_token_unknown")

    token = enrollment_token(client, tenant.admin)
    clock = control_plane.enrollment.clock
    later = clock() + timedelta(minutes=31)
    object.__setattr__(control_plane.enrollment, "clock", lambda: later)
    try:
        expired = enroll(client, token)
    finally:
        object.__setattr__(control_plane.enrollment, "clock", clock)
    assert (expired.status, expired.json["code"]) == (410, "enrollment_token_expired")


def test_a_bad_key_and_an_old_protocol_are_refused(client: LambdaClient, tenant: Any) -> None:
    token = enrollment_token(client, tenant.admin)
    bad = enroll(client, token, public_key="c2hvcnQ")
    assert (bad.status, bad.json["errors"][0]["field"]) == (422, "public_key")
    old = enroll(client, token, protocol_version=0)
    assert (old.status, old.json["code"]) == (409, "protocol_unsupported")


@pytest.mark.feature("Several agents may serve one controller, if they drive the same backend")
def test_a_bound_token_adds_an_agent_on_the_same_backend_only(client: LambdaClient, tenant: Any) -> None:
    first = FakeAgent.enrolled(client, tenant.admin)
    other = enroll(client, enrollment_token(client, tenant.admin, controller_id=first.controller_id))
    assert (other.status, other.json["code"]) == (409, "backend_mismatch")

    token = enrollment_token(client, tenant.admin, controller_id=first.controller_id)
    second = enroll(client, token, backend_id=first.backend_id)

    assert second.status == 200
    assert second.json["controller_id"] == first.controller_id
    assert second.json["agent_id"] != first.enrolment["agent_id"]
    assert first.boot().status == 200  # the first one goes on


def test_a_known_backend_offers_takeover(client: LambdaClient, tenant: Any) -> None:
    before = FakeAgent.online(client, tenant.admin)

    offer = enroll(client, enrollment_token(client, tenant.admin), backend_id=before.backend_id)
    assert (offer.status, offer.json["code"]) == (409, "backend_known")
    assert offer.json["controller_id"] == before.controller_id
    assert offer.json["controller_state"] == "online"

    token = enrollment_token(client, tenant.admin)
    taken = enroll(client, token, backend_id=before.backend_id, takeover=True)
    assert taken.status == 200
    assert taken.json["controller_id"] == before.controller_id
    refused = before.beat()
    assert (refused.status, refused.json["code"]) == (403, "agent_revoked")


def test_the_same_backend_may_serve_two_tenants(client: LambdaClient, tenant: Any, stranger: Any) -> None:
    backend_id = str(uuid.uuid4())
    ours = enroll(client, enrollment_token(client, tenant.admin), backend_id=backend_id)
    theirs = enroll(client, enrollment_token(client, stranger.admin), backend_id=backend_id)
    assert ours.status == theirs.status == 200
    assert ours.json["controller_id"] != theirs.json["controller_id"]


def test_tokens_are_not_for_foreign_controllers_nor_for_members(
    client: LambdaClient, tenant: Any, stranger: Any
) -> None:
    ours = FakeAgent.enrolled(client, tenant.admin)
    body = {"controller_id": ours.controller_id}
    path = "/v1/controllers/enrollment-tokens"
    assert client("POST", path, body, token=stranger.admin).status == 404
    assert client("POST", path, {}, token=tenant.member).status == 403


def test_a_controller_has_a_queue_with_a_dead_letter_queue(client: LambdaClient, tenant: Any) -> None:
    agent = FakeAgent.enrolled(client, tenant.admin)
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"streamspace-{agent.controller_id}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "30"
    assert '"maxReceiveCount": 100' in attributes["RedrivePolicy"]
    assert f"streamspace-{agent.controller_id}-dead" in attributes["RedrivePolicy"]


def test_a_lost_queue_is_made_again(client: LambdaClient, tenant: Any, control_plane: Any) -> None:
    agent = FakeAgent.enrolled(client, tenant.admin)
    sqs = boto3.client("sqs")
    name = f"streamspace-{agent.controller_id}"
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])

    reference = CommandReference(
        tenant_id=tenant.id,
        controller_id=agent.controller_id,
        command_id=new_id("cmd"),
        session_id=new_id("ses"),
        generation=1,
    )
    control_plane.controllers.send(reference)

    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == reference.model_dump_json()
    sqs.delete_queue(QueueUrl=url)
    assert agent.boot().status == 200
    assert agent.queue["queue_url"] == sqs.get_queue_url(QueueName=name)["QueueUrl"]
