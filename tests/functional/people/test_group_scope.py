"""Templates and controllers for certain groups: who sees them, who uses them, and what happens later."""

import pytest

from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent

UNKNOWN = "grp-01kb0000000000000000000000"
TEMPLATE = {"name": "Terminal", "image": "streamspace/terminal:dev"}


def _template(client, tenant, *group_ids):
    body = {**TEMPLATE, "group_ids": list(group_ids)}
    answer = client("POST", "/v1/templates", body, token=tenant.admin)
    assert answer.status == 201, answer.text
    assert answer.json["group_ids"] == list(group_ids)
    return answer.json["id"]


def _catalog(client, token, **query):
    return {each["id"] for each in client("GET", "/v1/templates", query=query, token=token).json["items"]}


def _codes(client, token, session_id):
    placement = client("GET", f"/v1/sessions/{session_id}/placement", token=token).json
    return {
        each["controller_id"]: [reason["code"] for reason in each["reasons"]]
        for each in placement["verdicts"]
    }


@pytest.mark.feature("Templates can be for certain groups: nobody else sees or uses them")
def test_members_see_and_use_what_is_open_or_theirs(client, tenant, hire, group):
    outsider = hire("member")
    lab = group("Lab", tenant.member_id)
    opened, closed = _template(client, tenant), _template(client, tenant, lab)
    assert _catalog(client, tenant.member) == {opened, closed}
    assert _catalog(client, outsider.token) == {opened}
    assert client("GET", f"/v1/templates/{closed}", token=outsider.token).status == 404
    assert client("GET", f"/v1/templates/{closed}", token=tenant.member).status == 200
    # Who changes templates sees all of them, in whatever group.
    for role in ("operator", "admin", "owner"):
        assert _catalog(client, hire(role).token) == {opened, closed}
    assert _catalog(client, hire("auditor").token) == {opened}

    refused = client("POST", "/v1/sessions", {"template_id": closed}, token=outsider.token)
    unknown = client(
        "POST", "/v1/sessions", {"template_id": "tpl-01kb0000000000000000000000"}, token=outsider.token
    )
    assert refused.status == unknown.status == 422
    assert refused.json["errors"] == unknown.json["errors"]
    made = client("POST", "/v1/sessions", {"template_id": closed}, token=tenant.member)
    assert made.status == 201, made.text


def test_leaving_a_group_ends_the_access_at_once(client, tenant, group):
    lab = group("Lab", tenant.member_id)
    closed = _template(client, tenant, lab)
    assert _catalog(client, tenant.member) == {closed}
    client("DELETE", f"/v1/groups/{lab}/members/{tenant.member_id}", token=tenant.admin)
    assert _catalog(client, tenant.member) == set()
    body = {"template_id": closed}
    assert client("POST", "/v1/sessions", body, token=tenant.member).status == 422


def test_a_removed_group_opens_nothing(client, tenant, hire, group):
    outsider = hire("member")
    lab = group("Lab", tenant.member_id)
    closed = _template(client, tenant, lab)
    assert client("DELETE", f"/v1/groups/{lab}", token=tenant.admin).status == 204
    assert _catalog(client, outsider.token) == _catalog(client, tenant.member) == set()
    assert _catalog(client, tenant.admin) == {closed}
    # What else is changed leaves it closed; opening it is a choice.
    path = f"/v1/templates/{closed}"
    assert client("PATCH", path, {"name": "Shell"}, token=tenant.admin).status == 200
    assert _catalog(client, tenant.member) == set()
    assert client("PATCH", path, {"group_ids": []}, token=tenant.admin).json["group_ids"] == []
    assert _catalog(client, tenant.member) == {closed}


def test_groups_that_there_are_not_are_named(client, tenant, stranger, group):
    foreign = client("POST", "/v1/groups", {"name": "Theirs"}, token=stranger.admin).json["id"]
    controller = FakeAgent.online(client, tenant.admin).controller_id
    template = _template(client, tenant)
    for wrong in (UNKNOWN, foreign):
        for method, path, body in (
            ("POST", "/v1/templates", TEMPLATE),
            ("PATCH", f"/v1/templates/{template}", {}),
            ("PATCH", f"/v1/controllers/{controller}", {}),
        ):
            answer = client(method, path, {**body, "group_ids": [wrong]}, token=tenant.admin)
            assert (answer.status, answer.json["errors"][0]["field"]) == (422, "group_ids"), path
    assert client("GET", f"/v1/templates/{template}", token=tenant.admin).json["group_ids"] == []
    for wrong in (["usr-01kb0000000000000000000000"], ["x"], [UNKNOWN] * 21, None):
        body = {**TEMPLATE, "group_ids": wrong}
        assert client("POST", "/v1/templates", body, token=tenant.admin).status == 422


def test_pages_of_a_catalog_that_is_mostly_for_others(client, tenant, group):
    lab = group("Lab")
    own = []
    for number in range(12):
        made = _template(client, tenant, *(() if number % 4 == 0 else (lab,)))
        if number % 4 == 0:
            own.append(made)
    seen, cursor, pages = [], None, 0
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client("GET", "/v1/templates", query=query, token=tenant.member).json
        seen += [each["id"] for each in page["items"]]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(own)
    assert pages <= 3, "a page is filled from what may be seen"


@pytest.mark.feature("Controllers can be for certain groups; placement says so to everybody else")
def test_sessions_go_to_controllers_of_their_users_groups(control_plane, client, tenant, hire, group):
    outsider = hire("member")
    lab = group("Lab", tenant.member_id)
    desk = Desk.ready(control_plane, client, tenant)
    path = f"/v1/controllers/{desk.agent.controller_id}"
    changed = client("PATCH", path, {"group_ids": [lab]}, token=tenant.admin)
    assert (changed.status, changed.json["group_ids"]) == (200, [lab])

    placed = desk.launch()
    assert placed["controller_id"] == desk.agent.controller_id
    for body in ({}, {"controller_id": desk.agent.controller_id}):
        waiting = desk.launch(token=outsider.token, **body)
        assert (waiting["state"], waiting["reason"]["code"]) == ("pending", "group_not_allowed")
        assert "groups" in waiting["reason"]["message"]
        found = _codes(client, outsider.token, waiting["id"])
        assert found == {desk.agent.controller_id: ["group_not_allowed"]}
    # Whoever runs things is no exception: what is reserved for a group is not filled by others.
    assert desk.launch(token=tenant.admin)["state"] == "pending"

    assert client("PATCH", path, {"group_ids": []}, token=tenant.admin).json["group_ids"] == []
    desk.later(0).placing.retry_pending(tenant.id)
    assert client("GET", f"/v1/sessions/{waiting['id']}", token=outsider.token).json["state"] == "starting"


def test_a_waiting_session_is_placed_by_the_groups_of_now(control_plane, client, tenant, group):
    lab = group("Lab")
    desk = Desk.ready(control_plane, client, tenant)
    client("PATCH", f"/v1/controllers/{desk.agent.controller_id}", {"group_ids": [lab]}, token=tenant.admin)
    waiting = desk.launch()
    assert waiting["reason"]["code"] == "group_not_allowed"
    desk.later(0).placing.retry_pending(tenant.id)
    assert desk.view(waiting["id"])["state"] == "pending"
    client("PUT", f"/v1/groups/{lab}/members/{tenant.member_id}", token=tenant.admin)
    desk.later(0).placing.retry_pending(tenant.id)
    assert desk.view(waiting["id"])["state"] == "starting"


def test_waking_asks_whether_the_user_still_belongs(control_plane, client, tenant, group):
    lab = group("Lab", tenant.member_id)
    desk = Desk.ready(control_plane, client, tenant)
    client("PATCH", f"/v1/controllers/{desk.agent.controller_id}", {"group_ids": [lab]}, token=tenant.admin)
    session_id = desk.running()
    assert desk.do(session_id, "hibernate").status == 202
    desk.carry_out(session_id)
    member = f"/v1/groups/{lab}/members/{tenant.member_id}"
    assert client("DELETE", member, token=tenant.admin).status == 204
    # Also for an admin who wakes it and is in the group: it is the owner's groups that count.
    assert client("PUT", f"/v1/groups/{lab}/members/{tenant.admin_id}", token=tenant.admin).status == 204
    for token in (tenant.member, tenant.admin):
        refused = client("POST", f"/v1/sessions/{session_id}/wake", token=token)
        assert (refused.status, refused.json["code"]) == (409, "group_not_allowed"), refused.text
    assert client("PUT", member, token=tenant.admin).status == 204
    assert desk.do(session_id, "wake").status == 202


def test_a_start_that_nobody_claims_moves_only_where_its_user_belongs(control_plane, client, tenant, group):
    lab = group("Lab")
    desk = Desk.ready(control_plane, client, tenant)
    session_id = desk.launch()["id"]
    other = FakeAgent.online(client, tenant.admin)
    path = f"/v1/controllers/{other.controller_id}"
    client("PATCH", path, {"group_ids": [lab]}, token=tenant.admin)
    assert desk.later(0).placing.move(desk.stored(session_id)) is None
    client("PATCH", path, {"group_ids": []}, token=tenant.admin)
    moved = desk.later(0).placing.move(desk.stored(session_id))
    assert moved is not None
    assert moved.controller_id == other.controller_id


def test_a_removed_groups_controller_stays_closed(control_plane, client, tenant, group):
    lab = group("Lab", tenant.member_id)
    desk = Desk.ready(control_plane, client, tenant)
    client("PATCH", f"/v1/controllers/{desk.agent.controller_id}", {"group_ids": [lab]}, token=tenant.admin)
    assert client("DELETE", f"/v1/groups/{lab}", token=tenant.admin).status == 204
    assert desk.launch()["reason"]["code"] == "group_not_allowed"


@pytest.mark.feature("A machine can be added for certain groups from its first moment")
def test_a_controller_is_for_its_groups_before_anybody_could_change_it(client, tenant, stranger, group):
    lab = group("Lab")
    agent = FakeAgent.enrolled(client, tenant.admin, group_ids=[lab])
    path = f"/v1/controllers/{agent.controller_id}"
    assert client("GET", path, token=tenant.admin).json["group_ids"] == [lab]
    assert client("GET", "/v1/controllers", token=tenant.admin).json["items"][0]["group_ids"] == [lab]
    body = {"group_ids": [lab]}
    refused = client("POST", "/v1/controllers/enrollment-tokens", body, token=stranger.admin)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "group_ids")
