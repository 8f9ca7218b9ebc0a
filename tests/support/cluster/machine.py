"""The cluster itself, within one event loop: its objects, its controllers and its nodes. It goes on while its
API server is away.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from tests.support.cluster.access import Access
from tests.support.cluster.admission import DEFAULT_CLASS
from tests.support.cluster.containers import Image
from tests.support.cluster.controllers.base import Controller
from tests.support.cluster.controllers.garbage import Garbage, Namespaces
from tests.support.cluster.controllers.kubelet import Kubelet
from tests.support.cluster.controllers.nodes import Nodes
from tests.support.cluster.controllers.quotas import Quotas
from tests.support.cluster.controllers.scheduler import Scheduler
from tests.support.cluster.controllers.statefulsets import StatefulSets
from tests.support.cluster.controllers.volumes import Volumes
from tests.support.cluster.faults import Faults
from tests.support.cluster.objects import (
    NAMESPACE,
    NETWORK_POLICY,
    NODE,
    SERVICE_ACCOUNT,
    STORAGE_CLASS,
    Object,
    labels_of,
    name_of,
    now,
    space_of,
)
from tests.support.cluster.reading import Watcher
from tests.support.cluster.registry import Registry
from tests.support.cluster.selectors import selected
from tests.support.cluster.store import Store
from tests.support.cluster.streams import Streams
from tests.support.cluster.tempo import Tempo

GIB = 2**30


@dataclass(frozen=True)
class Node:
    """What a node offers."""

    name: str
    cpu: str = "8"
    memory: str = "16Gi"
    gpu: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()


class Machine:
    """Used by its own thread alone."""

    def __init__(self, access: Access, tempo: Tempo, images: dict[str, Image], *, metrics: bool) -> None:
        self.access, self.tempo, self.metrics = access, tempo, metrics
        self.number = 0
        """The API server's port, from which pods get their addresses."""
        self.store = Store()
        self.registry = Registry(self.store)
        self.faults = Faults()
        self.failures: list[Exception] = []
        """What went wrong in the test cluster itself."""
        self.exposed: list[str] = []
        """Pods that ran while no network policy selected them."""
        self.watchers: dict[Watcher, web.Request] = {}
        self.watch_lag = 0.0
        self.bookmark_seconds = 0.3
        self.broken_provisioners: set[str] = set()
        """They never answer."""
        self.failing_provisioners: dict[str, str] = {}
        """And what they say."""
        self.attach_failure = ""
        self.streams = Streams(self)
        self.kubelet = Kubelet(self)
        self.kubelet.prepare(images)
        self.controllers: tuple[Controller, ...] = (
            StatefulSets(self),
            Scheduler(self),
            Volumes(self),
            self.kubelet,
            Garbage(self),
            Namespaces(self),
            Quotas(self),
            Nodes(self),
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pace(self) -> float:
        return self.tempo.pace

    def begin(self, namespace: str, nodes: Sequence[Node]) -> None:
        for controller in self.controllers:
            self.store.listeners.append(controller.hear)
            self._tasks.append(asyncio.create_task(controller.run()))
        for node in nodes:
            self.add_node(node)
        self.registry.create(
            STORAGE_CLASS,
            "",
            {
                "metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}},
                "provisioner": "local.example",
                "volumeBindingMode": "WaitForFirstConsumer",
                "reclaimPolicy": "Delete",
            },
        )
        for each in ("default", "kube-system", namespace):
            self.add_namespace(each)

    def end(self) -> None:
        for worker in self.kubelet.workers.values():
            worker.cut()
        for task in self._tasks:
            task.cancel()

    def add_namespace(self, name: str, **labels: str) -> None:
        if self.store.get(NAMESPACE, "", name) is not None:
            return
        strict = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.registry.create(NAMESPACE, "", {"metadata": {"name": name, "labels": strict | labels}})
        for account in ("default", "streamspace-session"):
            self.registry.create(SERVICE_ACCOUNT, name, {"metadata": {"name": account}})

    def add_node(self, node: Node) -> None:
        offers = {"cpu": node.cpu, "memory": node.memory, "pods": "110", "ephemeral-storage": "100Gi"}
        if node.gpu:
            offers["nvidia.com/gpu"] = str(node.gpu)
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}
        thing: Object = {
            "metadata": {
                "name": node.name,
                "labels": {"kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux", **node.labels},
            },
            "spec": {"taints": [dict(each) for each in node.taints]} if node.taints else {},
            "status": {"capacity": offers, "allocatable": offers, "conditions": [ready]},
        }
        self.registry.create(NODE, "", thing, status=True)

    def node_answers(self, name: str, answers: bool) -> None:
        """A node is lost, or comes back."""
        (self.kubelet.lost.discard if answers else self.kubelet.lost.add)(name)

        def change(thing: Object) -> None:
            (condition,) = [each for each in thing["status"]["conditions"] if each["type"] == "Ready"]
            told = ("True", "KubeletReady") if answers else ("Unknown", "NodeStatusUnknown")
            condition["status"], condition["reason"] = told
            condition["message"] = "" if answers else "Kubelet stopped posting node status."

        self.registry.edit(NODE, "", name, change, part="status")
        for worker in self.kubelet.workers.values():
            if worker.node == name:
                self.kubelet.later((space_of(worker.pod), name_of(worker.pod), worker.uid))

    def exposed_unless_closed(self, pod: Object) -> None:
        """Called as a pod begins to run."""
        for policy in self.store.find(NETWORK_POLICY, space_of(pod)):
            if selected(policy["spec"].get("podSelector") or {}, labels_of(pod)):
                return
        self.exposed.append(f"{space_of(pod)}/{name_of(pod)}")
