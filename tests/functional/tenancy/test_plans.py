"""What a plan allows is where things are made."""

from typing import Any

import pytest

from tests.functional.conftest import TenantUnderTest
from tests.support.fake_agent import FakeAgent, enroll, enrollment_token
from tests.support.lambda_client import LambdaClient

TEMPLATE = {"name": "Desk", "image": "streamspace/desk:1"}


@pytest.fixture
def tight(control_plane: Any, tenant: TenantUnderTest, monkeypatch: Any) -> TenantUnderTest:
    """On a plan that allows two of everything."""
    from chalicelib.tenancy import rules

    monkeypatch.setitem(rules.PLANS, "tight", rules.Plan(2, 2, 2, 2, 2))
    control_plane.tenancy.set_plan(tenant.id, "tight")
    return tenant


def _refused(answer: Any, what: str) -> None:
    assert (answer.status, answer.json["code"]) == (409, "plan_limit"), answer.text
    assert (answer.json["what"], answer.json["limit"]) == (what, 2)


@pytest.mark.feature(
    "A plan limits members, controllers, templates, API keys and sessions, and the refusal says so"
)
def test_one_more_than_the_plan_allows(client: LambdaClient, tight: TenantUnderTest) -> None:
    invited = {"email": "third@acme.example", "role": "member"}
    _refused(client("POST", "/v1/invitations", invited, token=tight.admin), "members")
    made = [client("POST", "/v1/templates", TEMPLATE, token=tight.admin) for _ in range(3)]
    assert [answer.status for answer in made] == [201, 201, 409]
    _refused(made[2], "templates")
    assert client("DELETE", f"/v1/templates/{made[0].json['id']}", token=tight.admin).status == 204
    assert client("POST", "/v1/templates", TEMPLATE, token=tight.admin).status == 201
    body = {"name": "ci", "scopes": ["sessions:read"]}
    keys = [client("POST", "/v1/api-keys", body, token=tight.admin) for _ in range(3)]
    assert [answer.status for answer in keys] == [201, 201, 409]
    _refused(keys[2], "api_keys")
    for _ in range(2):
        FakeAgent.enrolled(client, tight.admin)
    _refused(enroll(client, enrollment_token(client, tight.admin)), "controllers")
    wanted = {"template_id": made[1].json["id"]}
    started = [client("POST", "/v1/sessions", wanted, token=tight.member) for _ in range(3)]
    assert [answer.status for answer in started] == [201, 201, 409], [each.text for each in started]


def test_what_was_there_before_a_smaller_plan_stays(
    control_plane: Any, client: LambdaClient, tenant: TenantUnderTest, monkeypatch: Any
) -> None:
    from chalicelib.tenancy import rules

    for _ in range(3):
        assert client("POST", "/v1/templates", TEMPLATE, token=tenant.admin).status == 201
    monkeypatch.setitem(rules.PLANS, "tight", rules.Plan(templates=2))
    control_plane.tenancy.set_plan(tenant.id, "tight")
    assert len(client("GET", "/v1/templates", token=tenant.admin).json["items"]) == 3
    _refused(client("POST", "/v1/templates", TEMPLATE, token=tenant.admin), "templates")
