"""A cluster is added in a real browser: chosen, its command read off, two agents started with it, and seen to
come. The cluster is the tests' own; the agents are the product's, each a process with a state of its own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agent.drivers.kubernetes.settings import NAMESPACE
from tests.support.browser import sign_in
from tests.support.cluster import ApiServer
from tests.support.cluster.site import serve
from tests.support.stack import REPOSITORY, ApiClient, Stack

pytestmark = pytest.mark.e2e
PATIENCE = 60_000
"""Milliseconds for what two agents do on a machine that has much else to do."""
NAME = "Harbour"


@pytest.fixture
def cluster(api: ApiClient) -> Iterator[ApiServer]:
    """Whatever became of the controller, other tests do not meet it."""
    with serve() as server:
        yield server
    for each in api("GET", "/v1/controllers").json()["items"]:
        if each["name"] == NAME:
            assert api("DELETE", f"/v1/controllers/{each['id']}").status_code == 204


@pytest.fixture
def dialog(stack: Stack, page: Page) -> Page:
    sign_in(page, stack.url, stack.email, stack.password)
    page.get_by_test_id("template-card-Terminal").wait_for()
    page.goto(f"{stack.url}/controllers")
    page.get_by_test_id("add-controller").click()
    page.get_by_role("radio", name="Kubernetes cluster").check()
    return page


@pytest.mark.feature("A cluster is added in the browser, which shows its agents as they come")
def test_a_cluster_is_added_and_its_agents_are_seen_to_come(
    stack: Stack, dialog: Page, cluster: ApiServer, tmp_path: Path
) -> None:
    page = dialog
    expect(page.get_by_test_id("add-controller-needs")).to_contain_text("storage class")
    expect(page.get_by_test_id("add-controller-agents")).to_contain_text("2")
    page.get_by_test_id("add-controller-name").fill(NAME)
    page.get_by_test_id("add-controller-create").click()
    command = page.get_by_test_id("enrollment-command").inner_text()
    token = _token(command, stack)
    expect(page.get_by_test_id("enrollment-otherwise-command")).to_be_hidden()
    page.get_by_text("Without Helm").click()
    expect(page.get_by_test_id("enrollment-otherwise-command")).to_contain_text(f"--token {token}")
    left = page.get_by_test_id("enrollment-left")
    expect(left).to_have_text(re.compile(r"(29|30):\d\d"))
    expect(left).to_have_attribute("aria-live", "off")  # within what is read aloud whenever it changes
    status = page.get_by_test_id("enrollment-status")
    expect(status).to_have_attribute("data-enrolled", "0")

    with ExitStack() as agents:
        agents.enter_context(_agent(stack, cluster, tmp_path / "one", token))
        expect(status).to_have_attribute("data-active", "1", timeout=PATIENCE)
        expect(status).to_contain_text("1 of 2 agents online")
        expect(status).to_contain_text("by 1 more agent.")
        agents.enter_context(_agent(stack, cluster, tmp_path / "two", token))
        expect(status).to_have_attribute("data-online", "true", timeout=PATIENCE)
        expect(status).to_contain_text(f"{NAME} is online, served by 2 agents")
        expect(page.get_by_test_id("enrollment-command")).to_have_count(0)

        page.get_by_test_id("enrollment-open").click()
        page.get_by_test_id("controller-why").wait_for()
        expect(page.get_by_role("heading", name=NAME, exact=True)).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_test_id("controller-state")).to_have_attribute("data-state", "online")
        expect(page.get_by_text("Kubernetes cluster")).to_be_visible()
        expect(page.get_by_test_id("agent-state")).to_have_count(2, timeout=PATIENCE)
        expect(page.locator("main")).not_to_contain_text("Docker")


def test_a_fixed_capacity_is_asked_for_and_goes_into_the_command(dialog: Page) -> None:
    page = dialog
    page.get_by_role("radio", name="A fixed amount").check()
    page.get_by_test_id("add-controller-create").click()
    expect(page.get_by_text("Say how many cores, in whole numbers.")).to_be_visible()
    page.get_by_test_id("add-controller-cores").fill("32")
    page.get_by_test_id("add-controller-gigabytes").fill("128")
    page.get_by_test_id("add-controller-create").click()
    expect(page.get_by_test_id("enrollment-command")).to_contain_text(
        "--set-string capacity.cpu=32 --set-string capacity.memory=128Gi"
    )


def test_it_fits_a_phone(dialog: Page) -> None:
    page = dialog
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("add-controller-create").click()
    command = page.get_by_test_id("enrollment-command")
    command.wait_for()
    page.get_by_text("Without Helm").click()
    page.get_by_test_id("enrollment-otherwise-command").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for box in (each.bounding_box() for each in page.get_by_test_id("copy-command").all()[:2]):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def _token(command: str, stack: Stack) -> str:
    """Out of the one command, which is as the documents say, and right for a shell as it stands."""
    found = re.fullmatch(
        rf"helm upgrade --install streamspace-agent {re.escape(stack.url)}/install/agent-chart\.tgz "
        rf"--namespace streamspace --create-namespace --set url={re.escape(stack.url)} --set token=(\S+) "
        r"--set clusterAccess\.nodes=true",
        command,
    )
    assert found is not None, command
    return found[1]


@contextmanager
def _agent(stack: Stack, cluster: ApiServer, folder: Path, token: str) -> Iterator[None]:
    """What the chart would run, here."""
    folder.mkdir()
    arguments = ["run", "--state", str(folder / "state"), "--url", stack.url, "--token", token]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "agent", *arguments, "--platform", "kubernetes"],
            cwd=REPOSITORY,
            env=environment | {"KUBECONFIG": str(cluster.kubeconfig("agent")), NAMESPACE: cluster.namespace},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        print((folder / "agent.log").read_text()[-4000:])
        process.terminate()
        process.wait(30)
