"""When it can't work, the session says why, in the API and on the page, and nothing is left behind."""

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import sign_in
from tests.support.stack import ApiClient, Stack

pytestmark = pytest.mark.e2e


def _held(session_id: str) -> list[str]:
    engine = docker.from_env()
    chosen = {"label": f"streamspace.session={session_id}"}
    return [each.name for each in engine.containers.list(all=True, filters=chosen)] + [
        each.name for each in engine.volumes.list(filters=chosen)
    ]


@pytest.mark.feature("A session that cannot start says why, in the API and on its page")
def test_image_that_does_not_exist(stack: Stack, page: Page, api: ApiClient):
    body = {
        "name": "Ghost",
        "image": "127.0.0.1:9/nobody/ghost:1",
        "resources": {"cpu": "100m", "memory": "64Mi"},
    }
    template = api("POST", "/v1/templates", body).json()
    session_id = api("POST", "/v1/sessions", {"template_id": template["id"]}).json()["id"]
    view = api.wait(session_id, "failed")
    assert view["reason"]["code"] in ("image_not_found", "image_pull_failed")
    assert "ghost" in view["reason"]["message"]
    assert _held(session_id) == []
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.goto(f"{stack.url}/sessions/{session_id}")
    expect(page.get_by_test_id("reason").first).to_contain_text("ghost")
    api("DELETE", f"/v1/sessions/{session_id}")
    api.wait(session_id, "terminated")


@pytest.mark.feature("Placement explains itself: every controller's reasons are shown")
def test_more_memory_than_there_is(stack: Stack, page: Page, api: ApiClient):
    template = api.template("Terminal")
    answer = api("POST", "/v1/sessions", {"template_id": template["id"], "resources": {"memory": "900Gi"}})
    assert answer.status_code == 201, answer.text
    session_id = answer.json()["id"]
    view = api.wait(session_id, "pending")
    assert view["reason"] is not None
    placement = api("GET", f"/v1/sessions/{session_id}/placement").json()
    assert placement["verdicts"][0]["suitable"] is False
    assert placement["verdicts"][0]["reasons"][0]["code"] == "no_memory"
    assert _held(session_id) == []
    api("DELETE", f"/v1/sessions/{session_id}")
    api.wait(session_id, "terminated")


def test_quota_of_zero_memory(stack: Stack, page: Page, api: ApiClient):
    assert api("PUT", "/v1/quotas/tenant", {"limits": {"memory": "0"}}).status_code == 200
    try:
        answer = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]})
        assert answer.status_code == 409
        assert answer.json()["code"] == "quota_exceeded"
        assert "memory is 0" in answer.json()["detail"]
        sign_in(page, stack.url, stack.email, stack.password)
        page.get_by_test_id("launch-Terminal").click()
        page.get_by_test_id("launch-submit").click()
        expect(page.get_by_text("memory is 0").first).to_be_visible()
    finally:
        api("PUT", "/v1/quotas/tenant", {"limits": {}})


def test_no_suitable_controller(api: ApiClient):
    [controller] = api("GET", "/v1/controllers").json()["items"]
    assert api("PATCH", f"/v1/controllers/{controller['id']}", {"cordoned": True}).status_code == 200
    try:
        session_id = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]}).json()["id"]
        view = api.wait(session_id, "pending")
        assert view["reason"]["message"]
        placement = api("GET", f"/v1/sessions/{session_id}/placement").json()
        assert placement["verdicts"][0]["reasons"][0]["code"] == "draining"
        api("DELETE", f"/v1/sessions/{session_id}")
        api.wait(session_id, "terminated")
    finally:
        api("PATCH", f"/v1/controllers/{controller['id']}", {"cordoned": False})
