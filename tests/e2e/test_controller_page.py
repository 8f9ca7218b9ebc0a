"""A controller's own page in a real browser: pause, drain, agents and dead letters of a real machine."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import Error, Page, expect

from infra.local.settings import read
from tests.support.browser import sign_in
from tests.support.stack import REPOSITORY, ApiClient, Stack

pytestmark = pytest.mark.e2e
REASON = "New disks"
PATIENCE = 40_000
"""Milliseconds for what a machine does that has much else to do."""


@pytest.fixture
def controller_id(api: ApiClient) -> str:
    [controller] = api("GET", "/v1/controllers").json()["items"]
    return str(controller["id"])


@pytest.fixture
def opened(stack: Stack, page: Page, controller_id: str) -> Page:
    """The controller's page, by way of its card."""
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.goto(f"{stack.url}/controllers")
    page.get_by_test_id(f"controller-{controller_id}").get_by_test_id("controller-open").click()
    _is(page, "online")
    return page


@pytest.mark.feature("A controller is paused for maintenance in the browser, and resumed")
def test_pause_see_it_and_resume(stack: Stack, opened: Page, api: ApiClient) -> None:
    page = opened
    _choose(page, "Pause…")
    page.get_by_test_id("pause-length").get_by_role("button", name="15 min").click()
    page.get_by_test_id("pause-reason").fill(REASON)
    page.get_by_test_id("pause-submit").click()
    _is(page, "paused")
    expect(page.get_by_test_id("pause-left").last).to_have_text(re.compile(r"1[45]:\d\d"))
    expect(page.get_by_test_id("pause-notice")).to_contain_text(REASON)

    session_id = _launched(api, "pending")
    with page.context.expect_page() as other:
        page.evaluate(f"window.open('/sessions/{session_id}')")
    waiting = other.value
    expect(waiting.locator("[data-reason=paused]")).to_contain_text(REASON, timeout=PATIENCE)
    expect(waiting.get_by_text("it goes on by itself when the pause ends")).to_be_visible()

    page.get_by_test_id("controller-resume").click()
    _is(page, "online")
    expect(page.get_by_test_id("pause-notice")).to_have_count(0)
    api.wait(session_id, "running")
    waiting.close()
    _end(api, session_id)


@pytest.mark.feature("A controller is drained in the browser, which shows what is left")
def test_drain_see_it_and_stop(opened: Page, api: ApiClient) -> None:
    page = opened
    session_id = _launched(api, "running")
    _choose(page, "Drain…")
    page.get_by_test_id("drain-submit").click()
    _is(page, "draining")
    left = page.get_by_test_id("drain-remaining")
    expect(left).to_have_attribute("data-remaining", "1")
    assert api("GET", f"/v1/sessions/{session_id}").json()["state"] == "running"

    page.get_by_test_id("controller-drain").click()
    page.get_by_text("Move them away").click()
    page.get_by_test_id("drain-reason").fill(REASON)
    page.get_by_test_id("drain-submit").click()
    expect(left).to_have_attribute("data-remaining", "0", timeout=PATIENCE)
    view = api.wait(session_id, "hibernated")
    assert view["reason"]["code"] == "controller_draining"
    assert REASON in view["reason"]["message"]

    page.get_by_test_id("controller-undrain").click()
    _is(page, "online")
    assert api("POST", f"/v1/sessions/{session_id}/wake").status_code == 202
    api.wait(session_id, "running")
    _end(api, session_id)


@pytest.mark.feature("A second agent is added to a controller and revoked in the browser")
def test_another_agent_comes_and_is_revoked(stack: Stack, opened: Page, tmp_path: Path) -> None:
    page = opened
    expect(page.get_by_test_id("agent-state")).to_have_count(1)
    page.get_by_test_id("add-agent").click()
    page.get_by_test_id("add-controller-create").click()
    command = page.get_by_test_id("enrollment-command").inner_text()
    with _agent(stack, tmp_path, command.split("--token ")[1].split()[0]) as process:
        status = page.locator("[data-testid=enrollment-status][data-online=true]")
        expect(status).to_be_visible(timeout=PATIENCE)
        page.get_by_test_id("add-controller-close").click()
        states = page.get_by_test_id("agent-state")
        expect(states).to_have_count(2, timeout=PATIENCE)
        expect(page.locator("[data-testid=agent-state][data-state=active]")).to_have_count(2)
        newest = _own_id(tmp_path)
        page.get_by_test_id(f"revoke-agent-{newest}").click()
        expect(page.get_by_text("The other active agent takes over its work.")).to_be_visible()
        page.get_by_test_id("revoke-agent-confirm").click()
        expect(states).to_have_count(1, timeout=PATIENCE)
        assert process.wait(60) != 0, "it was told to stop"


@pytest.mark.feature("Dead letters are shown with what is wrong with them, and redriven, in the browser")
def test_message_that_nobody_can_read(stack: Stack, opened: Page, controller_id: str) -> None:
    page = opened
    expect(page.get_by_text("No dead letters")).to_be_visible(timeout=PATIENCE)
    _send(stack, controller_id, "<html>not for you</html>")
    count = page.get_by_test_id("dead-letter-count")
    for _ in range(20):  # the agent may still wait at the queue that was replaced as the other was revoked
        page.get_by_test_id("dead-letters-refresh").click()
        page.wait_for_timeout(2000)
        if count.count():
            break
    expect(count).to_have_attribute("data-count", "1")
    expect(page.locator("[data-problem=unreadable]")).to_contain_text("not for you")
    page.get_by_test_id("redrive").click()
    expect(page.get_by_text("1 message dropped")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("No dead letters")).to_be_visible(timeout=PATIENCE)


def _is(page: Page, state: str) -> None:
    expect(page.get_by_test_id("controller-state")).to_have_attribute("data-state", state, timeout=PATIENCE)


def _choose(page: Page, item: str) -> None:
    """An open menu closes when what is above it moves, as a page does that is still loading."""
    button = page.get_by_test_id("controller-menu").get_by_role("button")
    for _ in range(5):
        button.click()
        try:
            page.get_by_role("menuitem", name=item).click(timeout=4000)
            return
        except Error:
            if button.get_attribute("aria-expanded") == "true":
                page.keyboard.press("Escape")
    raise AssertionError(f"the menu does not stay open for {item}")


def _launched(api: ApiClient, state: str) -> str:
    made = api("POST", "/v1/sessions", {"template_id": api.template("Terminal")["id"]})
    assert made.status_code == 201, made.text
    session_id = str(made.json()["id"])
    api.wait(session_id, state)
    return session_id


def _end(api: ApiClient, session_id: str) -> None:
    api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
    api.wait(session_id, "terminated")


@contextmanager
def _agent(stack: Stack, folder: Path, token: str) -> Iterator[subprocess.Popen[bytes]]:
    """What the command would install, as it is here."""
    arguments = ["run", "--state", str(folder / "agent"), "--url", stack.url, "--token", token]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        print((folder / "agent.log").read_text()[-4000:])
        process.terminate()
        process.wait(30)


def _own_id(folder: Path) -> str:
    found = re.search(r"agt-[0-9a-z]{26}", (folder / "agent" / "enrolment.json").read_text())
    assert found is not None
    return found.group()


def _send(stack: Stack, controller_id: str, body: str) -> None:
    """Puts a message on the controller's own queue, as only the control plane may."""
    settings = read(stack.environment)
    held = settings.aws_environment()
    sqs = boto3.client(
        "sqs",
        region_name=held["AWS_REGION"],
        endpoint_url=held["AWS_ENDPOINT_URL"],
        aws_access_key_id=held["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=held["AWS_SECRET_ACCESS_KEY"],
    )
    for _ in range(20):  # one that was replaced is made when the agent asks for it: after its long poll
        queues = [each for each in sqs.list_queues()["QueueUrls"] if controller_id in each]
        found = [each for each in queues if not each.endswith("-dead")]
        if found:
            break
        time.sleep(2)
    assert found, "the controller has no queue"
    for each in found:
        sqs.send_message(QueueUrl=each, MessageBody=body)
