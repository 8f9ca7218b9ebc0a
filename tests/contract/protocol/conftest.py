"""One control plane for all tests of the second agent; an agent with a controller of its own for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.protocol.second_process import SecondAgent
from tests.support.control_plane import ControlPlane
from tests.support.stack import ApiClient


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    found = ControlPlane(tmp_path_factory.mktemp("plane"))
    try:
        found.up()
        yield found
    finally:
        found.down()


@pytest.fixture(scope="module")
def api(plane: ControlPlane) -> ApiClient:
    return ApiClient(plane)


@pytest.fixture(scope="module")
def template_id(api: ApiClient) -> str:
    answer = api("POST", "/v1/templates", {"name": "Anything", "image": "anything:1"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def second(plane: ControlPlane, api: ApiClient, tmp_path: Path) -> Iterator[SecondAgent]:
    agent = SecondAgent(plane, api, tmp_path)
    yield agent
    agent.kill()
