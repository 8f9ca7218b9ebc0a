"""Lists, in pages of one snapshot, and watches: replay since a revision, then live, with bookmarks."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from tests.support.cluster import selectors
from tests.support.cluster.objects import Object, Resource, copied, labels_of, name_of, now, space_of
from tests.support.cluster.refusals import Refused, bad_request, expired, too_large_version
from tests.support.cluster.selectors import Matches
from tests.support.cluster.store import Change, Store

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the continue parameter, or use the continue token in this response to retrieve the "
    "remainder of "
    "the results. Continuing with the provided token results in an inconsistent list."
)
INITIAL_END = "k8s.io/initial-events-end"


def page(store: Store, resource: Resource, namespace: str | None, query: Mapping[str, str]) -> Object:
    """One answer to a list. Items say neither kind nor version, as in the real API."""
    matches = selectors.parse(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    limit, token = int(query.get("limit") or 0), query.get("continue", "")
    asked = int(query.get("resourceVersion") or 0)
    if asked > store.revision:
        raise too_large_version(asked, store.revision)
    revision, start = store.revision, ""
    if token:
        revision, start = _unpack(token)
        found = store.find_at(revision, resource, namespace)
        if found is None:
            raise expired(_TOO_OLD)
    else:
        found = store.find(resource, namespace)
    rest = [thing for thing in found if _key(thing) > start and matches(thing)]
    shown = rest[:limit] if limit else rest
    metadata: Object = {"resourceVersion": str(revision)}
    if len(shown) < len(rest):
        if not token:
            store.keep()
        metadata["continue"] = _pack(revision, _key(shown[-1]))
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(rest) - len(shown)
    for thing in shown:
        thing.pop("kind", None)
        thing.pop("apiVersion", None)
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": shown,
    }


def metrics(store: Store, pods: Resource, namespace: str | None, query: Mapping[str, str]) -> Object:
    """What metrics-server would say: each running container uses a tenth of its limits."""
    matches = selectors.parse(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    items = [
        {
            "metadata": {
                "name": name_of(pod),
                "namespace": space_of(pod),
                "labels": labels_of(pod),
                "creationTimestamp": now(),
            },
            "timestamp": now(),
            "window": "15.1s",
            "containers": [
                {"name": each["name"], "usage": {"cpu": "51234567n", "memory": "13107Ki"}}
                for each in pod["spec"]["containers"]
            ],
        }
        for pod in store.find(pods, namespace)
        if matches(pod) and pod["status"].get("phase") == "Running"
    ]
    return {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}


def _key(thing: Object) -> str:
    return f"{space_of(thing)}/{name_of(thing)}"


def _pack(revision: int, last: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": f"{last}\0"})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpack(token: str) -> tuple[int, str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(found["rv"]), str(found["start"]).rstrip("\0")
    except (ValueError, KeyError, binascii.Error):
        raise bad_request(f'continue key is not valid: "{token}"') from None


@dataclass(eq=False)
class Watcher:
    """One open watch. `silent`: the connection stays and nothing is said, as when packets vanish."""

    store: Store
    resource: Resource
    namespace: str | None
    matches: Matches
    bookmarks: float | None
    """Seconds between bookmarks; None: not asked for."""
    lag: float = 0.0
    silent: bool = False
    queue: asyncio.Queue[Object | None] = field(default_factory=asyncio.Queue)
    """None ends the watch."""

    def hear(self, change: Change) -> None:
        if self.silent or change.resource is not self.resource:
            return
        if self.namespace not in {None, space_of(change.now)}:
            return
        was = change.before is not None and self.matches(change.before)
        is_now = change.kind != "DELETED" and self.matches(change.now)
        if was or is_now:
            kind = ("MODIFIED" if was else "ADDED") if is_now else "DELETED"
            self.queue.put_nowait({"type": kind, "object": copied(change.now)})

    def bookmark(self, **annotations: str) -> Object:
        metadata: Object = {"resourceVersion": str(self.store.revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        empty = {"kind": self.resource.kind, "apiVersion": self.resource.api_version, "metadata": metadata}
        return {"type": "BOOKMARK", "object": empty}

    def begin(self, query: Mapping[str, str]) -> None:
        """Queue what has happened already. Raises `Refused`; a version that is too old is told in the
        stream, as the real API does."""
        version = query.get("resourceVersion") or "0"
        if not version.isdigit():
            raise bad_request(f'invalid resource version "{version}"')
        initial = query.get("sendInitialEvents") == "true"
        revision = int(version)
        if revision > self.store.revision:
            raise too_large_version(revision, self.store.revision)
        if initial or revision == 0:
            for thing in self.store.find(self.resource, self.namespace):
                if self.matches(thing):
                    self.queue.put_nowait({"type": "ADDED", "object": thing})
            if initial:
                self.queue.put_nowait(self.bookmark(**{INITIAL_END: "true"}))
        elif revision < self.store.oldest:
            self.expire(f"too old resource version: {revision} ({self.store.oldest})")
        else:
            for change in self.store.since(revision):
                self.hear(change)

    def expire(self, message: str) -> None:
        self.queue.put_nowait({"type": "ERROR", "object": expired(message).status})
        self.queue.put_nowait(None)

    def refuse(self, refused: Refused) -> None:
        self.queue.put_nowait({"type": "ERROR", "object": refused.status})
        self.queue.put_nowait(None)

    async def lines(self, seconds: float) -> AsyncIterator[bytes]:
        """Until the time that the client asked for is over, or the watch is ended from here."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            patience = min(left, self.bookmarks or left)
            try:
                event = await asyncio.wait_for(self.queue.get(), patience)
            except TimeoutError:
                if self.bookmarks is None or self.silent:
                    continue
                event = self.bookmark()
            if event is None:
                return
            if self.lag:
                await asyncio.sleep(self.lag)
            yield json.dumps(event).encode() + b"\n"
