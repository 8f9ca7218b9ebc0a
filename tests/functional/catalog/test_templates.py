"""Templates through the API."""

import pytest

BODY = {
    "name": "Terminal",
    "image": "streamspace/terminal:dev",
    "resources": {"cpu": "500m", "memory": "512Mi"},
}


@pytest.mark.feature("Admins describe applications as versioned templates")
def test_life_of_a_template(client, tenant):
    made = client("POST", "/v1/templates", BODY, token=tenant.admin)
    assert made.status == 201, made.text
    assert made.json["version"] == 1
    assert made.json["resources"] == {
        "cpu": "500m",
        "memory": "512Mi",
        "gpu": 0,
        "shm": "64Mi",
        "storage": "5Gi",
    }
    path = f"/v1/templates/{made.json['id']}"
    changed = client("PATCH", path, {"description": "A shell", "network": "internet"}, token=tenant.admin)
    assert changed.status == 200, changed.text
    assert (changed.json["version"], changed.json["name"], changed.json["network"]) == (
        2,
        "Terminal",
        "internet",
    )
    assert client("GET", path, token=tenant.member).json == changed.json
    assert client("DELETE", path, token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).status == 404


def test_members_may_not_write(client, tenant):
    assert client("POST", "/v1/templates", BODY, token=tenant.member).status == 403


def test_another_tenants_template_is_not_found(client, tenant, stranger):
    path = f"/v1/templates/{client('POST', '/v1/templates', BODY, token=tenant.admin).json['id']}"
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert client(method, path, body, token=stranger.admin).status == 404
    assert client("GET", path, token=tenant.admin).json["name"] == "Terminal"


def test_pages_cover_everything_once(client, tenant, stranger):
    ids = {client("POST", "/v1/templates", BODY, token=tenant.admin).json["id"] for _ in range(5)}
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client("GET", "/v1/templates", query=query, token=tenant.admin).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        foreign = client("GET", "/v1/templates", query={"cursor": cursor}, token=stranger.admin)
        assert foreign.status == 422
    assert sorted(seen) == sorted(ids)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"image": "UPPER CASE"}, "image"),
        ({"resources": {"memory": "lots"}}, "resources.memory"),
        ({"env": {"STREAMSPACE_WIDTH": "1"}}, "env"),
        ({"display": {"width": 1}}, "display.width"),
        ({"tenant_id": "ten-x"}, "tenant_id"),
    ],
)
def test_bad_fields_are_named(client, tenant, change, field):
    answer = client("POST", "/v1/templates", {**BODY, **change}, token=tenant.admin)
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == field
