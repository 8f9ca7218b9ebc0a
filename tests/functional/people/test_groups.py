"""Groups and who is in them."""

import threading

import pytest

UNKNOWN = "grp-01kb0000000000000000000000"


def _get(client, tenant, group_id):
    return client("GET", f"/v1/groups/{group_id}", token=tenant.admin).json


@pytest.mark.feature("People are put into groups")
def test_life_of_a_group(client, tenant, hire):
    made = client("POST", "/v1/groups", {"name": "Lab", "description": "Third floor"}, token=tenant.admin)
    assert made.status == 201, made.text
    assert (made.json["name"], made.json["description"], made.json["member_count"]) == (
        "Lab",
        "Third floor",
        0,
    )
    path = f"/v1/groups/{made.json['id']}"
    other = hire("member")
    for user in (tenant.member_id, other.id, other.id):  # a second time changes nothing
        assert client("PUT", f"{path}/members/{user}", token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).json["member_count"] == 2
    members = client("GET", f"{path}/members", token=tenant.admin).json["items"]
    assert {each["id"] for each in members} == {tenant.member_id, other.id}
    assert client("GET", "/v1/me", token=other.token).json["user"]["group_ids"] == [made.json["id"]]

    changed = client("PATCH", path, {"name": "Laboratory"}, token=tenant.admin).json
    assert (changed["name"], changed["description"]) == ("Laboratory", "Third floor")
    for _ in range(2):
        assert client("DELETE", f"{path}/members/{other.id}", token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).json["member_count"] == 1

    assert client("DELETE", path, token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).status == 404
    person = client("GET", f"/v1/users/{tenant.member_id}", token=tenant.admin).json
    assert (person["group_ids"], person["charged_group_id"]) == ([], None)


def test_the_first_group_is_charged_until_another_is_named(client, tenant, group):
    path = f"/v1/users/{tenant.member_id}"
    one, two = group("One", tenant.member_id), group("Two", tenant.member_id)
    assert client("GET", path, token=tenant.admin).json["charged_group_id"] == one
    assert (
        client("PATCH", path, {"charged_group_id": two}, token=tenant.admin).json["charged_group_id"] == two
    )
    assert client("DELETE", f"/v1/groups/{two}/members/{tenant.member_id}", token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).json["charged_group_id"] == one
    cleared = client("PATCH", path, {"charged_group_id": None}, token=tenant.admin).json
    assert cleared["charged_group_id"] is None
    refused = client("PATCH", path, {"charged_group_id": two}, token=tenant.admin)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "charged_group_id")


def test_members_of_a_large_group_come_in_pages(client, tenant, hire, group):
    people = [hire("member") for _ in range(5)]
    group_id = group("Five", *(each.id for each in people))
    group("Others", tenant.member_id, tenant.admin_id)
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client("GET", f"/v1/groups/{group_id}/members", query=query, token=tenant.admin).json
        assert len(page["items"]) <= 2
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(each.id for each in people)
    listed = client("GET", "/v1/groups", token=tenant.admin).json["items"]
    assert {each["name"]: each["member_count"] for each in listed} == {"Five": 5, "Others": 2}


def test_who_may(client, tenant, hire, group):
    group_id = group("Lab")
    operator = hire("operator")
    assert client("GET", "/v1/groups", token=operator.token).status == 200
    assert client("GET", "/v1/groups", token=tenant.member).status == 403
    for method, path, body in (
        ("POST", "/v1/groups", {"name": "Mine"}),
        ("PATCH", f"/v1/groups/{group_id}", {"name": "Mine"}),
        ("DELETE", f"/v1/groups/{group_id}", None),
        ("PUT", f"/v1/groups/{group_id}/members/{operator.id}", None),
        ("DELETE", f"/v1/groups/{group_id}/members/{operator.id}", None),
    ):
        assert client(method, path, body, token=operator.token).status == 403


def test_another_tenants_groups_are_not_found(client, tenant, stranger, group):
    group_id = group("Lab", tenant.member_id)
    for method, path, body in (
        ("GET", f"/v1/groups/{group_id}", None),
        ("PATCH", f"/v1/groups/{group_id}", {"name": "x"}),
        ("DELETE", f"/v1/groups/{group_id}", None),
        ("GET", f"/v1/groups/{group_id}/members", None),
        ("PUT", f"/v1/groups/{group_id}/members/{stranger.member_id}", None),
        ("DELETE", f"/v1/groups/{group_id}/members/{tenant.member_id}", None),
    ):
        assert client(method, path, body, token=stranger.admin).status == 404
    own = client("POST", "/v1/groups", {"name": "Own"}, token=stranger.admin).json["id"]
    for method in ("PUT", "DELETE"):
        foreign = client(method, f"/v1/groups/{own}/members/{tenant.member_id}", token=stranger.admin)
        assert foreign.status == 404
    assert _get(client, tenant, group_id)["member_count"] == 1
    assert _get(client, stranger, own)["member_count"] == 0


def test_nobody_is_in_more_groups_than_a_row_can_hold(client, tenant, group):
    for number in range(20):
        group(f"G{number}", tenant.member_id)
    refused = client("PUT", f"/v1/groups/{group('One more')}/members/{tenant.member_id}", token=tenant.admin)
    assert (refused.status, refused.json["code"]) == (409, "too_many_groups")


def test_joining_and_leaving_at_once_loses_nothing(client, tenant, group):
    ids = [group(f"G{number}") for number in range(8)]
    start, answers = threading.Barrier(len(ids)), []

    def join(group_id):
        start.wait()
        path = f"/v1/groups/{group_id}/members/{tenant.member_id}"
        answers.append(client("PUT", path, token=tenant.admin).status)

    threads = [threading.Thread(target=join, args=(each,)) for each in ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [204] * len(ids)
    person = client("GET", f"/v1/users/{tenant.member_id}", token=tenant.admin).json
    assert sorted(person["group_ids"]) == sorted(ids)


def test_a_group_that_is_going_takes_nobody_in_and_a_stopped_removal_goes_on(
    client, tenant, group, control_plane
):
    group_id = group("Lab", tenant.member_id)
    store = control_plane.groups.store
    # The process died after the first step.
    control_plane.uow.commit([store.close(store.get(tenant.id, group_id))])
    path = f"/v1/groups/{group_id}"
    assert client("PUT", f"{path}/members/{tenant.admin_id}", token=tenant.admin).status == 404
    assert group_id not in control_plane.groups.names(tenant.id)
    assert client("DELETE", path, token=tenant.admin).status == 204
    assert client("GET", f"/v1/users/{tenant.member_id}", token=tenant.admin).json["group_ids"] == []


def test_nobody_slips_into_a_group_between_its_last_member_and_its_end(client, tenant, group, control_plane):
    from chalicelib.core.errors import NotFound

    service = control_plane.groups
    group_id = group("Lab")
    opened = service.store.get

    class LateStore(type(service.store)):
        """Sees the group open, and then it is closed before the join commits."""

        def get(self, tenant_id, wanted):
            found = opened(tenant_id, wanted)
            if found is not None and not found.removing:
                control_plane.uow.commit([service.store.close(found)], aside=True)
            return found

    from dataclasses import replace

    late = replace(service, store=LateStore())
    with pytest.raises(NotFound):
        late.join(tenant.id, group_id, tenant.member_id)
    assert control_plane.identity.people.get(tenant.id, tenant.member_id).groups == ()


def test_a_group_takes_nobody_in_while_it_is_taken_apart(client, tenant, group, control_plane):
    from dataclasses import fields

    from chalicelib.core.errors import NotFound

    service = control_plane.groups
    group_id = group("Lab", tenant.member_id)
    late = []

    class Racing(type(service)):
        """Somebody is put in after the last look at who is in."""

        def _members(self, tenant_id, wanted):
            yield from super()._members(tenant_id, wanted)
            with pytest.raises(NotFound):
                service.join(tenant_id, wanted, tenant.admin_id)
            late.append(wanted)

    racing = Racing(**{each.name: getattr(service, each.name) for each in fields(service)})
    racing.remove(tenant.id, group_id)
    assert late == [group_id]
    assert all(group_id not in each.groups for each in control_plane.identity.people.every(tenant.id))
