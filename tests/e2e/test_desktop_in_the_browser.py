"""The whole path, as a person walks it."""

import docker
import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page

from tests.support.browser import Box, last_word, occurrences, screen, settled, sign_in, wait_connected
from tests.support.stack import ApiClient, Stack, wait_until

pytestmark = pytest.mark.e2e
TYPED = "echo hello"


def _objects(session_id: str) -> dict[str, list[str]]:
    """What Docker holds for a session."""
    engine = docker.from_env()
    chosen = {"label": f"streamspace.session={session_id}"}
    return {
        "containers": [each.name for each in engine.containers.list(all=True, filters=chosen)],
        "volumes": [each.name for each in engine.volumes.list(filters=chosen)],
        "networks": [each.name for each in engine.networks.list(filters=chosen)],
    }


def _session_id(page: Page) -> str:
    page.wait_for_url("**/sessions/ses-*", timeout=15_000)
    return next(part for part in page.url.split("/") if part.startswith("ses-"))


def _typed_line(before: Image.Image, after: Image.Image) -> Box:
    """Where typing changed the screen."""
    changed = ImageChops.difference(before, after).point(lambda grey: 255 if grey > 60 else 0).getbbox()
    assert changed is not None
    left, top, right, bottom = changed
    assert (right - left, bottom - top) < (300, 40), "more changed than the typed line"
    return changed


@pytest.mark.feature("A desktop or application runs in a container and streams into a browser tab")
@pytest.mark.feature("A launch shows its stages as they happen")
def test_sign_in_launch_type_and_delete(stack: Stack, page: Page, api: ApiClient):
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.get_by_test_id("launch-Terminal").click()
    page.get_by_test_id("launch-submit").click()
    session_id = _session_id(page)
    wait_connected(page)
    settled(page)
    page.get_by_test_id("viewer-screen").click()
    before = settled(page)
    page.keyboard.type(TYPED, delay=30)
    wait_until(lambda: ImageChops.difference(before, screen(page)).getbbox(), 10)
    typed = settled(page)
    word = last_word(typed, _typed_line(before, typed))
    assert occurrences(typed, word) == 1
    page.keyboard.press("Enter")
    wait_until(lambda: occurrences(screen(page), word) == 2, 20)

    held = _objects(session_id)
    assert len(held["containers"]) == 1
    timeline = api("GET", f"/v1/sessions/{session_id}/timeline").json()["items"]
    assert [each["to"] for each in timeline] == ["starting", "running"]

    assert api("DELETE", f"/v1/sessions/{session_id}").status_code == 202
    api.wait(session_id, "terminated")
    after = _objects(session_id)
    assert after["containers"] == []
    assert after["networks"] == []
    assert len(after["volumes"]) == 1, "the home stays unless the delete asks for it"
    docker.from_env().volumes.get(after["volumes"][0]).remove()
    assert not list(_sockets(session_id))


@pytest.mark.feature("Deleting a session removes everything it made; its home only if asked for")
def test_delete_with_home_leaves_nothing(api: ApiClient):
    made = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]})
    assert made.status_code == 201, made.text
    session_id = made.json()["id"]
    api.wait(session_id, "running")
    assert list(_sockets(session_id))
    assert api("DELETE", f"/v1/sessions/{session_id}?delete_home=true").status_code == 202
    api.wait(session_id, "terminated")
    assert _objects(session_id) == {"containers": [], "volumes": [], "networks": []}
    assert not list(_sockets(session_id))


@pytest.mark.feature("Hibernating stops the container and keeps the home; waking goes on where it was")
def test_hibernate_and_wake_keep_the_home(api: ApiClient):
    session_id = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]}).json()["id"]
    api.wait(session_id, "running")
    [name] = _objects(session_id)["containers"]
    container = docker.from_env().containers.get(name)
    code, output = container.exec_run(["sh", "-c", "echo kept > /home/user/note"])
    assert code == 0, output
    assert api("POST", f"/v1/sessions/{session_id}/hibernate").status_code == 202
    api.wait(session_id, "hibernated")
    container.reload()
    assert container.status == "exited"
    assert api("POST", f"/v1/sessions/{session_id}/connect").status_code == 409
    assert api("POST", f"/v1/sessions/{session_id}/wake").status_code == 202
    api.wait(session_id, "running")
    [name] = _objects(session_id)["containers"]
    assert docker.from_env().containers.get(name).exec_run(["cat", "/home/user/note"]).output == b"kept\n"
    assert api("POST", f"/v1/sessions/{session_id}/connect").status_code == 200
    api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
    api.wait(session_id, "terminated")


def _sockets(session_id: str):
    from pathlib import Path

    return Path("/run/streamspace").glob(f"*/{session_id}/rfb.sock")
