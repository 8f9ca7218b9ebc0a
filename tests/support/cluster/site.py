"""The test cluster as the driver contract's suite wants one."""

from collections.abc import Sequence
from typing import Any

from tests.contract.drivers.kubernetes_adapter import Site
from tests.support.cluster.access import Rule
from tests.support.cluster.containers import Image
from tests.support.cluster.machine import Node
from tests.support.cluster.server import ApiServer

IMAGE, PULLABLE, ABSENT = "tests.example/tiny:1", "tests.example/later:1", "tests.example/nothing:1"
IMAGES = {IMAGE: Image(prints=("ready",)), PULLABLE: Image(prints=("ready",), present=False)}


def serve(rules: Sequence[Rule] | None = None, **options: Any) -> ApiServer:
    """A cluster that has the suite's images. Two nodes: one too small for most, so that a choice is made."""
    nodes = (Node("node-1", cpu="64", memory="128Gi"), Node("node-2", cpu="100m", memory="64Mi"))
    images: dict[str, Image] = options.pop("images", IMAGES)
    return ApiServer(dict(images), **({"nodes": nodes} | options), rules=rules)


def site(server: ApiServer, **settings: Any) -> Site:
    """With it goes the server."""
    return Site(
        agent=server.kubeconfig("agent"),
        admin=server.kubeconfig("admin"),
        namespace=server.namespace,
        image=IMAGE,
        absent=ABSENT,
        pullable=PULLABLE,
        settings=settings,
        close=server.close,
    )
