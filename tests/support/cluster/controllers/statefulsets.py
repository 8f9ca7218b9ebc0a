"""The StatefulSet controller, for sets of none or one: `pkg/controller/statefulset`."""

from collections.abc import Iterable

from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.events import Recorder
from tests.support.cluster.objects import (
    POD,
    REVISION,
    STATEFUL_SET,
    Object,
    controlled_by,
    copied,
    digest,
    labels_of,
    name_of,
    owners_of,
    space_of,
    terminating,
    uid_of,
)
from tests.support.cluster.refusals import Refused
from tests.support.cluster.store import Change

RETRY = 0.1
HASH = "controller-revision-hash"


class StatefulSets(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource is STATEFUL_SET:
            yield space_of(change.now), name_of(change.now)
        elif change.resource is POD:
            for owner in owners_of(change.now):
                if owner["kind"] == "StatefulSet":
                    yield space_of(change.now), owner["name"]

    def work(self, key: Key) -> None:
        namespace, name = key
        found = self.store.get(STATEFUL_SET, namespace, name)
        if found is None:
            return
        if terminating(found):
            self._state(found)
            return
        revision = self._revision(found)
        wanted = found["spec"]["replicas"]
        pods = [pod for pod in self.store.find(POD, namespace) if controlled_by(pod, uid_of(found))]
        for ordinal in range(wanted):
            pod = next((each for each in pods if name_of(each) == f"{name}-{ordinal}"), None)
            if pod is None:
                self._create(found, ordinal, revision)
                break
            if pod["status"].get("phase") in {"Failed", "Succeeded"}:
                if not terminating(pod):
                    self._delete(found, pod)
                break
            if labels_of(pod).get(HASH) != revision and not terminating(pod):
                self._delete(found, pod)
                break
            if not _ready(pod):
                break
        for pod in pods:
            if int(name_of(pod).rsplit("-", 1)[1]) >= wanted and not terminating(pod):
                self._delete(found, pod)
        self._state(found, revision)

    def _create(self, found: Object, ordinal: int, revision: str) -> None:
        template = copied(found["spec"]["template"])
        name = f"{name_of(found)}-{ordinal}"
        labels = (template["metadata"].get("labels") or {}) | {
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
            HASH: revision,
        }
        pod = {
            "metadata": {
                "name": name,
                "generateName": f"{name_of(found)}-",
                "labels": labels,
                "annotations": template["metadata"].get("annotations") or {},
                "ownerReferences": [_owner(found)],
            },
            # The controller gives pods their set's names, whatever the template says.
            "spec": template["spec"] | {"hostname": name, "subdomain": found["spec"].get("serviceName", "")},
        }
        if not pod["spec"]["subdomain"]:
            del pod["spec"]["subdomain"]
        try:
            self.registry.create(POD, space_of(found), pod, manager="kube-controller-manager")
        except Refused as refused:
            if refused.code == 409:  # a pod of another's, or one that is on its way out
                self.later((space_of(found), name_of(found)), RETRY * self.tempo.pace)
            text = f"create Pod {name} in StatefulSet {name_of(found)} failed error: {refused}"
            self._recorder.tell(found, "Warning", "FailedCreate", text)
            self.later((space_of(found), name_of(found)), RETRY * self.tempo.pace)
        else:
            text = f"create Pod {name} in StatefulSet {name_of(found)} successful"
            self._recorder.tell(found, "Normal", "SuccessfulCreate", text)

    def _delete(self, found: Object, pod: Object) -> None:
        self.registry.discard(POD, pod)
        text = f"delete Pod {name_of(pod)} in StatefulSet {name_of(found)} successful"
        self._recorder.tell(found, "Normal", "SuccessfulDelete", text)

    def _revision(self, found: Object) -> str:
        """The name of the template's ControllerRevision, made if it is not there."""
        name = f"{name_of(found)}-{digest(found['spec']['template'])}"
        if self.store.get(REVISION, space_of(found), name) is None:
            labels = found["spec"]["template"]["metadata"].get("labels") or {}
            metadata = {"name": name, "labels": labels, "ownerReferences": [_owner(found)]}
            data = {"spec": {"template": found["spec"]["template"]}}
            self.registry.create(
                REVISION, space_of(found), {"metadata": metadata, "data": data, "revision": 1}
            )
        return name

    def _state(self, found: Object, revision: str | None = None) -> None:
        pods = [pod for pod in self.store.find(POD, space_of(found)) if controlled_by(pod, uid_of(found))]
        live = [pod for pod in pods if not terminating(pod)]

        def change(thing: Object) -> None:
            status = thing["status"]
            current = revision or status.get("currentRevision", "")
            ready = sum(map(_ready, live))
            status |= {
                "observedGeneration": found["metadata"]["generation"],
                "replicas": len(pods),
                "currentReplicas": len(live),
                "updatedReplicas": len(live),
                "readyReplicas": ready,
                "availableReplicas": ready,
                "currentRevision": current,
                "updateRevision": current,
                "collisionCount": 0,
            }
            for key in ("currentReplicas", "updatedReplicas", "readyReplicas"):
                if not status[key]:
                    del status[key]

        self.registry.edit(STATEFUL_SET, space_of(found), name_of(found), change, part="status")

    @property
    def _recorder(self) -> Recorder:
        return Recorder(self.registry, "statefulset-controller")


def _owner(found: Object) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": name_of(found),
        "uid": uid_of(found),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
