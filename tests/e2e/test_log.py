"""What a session's programs print, on its page."""

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import sign_in
from tests.support.stack import ApiClient, Stack

pytestmark = pytest.mark.e2e


@pytest.mark.feature("People read what a session's programs print, live, without a shell on its host")
def test_lines_come_as_they_are_printed(stack: Stack, page: Page, api: ApiClient):
    session_id = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]}).json()["id"]
    api.wait(session_id, "running")
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.goto(f"{stack.url}/sessions/{session_id}")
    page.get_by_test_id("session-log").get_by_role("button", name="Log").click()
    lines = page.get_by_test_id("log-lines")
    expect(lines).to_contain_text("TigerVNC")

    [container] = docker.from_env().containers.list(filters={"label": f"streamspace.session={session_id}"})
    code, output = container.exec_run(["sh", "-c", "echo said at last > /proc/1/fd/1"])
    assert code == 0, output
    expect(lines).to_contain_text("said at last")

    # Of what has ended it is still there, for as long as its container is.
    container.kill()
    api.wait(session_id, "failed")
    page.reload()
    page.get_by_test_id("session-log").get_by_role("button", name="Log").click()
    expect(page.get_by_test_id("log-lines")).to_contain_text("said at last")

    api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
    api.wait(session_id, "terminated")
    expect(page.get_by_test_id("session-log")).to_have_count(0)
