"""One enrolment token for several agents: all of one controller, whoever comes first, also twice."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.client.identity import public_key_text
from chalicelib.core.errors import Conflict
from chalicelib.core.ids import new_id
from chalicelib.core.unit_of_work import Write
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import Backend, EnrollAnswer, EnrollRequest
from tests.support.fake_agent import FakeAgent, enroll, enrollment_token
from tests.support.lambda_client import Answer, LambdaClient

TOKENS = "/v1/controllers/enrollment-tokens"
SAME = ("tenant_id", "controller_id", "agent_id", "key_id", "authority")


@pytest.fixture
def backend() -> str:
    return str(uuid.uuid4())


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


@pytest.mark.feature("One enrolment token brings as many agents to one controller as it was made for")
def test_as_many_agents_as_the_token_is_for(client: LambdaClient, tenant: Any, backend: str) -> None:
    token = enrollment_token(client, tenant.admin, agents=2, name="lab")
    first, second = (enroll(client, token, backend_id=backend) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert first.json["controller_id"] == second.json["controller_id"]
    assert len({each.json[name] for each in (first, second) for name in ("agent_id", "key_id")}) == 4
    assert refused(enroll(client, token, backend_id=backend)) == (409, "enrollment_token_used")
    [only] = client("GET", "/v1/controllers", token=tenant.admin).json["items"]
    assert only["name"] == "lab"
    agents = client("GET", f"/v1/controllers/{only['id']}/agents", token=tenant.admin).json["items"]
    assert len(agents) == 2


def test_each_may_repeat_its_enrolment(
    client: LambdaClient, tenant: Any, backend: str, control_plane: Any
) -> None:
    token, keys = (
        enrollment_token(client, tenant.admin, agents=3),
        [Ed25519PrivateKey.generate() for _ in range(2)],
    )
    before = [enroll(client, token, key=key, backend_id=backend).json for key in keys]
    clock = control_plane.enrollment.clock
    late = clock() + timedelta(hours=1)
    for moment in (clock, lambda: late):
        object.__setattr__(control_plane.enrollment, "clock", moment)
        try:
            again = [enroll(client, token, key=key, backend_id=backend) for key in reversed(keys)]
            fresh = enroll(client, token, backend_id=backend) if moment is not clock else None
        finally:
            object.__setattr__(control_plane.enrollment, "clock", clock)
        assert [each.status for each in again] == [200, 200]
        for first, repeated in zip(before, reversed(again), strict=True):
            assert [first[name] for name in SAME] == [repeated.json[name] for name in SAME]
    assert fresh is not None
    assert refused(fresh) == (410, "enrollment_token_expired")


def test_another_backend_is_refused_and_takes_no_ones_place(
    client: LambdaClient, tenant: Any, backend: str
) -> None:
    token = enrollment_token(client, tenant.admin, agents=2)
    assert enroll(client, token, backend_id=backend).status == 200
    for more in ({}, {"takeover": True}):
        assert refused(enroll(client, token, **more)) == (409, "backend_mismatch")
    other = {"platform": "fake", "id": backend, "name": ""}
    assert refused(enroll(client, token, backend=other)) == (409, "backend_mismatch")
    assert enroll(client, token, backend_id=backend).status == 200


@pytest.mark.parametrize("places", [1, 5])
def test_all_may_come_at_the_same_moment(tenant: Any, backend: str, control_plane: Any, places: int) -> None:
    """Eight agents, each of which asks twice: the places are taken once each, on one controller."""
    secret = control_plane.enrollment.create_token(tenant.id, tenant.admin_id, agents=places).secret
    keys = [public_key_text(Ed25519PrivateKey.generate()) for _ in range(8)]

    def come(key: str) -> EnrollAnswer | str:
        try:
            return enrolled(control_plane, secret, key, backend)
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(come, keys * 2))
    answers: dict[str, set[str]] = {}
    for key, answer in zip(keys * 2, found, strict=True):
        answers.setdefault(key, set()).add(answer if isinstance(answer, str) else answer.agent_id)
    assert all(len(each) == 1 for each in answers.values()), answers
    told = Counter(next(iter(each)) for each in answers.values())
    assert told.pop("enrollment_token_used") == 8 - places
    assert len(told) == places
    assert len({each.controller_id for each in found if not isinstance(each, str)}) == 1
    assert len(control_plane.controllers.candidates(tenant.id)) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before its commit", "after its commit"])
def test_a_use_that_died_is_repeated(
    tenant: Any, backend: str, control_plane: Any, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = control_plane.enrollment.create_token(tenant.id, tenant.admin_id, agents=2).secret
    keys = [public_key_text(Ed25519PrivateKey.generate()) for _ in range(3)]
    commit = control_plane.enrollment.uow.commit

    def dying(_: Any, writes: list[Write], **more: Any) -> None:
        if after:
            commit(writes, **more)
        raise SystemExit

    for key in keys[:2]:
        with monkeypatch.context() as broken:
            broken.setattr(type(control_plane.enrollment.uow), "commit", dying)
            with pytest.raises(SystemExit):
                enrolled(control_plane, secret, key, backend)
    first, second = (enrolled(control_plane, secret, key, backend) for key in keys[:2])
    assert first.controller_id == second.controller_id
    assert first.agent_id != second.agent_id
    with pytest.raises(Conflict, match="used already"):
        enrolled(control_plane, secret, keys[2], backend)
    assert len(control_plane.serving.of(tenant.id, first.controller_id)) == 2


def test_a_takeover_by_several_replaces_the_ones_before_and_not_each_other(
    client: LambdaClient, tenant: Any
) -> None:
    before = FakeAgent.online(client, tenant.admin)
    token = enrollment_token(client, tenant.admin, agents=2)
    assert refused(enroll(client, token, backend_id=before.backend_id)) == (409, "backend_known")
    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    answers = [
        enroll(client, token, key=key, backend_id=before.backend_id, takeover=True).json for key in keys
    ]
    assert {each["controller_id"] for each in answers} == {before.controller_id}
    assert refused(before.beat()) == (403, "agent_revoked")
    for key, answer in zip(keys, answers, strict=True):
        agent = FakeAgent(client, key, answer, before.backend_id)
        assert agent.boot().status == 200
        assert agent.beat().status == 200


def test_who_was_revoked_does_not_come_back_by_the_same_token(
    client: LambdaClient, tenant: Any, backend: str
) -> None:
    token, key = enrollment_token(client, tenant.admin, agents=3), Ed25519PrivateKey.generate()
    agent = enroll(client, token, key=key, backend_id=backend).json
    path = f"/v1/controllers/{agent['controller_id']}/agents/{agent['agent_id']}"
    assert client("DELETE", path, token=tenant.admin).status == 204
    assert refused(enroll(client, token, key=key, backend_id=backend)) == (409, "enrollment_token_used")


def test_several_are_added_to_a_controller_that_there_is(client: LambdaClient, tenant: Any) -> None:
    first = FakeAgent.enrolled(client, tenant.admin)
    token = enrollment_token(client, tenant.admin, agents=2, controller_id=first.controller_id)
    added = [enroll(client, token, backend_id=first.backend_id) for _ in range(3)]
    assert [each.status for each in added] == [200, 200, 409]
    assert first.boot().status == 200


@pytest.mark.parametrize("agents", [0, 11, -1, 1.5, "two", None])
def test_a_token_is_for_one_to_ten(client: LambdaClient, tenant: Any, agents: Any) -> None:
    answer = client("POST", TOKENS, {"agents": agents}, token=tenant.admin)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "agents")


@pytest.mark.feature("The commands that install agents are ready to run, for a machine and for a cluster")
def test_the_commands_of_each_platform(client: LambdaClient, tenant: Any) -> None:
    issued = client("POST", TOKENS, {"agents": 2}, token=tenant.admin).json
    url, token = "http://localhost:8080", issued["token"]
    assert issued["command"] == f"curl -fsSL {url}/install | sh -s -- --url {url} --token {token}"
    assert issued["commands"] == {
        "docker": issued["command"],
        "kubernetes": (
            f"helm upgrade --install streamspace-agent {url}/install/agent-chart.tgz "
            f"--namespace streamspace --create-namespace --set url={url} --set token={token}"
        ),
    }
    assert issued["manifests_command"] == (
        f"curl -fsSL {url}/install/kubernetes | sh -s -- --url {url} --token {token}"
    )
    alone = client("POST", TOKENS, {}, token=tenant.admin).json
    assert (issued["agents"], alone["agents"]) == (2, 1)
    assert alone["commands"]["kubernetes"].endswith(" --set replicas=1")
    assert alone["manifests_command"].endswith(" --replicas 1")


def test_the_commands_that_add_agents_count_those_that_there_are(client: LambdaClient, tenant: Any) -> None:
    first = FakeAgent.enrolled(client, tenant.admin)
    asked = {"controller_id": first.controller_id, "agents": 2}
    issued = client("POST", TOKENS, asked, token=tenant.admin).json
    command = issued["commands"]["kubernetes"]
    assert " --reset-then-reuse-values " in command
    assert command.endswith(f" --set token={issued['token']} --set replicas=3")
    assert issued["manifests_command"].endswith(" --replicas 3")


@pytest.mark.feature("Who installs agents sees which of them have come, and whether they are heard from")
def test_which_agents_have_come_by_a_token(
    client: LambdaClient, tenant: Any, stranger: Any, backend: str
) -> None:
    FakeAgent.online(client, tenant.admin)
    issued = client("POST", TOKENS, {"agents": 2}, token=tenant.admin).json

    def come(by: str = tenant.admin) -> list[dict[str, Any]]:
        answer = client("GET", "/v1/agents", query={"enrollment_token_id": issued["id"]}, token=by)
        assert answer.status == 200, answer.text
        found: list[dict[str, Any]] = answer.json["items"]
        return found

    assert come() == []
    agents = []
    for expected in (["never_seen"], ["active", "never_seen"]):
        key = Ed25519PrivateKey.generate()
        answer = enroll(client, issued["token"], key=key, backend_id=backend)
        assert [each["state"] for each in come()] == expected
        agents.append(FakeAgent(client, key, answer.json, backend))
        agents[-1].boot()
        agents[-1].beat()
    found = come()
    assert [(each["id"], each["controller_id"], each["state"]) for each in found] == [
        (each.id, each.controller_id, "active") for each in agents
    ]
    assert come(stranger.admin) == []
    unknown = client("GET", "/v1/agents", query={"enrollment_token_id": new_id("tok")}, token=tenant.admin)
    assert unknown.json["items"] == []
    for query in ({}, {"enrollment_token_id": issued["token"]}):
        assert client("GET", "/v1/agents", query=query, token=tenant.admin).status == 422


def enrolled(control_plane: Any, secret: str, key: str, backend: str) -> EnrollAnswer:
    request = EnrollRequest(
        token=secret,
        public_key=key,
        backend=Backend(platform="docker", id=backend),
        agent_version="0.1.0",
        protocol_version=PROTOCOL_VERSION,
    )
    answer: EnrollAnswer = control_plane.enrollment.enroll(request)
    return answer
