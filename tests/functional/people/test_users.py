"""Members through the API: who changes whom, and that it holds at once."""

import threading

import pytest

from tests.functional.people.conftest import PASSWORD

UNKNOWN = "usr-01kb0000000000000000000000"


def _codes(answers):
    return sorted(answer.json["code"] if answer.status >= 400 else "" for answer in answers)


def _patch(client, user_id, token, **body):
    return client("PATCH", f"/v1/users/{user_id}", body, token=token)


@pytest.mark.feature(
    "Admins see, rename, promote, disable and remove members; it holds from the next request on"
)
def test_life_of_a_member(client, tenant):
    listed = client("GET", "/v1/users", token=tenant.admin).json["items"]
    assert {each["id"] for each in listed} == {tenant.admin_id, tenant.member_id}
    path = f"/v1/users/{tenant.member_id}"
    assert client("GET", path, token=tenant.admin).json["role"] == "member"
    assert client("GET", "/v1/users", token=tenant.member).status == 403

    changed = _patch(client, tenant.member_id, tenant.admin, role="operator", name="Ada")
    assert (changed.status, changed.json["role"], changed.json["name"]) == (200, "operator", "Ada")
    # With the token from before.
    assert client("GET", "/v1/users", token=tenant.member).status == 200

    assert _patch(client, tenant.member_id, tenant.admin, disabled=True).json["disabled"] is True
    assert client("GET", "/v1/me", token=tenant.member).status == 401
    login = {"email": tenant.member_email, "password": PASSWORD}
    assert client("POST", "/v1/auth/login", login).status == 401
    assert _patch(client, tenant.member_id, tenant.admin, disabled=False).json["disabled"] is False
    # The sign-in ended with it: only a new one helps.
    assert client("GET", "/v1/me", token=tenant.member).status == 401
    token = client("POST", "/v1/auth/login", login).json["access_token"]
    assert client("GET", "/v1/me", token=token).json["user"]["role"] == "operator"

    assert client("DELETE", path, token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).status == 404
    assert client("GET", "/v1/me", token=token).status == 401
    assert client("POST", "/v1/auth/login", login).status == 401
    assert client("DELETE", path, token=tenant.admin).status == 404


def test_an_address_is_free_again_once_its_member_is_removed(client, tenant, control_plane):
    from chalicelib.identity.service import Role

    assert client("DELETE", f"/v1/users/{tenant.member_id}", token=tenant.admin).status == 204
    control_plane.identity.create_user(tenant.id, tenant.member_email, "Again", PASSWORD, Role.MEMBER)
    login = {"email": tenant.member_email, "password": PASSWORD}
    token = client("POST", "/v1/auth/login", login).json["access_token"]
    assert client("GET", "/v1/me", token=token).json["user"]["id"] != tenant.member_id


def test_the_list_has_pages_and_kinds(client, tenant, hire, control_plane):
    from chalicelib.identity.service import Role

    made = {tenant.admin_id, tenant.member_id, *(hire("member").id for _ in range(3))}
    robot, writes = control_plane.identity.add_person(
        tenant.id, "", "Robot", None, Role.MEMBER, kind="service"
    )
    control_plane.uow.commit(writes)

    def walk(**query):
        seen, cursor = [], None
        while True:
            page = client(
                "GET",
                "/v1/users",
                query={"limit": 2, **query, **({"cursor": cursor} if cursor else {})},
                token=tenant.admin,
            ).json
            assert len(page["items"]) <= 2
            seen += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return seen

    assert sorted(walk(kind="person")) == sorted(made)
    assert walk(kind="service") == [robot.id]
    assert sorted(walk()) == sorted({*made, robot.id})


def test_what_concerns_owners_takes_an_owner(client, tenant, hire):
    owner = hire("owner")
    for body in ({"name": "x"}, {"role": "member"}, {"disabled": True}):
        refused = _patch(client, owner.id, tenant.admin, **body)
        assert (refused.status, refused.json["code"]) == (403, "owners_only"), body
    made = _patch(client, tenant.member_id, tenant.admin, role="owner")
    assert (made.status, made.json["code"]) == (403, "owners_only")
    for path in (f"/v1/users/{owner.id}", f"/v1/users/{owner.id}/sign-ins"):
        removed = client("DELETE", path, token=tenant.admin)
        assert (removed.status, removed.json["code"]) == (403, "owners_only")
    assert client("GET", "/v1/me", token=owner.token).json["user"]["role"] == "owner"
    assert _patch(client, tenant.member_id, owner.token, role="owner").status == 200


def test_nobody_changes_their_own_role_or_removes_themselves(client, tenant, hire):
    owner, _ = hire("owner"), hire("owner")
    for who in ((tenant.admin_id, tenant.admin), (owner.id, owner.token)):
        for body in ({"role": "member"}, {"disabled": True}):
            refused = _patch(client, *who, **body)
            assert (refused.status, refused.json["code"]) == (409, "own_account")
        refused = client("DELETE", f"/v1/users/{who[0]}", token=who[1])
        assert (refused.status, refused.json["code"]) == (409, "own_account")
        assert _patch(client, *who, name="Myself").json["name"] == "Myself"


def test_a_disabled_owner_does_not_count_as_the_one_who_stays(client, tenant, hire, control_plane):
    first, second = hire("owner"), hire("owner")
    assert _patch(client, second.id, first.token, disabled=True).status == 200
    third = hire("owner")
    # With `second` disabled, `first` and `third` are left; then only `third`.
    assert _patch(client, first.id, third.token, role="admin").status == 200
    fourth = hire("owner")
    assert client("DELETE", f"/v1/users/{third.id}", token=fourth.token).status == 204
    people = control_plane.identity.people
    assert [each.id for each in people.every(tenant.id) if each.role == "owner" and not each.disabled] == [
        fourth.id
    ]


@pytest.mark.feature("An organisation always keeps an owner who can sign in")
@pytest.mark.parametrize("how", ["role", "disabled", "removed"])
def test_two_owners_who_unmake_each_other_at_once_leave_one(client, tenant, hire, control_plane, how):
    def unmake(actor, other):
        if how == "removed":
            return client("DELETE", f"/v1/users/{other.id}", token=actor.token)
        body = {"role": "member"} if how == "role" else {"disabled": True}
        return _patch(client, other.id, actor.token, **body)

    for _ in range(5):
        pair = hire("owner"), hire("owner")
        start, answers = threading.Barrier(2), []

        def run(actor, other, start=start, answers=answers):
            start.wait()
            answers.append(unmake(actor, other))

        threads = [threading.Thread(target=run, args=each) for each in (pair, pair[::-1])]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        people = control_plane.identity.people
        left = [each for each in people.every(tenant.id) if each.role == "owner" and not each.disabled]
        assert len(left) == 1, _codes(answers)
        # The other one was refused: as the last owner, or because their own access was gone by then.
        assert sum(each.status < 300 for each in answers) == 1, [each.text for each in answers]
        # Start the next round without any owner.
        control_plane.uow.commit(people.remove(left[0]))


def test_the_last_owner_is_told_so(client, tenant, hire, control_plane):
    """Who may act on owners at all is an owner, so the last one can only be met by an owner's stale right."""
    from chalicelib.core.errors import Conflict
    from chalicelib.identity.service import Role, User

    owner = hire("owner")
    ghost = User(tenant.id, UNKNOWN, Role.OWNER)
    with pytest.raises(Conflict) as refusal:
        control_plane.people.remove(ghost, owner.id, delete_homes=False)
    assert refusal.value.code == "last_owner"
    assert client("GET", "/v1/me", token=owner.token).status == 200


def test_service_accounts_are_never_owners(client, tenant, hire, control_plane):
    from chalicelib.identity.service import Role

    owner = hire("owner")
    robot, writes = control_plane.identity.add_person(
        tenant.id, "", "Robot", None, Role.MEMBER, kind="service"
    )
    control_plane.uow.commit(writes)
    refused = _patch(client, robot.id, owner.token, role="owner")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "role")
    assert _patch(client, robot.id, owner.token, role="operator").status == 200
    assert client("DELETE", f"/v1/users/{robot.id}", token=owner.token).status == 204


def test_another_tenants_people_are_not_found(client, tenant, stranger):
    path = f"/v1/users/{tenant.member_id}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/sign-ins", None),
        ("DELETE", f"{path}/sign-ins", None),
    ):
        answer = client(method, where, body, token=stranger.admin)
        unknown = client(method, where.replace(tenant.member_id, UNKNOWN), body, token=stranger.admin)
        assert (answer.status, unknown.status) == (404, 404)
        assert answer.json["detail"].replace(tenant.member_id, UNKNOWN) == unknown.json["detail"]
    assert client("GET", "/v1/me", token=tenant.member).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "king"}, "role"),
        ({"role": None}, "role"),
        ({"disabled": None}, "disabled"),
        ({"name": ""}, "name"),
        ({"email": "new@example.com"}, "email"),
        ({"tenant_id": "ten-x"}, "tenant_id"),
        ({"groups": []}, "groups"),
        ({"password_hash": "x"}, "password_hash"),
        ({"kind": "service"}, "kind"),
    ],
)
def test_bad_fields_are_named(client, tenant, body, field):
    answer = _patch(client, tenant.member_id, tenant.admin, **body)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


@pytest.mark.feature("Admins see where members are signed in and sign them out")
def test_sign_ins_of_others(client, tenant, stranger):
    path = f"/v1/users/{tenant.member_id}/sign-ins"
    found = client("GET", path, token=tenant.admin).json["items"]
    assert len(found) == 1
    assert set(found[0]) == {"id", "created_at", "last_used_at", "source_ip", "user_agent"}
    assert client("GET", path, token=tenant.member).status == 403
    assert client("DELETE", path, token=tenant.admin).status == 204
    assert client("GET", "/v1/me", token=tenant.member).status == 401
    assert client("GET", path, token=tenant.admin).json["items"] == []
    assert client("GET", "/v1/me", token=tenant.admin).status == 200
    assert client("GET", "/v1/me", token=stranger.member).status == 200


@pytest.mark.feature("Everybody can look up what each role may do")
def test_roles_are_the_one_table(client, tenant):
    from chalicelib.identity.rules import DESCRIPTIONS, PERMISSIONS, PERSONAL

    answer = client("GET", "/v1/roles", token=tenant.member).json
    assert {each["name"]: set(each["permissions"]) for each in answer["items"]} == {
        role.value: set(allowed) for role, allowed in PERMISSIONS.items()
    }
    assert {each["name"]: each["description"] for each in answer["permissions"]} == DESCRIPTIONS
    assert {each["name"] for each in answer["permissions"] if each["personal"]} == PERSONAL
    assert client("GET", "/v1/roles").status == 401
