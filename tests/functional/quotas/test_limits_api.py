"""Limits of users and groups over the API: who may set them, what refusals say, what is seen."""

from typing import Any

import pytest

from tests.support.desk import Desk

NOBODY = "usr-00000000000000000000000000"
NO_GROUP = "grp-00000000000000000000000000"


def _scopes(desk: Desk, token: str) -> dict[tuple[str, str | None], Any]:
    items = desk.call("GET", "/v1/quotas", token=token).json["items"]
    return {(each["scope"], each["subject_id"]): each for each in items}


def _set(desk: Desk, scope: str, **limits: Any) -> Any:
    answer = desk.limit(scope, **limits)
    assert answer.status == 200, answer.text
    return answer.json


@pytest.mark.feature("Users and groups have limits of their own, and usage is shown against every limit")
def test_a_users_limits_replace_the_default_until_they_are_reset(desk: Desk) -> None:
    member = desk.tenant.member_id
    _set(desk, "user-default", sessions=1, storage="50Gi")
    assert _scopes(desk, desk.tenant.member)["user", member]["inherited"] is True
    shown = _set(desk, f"users/{member}", sessions=2)
    assert (shown["scope"], shown["subject_id"], shown["inherited"]) == ("user", member, False)
    assert shown["limits"] == {"sessions": 2, "cpu": None, "memory": None, "gpu": None, "storage": None}
    desk.launch()
    desk.launch()
    assert _scopes(desk, desk.tenant.member)["user", member]["used"]["storage"] == "10Gi"
    refused = desk.create()
    assert (refused.status, refused.json["code"]) == (409, "quota_exceeded")
    path = f"/v1/quotas/users/{member}"
    assert desk.call("DELETE", path, token=desk.tenant.admin).status == 204
    assert desk.call("DELETE", path, token=desk.tenant.admin).status == 204
    mine = _scopes(desk, desk.tenant.member)["user", member]
    assert (mine["inherited"], mine["limits"]["sessions"], mine["used"]["sessions"]) == (True, 1, 2)


@pytest.mark.feature("A refusal says which limit of whom stands in the way, in words and for programs")
def test_refusals_say_which_limit_of_whom(desk: Desk, group_id: str) -> None:
    member = desk.tenant.member_id
    desk.launch()
    for scope, subject_id, path, whose in (
        ("group", group_id, f"groups/{group_id}", "The group Design's"),
        ("user", member, f"users/{member}", "Your"),
        ("tenant", None, "tenant", "This organisation's"),
    ):
        _set(desk, path, storage="8Gi")
        refused = desk.create()
        assert refused.status == 409, refused.text
        problem = refused.json
        assert problem["detail"] == f"{whose} limit for storage is 8Gi; 5Gi in use, 5Gi asked for."
        told = {name: problem[name] for name in ("code", "scope", "subject_id", "dimension")}
        assert told == {
            "code": "quota_exceeded",
            "scope": scope,
            "subject_id": subject_id,
            "dimension": "storage",
        }
        assert (problem["limit"], problem["used"], problem["asked"]) == (2**33, 5 * 2**30, 5 * 2**30)
        _set(desk, path)
    desk.launch()


def test_a_session_counts_towards_the_group_it_was_made_for(desk: Desk, group_id: str) -> None:
    """Also when its owner is charged to another group by then."""
    first = desk.launch()["id"]
    path = f"/v1/groups/{group_id}/members/{desk.tenant.member_id}"
    assert desk.call("DELETE", path, token=desk.tenant.admin).status == 204
    other = desk.charge("Research")
    second = desk.launch()["id"]
    assert desk.used("group", group_id)["sessions"] == desk.used("group", other)["sessions"] == 1
    for session_id in (first, second):
        desk.delete(session_id)
    assert desk.used("group", group_id) is None
    assert desk.used()["sessions"] == 0
    assert desk.drift() == []


def test_members_see_the_limits_that_hold_them_and_no_others(desk: Desk, group_id: str) -> None:
    _set(desk, f"users/{desk.tenant.admin_id}", sessions=7)
    _set(desk, f"groups/{group_id}", sessions=9)
    seen = _scopes(desk, desk.tenant.member)
    assert set(seen) == {("tenant", None), ("user", desk.tenant.member_id), ("group", group_id)}
    assert seen["group", group_id]["limits"]["sessions"] == 9
    everyone = _scopes(desk, desk.tenant.admin)
    assert everyone["user", desk.tenant.admin_id]["limits"]["sessions"] == 7


def test_unknown_and_foreign_subjects_are_not_found(desk: Desk, stranger: Any) -> None:
    for path in (f"users/{NOBODY}", f"users/{stranger.member_id}", f"groups/{NO_GROUP}", "users/x"):
        assert desk.limit(path, sessions=1).status == 404, path
        assert desk.call("DELETE", f"/v1/quotas/{path}", token=desk.tenant.admin).status == 404, path
    for method, path in (("PUT", f"users/{desk.tenant.member_id}"), ("DELETE", f"users/{NOBODY}")):
        answer = desk.call(method, f"/v1/quotas/{path}", {"limits": {}} if method == "PUT" else None)
        assert answer.status == 403, path


def test_a_groups_limits_go_with_it(desk: Desk, group_id: str) -> None:
    _set(desk, f"groups/{group_id}", sessions=3)
    assert desk.call("DELETE", f"/v1/groups/{group_id}", token=desk.tenant.admin).status == 204
    assert ("group", group_id) not in _scopes(desk, desk.tenant.admin)


def test_the_plan_bounds_the_organisations_sessions(desk: Desk) -> None:
    desk.app.tenancy.set_plan(desk.tenant.id, "free")
    shown = _set(desk, "tenant", sessions=50)
    assert shown["limits"]["sessions"] == 5
    assert [desk.create(resources={"cpu": "100m"}).status for _ in range(6)] == [201] * 5 + [409]
    desk.app.tenancy.set_plan(desk.tenant.id, "team")
    assert desk.create(resources={"cpu": "100m"}).status == 201
    assert _scopes(desk, desk.tenant.admin)["tenant", None]["limits"]["sessions"] == 50


def test_a_template_says_how_much_its_homes_need(desk: Desk) -> None:
    without = desk.template(persistent_home=False)
    much = desk.template(resources={"storage": "20Gi"})
    asked = {"template_id": without, "resources": {"storage": "1Gi"}}
    refused = desk.call("POST", "/v1/sessions", asked)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "resources.storage")
    assert desk.launch(template_id=without)["resources"]["storage"] == "0"
    assert desk.launch(template_id=much)["resources"]["storage"] == "20Gi"
    assert desk.launch(template_id=much, resources={"storage": "1Gi"})["resources"]["storage"] == "1Gi"
    assert desk.used()["storage"] == "21Gi"
    shown = desk.call("GET", f"/v1/templates/{without}").json
    assert shown["resources"]["storage"] == "0"
