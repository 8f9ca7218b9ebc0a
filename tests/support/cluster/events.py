"""Events, which tell people why. Most writers count repetitions in one object (client-go's recorder); the
scheduler writes the newer form, without counts and without first and last times.
"""

from tests.support.cluster.objects import (
    BY_KIND,
    EVENT,
    Object,
    digest,
    micro_now,
    name_of,
    now,
    space_of,
    uid_of,
)
from tests.support.cluster.refusals import Refused
from tests.support.cluster.registry import Registry


class Recorder:
    def __init__(self, registry: Registry, component: str, *, newer: bool = False) -> None:
        self.registry, self.component, self.newer = registry, component, newer

    def tell(
        self,
        about: Object,
        kind: str,
        reason: str,
        message: str,
        *,
        field: str = "",
        host: str = "",
        by_name: bool = False,
    ) -> None:
        """`kind` is Normal or Warning. Says nothing in a namespace that is going away. `by_name`: of what it
        is about it says no more."""
        involved = self._reference(about, field)
        name = f"{name_of(about)}.{digest([involved['uid'], reason, message, self.component], 16)}"
        if by_name:
            involved = {key: involved[key] for key in ("kind", "apiVersion", "name", "namespace")}
        try:
            self._write(name, involved, kind, reason, message, host)
        except Refused as refused:
            if refused.code not in {403, 404}:
                raise

    def _write(self, name: str, involved: Object, kind: str, reason: str, message: str, host: str) -> None:
        namespace = involved.get("namespace", "default")
        known = self.registry.store.get(EVENT, namespace, name)
        if known is not None and not self.newer:

            def again(event: Object) -> None:
                event["count"] += 1
                event["lastTimestamp"] = now()

            self.registry.edit(EVENT, namespace, name, again)
            return
        if known is not None:

            def series(event: Object) -> None:
                count = (event.get("series") or {"count": 1})["count"] + 1
                event["series"] = {"count": count, "lastObservedTime": micro_now()}

            self.registry.edit(EVENT, namespace, name, series)
            return
        event: Object = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": kind,
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": None,
            "reportingComponent": self.component,
            "reportingInstance": host,
        }
        if self.newer:
            event |= {"eventTime": micro_now(), "action": "Scheduling"}
            event["reportingInstance"] = f"{self.component}-node"
        else:
            event |= {"firstTimestamp": now(), "lastTimestamp": now(), "count": 1}
            event["source"] = {"component": self.component} | ({"host": host} if host else {})
        self.registry.create(EVENT, namespace, event)

    @staticmethod
    def _reference(about: Object, field: str) -> Object:
        resource = BY_KIND[about["apiVersion"], about["kind"]]
        reference = {
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "name": name_of(about),
            "uid": uid_of(about),
            "resourceVersion": about["metadata"]["resourceVersion"],
        }
        if resource.namespaced:
            reference["namespace"] = space_of(about)
        if field:
            reference["fieldPath"] = field
        return reference
