"""`kill -9` of any process loses no acknowledged write, and the desktop comes back by itself."""

import os
import signal

import pytest
from playwright.sync_api import Page

from tests.support.browser import screen, shades, sign_in, wait_connected
from tests.support.stack import ApiClient, Stack, wait_until

pytestmark = pytest.mark.e2e
USABLE_WITHIN = 15


@pytest.mark.feature("A streaming desktop survives the loss of the API, the store and the agent")
def test_kill_each_process_while_a_session_streams(stack: Stack, page: Page, api: ApiClient):
    session_id = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]}).json()["id"]
    api.wait(session_id, "running")
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.goto(f"{stack.url}/sessions/{session_id}/view")
    wait_connected(page)
    acknowledged = {}
    for process in ("api", "ministack", "agent"):
        for number in range(5):
            name = f"{process}-{number}"
            assert api("PATCH", f"/v1/sessions/{session_id}", {"name": name}).status_code == 200
            made = api("POST", "/v1/templates", {"name": name, "image": "streamspace/terminal:dev"})
            acknowledged[made.json()["id"]] = name
        before = stack.pid(process)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda was=before, of=process: _pid(stack, of) not in (0, was), USABLE_WITHIN)
        wait_connected(page, seconds=USABLE_WITHIN)
        _types(page, api, session_id)
        view = wait_until(lambda: _ok(api, f"/v1/sessions/{session_id}"), USABLE_WITHIN)
        assert (view["state"], view["name"]) == ("running", f"{process}-4")
    for template_id, name in acknowledged.items():
        assert api("GET", f"/v1/templates/{template_id}").json()["name"] == name
        api("DELETE", f"/v1/templates/{template_id}")
    api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
    api.wait(session_id, "terminated")


def _pid(stack: Stack, process: str) -> int:
    try:
        return stack.pid(process)
    except (OSError, ValueError):
        return 0


def _ok(api: ApiClient, path: str):
    try:
        answer = api("GET", path)
    except Exception:
        return None
    return answer.json() if answer.status_code == 200 else None


def _types(page: Page, api: ApiClient, session_id: str) -> None:
    """The desktop is usable: what is typed changes the screen."""
    wait_until(lambda: shades(screen(page)) > 2, USABLE_WITHIN)
    page.get_by_test_id("viewer-screen").click()

    def typed() -> bool:
        before = screen(page).tobytes()
        page.keyboard.type("x")
        page.wait_for_timeout(300)
        return screen(page).tobytes() != before

    wait_until(typed, USABLE_WITHIN, every=0.2)
