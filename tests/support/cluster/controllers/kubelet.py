"""The kubelets of all nodes: each pod that is bound gets somebody who brings it up, keeps it up and takes it
down (`pods.py`).
"""

import asyncio
from collections.abc import Iterable

from tests.support.cluster.containers import Files, Image
from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.controllers.pods import PodWorker
from tests.support.cluster.objects import POD, Object, name_of, space_of, terminating, uid_of
from tests.support.cluster.refusals import bad_request
from tests.support.cluster.store import Change


class Kubelet(Controller):
    """Keys are pods' uids."""

    workers: dict[str, PodWorker]
    volumes: dict[str, Files]
    """What claims hold, by the claim's uid."""
    lost: set[str]
    """Nodes whose kubelet is away."""

    def prepare(self, images: dict[str, Image]) -> None:
        self.images = images
        self.on_nodes = {name for name, image in images.items() if image.present}
        self.workers, self.volumes, self.lost = {}, {}, set()
        self._addresses = 0

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource is POD and change.now["spec"].get("nodeName"):
            yield space_of(change.now), name_of(change.now), uid_of(change.now)

    def work(self, key: Key) -> None:
        namespace, name, uid = key
        pod = self.store.get(POD, namespace, name)
        worker = self.workers.get(uid)
        if pod is None or uid_of(pod) != uid:
            if worker:
                worker.cut()
            return
        if worker is None and not terminating(pod) and pod["status"]["phase"] == "Pending":
            worker = self.workers[uid] = PodWorker(self, pod)
            worker.task = asyncio.create_task(worker.run())
        elif terminating(pod) and worker is None:
            self.registry.discard(POD, pod, gracePeriodSeconds=0)
        if worker and terminating(pod):
            worker.terminate(pod["metadata"].get("deletionGracePeriodSeconds", 0))

    def address(self) -> str:
        """One of its own for each pod, on this machine's loopback. The server's port keeps servers apart."""
        self._addresses += 1
        high, low = divmod(self.machine.number, 256)
        return f"127.{high}.{low}.{self._addresses % 254 + 1}"

    def log(self, pod: Object, container: str | None, *, previous: bool) -> list[str]:
        """Raises `Refused` 400 in the words of `validateContainerLogStatus`."""
        names = [each["name"] for each in pod["spec"]["containers"]]
        name = container or names[0]
        if name not in names:
            raise bad_request(f"container {name} is not valid for pod {name_of(pod)}")
        worker = self.workers.get(uid_of(pod))
        if not pod["spec"].get("nodeName") or worker is None:
            raise bad_request(f'container "{name}" in pod "{name_of(pod)}" is not available')
        found = worker.past if previous else (worker.container or worker.past)
        if found is None:
            if previous:
                raise bad_request(f'previous terminated container "{name}" in pod "{name_of(pod)}" not found')
            why = {
                "ErrImagePull": "image can't be pulled",
                "ImagePullBackOff": "trying and failing to pull image",
            }.get(worker.waiting, worker.waiting)
            raise bad_request(f'container "{name}" in pod "{name_of(pod)}" is waiting to start: {why}')
        return found.lines
