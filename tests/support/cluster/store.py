"""Objects and the order of their changes: one revision counter for all, as etcd has, and a log that watches
replay and that can be compacted. Nothing here knows a kind.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.cluster.objects import Object, Resource, copied, name_of, space_of

LOG = 5000
SNAPSHOTS = 20


@dataclass(frozen=True)
class Change:
    """One write. `before` is None for what is new; a deletion's `now` is the last state under the deletion's
    own revision."""

    revision: int
    kind: str
    resource: Resource
    now: Object
    before: Object | None


Key = tuple[Resource, str, str]


class Store:
    """Used by the server's one thread alone. What goes in and out is copied."""

    def __init__(self) -> None:
        self.revision = 1000
        self.oldest = self.revision
        """Watches can go on from this revision or later."""
        self.log: deque[Change] = deque()
        self.listeners: list[Callable[[Change], None]] = []
        self._objects: dict[Key, Object] = {}
        self._snapshots: dict[int, dict[Key, Object]] = {}

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        found = self._objects.get((resource, namespace, name))
        return copied(found) if found is not None else None

    def find(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """Ordered by namespace and name, as etcd's keys are. None: of all namespaces."""
        return self._select(self._objects, resource, namespace)

    def find_at(self, revision: int, resource: Resource, namespace: str | None) -> list[Object] | None:
        """As it was when `keep` was called; None if that is forgotten."""
        kept = self._snapshots.get(revision)
        return None if kept is None else self._select(kept, resource, namespace)

    def keep(self) -> int:
        """Remember all as it is now, for the later pages of a list."""
        self._snapshots[self.revision] = dict(self._objects)
        while len(self._snapshots) > SNAPSHOTS:
            del self._snapshots[min(self._snapshots)]
        return self.revision

    def put(self, resource: Resource, thing: Object) -> Object:
        """Insert or replace, under a new revision."""
        key = (resource, space_of(thing), name_of(thing))
        before = self._objects.get(key)
        self.revision += 1
        thing = copied(thing)
        thing["metadata"]["resourceVersion"] = str(self.revision)
        self._objects[key] = thing
        self._tell(Change(self.revision, "MODIFIED" if before else "ADDED", resource, thing, before))
        return copied(thing)

    def drop(self, resource: Resource, namespace: str, name: str) -> Object:
        before = self._objects.pop((resource, namespace, name))
        self.revision += 1
        last = copied(before)
        last["metadata"]["resourceVersion"] = str(self.revision)
        self._tell(Change(self.revision, "DELETED", resource, last, before))
        return copied(last)

    def since(self, revision: int) -> list[Change]:
        return [change for change in self.log if change.revision > revision]

    def compact(self) -> None:
        """Forget the past: watches and pages that go on from an older revision get 410."""
        self.revision += 1
        self.oldest = self.revision
        self.log.clear()
        self._snapshots.clear()

    def _tell(self, change: Change) -> None:
        self.log.append(change)
        while len(self.log) > LOG:
            self.oldest = self.log.popleft().revision
        for listener in list(self.listeners):
            listener(change)

    @staticmethod
    def _select(objects: dict[Key, Object], resource: Resource, namespace: str | None) -> list[Object]:
        keys = sorted(
            (key for key in objects if key[0] is resource and namespace in {None, key[1]}),
            key=lambda key: key[1:],
        )
        return [copied(objects[key]) for key in keys]
