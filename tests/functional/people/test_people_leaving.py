"""What is told and removed of people's rows when their tenant goes, and what the audit log says of them."""

import pytest

from tests.functional.people.conftest import PASSWORD


def _entries(client, tenant):
    """Oldest first."""
    answer = client("GET", "/v1/audit", query={"limit": 100}, token=tenant.admin)
    assert answer.status == 200, answer.text
    return answer.json["items"][::-1]


def test_export_tells_all_and_no_secrets(client, tenant, group, control_plane):
    lab = group("Lab", tenant.member_id)
    body = {"email": "x@y.example", "role": "member", "group_ids": [lab]}
    link = client("POST", "/v1/invitations", body, token=tenant.admin).json["link"]
    told = [*control_plane.groups.export(tenant.id), *control_plane.invitations.export(tenant.id)]
    assert [kind for kind, _ in told] == ["group", "invitation"]
    assert told[0][1]["id"] == lab
    assert (told[1][1]["email"], told[1][1]["group_ids"]) == ("x@y.example", [lab])
    assert link.partition("token=")[2] not in str(told)


def test_erase_leaves_nothing_and_nothing_of_others(client, tenant, stranger, control_plane):
    for each in (tenant, stranger):
        for number in range(3):
            body = {"email": f"n{number}@y.example", "role": "member"}
            assert client("POST", "/v1/invitations", body, token=each.admin).status == 201
            assert client("POST", "/v1/groups", {"name": "G"}, token=each.admin).status == 201
    for service in (control_plane.groups, control_plane.invitations):
        while not service.erase(tenant.id):
            pass
        assert list(service.export(tenant.id)) == []
        assert len(list(service.export(stranger.id))) == 3
        assert service.erase(tenant.id)


@pytest.mark.feature("Every change of people is in the audit log, with who made it")
def test_changes_of_people_are_audited(client, tenant, group):
    lab = group("Lab", tenant.member_id)
    admin, member = tenant.admin, f"/v1/users/{tenant.member_id}"
    made = client("POST", "/v1/invitations", {"email": "x@y.example", "role": "member"}, token=admin).json
    made = client("POST", f"/v1/invitations/{made['id']}/resend", token=admin).json
    body = {"token": made["link"].partition("token=")[2], "name": "X", "password": PASSWORD}
    assert client("POST", "/v1/auth/invitation/accept", body).status == 201
    other = client("POST", "/v1/invitations", {"email": "z@y.example", "role": "member"}, token=admin).json
    client("DELETE", f"/v1/invitations/{other['id']}", token=admin)
    client("PATCH", f"/v1/groups/{lab}", {"name": "L"}, token=admin)
    client("DELETE", f"/v1/groups/{lab}/members/{tenant.member_id}", token=admin)
    client("DELETE", f"/v1/groups/{lab}", token=admin)
    client("PATCH", member, {"role": "operator"}, token=admin)
    client("PATCH", member, {"role": "owner"}, token=admin)
    client("DELETE", f"{member}/sign-ins", token=admin)
    client("DELETE", member, token=admin)

    entries = [each for each in _entries(client, tenant) if not each["action"].startswith("auth.")]
    found = [(each["action"], each["outcome"], each["target"]["id"]) for each in entries]
    joined = next(each for each in entries if each["action"] == "invitation.accept")
    assert found == [
        ("group.create", "succeeded", lab),
        ("group.join", "succeeded", tenant.member_id),
        ("invitation.create", "succeeded", made["id"]),
        ("invitation.resend", "succeeded", made["id"]),
        ("invitation.accept", "succeeded", made["id"]),
        ("invitation.create", "succeeded", other["id"]),
        ("invitation.revoke", "succeeded", other["id"]),
        ("group.change", "succeeded", lab),
        ("group.leave", "succeeded", tenant.member_id),
        ("group.remove", "succeeded", lab),
        ("user.change", "succeeded", tenant.member_id),
        ("user.change", "refused", tenant.member_id),
        ("user.sign_out", "succeeded", tenant.member_id),
        ("user.remove", "succeeded", tenant.member_id),
    ]
    assert {each["actor"]["id"] for each in entries} == {tenant.admin_id, joined["actor"]["id"]}
    changed = next(each for each in entries if each["action"] == "user.change")
    assert changed["facts"] == {"role": "member -> operator"}
    assert joined["facts"]["user"] == joined["actor"]["id"] != tenant.admin_id
    assert made["link"].partition("token=")[2] not in str(entries)
