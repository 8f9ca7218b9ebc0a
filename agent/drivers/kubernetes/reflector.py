"""What a cluster's objects of one kind look like now, kept up to date by list and watch, never by polling.

`kubernetes.informer.SharedInformer` (37.0.1) is not used. Read critically: its watches carry neither a
server-side nor a read timeout, so one that went silent (a NAT forgot it, the server hangs) is silent for
ever; while the API server refuses connections its watch loop goes round without a pause; it lists in one
page and asks for no bookmarks, so after a quiet hour each reconnect is a 410 and a whole list; `stop` joins a
thread that is blocked in a read, which nothing wakes; 401 never renews credentials; and every event becomes
typed models. What is right in it is kept here: one version to go on from, and a new list on 410.
"""

import logging
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.drivers.base import DriverError
from agent.drivers.kubernetes.cluster import Cluster, Keep
from agent.drivers.kubernetes.errors import Transport, refused, temporary
from agent.drivers.kubernetes.kinds import Kind, Object, slim
from agent.drivers.kubernetes.watch import Event, Gone, Refused, Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timings:
    """Seconds."""

    watch: float = 300.0
    """How long the server keeps a watch open, a tenth more or less, so that not all end at once."""
    margin: float = 15.0
    """By how much silence must exceed that before the connection counts as dead."""
    silence: float = 30.0
    """The same while somebody waits for news: then the watch is opened anew where it stood. Without HTTP/2's
    pings, a silent connection and a dead one look alike."""
    pause: float = 0.1
    """After a failure, or a watch that ended at once; doubles, with jitter."""
    longest_pause: float = 5.0
    short: float = 1.0
    """A watch that ends sooner, having said nothing, ended at once."""
    outage: float = 30.0
    """For how long waits go on with what was known last, while the API server is away."""


@dataclass(frozen=True)
class Snapshot:
    """`items` by name. `version` grows with every change; it means nothing beyond this reflector."""

    version: int
    items: Mapping[str, Object]


class Reflector:
    """One kind, one set of labels, one thread. Any number of threads may ask. `keep` makes each object
    smaller as it comes; it leaves `metadata.name`."""

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind,
        labels: Mapping[str, str] | None = None,
        *,
        keep: Keep = slim,
        timings: Timings = Timings(),
    ) -> None:
        self._cluster, self._kind, self._labels, self._timings = cluster, kind, labels, timings
        self._keep = keep
        self._changed = threading.Condition()
        self._items: MappingProxyType[str, Object] = MappingProxyType({})
        self._version = 0
        self._synced = False
        self._failure: DriverError | None = None
        self._failing_since = 0.0
        self._watch: Watch | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless it has begun; asking begins it, too."""
        with self._changed:
            if self._thread is None and not self._closed.is_set():
                name = f"watch-{self._kind.plural}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, and every wait, now."""
        self._closed.set()
        with self._changed:
            watch, thread = self._watch, self._thread
            self._changed.notify_all()
        if watch is not None:
            watch.hang_up()
        if thread is not None and thread is not threading.current_thread():
            thread.join(self._timings.longest_pause)

    def snapshot(self, most: float) -> Snapshot:
        """What is there, once it is known, waiting for that at most so many seconds. Raises what keeps it
        from being known (`platform_unavailable`, `platform_unauthorized`)."""
        self.start()
        deadline = time.monotonic() + most
        with self._changed:
            while not self._synced or self._failure is not None:
                left = deadline - time.monotonic()
                if left <= 0 or self._closed.is_set():
                    raise self._failure or self._not_known()
                self._changed.wait(left)
            return self._current()

    def wait(self, beyond: int, most: float) -> Snapshot:
        """Return as soon as something has changed since version `beyond`, or after `most` seconds. An outage
        of the API server shorter than `Timings.outage` is waited through; then it is raised."""
        self.start()
        deadline = time.monotonic() + most
        with self._changed:
            while self._version <= beyond:
                now = time.monotonic()
                if self._closed.is_set():
                    raise self._not_known()
                if self._failure is not None and now - self._failing_since >= self._timings.outage:
                    raise self._failure
                if now >= deadline:
                    break
                self._changed.wait(min(deadline, self._listen_by(now)) - now)
            return self._current()

    def _current(self) -> Snapshot:
        return Snapshot(self._version, self._items)

    def _not_known(self) -> DriverError:
        return temporary(
            "platform_unavailable", f"The cluster has not said yet which {self._kind.plural} there are."
        )

    def _listen_by(self, now: float) -> float:
        """When to look again whether the watch still lives; one that was silent too long is hung up."""
        if self._watch is None:
            return now + self._timings.silence
        due = self._watch.heard + self._timings.silence
        if due > now:
            return due
        self._watch.hang_up()
        self._watch = None
        return now + self._timings.silence

    # the thread

    def _run(self) -> None:
        since, failures = "", 0
        while not self._closed.is_set():
            began = time.monotonic()
            before = self._version
            try:
                since = since or self._list()
                since = self._follow(since)
                failure = None
            except Gone:
                since, failure = "", None
            except Refused as refusal:
                since = ""
                failure = refused(refusal.refusal, f"watch {self._kind.plural}", self._cluster.address)
            except DriverError as error:
                failure = error
            except Exception as error:  # a thread that ends unseen would leave everybody with old news
                log.exception("watching %s", self._kind.plural)
                since = ""
                failure = temporary("platform_error", f"Watching {self._kind.plural} failed: {error!r}")
            self._note(failure)
            lasted = time.monotonic() - began >= self._timings.short or self._version != before
            failures = 0 if failure is None and lasted else failures + 1
            if failures:
                pause = self._timings.pause * 2 ** min(failures - 1, 10)
                self._closed.wait(min(pause, self._timings.longest_pause) * random.uniform(0.5, 1.0))  # noqa: S311

    def _list(self) -> str:
        items, version = self._cluster.list_with_version(self._kind, self._labels, keep=self._keep)
        found = {item["metadata"]["name"]: item for item in items}
        with self._changed:
            if not self._synced or found != self._items:
                self._replace(found)
            self._synced = True
        return version

    def _follow(self, since: str) -> str:
        """Watch from there until the watch ends in whatever ordinary way; the version to go on from."""
        seconds = self._timings.watch * random.uniform(0.9, 1.1)  # noqa: S311
        watch = self._cluster.watch(
            self._kind, self._labels, since, seconds=seconds, silence=seconds + self._timings.margin
        )
        with self._changed:
            self._watch = watch
            self._failure = None
            self._changed.notify_all()
        if self._closed.is_set():
            watch.close()
            return since
        try:
            for event in watch.events():
                self._take(event)
                since = event.version or since
        except Transport as error:
            log.debug("watch of %s: %r", self._kind.plural, error)
        finally:
            with self._changed:
                self._watch = None
        return since

    def _take(self, event: Event) -> None:
        if event.type == "BOOKMARK":
            return
        name = event.object["metadata"]["name"]
        with self._changed:
            items = self._items.copy()
            items.pop(name, None)  # so that what changed last comes last
            if event.type != "DELETED":
                items[name] = self._keep(event.object)
            self._replace(items)

    def _replace(self, items: dict[str, Object]) -> None:
        """A new mapping each time, so that snapshots that were handed out stay as they are."""
        self._items = MappingProxyType(items)
        self._version += 1
        self._changed.notify_all()

    def _note(self, failure: DriverError | None) -> None:
        with self._changed:
            if failure is not None and self._failure is None and not self._closed.is_set():
                self._failing_since = time.monotonic()
                log.warning("watching %s: %s", self._kind.plural, failure)
            if failure is not None:
                self._failure = failure
            self._changed.notify_all()
