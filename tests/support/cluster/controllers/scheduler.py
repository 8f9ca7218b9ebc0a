"""The scheduler: the first node that a pod fits on, or why none does, in the words of
`pkg/scheduler/framework` (`FitError` and the plugins' reasons, 1.36).
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.events import Recorder
from tests.support.cluster.objects import (
    CLAIM,
    NODE,
    POD,
    STORAGE_CLASS,
    Object,
    labels_of,
    name_of,
    set_condition,
    space_of,
    terminating,
)
from tests.support.cluster.quantities import amount, pod_total
from tests.support.cluster.store import Change

CHOSEN = "volume.kubernetes.io/selected-node"
RETRY = "retry"


class Scheduler(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource is POD and not change.now["spec"].get("nodeName") and change.kind != "DELETED":
            yield space_of(change.now), name_of(change.now)
        elif change.resource in {NODE, CLAIM} or (change.resource is POD and change.kind == "DELETED"):
            for pod in self.store.find(POD):
                if not pod["spec"].get("nodeName"):
                    yield space_of(pod), name_of(pod)

    def work(self, key: Key) -> None:
        namespace, name = key
        pod = self.store.get(POD, namespace, name)
        if pod is None or pod["spec"].get("nodeName") or terminating(pod):
            return
        nodes = self.store.find(NODE)
        if why := self._before_nodes(pod):
            self._refuse(
                pod, len(nodes), why, Counter(), {"Preemption is not helpful for scheduling": len(nodes)}
            )
            return
        reasons: Counter[str] = Counter()
        preemption: Counter[str] = Counter()
        for node in nodes:
            wrong, unresolvable = self._misfits(pod, node)
            if not wrong:
                if self._claims_ready(pod, node):
                    self._bind(pod, node)
                return
            reasons.update(wrong)
            preemption[
                "Preemption is not helpful for scheduling"
                if unresolvable
                else "No preemption victims found for incoming pod"
            ] += 1
        self._refuse(pod, len(nodes), "", reasons, preemption)

    def _before_nodes(self, pod: Object) -> str:
        for claim_name in claims_of(pod):
            claim = self.store.get(CLAIM, space_of(pod), claim_name)
            if claim is None:
                return f'persistentvolumeclaim "{claim_name}" not found'
            if terminating(claim):
                return f'persistentvolumeclaim "{claim_name}" is being deleted'
            if claim["status"]["phase"] != "Bound" and not self._waits_for_pod(claim):
                return "pod has unbound immediate PersistentVolumeClaims"
        return ""

    def _waits_for_pod(self, claim: Object) -> bool:
        found = self.store.get(STORAGE_CLASS, "", claim["spec"].get("storageClassName") or "")
        return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _misfits(self, pod: Object, node: Object) -> tuple[list[str], bool]:
        """What is wrong with a node, and that no preemption could mend it."""
        spec = node.get("spec") or {}
        if spec.get("unschedulable"):
            return ["node(s) were unschedulable"], True
        for taint in spec.get("taints") or ():
            if taint["effect"] != "PreferNoSchedule" and not any(
                _tolerates(each, taint) for each in pod["spec"].get("tolerations") or ()
            ):
                return ["node(s) had untolerated taint(s)"], True
        labels = labels_of(node)
        if any(labels.get(key) != value for key, value in (pod["spec"].get("nodeSelector") or {}).items()):
            return ["node(s) didn't match Pod's node affinity/selector"], True
        wrong, never = [], False
        allocatable = {key: amount(text) for key, text in node["status"]["allocatable"].items()}
        used = self._used(name_of(node))
        for key, wanted in sorted(pod_total(pod["spec"], "requests").items()):
            whole = allocatable.get(key, Decimal(0))
            if wanted > whole - used.get(key, Decimal(0)):
                wrong.append(f"Insufficient {key}")
                never = never or wanted > whole
        return wrong, never

    def _used(self, node: str) -> dict[str, Decimal]:
        used: dict[str, Decimal] = {}
        for pod in self.store.find(POD):
            if pod["spec"].get("nodeName") == node and pod["status"]["phase"] not in {"Failed", "Succeeded"}:
                for key, value in pod_total(pod["spec"], "requests").items():
                    used[key] = used.get(key, Decimal(0)) + value
        return used

    def _claims_ready(self, pod: Object, node: Object) -> bool:
        """Volumes that wait for their pod are made for this node now; their binding calls us again."""
        ready = True
        for claim_name in claims_of(pod):
            claim = self.registry.get(CLAIM, space_of(pod), claim_name)
            if claim["status"]["phase"] == "Bound":
                continue
            ready = False
            chosen = (claim["metadata"].get("annotations") or {}).get(CHOSEN)
            if chosen is None:

                def choose(thing: Object) -> None:
                    thing["metadata"].setdefault("annotations", {})[CHOSEN] = name_of(node)

                self.registry.edit(CLAIM, space_of(pod), claim_name, choose)
        return ready

    def _bind(self, pod: Object, node: Object) -> None:
        def bind(thing: Object) -> None:
            thing["spec"]["nodeName"] = name_of(node)

        def scheduled(thing: Object) -> None:
            set_condition(thing["status"], "PodScheduled", "True")

        # One write in the real API (the `binding` subresource); the status is part of it.
        self.registry.edit(POD, space_of(pod), name_of(pod), scheduled, part="status")
        bound = self.registry.edit(POD, space_of(pod), name_of(pod), bind)
        text = f"Successfully assigned {space_of(pod)}/{name_of(pod)} to {name_of(node)}"
        self._recorder.tell(bound, "Normal", "Scheduled", text)

    def _refuse(
        self, pod: Object, nodes: int, early: str, reasons: Counter[str], preemption: dict[str, int]
    ) -> None:
        text = f"0/{nodes} nodes are available:"
        if early:
            text += f" {early}."
        elif reasons:
            text += f" {', '.join(sorted(f'{count} {reason}' for reason, count in reasons.items()))}."
        if nodes:
            helped = ", ".join(sorted(f"{count} {reason}" for reason, count in preemption.items()))
            text += f" no new claims to deallocate, preemption: 0/{nodes} nodes are available: {helped}."
        else:
            text = "no nodes available to schedule pods"

        def refuse(thing: Object) -> None:
            set_condition(thing["status"], "PodScheduled", "False", "Unschedulable", text)

        self.registry.edit(POD, space_of(pod), name_of(pod), refuse, part="status")
        self._recorder.tell(pod, "Warning", "FailedScheduling", text)
        self._due.pop((space_of(pod), name_of(pod)), None)  # our own write is no news
        self.later((space_of(pod), name_of(pod)), self.tempo.of("schedule"))

    @property
    def _recorder(self) -> Recorder:
        return Recorder(self.registry, "default-scheduler", newer=True)


def claims_of(pod: Object) -> list[str]:
    return [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["spec"].get("volumes") or ()
        if "persistentVolumeClaim" in volume
    ]


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in {None, "", taint["effect"]}:
        return False
    if toleration.get("key") not in {None, "", taint["key"]}:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")
