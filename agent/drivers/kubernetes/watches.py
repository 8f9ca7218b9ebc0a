"""One reflector for each kind that somebody waits for, begun when first asked for."""

import threading

from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.kinds import Kind
from agent.drivers.kubernetes.reflector import Reflector, Snapshot
from agent.drivers.kubernetes.seen import Happening, happening

SYNC = 10.0
"""Seconds that the first list may take."""


class Watches:
    """Of one controller. What they show may be a moment old: it says when to look, and `instances.py` reads
    what is acted on."""

    def __init__(self, cluster: Cluster, controller_id: str) -> None:
        self._cluster = cluster
        self._controller_id = controller_id
        self._lock = threading.Lock()
        self._open: dict[Kind, Reflector] = {}
        self._closed = False

    def now(self, kind: Kind) -> Snapshot:
        """Raises `platform_unavailable`, `platform_unauthorized`."""
        return self._reflector(kind).snapshot(SYNC)

    def wait(self, kind: Kind, beyond: int, most: float) -> Snapshot:
        """Return as soon as something changed, or after `most` seconds."""
        return self._reflector(kind).wait(beyond, most)

    def happenings(self) -> list[Happening]:
        """The namespace's events, in about the order in which they came."""
        return [happening(each) for each in self.now(Kind.EVENT).items.values()]

    def close(self) -> None:
        with self._lock:
            self._closed = True
            reflectors = list(self._open.values())
        for each in reflectors:
            each.close()

    def _reflector(self, kind: Kind) -> Reflector:
        with self._lock:
            found = self._open.get(kind)
            if found is None:
                # Events carry no labels.
                labels = None if kind is Kind.EVENT else {naming.CONTROLLER: self._controller_id}
                found = self._open[kind] = Reflector(self._cluster, kind, labels)
                if self._closed:
                    found.close()
            return found
