"""The few calls that the driver makes to the cluster's API server. Nothing else in this package speaks to it
but `watch.py` and `forward.py`, which read what is opened here.

Of the official client it uses what knows credentials, TLS, proxies and the pool of connections
(`ApiClient`), and none of its typed models. Expected answers (not there, already gone) are return values;
all others are DriverErrors (`errors.py`). The first call connects, so that an agent starts, and says why,
while the cluster is down.

Every write may be sent again when its answer was lost: an apply states the whole intent, a delete finds
nothing more. With a precondition the second attempt may find the version that the first one made, and says
`Stale`; who gets it reads the object again.
"""

import itertools
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import urllib3
from kubernetes.client import ApiClient, ApiException

from agent.drivers.base import DriverError
from agent.drivers.kubernetes.access import Access, find_access, own_namespace
from agent.drivers.kubernetes.errors import (
    Refusal,
    Transport,
    no_access,
    read_refusal,
    refused,
    temporary,
    unavailable,
)
from agent.drivers.kubernetes.kinds import Kind, Object, Objects, selector
from agent.drivers.kubernetes.settings import Settings
from agent.drivers.kubernetes.watch import Gone, Watch

FIELD_MANAGER = "streamspace-agent"
APPLY = "application/apply-patch+yaml"
JSON = "application/json"
PAGE = 500
AGAIN = frozenset({429, 500, 502, 503, 504})
T = TypeVar("T")
Query = Sequence[tuple[str, str]]


class Stale(Exception):
    """The object is no longer (or not yet) the one that the precondition named; nothing was changed by this
    attempt."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `total` bounds a call with all its attempts and pauses, so that a Retry-After of an hour, or
    an answer that trickles, does not hold a driver's thread."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 30.0
    attempts: int = 4
    pause: float = 0.2
    """Before the second attempt; doubles, with jitter."""


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    query: Query = ()
    body: Object | None = None
    content: str | None = None
    silence: float | None = None
    """Seconds without a word before the answer is given up; None: as for any call."""


class _Answer(Exception):
    """An answer that is no success, on its way to who expected it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Cluster:
    """Thread-safe: calls share a pool of connections, and each attempt is one request."""

    def __init__(self, access: Access, namespace: str, timeouts: Timeouts = Timeouts()) -> None:
        self.namespace = namespace
        self.inside = access.inside
        self.address = "(not connected yet)"
        self._access = access
        self._timeouts = timeouts
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._closed = threading.Event()

    @classmethod
    def connect(cls, settings: Settings, environment: Mapping[str, str]) -> Self:
        """By the pod's own account inside the cluster, else by a kubeconfig. No call is made yet."""
        access = find_access(environment, context=settings.context)
        own = own_namespace() if access.inside else None
        return cls(access, settings.namespace or own or "default")

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
        force) where a field has another value that another manager gave it."""
        metadata = dict(manifest["metadata"])
        if resource_version is not None:
            metadata["resourceVersion"] = resource_version
        path = kind.path(self.namespace, metadata["name"])
        query = (("fieldManager", manager), ("force", "true" if force else ""))
        call = _Call("PATCH", path, query, manifest | {"metadata": metadata}, APPLY)
        try:
            return self._object(call)
        except _Answer as answer:
            bound = "resourceVersion" in metadata or "uid" in metadata
            if (answer.refusal.status == 404 and bound) or (
                answer.refusal.status == 409 and (bound or not force)
            ):
                raise Stale(answer.refusal.message) from answer
            raise self._refused(answer, f"patch {kind.plural}") from answer

    def get(self, kind: Kind, name: str) -> Object | None:
        """None if there is none."""
        try:
            return self._object(_Call("GET", kind.path(self.namespace, name)))
        except _Answer as answer:
            if answer.refusal.status == 404:
                return None
            raise self._refused(answer, f"get {kind.plural}") from answer

    def list(
        self, kind: Kind, labels: Mapping[str, str] | None = None, *, everywhere: bool = False
    ) -> Objects:
        """All that have these labels, as the API server's own store has them now (a quorum read)."""
        return self.list_with_version(kind, labels, everywhere=everywhere)[0]

    def list_with_version(
        self, kind: Kind, labels: Mapping[str, str] | None = None, *, everywhere: bool = False
    ) -> tuple[Objects, str]:
        """The same, and the version from which a watch goes on."""
        for attempt in itertools.count(1):
            try:
                return self._pages(kind, labels, everywhere)
            except Gone:
                # The pages' snapshot was compacted away between two of them: from the first page again.
                if attempt == self._timeouts.attempts:
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
            self._send(_Call("DELETE", kind.path(self.namespace, name), (), options, JSON), _read)
        except _Answer as answer:
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
            raw = self._send(_Call("GET", Kind.POD.path(self.namespace, pod, "log"), query), _read)
        except _Answer as answer:
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
        call = _Call("GET", kind.path(self.namespace), query, silence=silence)
        try:
            return self._send(call, lambda response, _deadline: Watch(response))
        except _Answer as answer:
            if answer.refusal.status == 410:
                raise Gone(answer.refusal.message) from answer
            raise self._refused(answer, f"watch {kind.plural}") from answer

    def close(self) -> None:
        """Further calls fail; those that wait for another attempt end now."""
        self._closed.set()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()  # type: ignore[no-untyped-call]

    # one call

    def client(self, refused: ApiClient | None = None) -> ApiClient:
        """The client, with credentials read anew if those of `refused` were not taken. Raises
        `platform_unauthorized`."""
        with self._lock:
            if self._closed.is_set():
                raise temporary("platform_unavailable", "The agent is closing its connection to the cluster.")
            if self._client is None or self._client is refused:
                try:
                    configuration = self._access.configure()
                    self._client = ApiClient(configuration)
                except Exception as error:  # files, YAML, certificates, credential plugins
                    raise no_access(error) from error
                self.address = str(configuration.host)
            return self._client

    def _object(self, call: _Call) -> Object:
        raw = self._send(call, _read)
        try:
            return slim(dict(json.loads(raw)))
        except (ValueError, TypeError) as error:
            raise unavailable(self.address, f"something else answered: {raw[:100]!r}") from error

    def _send(self, call: _Call, take: Callable[[urllib3.BaseHTTPResponse, float], T]) -> T:
        """What `take` makes of a successful answer, after as many attempts as it takes and the timeouts
        allow. Raises _Answer for any other answer, DriverError where none comes."""
        deadline = time.monotonic() + self._timeouts.total
        client, renewed = self.client(), False
        for attempt in itertools.count(1):
            failure: Exception
            wait = 0.0
            try:
                return take(self._attempt(client, call), deadline)
            except _Answer as answer:
                failure, wait = answer, answer.refusal.retry_after or 0.0
                if answer.refusal.status == 401 and not renewed:
                    client, renewed = self.client(refused=client), True
                    continue
                if answer.refusal.status not in AGAIN:
                    raise
            except Transport as error:
                failure = unavailable(self.address, error)
                failure.__cause__ = error
            pause = self._timeouts.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311
            pause = max(pause, wait)
            if attempt >= self._timeouts.attempts or time.monotonic() + pause > deadline:
                raise failure
            self._closed.wait(pause)
            client = self.client()
        raise AssertionError

    def _attempt(self, client: ApiClient, call: _Call) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json, */*"}
        if call.content:
            headers["Content-Type"] = call.content
        query = [pair for pair in call.query if pair[1]]
        try:
            request = client.param_serialize(
                call.method, call.path, None, query, headers, call.body, auth_settings=["BearerToken"]
            )
        except Exception as error:  # whatever a credential plugin or a token file may do
            raise no_access(error) from error
        timeouts = (self._timeouts.connect, call.silence or self._timeouts.read)
        try:
            answer = client.call_api(*request, _request_timeout=timeouts)
        except ApiException as error:  # how the client says that TLS failed
            raise ssl.SSLError(str(error.reason)) from error
        if 200 <= answer.status < 300:
            response: urllib3.BaseHTTPResponse = answer.response
            return response
        answer.read()  # type: ignore[no-untyped-call]
        raise _Answer(read_refusal(ApiException(http_resp=answer)))

    def _pages(self, kind: Kind, labels: Mapping[str, str] | None, everywhere: bool) -> tuple[Objects, str]:
        path = kind.path(None if everywhere else self.namespace)
        items: Objects = []
        token = ""
        while True:
            query = (("limit", str(PAGE)), ("labelSelector", selector(labels)), ("continue", token))
            try:
                page = self._object(_Call("GET", path, query))
            except _Answer as answer:
                if answer.refusal.status == 410:
                    raise Gone(answer.refusal.message) from answer
                raise self._refused(answer, f"list {kind.plural}") from answer
            items += (slim(item) for item in page.get("items") or [])
            metadata = page.get("metadata") or {}
            token = metadata.get("continue") or ""
            if not token:
                return items, str(metadata.get("resourceVersion") or "")

    def _refused(self, answer: _Answer, asked: str) -> DriverError:
        return refused(answer.refusal, asked, self.address)


def slim(item: Object) -> Object:
    """Without the record of who set which field, which is often half of an object and nobody here reads."""
    (item.get("metadata") or {}).pop("managedFields", None)
    return item


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body, however slowly it comes, until the deadline."""
    body = bytearray()
    while part := response.read1(65536):
        body += part
        if time.monotonic() > deadline:
            response.close()
            raise TimeoutError("timed out within the answer")
    return bytes(body)
