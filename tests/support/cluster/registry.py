"""What may happen to objects: creation, change and deletion with all that the API does on the way. Routes
come here for clients, the controllers for themselves.
"""

from collections.abc import Callable

from tests.support.cluster import admission, defaults, typed, validation
from tests.support.cluster.apply import applied, updated
from tests.support.cluster.objects import (
    NAMESPACE,
    POD,
    STATEFUL_SET,
    Object,
    Resource,
    copied,
    name_of,
    new_uid,
    now,
    space_of,
    terminating,
    uid_of,
)
from tests.support.cluster.refusals import Refused, already_exists, bad_request, conflict, invalid, not_found
from tests.support.cluster.store import Store

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
Edit = Callable[[Object], None]


class Registry:
    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self.store.get(resource, namespace, name)
        if found is None:
            raise not_found(resource, name)
        return found

    # writing

    def create(
        self, resource: Resource, namespace: str, thing: Object, *, manager: str = "", status: bool = False
    ) -> Object:
        """`status` keeps the status that the object brings (for nodes, which make themselves known)."""
        thing = copied(thing)
        metadata = thing.setdefault("metadata", {})
        if resource.namespaced:
            if metadata.setdefault("namespace", namespace) != namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
        else:
            metadata.pop("namespace", None)
        if "name" not in metadata:
            if "generateName" not in metadata:
                text = "Required value: name or generateName is required"
                raise invalid(resource, "", [("metadata.name", "FieldValueRequired", text)])
            metadata["name"] = metadata["generateName"] + new_uid()[:5]
        if metadata.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        if manager:
            updated(resource, None, thing, manager, "")
        return self._insert(resource, thing, keep_status=status)

    def _insert(self, resource: Resource, thing: Object, *, keep_status: bool = False) -> Object:
        metadata, name = thing["metadata"], name_of(thing)
        for key in ("deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "generation"):
            metadata.pop(key, None)
        metadata |= {"uid": new_uid(), "creationTimestamp": now()}
        if resource.has_generation:
            metadata["generation"] = 1
        defaults.fill_in(resource, thing)
        status = thing.pop("status", None)
        first = status if keep_status and status else defaults.first_status(resource, thing)
        if first is not None:
            thing["status"] = first
        validation.check(resource, thing, None)
        if self.store.get(resource, space_of(thing), name) is not None:
            raise already_exists(resource, name)
        admission.admit_new(self.store, resource, thing)
        return self.store.put(resource, thing)

    def replace(
        self,
        resource: Resource,
        before: Object,
        thing: Object,
        *,
        part: str = "",
        manager: str = "",
        book: bool = True,
    ) -> Object:
        """`thing` instead of `before`; of it only what may change by that part (`status`, or the rest). A
        resourceVersion in it must be the current one. `book`: note who holds the fields."""
        thing = copied(thing)
        metadata, old = thing.setdefault("metadata", {}), before["metadata"]
        name = name_of(before)
        if metadata.get("resourceVersion") not in {None, "", old["resourceVersion"]}:
            raise conflict(resource, name)
        if metadata.get("uid") not in {None, "", old["uid"]}:
            text = f'Invalid value: "{metadata["uid"]}": field is immutable'
            raise invalid(resource, name, [("metadata.uid", "FieldValueInvalid", text)])
        if part == "status":
            changed = copied(before) | {"status": thing.get("status", {})}
        else:
            changed = thing
            if resource.has_status:
                changed["status"] = before.get("status", {})
            for key in ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion"):
                if key in old:
                    metadata[key] = old[key]
            for key in ("deletionTimestamp", "deletionGracePeriodSeconds"):
                metadata.pop(key, None)
                if key in old:
                    metadata[key] = old[key]
            if terminating(before) and set(metadata.get("finalizers") or ()) - set(
                old.get("finalizers") or ()
            ):
                text = "Forbidden: no new finalizers can be added if the object is being deleted"
                raise invalid(resource, name, [("metadata.finalizers", "FieldValueForbidden", text)])
            defaults.fill_in(resource, changed)
            validation.check(resource, changed, before)
        for key in ("labels", "annotations", "finalizers", "ownerReferences"):
            if not changed["metadata"].get(key, True):
                del changed["metadata"][key]
        if manager and book:
            updated(resource, before, changed, manager, part)
        return self._write(resource, before, changed)

    def _write(self, resource: Resource, before: Object, changed: Object) -> Object:
        if changed == before:
            return before
        if resource.has_generation and changed.get("spec") != before.get("spec"):
            changed["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
        written = self.store.put(resource, changed)
        if self._over(resource, written):
            return self.store.drop(resource, space_of(written), name_of(written))
        return written

    @staticmethod
    def _over(resource: Resource, thing: Object) -> bool:
        """Deleted, and nobody holds it back any more."""
        metadata = thing["metadata"]
        if not terminating(thing) or metadata.get("finalizers"):
            return False
        if resource is NAMESPACE and thing["spec"].get("finalizers"):
            return False
        return not metadata.get("deletionGracePeriodSeconds")

    def edit(self, resource: Resource, namespace: str, name: str, change: Edit, *, part: str = "") -> Object:
        """For controllers: read, change in place, write."""
        before = self.get(resource, namespace, name)
        after = copied(before)
        change(after)
        return self.replace(resource, before, after, part=part)

    def apply(
        self, resource: Resource, namespace: str, name: str, config: Object, *, manager: str, force: bool
    ) -> tuple[Object, bool]:
        """The object, and whether it was created. As in the real API a resourceVersion alone does not keep
        an apply from creating what is gone; a uid does."""
        config = copied(config)
        metadata = config.setdefault("metadata", {})
        self._match(resource, namespace, name, config)
        typed.check(resource, config)
        before = self.store.get(resource, namespace, name)
        if before is None:
            if metadata.get("uid"):
                why = f"uid mismatch: the provided object specified uid {metadata['uid']}, "
                raise conflict(resource, name, f"{why}and no existing object was found")
            return self._insert(resource, applied(resource, None, config, manager, force=force)), True
        after = applied(resource, before, config, manager, force=force)
        return self.replace(resource, before, after, manager=manager, book=False), False

    @staticmethod
    def _match(resource: Resource, namespace: str, name: str, config: Object) -> None:
        metadata = config["metadata"]
        if (config.get("apiVersion"), config.get("kind")) != (resource.api_version, resource.kind):
            raise bad_request(
                f"the object provided is unrecognized: {config.get('apiVersion')}, Kind={config.get('kind')}"
            )
        if metadata.setdefault("name", name) != name:
            raise bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            )
        if resource.namespaced and metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request(
                f"the namespace of the object ({metadata['namespace']}) does not match the namespace on the "
                f"URL ({namespace})"
            )

    # deleting

    def delete(self, resource: Resource, namespace: str, name: str, options: Object | None = None) -> Object:
        """The object as it is now (on its way, if something holds it back), or a `Status` if it is gone."""
        options = options or {}
        thing = self.get(resource, namespace, name)
        self._preconditions(resource, thing, options.get("preconditions") or {})
        grace = self._grace(resource, thing, options.get("gracePeriodSeconds"))
        metadata = thing["metadata"]
        policy = options.get("propagationPolicy")
        finalizers = [each for each in metadata.get("finalizers") or () if each not in {FOREGROUND, ORPHAN}]
        if policy == "Foreground" or (policy is None and FOREGROUND in (metadata.get("finalizers") or ())):
            finalizers.append(FOREGROUND)
        elif policy == "Orphan" or (policy is None and options.get("orphanDependents")):
            finalizers.append(ORPHAN)
        metadata["finalizers"] = finalizers
        if not finalizers:
            del metadata["finalizers"]
        if not terminating(thing):
            metadata |= {"deletionTimestamp": now(), "deletionGracePeriodSeconds": grace}
            if resource.has_generation:
                metadata["generation"] = metadata.get("generation", 0) + 1
        elif grace < metadata.get("deletionGracePeriodSeconds", 0):
            metadata["deletionGracePeriodSeconds"] = grace
        if resource is NAMESPACE:
            thing["status"]["phase"] = "Terminating"
        if self._over(resource, thing):
            self.store.drop(resource, namespace, name)
            details = {"name": name, "kind": resource.plural, "uid": uid_of(thing)}
            if resource.group:
                details["group"] = resource.group
            return {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": details,
            }
        return self.store.put(resource, thing)

    def discard(self, resource: Resource, thing: Object, **options: object) -> None:
        """For controllers: delete this very object; gone already is fine."""
        try:
            wanted = options | {"preconditions": {"uid": uid_of(thing)}}
            self.delete(resource, space_of(thing), name_of(thing), wanted)
        except Refused as refused:
            if refused.code not in {404, 409}:
                raise

    @staticmethod
    def _preconditions(resource: Resource, thing: Object, wanted: Object) -> None:
        for key, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            if wanted.get(key) not in {None, thing["metadata"][key]}:
                why = f"Precondition failed: {word} in precondition: {wanted[key]}, {word} in object meta: "
                raise conflict(resource, name_of(thing), why + thing["metadata"][key])

    @staticmethod
    def _grace(resource: Resource, thing: Object, asked: int | None) -> int:
        """Pods alone end gracefully, and only where something runs."""
        if resource is not POD or not thing["spec"].get("nodeName"):
            return 0
        if thing["status"].get("phase") in {"Failed", "Succeeded"}:
            return 0
        return int(thing["spec"].get("terminationGracePeriodSeconds", 30) if asked is None else asked)


def scale_of(thing: Object) -> Object:
    """A StatefulSet's `scale`."""
    selector = (thing["spec"].get("selector") or {}).get("matchLabels") or {}
    metadata = {
        key: thing["metadata"][key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    }
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": thing["spec"]["replicas"]},
        "status": {
            "replicas": thing["status"].get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
        },
    }


def scaled(registry: Registry, before: Object, scale: Object, manager: str) -> Object:
    """A StatefulSet with the replicas of a `scale`."""
    after = copied(before)
    after["spec"]["replicas"] = (scale.get("spec") or {}).get("replicas", 0)
    after["metadata"]["resourceVersion"] = scale["metadata"].get("resourceVersion", "")
    return registry.replace(STATEFUL_SET, before, after, manager=manager)
