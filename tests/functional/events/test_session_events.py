"""A session's life as events: in order, to its user and to who may see all."""

from typing import Any

import pytest

from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def session_changes(control_plane: Any, tenant: Any, changes: Any) -> Any:
    return type(changes)("streamspace-sessions", control_plane.sessions_changed, tenant.id)


def seen(client: LambdaClient, token: str) -> list[Any]:
    items = client("GET", "/v1/events", token=token).json["items"]
    return [each for each in items if each["kind"].startswith("session.")]


@pytest.mark.feature("A session's stages and states arrive as events, in order")
def test_a_session_tells_its_story(client: LambdaClient, tenant: Any, session_changes: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    template = client(
        "POST", "/v1/templates", {"name": "T", "image": "x/y:1", "protocol": "vnc"}, token=tenant.admin
    ).json
    body = {"template_id": template["id"]}
    mine = client("POST", "/v1/sessions", body, token=tenant.member).json["id"]
    theirs = client("POST", "/v1/sessions", body, token=tenant.admin).json["id"]
    for reference in agent.received():
        fence = agent.claim(reference["command_id"]).json["fence"]
        agent.report(reference["session_id"], fence, stage="pulling", progress={"done": 5, "total": 10})
        agent.report(reference["session_id"], fence, stage="connecting")
        agent.finish(reference["command_id"], fence)
    client("DELETE", f"/v1/sessions/{mine}", token=tenant.member)
    agent.obey()
    session_changes.deliver()
    shown = client("GET", f"/v1/sessions/{theirs}", token=tenant.admin).json

    own, everyone = seen(client, tenant.member), seen(client, tenant.admin)

    assert {each["data"]["id"] for each in own} == {mine}
    assert {each["data"]["id"] for each in everyone} == {mine, theirs}
    story = [(each["data"]["state"], each["data"]["stage"]) for each in own]
    assert story == sorted(set(story), key=story.index)  # nothing twice
    assert list(dict.fromkeys(state for state, _ in story)) == [
        "starting",
        "running",
        "terminating",
        "terminated",
    ]
    assert ("starting", "pulling") in story
    assert ("starting", "connecting") in story
    latest = [each["data"] for each in everyone if each["data"]["id"] == theirs][-1]
    assert latest == shown


def test_leases_and_activity_are_no_news(client: LambdaClient, tenant: Any, session_changes: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    template = client(
        "POST", "/v1/templates", {"name": "T", "image": "x/y:1", "protocol": "vnc"}, token=tenant.admin
    ).json
    session = client("POST", "/v1/sessions", {"template_id": template["id"]}, token=tenant.member).json
    agent.obey()
    session_changes.deliver()
    before = len(seen(client, tenant.member))
    activity = [{"session_id": session["id"], "viewers": 0, "last_input_at": "2026-11-22T12:00:00Z"}]
    assert agent.beat(activity=activity, instances=1).status == 200
    session_changes.deliver()
    assert len(seen(client, tenant.member)) == before
    activity[0]["viewers"] = 1
    agent.beat(activity=activity, instances=1)
    session_changes.deliver()
    assert seen(client, tenant.member)[-1]["data"]["viewers"] == 1
