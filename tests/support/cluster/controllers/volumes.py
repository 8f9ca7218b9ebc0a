"""The volume controller and the provisioner behind it: claims get bound, or say why not."""

from collections.abc import Iterable

from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.controllers.scheduler import CHOSEN
from tests.support.cluster.events import Recorder
from tests.support.cluster.objects import (
    CLAIM,
    STORAGE_CLASS,
    Object,
    name_of,
    space_of,
    terminating,
    uid_of,
)
from tests.support.cluster.store import Change

RETRY = 0.1


class Volumes(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource is CLAIM:
            yield space_of(change.now), name_of(change.now)
        elif change.resource is STORAGE_CLASS:
            for claim in self.store.find(CLAIM):
                yield space_of(claim), name_of(claim)

    def work(self, key: Key) -> None:
        namespace, name = key
        claim = self.store.get(CLAIM, namespace, name)
        if claim is None or terminating(claim) or claim["status"]["phase"] == "Bound":
            return
        class_name = claim["spec"].get("storageClassName")
        if not class_name:
            text = "no persistent volumes available for this claim and no storage class is set"
            self._say(claim, "Normal", "FailedBinding", text)
            return
        found = self.store.get(STORAGE_CLASS, "", class_name)
        if found is None:
            text = f'storageclass.storage.k8s.io "{class_name}" not found'
            self._say(claim, "Warning", "ProvisioningFailed", text)
            return
        chosen = (claim["metadata"].get("annotations") or {}).get(CHOSEN)
        if found.get("volumeBindingMode") == "WaitForFirstConsumer" and not chosen:
            self._say(
                claim,
                "Normal",
                "WaitForFirstConsumer",
                "waiting for first consumer to be created before binding",
            )
            return
        provisioner = found["provisioner"]
        if provisioner in self.machine.broken_provisioners:
            self._waiting(claim, provisioner)
            return
        if why := self.machine.failing_provisioners.get(provisioner):
            text = f'failed to provision volume with StorageClass "{class_name}": {why}'
            self._say(claim, "Warning", "ProvisioningFailed", text, component=f"{provisioner}_0")
            self.later((namespace, name), RETRY * self.tempo.pace)
            return
        self._bind(claim, provisioner)

    def _waiting(self, claim: Object, provisioner: str) -> None:
        text = (
            f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or "
            "manually by the system administrator. If volume creation is delayed, please verify that the "
            "provisioner is running and correctly registered."
        )
        self._say(claim, "Normal", "ExternalProvisioning", text)
        self.later((space_of(claim), name_of(claim)), RETRY * self.tempo.pace)

    def _bind(self, claim: Object, provisioner: str) -> None:
        volume = f"pvc-{uid_of(claim)}"

        def bind(thing: Object) -> None:
            thing["spec"]["volumeName"] = volume
            thing["metadata"].setdefault("annotations", {})["pv.kubernetes.io/bind-completed"] = "yes"

        def bound(thing: Object) -> None:
            thing["status"] = {
                "phase": "Bound",
                "accessModes": thing["spec"]["accessModes"],
                "capacity": {"storage": thing["spec"]["resources"]["requests"]["storage"]},
            }

        self._say(
            claim,
            "Normal",
            "ProvisioningSucceeded",
            f"Successfully provisioned volume {volume}",
            component=f"{provisioner}_0",
        )
        self.registry.edit(CLAIM, space_of(claim), name_of(claim), bind)
        self.registry.edit(CLAIM, space_of(claim), name_of(claim), bound, part="status")

    def _say(
        self,
        claim: Object,
        kind: str,
        reason: str,
        text: str,
        component: str = "persistentvolume-controller",
    ) -> None:
        Recorder(self.registry, component).tell(claim, kind, reason, text)
