"""Invitations by link: made, mailed, taken up once."""

import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests.functional.people.conftest import PASSWORD
from tests.support.mailbox import text

UNKNOWN = "inv-01kb0000000000000000000000"


def _invite(client, tenant, email="new@example.com", *, token=None, **body):
    asked = {"email": email, "role": "member", **body}
    return client("POST", "/v1/invitations", asked, token=token or tenant.admin)


def _token(link):
    return urlsplit(link).fragment.removeprefix("token=")


def _accept(client, link, *, name="New Person", password=PASSWORD, **more):
    body = {"token": _token(link), "name": name, "password": password}
    return client("POST", "/v1/auth/invitation/accept", body, **more)


def _preview(client, link):
    return client("POST", "/v1/auth/invitation", {"token": _token(link)})


def _one(client, tenant, invitation_id):
    listed = client("GET", "/v1/invitations", token=tenant.admin).json["items"]
    return next(each for each in listed if each["id"] == invitation_id)


@pytest.fixture
def address(tenant):
    """Nobody's yet, and nobody's of another test."""
    return f"new@{tenant.slug}.example"


@pytest.mark.feature("Admins invite people by a link that is mailed, works once and expires")
def test_life_of_an_invitation(client, tenant, group, mailbox, address):
    lab = group("Lab")
    made = _invite(client, tenant, address.upper(), role="operator", name="Ada", group_ids=[lab])
    assert made.status == 201, made.text
    invitation = made.json
    assert (invitation["email"], invitation["state"], invitation["role"]) == (address, "pending", "operator")
    assert invitation["created_by"] == tenant.admin_id
    # The public address, whatever name this host was called by; the token where no server sees it.
    assert invitation["link"].startswith("http://localhost:8080/invitation#token=")
    assert mailbox.link(address) == invitation["link"]
    assert "Admin invites you to Tenant" in text(mailbox.letters(address)[-1])
    assert _one(client, tenant, invitation["id"])["link"] is None

    offer = _preview(client, invitation["link"])
    assert offer.status == 200, offer.text
    assert {
        "email": address,
        "role": "operator",
        "invited_by": "Admin",
        "has_account": False,
    }.items() <= offer.json.items()

    accepted = _accept(client, invitation["link"], name="Ada Lovelace")
    assert accepted.status == 201, accepted.text
    assert "HttpOnly" in accepted.cookies[0]
    me = client("GET", "/v1/me", token=accepted.json["access_token"]).json["user"]
    assert (me["email"], me["name"], me["role"], me["group_ids"]) == (
        address,
        "Ada Lovelace",
        "operator",
        [lab],
    )
    assert me["charged_group_id"] == lab
    login = client("POST", "/v1/auth/login", {"email": address, "password": PASSWORD})
    assert login.status == 200
    assert _one(client, tenant, invitation["id"])["state"] == "accepted"
    for again in (_accept(client, invitation["link"]), _preview(client, invitation["link"])):
        assert (again.status, again.json["code"]) == (409, "link_used")


def test_a_link_is_composed_for_the_configured_host_only(client, tenant, control_plane, mailbox, address):
    from tests.support.lambda_client import LambdaClient

    elsewhere = LambdaClient(control_plane.app, host="evil.example")
    made = _invite(elsewhere, tenant, address)
    assert made.status == 201
    for link in (made.json["link"], mailbox.link(address)):
        assert urlsplit(link).netloc == "localhost:8080"


@pytest.mark.feature("Sending an invitation again stops its older links; revoking it stops all")
def test_resending_and_revoking(client, tenant, mailbox, address):
    first = _invite(client, tenant, address).json
    path = f"/v1/invitations/{first['id']}"
    second = client("POST", f"{path}/resend", token=tenant.admin)
    assert second.status == 200, second.text
    assert second.json["link"] != first["link"]
    assert second.json["expires_at"] >= first["expires_at"]
    # Only the newest is worth a mail: the first request waited until now.
    assert len(mailbox.letters(address)) == 1
    assert mailbox.link(address) == second.json["link"]
    for old in (_preview(client, first["link"]), _accept(client, first["link"])):
        assert (old.status, old.json["code"]) == (410, "link_invalid")
    assert _preview(client, second.json["link"]).status == 200

    for _ in range(2):
        assert client("DELETE", path, token=tenant.admin).status == 204
    for gone in (_preview(client, second.json["link"]), _accept(client, second.json["link"])):
        assert (gone.status, gone.json["code"]) == (410, "invitation_revoked")
    assert _one(client, tenant, first["id"])["state"] == "revoked"
    refused = client("POST", f"{path}/resend", token=tenant.admin)
    assert (refused.status, refused.json["code"]) == (409, "invitation_closed")
    # The address may be invited anew.
    assert _invite(client, tenant, address).status == 201


def test_no_mail_for_what_no_longer_counts(client, tenant, mailbox, address):
    invitation = _invite(client, tenant, address).json
    client("DELETE", f"/v1/invitations/{invitation['id']}", token=tenant.admin)
    assert mailbox.letters(address) == []


def test_an_accepted_one_is_neither_sent_again_nor_revoked(client, tenant, address):
    invitation = _invite(client, tenant, address).json
    assert _accept(client, invitation["link"]).status == 201
    path = f"/v1/invitations/{invitation['id']}"
    for method, where in (("POST", f"{path}/resend"), ("DELETE", path)):
        refused = client(method, where, token=tenant.admin)
        assert (refused.status, refused.json["code"]) == (409, "invitation_closed")


def test_an_invitation_expires_by_its_tenants_setting(client, tenant, control_plane, address):
    client("PATCH", "/v1/tenant", {"settings": {"invitation_days": 2}}, token=tenant.admin)
    invitation = _invite(client, tenant, address).json
    service = control_plane.invitations

    def later(days):
        return replace(service, clock=lambda: service.clock() + timedelta(days=days))

    assert later(1.9).preview(_token(invitation["link"])).invitation.email == address
    from chalicelib.core.errors import Gone

    with pytest.raises(Gone) as refusal:
        later(2.1).preview(_token(invitation["link"]))
    assert refusal.value.code == "link_expired"
    with pytest.raises(Gone):
        later(2.1).accept(_token(invitation["link"]), "New", PASSWORD, SimpleNamespace(source_ip="127.0.0.1"))
    assert later(2.1).store.get(tenant.id, invitation["id"]).state(later(2.1).clock()) == "expired"
    # Sent again it has new time.
    sent = later(2.1).resend(_admin(tenant), invitation["id"])
    assert later(3).preview(_token(sent.link)).invitation.serial == 2


def _admin(tenant):
    from chalicelib.identity.service import Role, User

    return User(tenant.id, tenant.admin_id, Role.ADMIN)


def test_members_and_open_invitations_are_not_invited_again(client, tenant, stranger, address):
    refused = _invite(client, tenant, tenant.member_email.title())
    assert (refused.status, refused.json["code"]) == (409, "email_taken")
    assert _invite(client, tenant, address).status == 201
    refused = _invite(client, tenant, address)
    assert (refused.status, refused.json["code"]) == (409, "already_invited")
    # What another tenant's people are called is nobody's business here.
    assert _invite(client, tenant, stranger.member_email).status == 201


def test_one_address_may_belong_to_several_tenants(client, tenant, stranger, address):
    for each in (tenant, stranger):
        offer = _invite(client, each, address).json
        assert _preview(client, offer["link"]).json["has_account"] is False
        assert _accept(client, offer["link"], password=f"a password of {each.slug}").status == 201
    for each in (tenant, stranger):
        login = {"email": address, "password": f"a password of {each.slug}"}
        token = client("POST", "/v1/auth/login", login).json["access_token"]
        assert client("GET", "/v1/me", token=token).json["tenant"]["slug"] == each.slug


def test_who_became_a_member_meanwhile_is_told(client, tenant, control_plane, address):
    from chalicelib.identity.service import Role

    invitation = _invite(client, tenant, address).json
    control_plane.identity.create_user(tenant.id, address, "Earlier", PASSWORD, Role.MEMBER)
    refused = _accept(client, invitation["link"])
    assert (refused.status, refused.json["code"]) == (409, "email_taken")
    assert _one(client, tenant, invitation["id"])["state"] == "pending"


def test_accepting_twice_at_once_makes_one_person(client, tenant, control_plane, address):
    for round_ in range(5):
        email = f"{round_}{address}"
        link = _invite(client, tenant, email).json["link"]
        start, answers = threading.Barrier(4), []

        def run(link=link, start=start, answers=answers):
            start.wait()
            answers.append(_accept(client, link))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(each.status for each in answers) == [201, 409, 409, 409], [e.text for e in answers]
        assert {each.json["code"] for each in answers if each.status == 409} == {"link_used"}
        made = [each for each in control_plane.identity.people.every(tenant.id) if each.email == email]
        assert len(made) == 1


def test_accepting_while_it_is_revoked_is_one_or_the_other(client, tenant, control_plane, address):
    for round_ in range(5):
        email = f"{round_}{address}"
        invitation = _invite(client, tenant, email).json
        start, answers = threading.Barrier(2), {}

        def accept(invitation=invitation, start=start, answers=answers):
            start.wait()
            answers["accept"] = _accept(client, invitation["link"]).status

        def revoke(invitation=invitation, start=start, answers=answers):
            start.wait()
            path = f"/v1/invitations/{invitation['id']}"
            answers["revoke"] = client("DELETE", path, token=tenant.admin).status

        threads = [threading.Thread(target=each) for each in (accept, revoke)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert answers in ({"accept": 201, "revoke": 409}, {"accept": 410, "revoke": 204})
        made = [each for each in control_plane.identity.people.every(tenant.id) if each.email == email]
        assert len(made) == (1 if answers["accept"] == 201 else 0)


def test_a_weak_password_uses_nothing_up(client, tenant, address):
    link = _invite(client, tenant, address).json["link"]
    for weak in ("short", address, "1234567890"):
        refused = _accept(client, link, password=weak)
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, "password"), weak
    assert _accept(client, link).status == 201


def test_a_group_that_went_meanwhile_keeps_nobody_out(client, tenant, group, address):
    gone, kept = group("Gone"), group("Kept")
    link = _invite(client, tenant, address, group_ids=[gone, kept]).json["link"]
    assert client("DELETE", f"/v1/groups/{gone}", token=tenant.admin).status == 204
    accepted = _accept(client, link)
    assert accepted.status == 201, accepted.text
    me = client("GET", "/v1/me", token=accepted.json["access_token"]).json["user"]
    assert me["group_ids"] == [kept]


def test_nobody_is_made_in_a_group_that_goes_at_that_moment(client, tenant, group, control_plane, address):
    service = control_plane.invitations
    group_id = group("Lab")
    link = _invite(client, tenant, address, group_ids=[group_id]).json["link"]
    store, closed = service.groups.store, []

    class LateGroups(type(store)):
        """Lists the group as open, and then it is closed before the acceptance commits."""

        def all_of(self, tenant_id):
            found = super().all_of(tenant_id)
            if not closed:
                closed.append(group_id)
                control_plane.uow.commit([store.close(store.get(tenant_id, group_id))])
            return found

    late = replace(service, groups=replace(service.groups, store=LateGroups()))
    incoming = SimpleNamespace(source_ip="127.0.0.1", headers={})
    late.accept(_token(link), "New", PASSWORD, incoming)
    (made,) = [each for each in control_plane.identity.people.every(tenant.id) if each.email == address]
    assert made.groups == ()


def test_owners_are_invited_by_owners(client, tenant, hire, address):
    owner = hire("owner")
    refused = _invite(client, tenant, address, role="owner")
    assert (refused.status, refused.json["code"]) == (403, "owners_only")
    made = _invite(client, tenant, address, role="owner", token=owner.token).json
    path = f"/v1/invitations/{made['id']}"
    for method, where in (("POST", f"{path}/resend"), ("DELETE", path)):
        refused = client(method, where, token=tenant.admin)
        assert (refused.status, refused.json["code"]) == (403, "owners_only")
    assert _accept(client, made["link"]).status == 201


def test_only_who_may_invites(client, tenant, hire, address):
    operator = hire("operator")
    assert client("GET", "/v1/invitations", token=operator.token).status == 200
    for token in (operator.token, tenant.member):
        assert _invite(client, tenant, address, token=token).status == 403
    assert client("GET", "/v1/invitations", token=tenant.member).status == 403


def test_another_tenants_invitations_are_not_found(client, tenant, stranger, group, address):
    invitation = _invite(client, tenant, address).json
    path = f"/v1/invitations/{invitation['id']}"
    for method, where in (("POST", f"{path}/resend"), ("DELETE", path)):
        assert client(method, where, token=stranger.admin).status == 404
    assert client("GET", "/v1/invitations", token=stranger.admin).json["items"] == []
    foreign = group("Lab")
    refused = _invite(client, stranger, address, group_ids=[foreign])
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "group_ids")
    assert _preview(client, invitation["link"]).status == 200


def test_a_plan_limits_members_and_open_invitations_together(client, tenant, control_plane, address):
    control_plane.tenancy.set_plan(tenant.id, "free")  # five members; two are there
    links = [_invite(client, tenant, f"{number}{address}").json["link"] for number in range(3)]
    refused = _invite(client, tenant, address)
    assert (refused.status, refused.json["code"]) == (409, "plan_limit")
    for link in links:
        assert _accept(client, link).status == 201
    assert (_invite(client, tenant, address).status) == 409


def test_a_suspended_organisation_takes_nobody_in(client, tenant, control_plane, address):
    link = _invite(client, tenant, address).json["link"]
    control_plane.tenancy.suspend(tenant.id, "not paid")
    for refused in (_preview(client, link), _accept(client, link)):
        assert (refused.status, refused.json["code"]) == (403, "tenant_suspended")
    control_plane.tenancy.resume(tenant.id)
    assert _accept(client, link).status == 201


def test_nobody_is_made_from_where_nobody_may_come_in(client, tenant, control_plane, address):
    from chalicelib.tenancy.service import Change

    link = _invite(client, tenant, address).json["link"]
    control_plane.tenancy.change(tenant.id, Change(ip_allow_list=("192.0.2.0/24",)), source_ip="192.0.2.1")
    refused = _accept(client, link)
    assert (refused.status, refused.json["code"]) == (403, "address_not_allowed")
    assert not any(each.email == address for each in control_plane.identity.people.every(tenant.id))


def test_other_tokens_are_no_invitations(client, tenant, address, control_plane):
    link = _invite(client, tenant, address).json["link"]
    whole = _token(link)
    head, body, signature = whole.split(".")
    forged = [
        tenant.admin,  # an access token: the same key, another audience
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        "eyJhbGciOiJub25lIn0." + body + ".",
        "x",
        whole[:-2],
    ]
    for each in forged:
        for path, more in (("/v1/auth/invitation", {}), ("/v1/auth/invitation/accept", _person())):
            refused = client("POST", path, {"token": each, **more})
            assert (refused.status, refused.json["errors"][0]["field"]) == (422, "token")
    # And an invitation is no access token.
    assert client("GET", "/v1/me", token=whole).status == 401


def _person():
    return {"name": "New", "password": PASSWORD}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"role": "king"}, "role"),
        ({"group_ids": ["x"]}, "group_ids.0"),
        ({"tenant_id": "ten-x"}, "tenant_id"),
        ({"expires_at": "2030-01-01"}, "expires_at"),
    ],
)
def test_bad_fields_are_named(client, tenant, change, field):
    answer = client(
        "POST", "/v1/invitations", {"email": "a@b.example", "role": "member", **change}, token=tenant.admin
    )
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


def test_a_foreign_page_cannot_accept(client, tenant, address):
    link = _invite(client, tenant, address).json["link"]
    refused = _accept(client, link, headers={"origin": "https://evil.example"})
    assert (refused.status, refused.json["code"]) == (403, "cross_site")
    assert _accept(client, link).status == 201


@pytest.mark.feature("Nobody is flooded with invitations, however often they are sent again or made anew")
def test_an_address_gets_five_mails_a_day(client, tenant, control_plane, address):
    path = f"/v1/invitations/{_invite(client, tenant, address).json['id']}"
    for _ in range(2):
        assert client("POST", f"{path}/resend", token=tenant.admin).status == 200
    client("DELETE", path, token=tenant.admin)
    path = f"/v1/invitations/{_invite(client, tenant, address.upper()).json['id']}"
    assert client("POST", f"{path}/resend", token=tenant.admin).status == 200
    refused = client("POST", f"{path}/resend", token=tenant.admin)
    assert (refused.status, refused.json["code"]) == (429, "invited_too_often")
    client("DELETE", path, token=tenant.admin)
    assert _invite(client, tenant, address).status == 429
    # Others are invited as before, and a day later this one too.
    assert _invite(client, tenant, f"other{address}").status == 201
    service = control_plane.invitations
    tomorrow = replace(service, clock=lambda: service.clock() + timedelta(days=1))
    from chalicelib.identity.service import Role

    assert tomorrow.create(_admin(tenant), email=address, role=Role.MEMBER).invitation.serial == 1


@pytest.mark.feature("An API key gives nobody a role that may do more than the key")
def test_a_key_that_may_only_invite_makes_nobody_more_than_itself(client, tenant, address):
    def key(*scopes):
        body = {"name": "bot", "scopes": list(scopes)}
        answer = client("POST", "/v1/api-keys", body, token=tenant.admin)
        assert answer.status == 201, answer.text
        return answer.json["key"]

    narrow = key("users:read", "users:write")
    for role in ("member", "admin"):
        refused = _invite(client, tenant, address, role=role, token=narrow)
        assert (refused.status, refused.json["code"]) == (403, "role_too_high")
    path = f"/v1/users/{tenant.member_id}"
    refused = client("PATCH", path, {"role": "admin"}, token=narrow)
    assert (refused.status, refused.json["code"]) == (403, "role_too_high")
    assert client("PATCH", path, {"name": "Ada"}, token=narrow).status == 200
    made = _invite(client, tenant, address, role="admin").json
    refused = client("POST", f"/v1/invitations/{made['id']}/resend", token=narrow)
    assert (refused.status, refused.json["code"]) == (403, "role_too_high")
    from chalicelib.identity.rules import PERMISSIONS, PERSONAL, Role

    wide = key("users:write", *(PERMISSIONS[Role.MEMBER] - PERSONAL))
    assert _invite(client, tenant, f"other{address}", token=wide).status == 201
