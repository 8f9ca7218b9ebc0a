"""The drivers that the suite runs against."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite(
    "tests.contract.drivers.driver_contract",
    "tests.contract.drivers.docker_adapter",
    "tests.contract.drivers.kubernetes_adapter",
)


@pytest.fixture(
    params=[
        "fake",
        "shared-fake",
        "kubernetes",
        pytest.param("docker", marks=pytest.mark.docker),
    ]
)
def adapter(request: pytest.FixtureRequest) -> Iterator[object]:
    """A controller on each platform. A new platform is one more line here."""
    from tests.contract.drivers.docker_adapter import DockerAdapter
    from tests.contract.drivers.driver_adapter import FakeAdapter, SharedFakeAdapter
    from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter
    from tests.support.cluster.site import serve, site

    adapters = {
        "fake": FakeAdapter,
        "shared-fake": SharedFakeAdapter,
        "kubernetes": lambda: KubernetesAdapter(site(serve())),
        "docker": DockerAdapter,
    }
    made = adapters[request.param]()
    yield made
    made.close()
