"""Who sees which sessions, and lists."""

from typing import Any

import pytest

from tests.support.desk import Desk
from tests.support.lambda_client import LambdaClient


@pytest.fixture
def foreigner(client: LambdaClient, stranger: Any) -> str:
    token: str = stranger.admin
    return token


PATHS = [
    ("GET", ""),
    ("GET", "/timeline"),
    ("GET", "/placement"),
    ("POST", "/hibernate"),
    ("POST", "/wake"),
    ("POST", "/logs"),
    ("DELETE", ""),
    ("PATCH", ""),
]


@pytest.mark.feature("Another tenant's sessions do not exist")
@pytest.mark.parametrize(("method", "suffix"), PATHS)
def test_a_foreign_session_is_not_found(desk: Desk, foreigner: str, method: str, suffix: str) -> None:
    session_id = desk.launch()["id"]
    body = {"name": "Mine"} if method == "PATCH" else None
    answer = desk.call(method, f"/v1/sessions/{session_id}{suffix}", body, token=foreigner)
    assert answer.status == 404
    assert desk.call("GET", "/v1/sessions", token=foreigner).json["items"] == []


@pytest.mark.parametrize(("method", "suffix"), PATHS)
def test_a_members_colleague_is_not_found_either(desk: Desk, method: str, suffix: str) -> None:
    admins = desk.create(token=desk.tenant.admin).json["id"]
    body = {"name": "Mine"} if method == "PATCH" else None
    assert desk.call(method, f"/v1/sessions/{admins}{suffix}", body).status == 404


def test_an_admin_sees_all_and_a_member_their_own(desk: Desk) -> None:
    mine = [desk.launch()["id"] for _ in range(2)]
    theirs = desk.create(token=desk.tenant.admin).json["id"]

    def listed(token: str, **query: Any) -> list[str]:
        answer = desk.call("GET", "/v1/sessions", token=token, query=query)
        assert answer.status == 200, answer.text
        return [each["id"] for each in answer.json["items"]]

    member, admin = desk.tenant.member, desk.tenant.admin
    assert listed(member) == sorted(mine, reverse=True)
    assert listed(admin) == sorted([*mine, theirs], reverse=True)
    assert listed(admin, user_id=desk.tenant.member_id) == sorted(mine, reverse=True)
    assert listed(member, user_id=desk.tenant.admin_id) == []
    assert desk.call("DELETE", f"/v1/sessions/{mine[0]}", token=admin).status == 202


@pytest.mark.parametrize("who", ["member", "admin"])
def test_pages_join_without_gap_or_repetition(desk: Desk, who: str) -> None:
    token = getattr(desk.tenant, who)
    made = [desk.launch()["id"] for _ in range(7)]
    desk.delete(made[3])
    found: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = desk.call("GET", "/v1/sessions", token=token, query=query).json
        found += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == sorted([each for each in made if each != made[3]], reverse=True)


def test_a_cursor_fits_only_its_own_list(desk: Desk) -> None:
    for _ in range(3):
        desk.launch()
    cursor = desk.call("GET", "/v1/sessions", query={"limit": 1}).json["next_cursor"]
    wrong = desk.call("GET", "/v1/sessions", query={"cursor": cursor, "state": "running"})
    assert wrong.status == 422
    other = desk.call("GET", "/v1/sessions", query={"cursor": cursor}, token=desk.tenant.admin)
    assert other.status == 422


@pytest.mark.parametrize("who", ["member", "admin"])
def test_ended_sessions_are_listed_on_request_archived_or_not(desk: Desk, who: str) -> None:
    token = getattr(desk.tenant, who)
    old, new, live = (desk.launch()["id"] for _ in range(3))
    desk.delete(old)
    desk.delete(new)
    desk.attend(old, 40)

    def listed(**query: Any) -> list[str]:
        return [
            each["id"] for each in desk.call("GET", "/v1/sessions", token=token, query=query).json["items"]
        ]

    assert listed() == [live]
    assert listed(state="terminated") == [new, old]
    assert listed(state="running") == []
    shown = desk.view(old)
    assert (shown["state"], shown["controller_id"]) == ("terminated", desk.agent.controller_id)
    assert desk.delete(old).status == 202
    assert desk.timeline(old)[-1][1] == "terminated"
    assert desk.call("GET", f"/v1/sessions/{old}/placement").json["verdicts"]
    assert desk.drift() == []


def test_images_of_rows_become_views(desk: Desk) -> None:
    from chalicelib.sessions.row_models import SessionRow
    from chalicelib.sessions.service import SessionView

    session_id = desk.running(labels={"a": "b"})
    row = SessionRow.get(desk.tenant.id, session_id)
    view = desk.app.sessions.view_of_image(row.serialize())
    assert view == SessionView.of(desk.stored(session_id))
    assert view.user_id == desk.tenant.member_id


def test_only_a_running_session_can_be_streamed(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    refused = desk.call("POST", f"/v1/sessions/{session_id}/connect", {})
    assert (refused.status, refused.json["code"]) == (409, "session_not_running")
    desk.carry_out(session_id)
    assert desk.call("POST", f"/v1/sessions/{session_id}/connect", {}).status == 200
