"""The few calls that the driver makes to the cluster's API server. Nothing else in this package speaks to it
but `channel.py`, which opens forwarded connections.

Expected answers (not there, already gone) are return values; all others are DriverErrors (`errors.py`). The
first call connects, so that an agent starts, and says why, while the cluster is down.

Every write may be sent again when its answer was lost: an apply states the whole intent, a delete finds
nothing more. With a precondition the second attempt may find the version that the first one made, and says
`Stale`; who gets it reads the object again.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import Self

from agent.drivers.base import DriverError
from agent.drivers.kubernetes.access import Access, find_access
from agent.drivers.kubernetes.calling import Answer, Call, Caller, Timeouts
from agent.drivers.kubernetes.errors import names_another, refused, temporary
from agent.drivers.kubernetes.kinds import Kind, Object, Objects, selector, slim
from agent.drivers.kubernetes.settings import Settings
from agent.drivers.kubernetes.watch import Gone, Watch

FIELD_MANAGER = "streamspace-agent"
APPLY = "application/apply-patch+yaml"
JSON = "application/json"
PAGE = 500
Keep = Callable[[Object], Object]
LISTINGS = 4
"""Times that a list is begun again before it is given up."""


class Stale(Exception):
    """The object is no longer (or not yet) the one that the precondition named; nothing was changed by this
    attempt."""


class Cluster:
    """Thread-safe: calls share a pool of connections, and each attempt is one request."""

    def __init__(self, access: Access, namespace: str, timeouts: Timeouts = Timeouts()) -> None:  # noqa: B008
        self.namespace = namespace
        self.inside = access.inside
        self.caller = Caller(access, timeouts)

    @classmethod
    def connect(cls, settings: Settings, environment: Mapping[str, str]) -> Self:
        """By the pod's own account inside the cluster, else by a kubeconfig. No call is made yet."""
        access = find_access(environment, context=settings.context)
        return cls(access, settings.namespace or access.namespace or "default")

    @property
    def address(self) -> str:
        """Of the API server, once there was a call."""
        return self.caller.address

    # objects

    def apply(
        self,
        kind: Kind,
        manifest: Object,
        *,
        resource_version: str | None = None,
        manager: str = FIELD_MANAGER,
        force: bool = True,
    ) -> Object:
        """Server-side apply; by force: the fields named are ours whoever set them last. Raises Stale where
        the object is not of `resource_version`, or not the one whose uid the manifest names, or (without
        force) where a field has another value that another manager gave it. Real API servers make an object
        that is gone anew, whatever the version says, unless the manifest names its uid."""
        metadata = dict(manifest["metadata"])
        if resource_version is not None:
            metadata["resourceVersion"] = resource_version
        path = kind.path(self.namespace, metadata["name"])
        query = (("fieldManager", manager), ("force", "true" if force else ""))
        call = Call("PATCH", path, query, manifest | {"metadata": metadata}, APPLY)
        try:
            return self.caller.object(call)
        except Answer as answer:
            bound = "resourceVersion" in metadata or "uid" in metadata
            status = answer.refusal.status
            if (
                (status == 404 and bound)
                or (status == 409 and (bound or not force))
                or names_another(answer.refusal)
            ):
                raise Stale(answer.refusal.message) from answer
            raise self._refused(answer, f"patch {kind.plural}") from answer

    def create(self, kind: Kind, manifest: Object) -> Object:
        """Raises Stale where there is one of that name (it may be the first attempt's), or where many are
        counted by one quota at the same moment."""
        query = (("fieldManager", FIELD_MANAGER),)
        try:
            return self.caller.object(Call("POST", kind.path(self.namespace), query, manifest, JSON))
        except Answer as answer:
            if answer.refusal.status == 409:
                raise Stale(answer.refusal.message) from answer
            raise self._refused(answer, f"create {kind.plural}") from answer

    def get(self, kind: Kind, name: str) -> Object | None:
        """None if there is none. Where objects may be listed, that is how it is asked for, so that the
        agent's role needs no further verb."""
        if kind.namespaced:
            found = self._pages(kind, {}, everywhere=False, fields=f"metadata.name={name}", keep=slim)[0]
            return found[0] if found else None
        try:
            return self.caller.object(Call("GET", kind.path(self.namespace, name)))
        except Answer as answer:
            if answer.refusal.status == 404:
                return None
            raise self._refused(answer, f"get {kind.plural}") from answer

    def list(
        self,
        kind: Kind,
        labels: Mapping[str, str] | None = None,
        *,
        everywhere: bool = False,
        keep: Keep = slim,
    ) -> Objects:
        """All that have these labels, as the API server's own store has them now (a quorum read). `keep`
        makes each smaller as its page comes."""
        return self.list_with_version(kind, labels, everywhere=everywhere, keep=keep)[0]

    def list_with_version(
        self,
        kind: Kind,
        labels: Mapping[str, str] | None = None,
        *,
        everywhere: bool = False,
        keep: Keep = slim,
    ) -> tuple[Objects, str]:
        """The same, and the version from which a watch goes on."""
        for attempt in itertools.count(1):
            try:
                return self._pages(kind, labels, everywhere=everywhere, keep=keep)
            except Gone:
                # The pages' snapshot was compacted away between two of them: from the first page again.
                if attempt == LISTINGS:
                    raise temporary(
                        "platform_unavailable", f"Listing {kind.plural} takes longer than the cluster allows."
                    ) from None
        raise AssertionError

    def delete(
        self,
        kind: Kind,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        foreground: bool = True,
    ) -> None:
        """In the foreground: what it owns goes first, and it is gone later; in the background the other way
        round. Gone already, or another one by now, is a success. Raises Stale where it is not of
        `resource_version`."""
        policy = "Foreground" if foreground else "Background"
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if resource_version is not None:
            options.setdefault("preconditions", {})["resourceVersion"] = resource_version
        try:
            self.caller.raw(Call("DELETE", kind.path(self.namespace, name), (), options, JSON))
        except Answer as answer:
            if answer.refusal.status == 409 and resource_version is not None:
                raise Stale(answer.refusal.message) from answer
            if answer.refusal.status == 404 or (answer.refusal.status == 409 and uid is not None):
                return
            raise self._refused(answer, f"delete {kind.plural}") from answer

    def logs(
        self, pod: str, lines: int, *, previous: bool = False, container: str | None = None
    ) -> tuple[str, ...]:
        """What it printed last; nothing if it is gone or has not begun."""
        query = [("tailLines", str(lines)), ("limitBytes", str(lines * 4096))]
        if previous:
            query.append(("previous", "true"))
        if container:
            query.append(("container", container))
        try:
            raw = self.caller.raw(Call("GET", Kind.POD.path(self.namespace, pod, "log"), query))
        except Answer as answer:
            if answer.refusal.status in {400, 404}:
                return ()
            raise self._refused(answer, "get pods/log") from answer
        return tuple(line for line in raw.decode(errors="replace").splitlines() if line.strip())

    # streams

    def watch(
        self, kind: Kind, labels: Mapping[str, str] | None, version: str, *, seconds: float, silence: float
    ) -> Watch:
        """What happens after `version`, for as long as `seconds`. The connection is given up after `silence`
        seconds without a word. Raises Gone where the version is too old. The caller closes it."""
        query = (
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", version),
            ("timeoutSeconds", str(int(seconds))),
            ("labelSelector", selector(labels)),
        )
        try:
            return Watch(self.caller.stream(Call("GET", kind.path(self.namespace), query)), silence)
        except Answer as answer:
            if answer.refusal.status == 410:
                raise Gone(answer.refusal.message) from answer
            raise self._refused(answer, f"watch {kind.plural}") from answer

    def close(self) -> None:
        """Further calls fail; those that wait for another attempt end now."""
        self.caller.close()

    def _pages(
        self, kind: Kind, labels: Mapping[str, str] | None, *, everywhere: bool, keep: Keep, fields: str = ""
    ) -> tuple[Objects, str]:
        path = kind.path(None if everywhere else self.namespace)
        items: Objects = []
        token = ""
        while True:
            query = (
                ("limit", str(PAGE)),
                ("labelSelector", selector(labels)),
                ("fieldSelector", fields),
                ("continue", token),
            )
            try:
                page = self.caller.object(Call("GET", path, query))
            except Answer as answer:
                if answer.refusal.status == 410:
                    raise Gone(answer.refusal.message) from answer
                raise self._refused(answer, f"list {kind.plural}") from answer
            items += (keep(item) for item in page.get("items") or [])
            metadata = page.get("metadata") or {}
            token = metadata.get("continue") or ""
            if not token:
                return items, str(metadata.get("resourceVersion") or "")

    def _refused(self, answer: Answer, asked: str) -> DriverError:
        return refused(answer.refusal, asked, self.address)
