"""What becomes of sessions when their user is shut out or removed."""

import pytest

from tests.support.desk import Desk


@pytest.mark.feature("Removing a member ends their sessions")
def test_who_is_removed_leaves_nothing_running(control_plane, client, tenant, hire):
    colleague = hire("member")
    desk = Desk.ready(control_plane, client, tenant)
    running, waiting = desk.running(), desk.launch(resources={"cpu": "100"})["id"]
    others = desk.launch(token=colleague.token)["id"]
    answer = client("DELETE", f"/v1/users/{tenant.member_id}", token=tenant.admin)
    assert answer.status == 204, answer.text

    def view(session_id):
        return client("GET", f"/v1/sessions/{session_id}", token=tenant.admin).json

    assert (view(running)["state"], view(waiting)["state"]) == ("terminating", "terminated")
    assert view(others)["state"] == "starting"
    assert desk.stored(running).delete_home is False
    desk.carry_out(running)
    assert view(running)["state"] == "terminated"
    assert desk.drift() == []


def test_files_of_who_is_removed_go_if_asked_for(control_plane, client, tenant):
    desk = Desk.ready(control_plane, client, tenant)
    running = desk.running()
    path = f"/v1/users/{tenant.member_id}"
    assert client("DELETE", path, query={"delete_homes": "true"}, token=tenant.admin).status == 204
    assert desk.stored(running).delete_home is True


@pytest.mark.feature("Disabling a member hibernates their sessions, so that no open stream lives on")
def test_who_is_disabled_has_nothing_running_and_loses_nothing(control_plane, client, tenant, hire):
    colleague = hire("member")
    desk = Desk.ready(control_plane, client, tenant)
    running, others = desk.running(), desk.running(token=colleague.token)
    path = f"/v1/users/{tenant.member_id}"
    assert client("PATCH", path, {"disabled": True}, token=tenant.admin).status == 200

    def state(session_id):
        return client("GET", f"/v1/sessions/{session_id}", token=tenant.admin).json["state"]

    assert (state(running), state(others)) == ("hibernating", "running")
    desk.carry_out(running)
    assert client("PATCH", path, {"disabled": False}, token=tenant.admin).status == 200
    assert state(running) == "hibernated"
    assert client("POST", f"/v1/sessions/{running}/wake", token=tenant.admin).status == 202


def test_a_removal_that_stopped_half_way_goes_on(control_plane, client, tenant):
    """The process died after shutting them out: they are listed as disabled, and removed when asked again."""
    from dataclasses import replace

    desk = Desk.ready(control_plane, client, tenant)
    session_id = desk.running()

    def die(*_arguments, **_named):
        raise RuntimeError("the process died")

    from chalicelib.identity.service import Role, User

    admin = User(tenant.id, tenant.admin_id, Role.ADMIN)
    with pytest.raises(RuntimeError):
        replace(control_plane.people, depart=die).remove(admin, tenant.member_id, delete_homes=False)
    path = f"/v1/users/{tenant.member_id}"
    assert client("GET", path, token=tenant.admin).json["disabled"] is True
    assert client("GET", "/v1/me", token=tenant.member).status == 401
    assert client("DELETE", path, token=tenant.admin).status == 204
    assert client("GET", path, token=tenant.admin).status == 404
    assert desk.stored(session_id).state == "terminating"


def test_what_is_started_while_somebody_is_removed_ends_too(control_plane, client, tenant):
    """A request that was admitted before they were shut out commits after the first look."""
    from dataclasses import replace

    from chalicelib.identity.service import Role, User

    desk = Desk.ready(control_plane, client, tenant)
    late = []

    def depart(tenant_id, user_id, **how):
        control_plane.sessions.end_of_user(tenant_id, user_id, **how)
        if not late:
            from chalicelib.sessions.service import NewSession

            caller = User(tenant_id, user_id, Role.MEMBER)
            late.append(control_plane.sessions.creation.create(caller, NewSession(desk.template_id)).id)

    admin = User(tenant.id, tenant.admin_id, Role.ADMIN)
    replace(control_plane.people, depart=depart).remove(admin, tenant.member_id, delete_homes=False)
    assert desk.stored(late[0]).state == "terminated"


def test_who_is_promoted_while_being_removed_is_checked_once_more(control_plane, client, tenant, hire):
    """Between shutting out and taking away, an owner enables them and makes them owner: they stay."""
    from dataclasses import replace

    from chalicelib.core.errors import Forbidden
    from chalicelib.identity.service import Role, User

    owner = hire("owner")

    def promote(_tenant_id, user_id, **_how):
        body = {"disabled": False, "role": "owner"}
        assert client("PATCH", f"/v1/users/{user_id}", body, token=owner.token).status == 200

    admin = User(tenant.id, tenant.admin_id, Role.ADMIN)
    with pytest.raises(Forbidden):
        replace(control_plane.people, depart=promote).remove(admin, tenant.member_id, delete_homes=False)
    assert client("GET", f"/v1/users/{tenant.member_id}", token=tenant.admin).json["role"] == "owner"
