"""The garbage collector and the namespace controller: what is without an owner goes, and what is waited for
is let go when nothing is left.
"""

from collections.abc import Iterable

from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.objects import (
    BY_KIND,
    CLAIM,
    NAMESPACE,
    POD,
    RESOURCES,
    Object,
    Resource,
    name_of,
    owners_of,
    space_of,
    terminating,
    uid_of,
)
from tests.support.cluster.registry import FOREGROUND, ORPHAN
from tests.support.cluster.store import Change

PVC_PROTECTION = "kubernetes.io/pvc-protection"


class Garbage(Controller):
    """Keys are namespaces: small enough to look through whole."""

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource.plural != "events":
            yield (space_of(change.now),)

    def work(self, key: Key) -> None:
        (namespace,) = key
        everything = [
            (resource, thing)
            for resource in RESOURCES
            if resource.stored and resource.namespaced
            for thing in self.store.find(resource, namespace)
        ]
        alive = {uid_of(thing): thing for _, thing in everything}
        for resource, thing in everything:
            owners = owners_of(thing)
            if owners and not any(self._stands(owner, alive) for owner in owners):
                self._collect(resource, thing, foreground=False)
            elif any(self._awaits(owner, alive) for owner in owners):
                self._collect(resource, thing, foreground=True)
        for resource, thing in everything:
            self._let_go(resource, thing, everything)

    @staticmethod
    def _stands(owner: Object, alive: dict[str, Object]) -> bool:
        """An owner is meant by its uid; one of that name that came later is another."""
        found = alive.get(owner["uid"])
        return found is not None and (found["apiVersion"], found["kind"], name_of(found)) == (
            owner["apiVersion"],
            owner["kind"],
            owner["name"],
        )

    @staticmethod
    def _awaits(owner: Object, alive: dict[str, Object]) -> bool:
        found = alive.get(owner["uid"])
        return found is not None and FOREGROUND in (found["metadata"].get("finalizers") or ())

    def _collect(self, resource: Resource, thing: Object, *, foreground: bool) -> None:
        if not terminating(thing):
            policy = "Foreground" if foreground and self._owns(thing) else "Background"
            self.registry.discard(resource, thing, propagationPolicy=policy)

    def _owns(self, thing: Object) -> bool:
        return any(
            owner["uid"] == uid_of(thing)
            for resource in RESOURCES
            if resource.stored
            for other in self.store.find(resource, space_of(thing))
            for owner in owners_of(other)
        )

    def _let_go(self, resource: Resource, thing: Object, everything: list[tuple[Resource, Object]]) -> None:
        """Take off the finalizers whose time has come."""
        finalizers = thing["metadata"].get("finalizers") or []
        if not terminating(thing) or not finalizers:
            return
        done = set()
        if FOREGROUND in finalizers and not any(
            owner["uid"] == uid_of(thing) and owner.get("blockOwnerDeletion")
            for kind, other in everything
            if self.store.get(kind, space_of(other), name_of(other)) is not None
            for owner in owners_of(other)
        ):
            done.add(FOREGROUND)
        if ORPHAN in finalizers:
            self._orphan(thing, everything)
            done.add(ORPHAN)
        if resource is CLAIM and PVC_PROTECTION in finalizers and not self._used(thing):
            done.add(PVC_PROTECTION)
        if not done:
            return

        def change(now: Object) -> None:
            now["metadata"]["finalizers"] = [
                each for each in now["metadata"].get("finalizers") or () if each not in done
            ]

        self.registry.edit(resource, space_of(thing), name_of(thing), change)

    def _orphan(self, thing: Object, everything: list[tuple[Resource, Object]]) -> None:
        for resource, other in everything:
            if any(owner["uid"] == uid_of(thing) for owner in owners_of(other)):

                def change(now: Object) -> None:
                    now["metadata"]["ownerReferences"] = [
                        owner for owner in owners_of(now) if owner["uid"] != uid_of(thing)
                    ]

                self.registry.edit(resource, space_of(other), name_of(other), change)

    def _used(self, claim: Object) -> bool:
        return any(
            (volume.get("persistentVolumeClaim") or {}).get("claimName") == name_of(claim)
            for pod in self.store.find(POD, space_of(claim))
            if pod["status"].get("phase") not in {"Failed", "Succeeded"}
            for volume in pod["spec"].get("volumes") or ()
        )


class Namespaces(Controller):
    """A namespace that is deleted takes all in it along, then goes."""

    def concerns(self, change: Change) -> Iterable[Key]:
        yield (name_of(change.now) if change.resource is NAMESPACE else space_of(change.now),)

    def work(self, key: Key) -> None:
        (namespace,) = key
        found = self.store.get(NAMESPACE, "", namespace)
        if found is None or not terminating(found):
            return
        left = False
        for resource in BY_KIND.values():
            if resource.namespaced:
                for thing in self.store.find(resource, namespace):
                    left = True
                    if not terminating(thing):
                        self.registry.discard(resource, thing, propagationPolicy="Background")
        if left:
            self.later((namespace,), self.tempo.of("step"))
            return

        def finalize(thing: Object) -> None:
            thing["spec"]["finalizers"] = []

        self.registry.edit(NAMESPACE, "", namespace, finalize)
