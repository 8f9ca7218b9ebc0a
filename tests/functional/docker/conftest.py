"""A controller of its own on this machine's daemon. Fails, rather than skips, where there is no Docker."""

from collections.abc import Iterator

import pytest

from tests.contract.drivers.docker_adapter import DockerAdapter


@pytest.fixture
def controller() -> Iterator[DockerAdapter]:
    made = DockerAdapter()
    yield made
    made.close()
