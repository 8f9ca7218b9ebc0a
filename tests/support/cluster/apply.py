"""Server-side apply: who holds which field, conflicts, and that a field which its last holder no longer
names goes away. Changes by other means are booked too, so that an apply can collide with them.
"""

from tests.support.cluster import fields
from tests.support.cluster.fields import Fields
from tests.support.cluster.objects import Object, Resource, copied, now
from tests.support.cluster.refusals import apply_conflict, bad_request

Holder = tuple[str, str, str]
"""Manager, operation ("Apply" or "Update") and subresource."""


def applied(resource: Resource, live: Object | None, config: Object, manager: str, *, force: bool) -> Object:
    """What the object becomes. Raises `Refused` 409 where another manager holds a field with another value
    and `force` is not set."""
    if config.get("metadata", {}).get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    base = live or {}
    holders = _holders(base)
    own: Holder = (manager, "Apply", "")
    wanted, held = fields.fields_of(config), holders.pop(own, frozenset())
    disputed = [
        (holder, path)
        for holder, theirs in holders.items()
        for path in sorted(theirs & wanted)
        if path[-1] != "." and not _same(fields.value_at(base, path), fields.value_at(config, path))
    ]
    if disputed and not force:
        raise apply_conflict([(_called(holder), fields.pointed(path)) for holder, path in disputed])
    for holder, path in disputed:
        holders[holder] -= {path}
    result: Object = fields.merged(copied(base), copied(config))
    others = frozenset().union(*holders.values()) if holders else frozenset()
    fields.without(result, held - wanted - others, wanted | others)
    _write(resource, result, base, holders | {own: wanted})
    return result


def updated(resource: Resource, before: Object | None, after: Object, manager: str, subresource: str) -> None:
    """Book a change that came by another verb; in place."""
    base = before or {}
    holders = _holders(base)
    own: Holder = (manager, "Update", subresource)
    old, new = fields.fields_of(base), fields.fields_of(after)
    changed = frozenset(
        path for path in new if path not in old or fields.value_at(base, path) != fields.value_at(after, path)
    )
    if changed or old - new:
        gone = old - new
        holders = {holder: theirs - changed - gone for holder, theirs in holders.items()}
        holders[own] = holders.get(own, frozenset()) | changed
    _write(resource, after, base, holders)


def _same(one: object, other: object) -> bool:
    """Nothing and something empty are the same: the API does not keep what is empty."""
    return one == other or (one in (None, {}, []) and other in (None, {}, []))


def _holders(thing: Object) -> dict[Holder, Fields]:
    return {
        (each["manager"], each["operation"], each.get("subresource", "")): fields.read(each["fieldsV1"])
        for each in thing.get("metadata", {}).get("managedFields") or ()
    }


def _write(resource: Resource, thing: Object, before: Object, holders: dict[Holder, Fields]) -> None:
    """A holder whose fields are as they were keeps its time, so that what changes nothing writes nothing."""
    old = {
        (each["manager"], each["operation"], each.get("subresource", "")): each
        for each in before.get("metadata", {}).get("managedFields") or ()
    }
    entries = []
    for holder, held in holders.items():
        if not held:
            continue
        manager, operation, subresource = holder
        entry = {
            "manager": manager,
            "operation": operation,
            "apiVersion": resource.api_version,
            "time": now(),
            "fieldsType": "FieldsV1",
            "fieldsV1": fields.written(held),
        }
        if subresource:
            entry["subresource"] = subresource
        known = old.get(holder)
        entries.append(known if known and known["fieldsV1"] == entry["fieldsV1"] else entry)
    thing["metadata"]["managedFields"] = entries


def _called(holder: Holder) -> str:
    manager, _, subresource = holder
    return manager + (f' with subresource "{subresource}"' if subresource else "")
