"""Sessions on a real cluster, through the whole product: a local stack, an agent outside the cluster whose
rights are the chart's, and a viewer that reads pixels through relay, gateway and port-forward.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.agents import Controller
from tests.cluster.grounds import Grounds
from tests.cluster.images import Images
from tests.cluster.session import Session
from tests.contract.drivers.kubernetes_adapter import READ, WRITE
from tests.support.stack import ApiClient, Stack


@pytest.fixture(scope="module")
def controller(
    stack: Stack,
    api: ApiClient,
    namespace: str,
    kubeconfig: Path,
    settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Controller]:
    """With one agent."""
    folder = tmp_path_factory.mktemp("one")
    made = Controller(stack, api, "The cluster", namespace, kubeconfig, folder, settings)
    try:
        made.enrol()
        yield made
    finally:
        made.close()


def test_a_session_streams_sleeps_wakes_with_its_home_and_leaves_nothing(
    controller: Controller, grounds: Grounds, template: str
) -> None:
    session = Session(controller, grounds, template)
    session.wait("running")
    assert session.streams()
    assert any("TigerVNC" in line for line in session.printed())
    session.inside(*WRITE, "kept")

    session.ask("hibernate")
    session.wait("hibernated")
    assert session.objects("/api/v1", "pods") == []

    session.ask("wake")
    session.wait("running")
    assert session.inside(*READ) == "kept"
    assert session.streams()
    session.terminate()


def test_an_agent_that_was_killed_finds_its_session_again(
    controller: Controller, grounds: Grounds, template: str
) -> None:
    session = Session(controller, grounds, template)
    session.wait("running")
    before = session.pod()["metadata"]["uid"]
    controller.agents[0].kill()
    controller.agents[0].start()
    assert session.streams(60)
    assert session.pod()["metadata"]["uid"] == before
    session.terminate()


def test_an_image_that_does_not_exist_is_named(
    controller: Controller, grounds: Grounds, api: ApiClient, images: Images
) -> None:
    body = {"name": "Ghost", "image": images.absent, "resources": {"cpu": "100m", "memory": "64Mi"}}
    made = api("POST", "/v1/templates", body).json()
    session = Session(controller, grounds, made["id"])
    reason = session.wait("failed")["reason"]
    assert reason["code"] == "image_not_found", reason
    assert images.absent in reason["message"]
    session.terminate()


def test_more_memory_than_a_node_has_is_refused(
    controller: Controller, grounds: Grounds, template: str
) -> None:
    """The controller says that it has room, so it is the cluster's own scheduler that refuses."""
    session = Session(controller, grounds, template, resources={"memory": "1Ti"})
    reason = session.wait("failed")["reason"]
    assert reason["code"] == "insufficient_memory", reason
    session.terminate()
