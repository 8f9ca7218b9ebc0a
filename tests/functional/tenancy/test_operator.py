"""The operator's command, and what suspension means."""

import re
from typing import Any

import pytest

from infra.operator.__main__ import main
from tests.functional.conftest import PASSWORD, TenantUnderTest
from tests.support.desk import Desk
from tests.support.fake_agent import enroll, enrollment_token
from tests.support.lambda_client import LambdaClient


def _entries(app: Any, tenant_id: str) -> list[tuple[str, str]]:
    app.audit.sealer.seal(tenant_id)
    return [
        (document["action"], document["actor"]["id"] if isinstance(document["actor"], dict) else "")
        for _, document in app.audit.export(tenant_id)
    ]


@pytest.mark.feature("An operator lists, makes, suspends, resumes and moves organisations by one command")
def test_a_tenant_from_the_terminal(
    control_plane: Any, client: LambdaClient, capsys: pytest.CaptureFixture[str]
) -> None:
    slug, email = "made-by-hand", "ada@made-by-hand.example"
    made = ["tenants", "create", slug, "Made by hand", "--owner", email, "--plan", "free"]
    assert main(made) == 0
    password = re.search(r"password (\S+)", capsys.readouterr().out)
    assert password
    login = client("POST", "/v1/auth/login", {"email": email, "password": password[1]})
    assert login.status == 200, login.text
    token = login.json["access_token"]
    assert client("GET", "/v1/tenant", token=token).json["plan"]["limits"]["controllers"] == 2
    assert main(["tenants", "plan", slug, "team"]) == 0
    assert client("GET", "/v1/tenant", token=token).json["plan"]["name"] == "team"
    capsys.readouterr()
    assert main(["tenants", "list"]) == 0
    assert re.search(rf"{slug} +active +team", capsys.readouterr().out)
    assert main(made) == 1
    assert capsys.readouterr().err == f"The name {slug} is taken.\n"
    tenant = control_plane.tenancy.find(slug)
    told = [each for each in _entries(control_plane, tenant.id) if each[0].startswith("tenant.")]
    assert told == [("tenant.create", "operator"), ("tenant.plan", "operator")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "nobody-here"], "There is no tenant nobody-here."),
        (["suspend", "nobody-here", "--reason", "x"], "There is no tenant nobody-here."),
        (["create", "Bad Slug", "n", "--owner", "a@b.example"], "slug: Use 3 to 40"),
        (["create", "good-slug", "n", "--owner", "nonsense"], "email: Use one e-mail address"),
        (["create", "good-slug", "n", "--owner", "a@b.example", "--plan", "gold"], "There are the plans"),
    ],
)
def test_errors_are_sentences(
    control_plane: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["tenants", *arguments]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.feature(
    "Suspending an organisation refuses its people, keys and enrolments at once; resuming restores"
)
def test_suspension_and_back(control_plane: Any, client: LambdaClient, tenant: TenantUnderTest) -> None:
    desk = Desk.ready(control_plane, client, tenant)
    session = desk.launch()["id"]
    desk.carry_out(session)
    body = {"name": "ci", "scopes": ["sessions:read"]}
    key = client("POST", "/v1/api-keys", body, token=tenant.member).json["key"]
    token = enrollment_token(client, tenant.admin)
    login = {"email": tenant.member_email, "password": PASSWORD}
    assert main(["tenants", "suspend", tenant.slug, "--reason", "not paid"]) == 0

    for shown in (tenant.admin, tenant.member, key):
        refused = client("GET", "/v1/sessions", token=shown)
        assert (refused.status, refused.json["code"]) == (403, "tenant_suspended")
    assert desk.create().status == 403
    assert client("POST", "/v1/auth/login", login).status in (401, 403)
    assert enroll(client, token).json["code"] == "tenant_suspended"
    assert desk.agent.beat().status == 200, "what runs goes on, and is looked after"
    assert desk.stored(session).state == "running"

    assert main(["tenants", "resume", tenant.slug]) == 0
    assert client("GET", "/v1/sessions", token=tenant.member).status == 200
    assert client("GET", "/v1/sessions", token=key).status == 200
    assert client("POST", "/v1/auth/login", login).status == 200
    assert enroll(client, token).status == 200
    kinds = [action for action, actor in _entries(control_plane, tenant.id) if actor == "operator"]
    assert kinds == ["tenant.suspend", "tenant.resume"]


def test_sessions_end_where_the_operator_says_so(
    control_plane: Any, client: LambdaClient, tenant: TenantUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk.ready(control_plane, client, tenant)
    session = desk.launch()["id"]
    desk.carry_out(session)
    desk.messages()
    assert main(["tenants", "suspend", tenant.slug, "--reason", "abuse", "--end-sessions"]) == 0
    assert "1 wait for their agents" in capsys.readouterr().out
    [command] = desk.agent.obey()
    assert (command["kind"], command["delete_home"]) == ("terminate", False)
    assert desk.stored(session).state == "terminated"


def test_a_deletion_is_not_taken_back(
    control_plane: Any, tenant: TenantUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tenants", "delete", tenant.slug, "--confirm", "other"]) == 1
    assert main(["tenants", "delete", tenant.slug, "--confirm", tenant.slug]) == 0
    assert main(["tenants", "resume", tenant.slug]) == 1
    assert "cannot be taken back" in capsys.readouterr().err
    assert main(["tenants", "show", tenant.slug]) == 0
    assert re.search(r"deletion +ending", capsys.readouterr().out)
