"""Making, listing, rotating and revoking keys."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from chalicelib.api_keys.models import DynamoApiKeyStore
from chalicelib.core.errors import Conflict
from chalicelib.identity.rules import PERSONAL, Role, User


def keys(client: Any, token: str, **query: str) -> list[dict[str, Any]]:
    answer = client("GET", "/v1/api-keys", token=token, query=query)
    assert answer.status == 200, answer.text
    return list(answer.json["items"])


def test_a_new_key_is_shown_once_and_listed_by_its_end(client, tenant, make_key):
    made = make_key(tenant.member, "sessions:write", "sessions:read", name="nightly", expires_in_days=7)
    assert made["key"].startswith("ssk_")
    assert made["hint"] == f"ssk_…{made['key'][-4:]}"
    [listed] = keys(client, tenant.member)
    assert {name: value for name, value in made.items() if name != "key"} == listed
    assert listed["state"] == "active"
    assert listed["scopes"] == ["sessions:read", "sessions:write"]
    assert listed["last_used_at"] is None


@pytest.mark.parametrize("personal", sorted(PERSONAL))
def test_personal_permissions_are_no_scopes(client, owner, personal):
    answer = client("POST", "/v1/api-keys", {"name": "x", "scopes": [personal]}, token=owner)
    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "scopes"


def test_scopes_beyond_the_role_are_refused(client, tenant):
    for scope in ("templates:write", "no:such"):
        answer = client("POST", "/v1/api-keys", {"name": "x", "scopes": [scope]}, token=tenant.member)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "scopes"), scope


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x"},
        {"scopes": ["sessions:read"]},
        {"name": "x", "scopes": ["sessions:read"], "expires_in_days": 0},
        {"name": "x", "scopes": ["sessions:read"], "expires_in_days": 366},
        {"name": "x", "scopes": ["sessions:read"], "role": "owner"},
        {"name": "x", "scopes": ["sessions:read"], "digest": "0"},
    ],
)
def test_bodies_that_are_refused(client, tenant, body):
    assert client("POST", "/v1/api-keys", body, token=tenant.admin).status == 422


def test_rotation_overlaps_as_long_as_asked(client, tenant, make_key, time):
    old = make_key(tenant.member, "sessions:read", expires_in_days=30)
    answer = client("POST", f"/v1/api-keys/{old['id']}/rotate", {"overlap_hours": 2}, token=tenant.member)
    assert answer.status == 201
    new = answer.json
    assert new["id"] != old["id"]
    assert (new["name"], new["scopes"]) == (old["name"], old["scopes"])
    both = [old["key"], new["key"]]
    assert [client("GET", "/v1/sessions", token=key).status for key in both] == [200, 200]
    time.ahead = timedelta(hours=2, minutes=1)
    assert [client("GET", "/v1/sessions", token=key).status for key in both] == [401, 200]
    by_id = {each["id"]: each for each in keys(client, tenant.member)}
    assert by_id[old["id"]]["state"] == "expired"
    assert by_id[old["id"]]["replaced_by"] == new["id"]
    time.ahead = timedelta(days=29)
    assert client("GET", "/v1/sessions", token=new["key"]).status == 200


def test_rotation_without_overlap_ends_the_old_key_at_once(client, tenant, make_key):
    old = make_key(tenant.member)
    path = f"/v1/api-keys/{old['id']}/rotate"
    assert client("POST", path, {"overlap_hours": 0}, token=tenant.member).status == 201
    assert client("GET", "/v1/sessions", token=old["key"]).status == 401


def test_rotation_never_lengthens_a_life(client, tenant, make_key, time):
    old = make_key(tenant.member, expires_in_days=1)
    time.ahead = timedelta(hours=23)
    path = f"/v1/api-keys/{old['id']}/rotate"
    assert client("POST", path, {"overlap_hours": 168}, token=tenant.member).status == 201
    time.ahead = timedelta(hours=25)
    assert client("GET", "/v1/sessions", token=old["key"]).status == 401


def test_a_key_is_rotated_once(client, tenant, make_key):
    old = make_key(tenant.member)
    path = f"/v1/api-keys/{old['id']}/rotate"
    new = client("POST", path, {}, token=tenant.member).json
    again = client("POST", path, {}, token=tenant.member)
    assert (again.status, again.json["code"]) == (409, "already_rotated")
    assert again.json["replaced_by"] == new["id"]


def test_of_many_rotations_at_once_one_wins(control_plane, tenant, make_key):
    old = make_key(tenant.member)
    caller = User(tenant.id, tenant.member_id, Role.MEMBER, "sgn-" + "0" * 26)

    together = Barrier(8)

    class Together(DynamoApiKeyStore):
        """All have read before anybody writes."""

        def get(self, tenant_id: str, key_id: str) -> Any:
            found = super().get(tenant_id, key_id)
            if found.replaced_by is None:
                with suppress(BrokenBarrierError):
                    together.wait(5)
            return found

    service = replace(control_plane.api_keys, store=Together())

    def rotate(_number: int) -> str:
        try:
            return str(service.rotate(caller, old["id"], timedelta(hours=1)).key.id)
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(rotate, range(8)))
    assert answers.count("already_rotated") == 7
    made = {each.id for each in control_plane.api_keys.store.of_tenant(tenant.id)} - {old["id"]}
    assert made == {each for each in answers if each.startswith("key-")}


def test_what_has_ended_is_not_rotated(client, tenant, make_key):
    old = make_key(tenant.member)
    assert client("DELETE", f"/v1/api-keys/{old['id']}", token=tenant.member).status == 204
    again = client("POST", f"/v1/api-keys/{old['id']}/rotate", {}, token=tenant.member)
    assert (again.status, again.json["code"]) == (409, "key_ended")


def test_revoking_holds_from_the_next_request(client, tenant, make_key):
    key = make_key(tenant.member)
    assert client("GET", "/v1/sessions", token=key["key"]).status == 200
    assert client("DELETE", f"/v1/api-keys/{key['id']}", token=tenant.member).status == 204
    answer = client("GET", "/v1/sessions", token=key["key"])
    assert (answer.status, answer.json["code"]) == (401, "key_invalid")
    assert client("DELETE", f"/v1/api-keys/{key['id']}", token=tenant.member).status == 204
    assert [each["state"] for each in keys(client, tenant.member)] == ["revoked"]


def test_an_admin_revokes_anybodys_key_but_rotates_only_services(client, tenant, make_key):
    key = make_key(tenant.member)
    rotated = client("POST", f"/v1/api-keys/{key['id']}/rotate", {}, token=tenant.admin)
    assert rotated.status == 403, "whoever rotates a person's key would speak for that person"
    assert client("GET", "/v1/sessions", token=key["key"]).status == 200
    assert client("DELETE", f"/v1/api-keys/{key['id']}", token=tenant.admin).status == 204
    assert client("GET", "/v1/sessions", token=key["key"]).status == 401


def test_other_peoples_keys_do_not_exist(client, tenant, stranger, make_key):
    mine = make_key(tenant.admin)
    nothing = f"key-{'0' * 26}"
    for token in (tenant.member, stranger.admin):
        for method, path in (("DELETE", ""), ("POST", "/rotate")):
            answer = client(method, f"/v1/api-keys/{mine['id']}{path}", {}, token=token)
            absent = client(method, f"/v1/api-keys/{nothing}{path}", {}, token=token)
            assert (answer.status, absent.status) == (404, 404)
            assert answer.text.replace(mine["id"], "") == absent.text.replace(nothing, "")
    assert client("GET", "/v1/sessions", token=mine["key"]).status == 200


def test_lists(client, tenant, stranger, make_key):
    mine = [make_key(tenant.member, name=f"k{number}")["id"] for number in range(3)]
    admins = make_key(tenant.admin)["id"]
    make_key(stranger.admin)
    assert {each["id"] for each in keys(client, tenant.member)} == set(mine)
    assert [each["id"] for each in keys(client, tenant.admin)] == [admins]
    assert {each["id"] for each in keys(client, tenant.admin, all="true")} == {*mine, admins}
    assert {each["id"] for each in keys(client, tenant.admin, user_id=tenant.member_id)} == set(mine)
    assert keys(client, stranger.admin, user_id=tenant.member_id) == []
    for query in ({"all": "true"}, {"user_id": tenant.admin_id}):
        assert client("GET", "/v1/api-keys", token=tenant.member, query=query).status == 403
    assert len(keys(client, tenant.member, user_id=tenant.member_id)) == 3


def test_lists_come_in_pages(client, tenant, make_key):
    made = sorted(make_key(tenant.member)["id"] for _ in range(5))
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = client("GET", "/v1/api-keys", token=tenant.member, query=query).json
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == made[::-1]


def test_a_key_sees_itself_and_no_other_of_its_owner(client, tenant, make_key):
    make_key(tenant.member, name="other")
    one = make_key(tenant.member, "sessions:read", name="one")
    assert [each["name"] for each in keys(client, one["key"])] == ["one"]
    wide = make_key(tenant.admin, "api_keys:read_all")
    assert len(keys(client, wide["key"], all="true")) == 3


def test_the_plan_limits_how_many_work_at_once(control_plane, client, tenant, make_key):
    limit = control_plane.tenancy.set_plan(tenant.id, "free").limits.api_keys
    made = [make_key(tenant.member) for _ in range(limit)]
    body = {"name": "x", "scopes": ["sessions:read"]}
    refused = client("POST", "/v1/api-keys", body, token=tenant.admin)
    assert (refused.status, refused.json["code"], refused.json["limit"]) == (409, "plan_limit", limit)
    client("DELETE", f"/v1/api-keys/{made[0]['id']}", token=tenant.member)
    assert client("POST", "/v1/api-keys", body, token=tenant.admin).status == 201


def test_all_of_a_removed_users_keys_end(control_plane, client, tenant, make_key):
    gone, stays = make_key(tenant.member), make_key(tenant.admin)
    make_key(tenant.member)
    assert control_plane.api_keys.end_all(tenant.id, tenant.member_id) == 2
    assert client("GET", "/v1/sessions", token=gone["key"]).status == 401
    assert client("GET", "/v1/sessions", token=stays["key"]).status == 200


def test_export_tells_of_keys_but_not_how_to_use_them(control_plane, tenant, make_key):
    made = make_key(tenant.member)
    [(kind, document)] = list(control_plane.api_keys.export(tenant.id))
    assert (kind, document["id"]) == ("api_key", made["id"])
    assert made["key"][-43:] not in str(document)
    assert control_plane.api_keys.store.get(tenant.id, made["id"]).digest not in str(document)


def test_erasing_leaves_nothing_and_touches_no_other(control_plane, tenant, stranger, make_key):
    for _ in range(3):
        make_key(tenant.member)
    make_key(stranger.member)
    while not control_plane.api_keys.erase(tenant.id):
        pass
    assert list(control_plane.api_keys.store.of_tenant(tenant.id)) == []
    assert len(list(control_plane.api_keys.store.of_tenant(stranger.id))) == 1
