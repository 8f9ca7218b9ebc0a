"""Makes the suite importable (tests are not packages) and its assertions readable."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("driver_contract", "driver_adapter", "docker_adapter")


@pytest.fixture(params=["fake", pytest.param("docker", marks=pytest.mark.docker)])
def adapter(request: pytest.FixtureRequest) -> Iterator[object]:
    """Each driver's. A new platform is one more line here."""
    from docker_adapter import DockerAdapter
    from driver_adapter import FakeAdapter

    made = {"fake": FakeAdapter, "docker": DockerAdapter}[request.param]()
    yield made
    made.close()
