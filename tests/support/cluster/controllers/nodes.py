"""Nodes that are lost: they are tainted, their pods stop being ready, and are deleted when they have been
tolerated long enough; a kubelet that is away cannot say that they are gone.
"""

import asyncio
from collections.abc import Iterable

from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.events import Recorder
from tests.support.cluster.objects import (
    NODE,
    POD,
    Object,
    name_of,
    set_condition,
    space_of,
    terminating,
    uid_of,
)
from tests.support.cluster.store import Change

UNREACHABLE = "node.kubernetes.io/unreachable"


class Nodes(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource is NODE:
            yield (name_of(change.now),)

    def work(self, key: Key) -> None:
        node = self.store.get(NODE, "", key[0])
        if node is None:
            return
        ready = next((each for each in node["status"]["conditions"] if each["type"] == "Ready"), None)
        lost = ready is not None and ready["status"] == "Unknown"
        taints = [each for each in node["spec"].get("taints") or () if each["key"] != UNREACHABLE]
        wanted = [
            *taints,
            *({"key": UNREACHABLE, "effect": effect} for effect in ("NoSchedule", "NoExecute") if lost),
        ]
        if wanted != (node["spec"].get("taints") or []):

            def taint(thing: Object) -> None:
                thing["spec"]["taints"] = wanted

            self.registry.edit(NODE, "", name_of(node), taint)
        if lost:
            for pod in self.store.find(POD):
                if pod["spec"].get("nodeName") == name_of(node) and not terminating(pod):
                    self._lose(pod)

    def _lose(self, pod: Object) -> None:
        def unready(thing: Object) -> None:
            set_condition(thing["status"], "Ready", "False", "NodeNotReady", "Node is not ready")

        self.registry.edit(POD, space_of(pod), name_of(pod), unready, part="status")
        text = "Node is not ready"
        Recorder(self.registry, "node-controller").tell(pod, "Warning", "NodeNotReady", text)
        tolerated = [
            each.get("tolerationSeconds", 3600)
            for each in pod["spec"].get("tolerations") or ()
            if each.get("key") in {UNREACHABLE, None}
        ]
        seconds = min(tolerated, default=0) * self.tempo.of("toleration")
        asyncio.get_running_loop().call_later(seconds, self._evict, pod)

    def _evict(self, pod: Object) -> None:
        found = self.store.get(POD, space_of(pod), name_of(pod))
        if found is None or uid_of(found) != uid_of(pod) or terminating(found):
            return
        if found["spec"]["nodeName"] not in self.machine.kubelet.lost:
            return

        def disrupt(thing: Object) -> None:
            text = "Taint manager: deleting due to NoExecute taint"
            set_condition(thing["status"], "DisruptionTarget", "True", "DeletionByTaintManager", text)

        changed = self.registry.edit(POD, space_of(pod), name_of(pod), disrupt, part="status")
        text = f"Marking for deletion Pod {space_of(pod)}/{name_of(pod)}"
        Recorder(self.registry, "taint-eviction-controller").tell(
            changed, "Normal", "TaintManagerEviction", text, by_name=True
        )
        self.registry.discard(POD, changed)
