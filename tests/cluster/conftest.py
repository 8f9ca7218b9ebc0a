"""A real cluster, named by KUBECONFIG. Without one the run ends at once, and says so."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.grounds import Grounds
from tests.cluster.images import VARIABLE, Images, Served, names
from tests.cluster.raw import Unusable, connect
from tests.contract.drivers.kubernetes_adapter import Site
from tests.support.stack import ApiClient, Stack

HOME_CLASS = "STREAMSPACE_TEST_STORAGE_CLASS"


@pytest.fixture(scope="session")
def grounds() -> Iterator[Grounds]:
    try:
        found = Grounds(connect(os.environ.get("KUBECONFIG", "")))
    except Unusable as error:
        pytest.exit(str(error), returncode=2)
    print(f"\n{found.describe()}")
    try:
        found.sweep()
        yield found
    finally:
        found.close()


@pytest.fixture(scope="session")
def images(grounds: Grounds) -> Iterator[Images]:
    if prefix := os.environ.get(VARIABLE, "").rstrip("/"):
        yield names(prefix)
        return
    served = Served()
    yield served.images
    served.close()


@pytest.fixture(scope="session")
def namespace(grounds: Grounds, images: Images) -> str:
    """With the images on its node, so that no test waits for them, or takes their pulling for its own."""
    name = grounds.make_namespace()
    for number, image in enumerate((images.tiny, images.desktop)):
        grounds.run_pod(name, f"pull-{number}", image, ["/usr/bin/perl", "-e", "sleep 1 while 1"])
        grounds.api.delete(f"/api/v1/namespaces/{name}/pods/pull-{number}")
    return name


@pytest.fixture(scope="session")
def kubeconfig(grounds: Grounds, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the agent's own account, which may do what the chart's Role says."""
    return grounds.install(namespace, tmp_path_factory.mktemp("access"))


@pytest.fixture(scope="session")
def settings() -> dict[str, object]:
    """What an installer would say. Capacity is said, since tests may not have the right to
    measure nodes, and is more than a node has, so that the scheduler gets its say."""
    home = {"size": "100Mi", "storage_class": os.environ.get(HOME_CLASS) or None}
    return {"home": home, "capacity": {"cpu": "8", "memory": "2Ti"}, "schedule_timeout": 20}


@pytest.fixture(scope="session")
def site(
    grounds: Grounds, namespace: str, kubeconfig: Path, images: Images, settings: dict[str, object]
) -> Site:
    """Where the driver contract runs."""
    return Site(
        agent=kubeconfig,
        admin=Path(os.environ["KUBECONFIG"]),
        namespace=namespace,
        image=images.tiny,
        absent=images.absent,
        pullable=images.tiny,
        settings=settings,
        slowest=60.0,
    )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def api(stack: Stack) -> ApiClient:
    return ApiClient(stack)


@pytest.fixture(scope="session")
def template(api: ApiClient, images: Images) -> str:
    body = {
        "name": "Terminal on the cluster",
        "image": images.desktop,
        "resources": {"cpu": "500m", "memory": "512Mi"},
    }
    answer = api("POST", "/v1/templates", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
