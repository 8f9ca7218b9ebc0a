"""An organisation's settings, looks and plan."""

import base64
from typing import Any

import pytest

from tests.functional.conftest import TenantUnderTest
from tests.support.lambda_client import LambdaClient

LOGO = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\1" * 40_000).decode()
HERE = "127.0.0.1"


@pytest.mark.feature("An organisation sets its name, logo, colour, allowed images and addresses")
def test_changes_are_seen_from_the_next_request_on(client: LambdaClient, tenant: TenantUnderTest) -> None:
    answer = client(
        "PATCH",
        "/v1/tenant",
        {
            "name": "Acme Ltd",
            "settings": {"allowed_images": ["acme/*"], "ip_allow_list": [HERE], "invitation_days": 2},
            "branding": {"accent": "#3B82F6", "logo": LOGO},
        },
        token=tenant.admin,
    )
    assert answer.status == 200, answer.text
    seen = client("GET", "/v1/tenant", token=tenant.admin).json
    assert seen == answer.json
    assert (seen["name"], seen["slug"], seen["state"]) == ("Acme Ltd", tenant.slug, "active")
    assert seen["branding"] == {"accent": "#3b82f6", "logo": LOGO}
    assert seen["settings"] == {
        "allowed_images": ["acme/*"],
        "ip_allow_list": ["127.0.0.1/32"],
        "password_min_length": 10,
        "invitation_days": 2,
    }
    cleared = client("PATCH", "/v1/tenant", {"branding": {"logo": None}}, token=tenant.admin).json
    assert cleared["branding"] == {"accent": "#3b82f6", "logo": None}
    assert cleared["settings"] == seen["settings"]


def test_a_member_sees_the_looks_and_no_settings(client: LambdaClient, tenant: TenantUnderTest) -> None:
    seen = client("GET", "/v1/tenant", token=tenant.member)
    assert seen.status == 200
    assert seen.json["settings"] is None
    assert seen.json["plan"]["name"] == "enterprise"
    assert client("PATCH", "/v1/tenant", {"name": "Mine"}, token=tenant.member).status == 403


@pytest.mark.feature("Nobody can lock themselves out by an address list without their own address")
def test_an_allow_list_must_admit_who_sets_it(client: LambdaClient, tenant: TenantUnderTest) -> None:
    lists: list[list[str]] = [["192.0.2.0/24"], ["2001:db8::/32"], ["not-an-address"]]
    for listed in lists:
        answer = client("PATCH", "/v1/tenant", {"settings": {"ip_allow_list": listed}}, token=tenant.admin)
        assert answer.status == 422, answer.text
        assert answer.json["errors"][0]["field"] == "settings.ip_allow_list"
    assert client("GET", "/v1/tenant", token=tenant.admin).json["settings"]["ip_allow_list"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"branding": {"logo": "data:image/svg+xml;base64,PHN2Zy8+"}},
        {"branding": {"accent": "red"}},
        {"branding": {"logo": LOGO.replace("png", "jpeg")}},
        {"settings": {"password_min_length": 8}},
        {"settings": {"invitation_days": 0}},
        {"settings": {"allowed_images": ["two words"]}},
        {"plan": "enterprise"},
        {"state": "active"},
        {"slug": "other"},
        {"settings": {"plan": "enterprise"}},
    ],
)
def test_what_is_not_an_organisations_to_set(
    client: LambdaClient, tenant: TenantUnderTest, body: dict[str, Any]
) -> None:
    assert client("PATCH", "/v1/tenant", body, token=tenant.admin).status == 422


def test_the_row_that_every_request_reads_stays_small(
    control_plane: Any, client: LambdaClient, tenant: TenantUnderTest
) -> None:
    import boto3

    client(
        "PATCH",
        "/v1/tenant",
        {
            "name": "N" * 80,
            "settings": {"allowed_images": [f"registry.acme.example/{n}/*" for n in range(10)]},
            "branding": {"accent": "#3B82F6", "logo": LOGO},
        },
        token=tenant.admin,
    )
    row = boto3.client("dynamodb").get_item(
        TableName="streamspace-tenants", Key={"tenant_id": {"S": tenant.id}}
    )["Item"]
    assert len(str(row)) < 1200  # about twice what it weighs
    assert client("GET", "/v1/tenant", token=tenant.admin).json["branding"]["logo"] == LOGO


def test_allowed_images_decide_what_runs(client: LambdaClient, tenant: TenantUnderTest) -> None:
    body = {"name": "Desk", "image": "streamspace/desk:1"}
    template = client("POST", "/v1/templates", body, token=tenant.admin).json
    client("PATCH", "/v1/tenant", {"settings": {"allowed_images": ["acme/*"]}}, token=tenant.admin)
    refused = client("POST", "/v1/sessions", {"template_id": template["id"]}, token=tenant.member)
    assert (refused.status, refused.json["code"]) == (403, "image_not_allowed")
