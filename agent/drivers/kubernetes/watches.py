"""One reflector for each kind that somebody waits for, begun when first asked for."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.kinds import Kind, Object, slim
from agent.drivers.kubernetes.reflector import Reflector, Snapshot
from agent.drivers.kubernetes.seen import Happening, brief, happening
from agent.drivers.labels import CONTROLLER

SYNC = 10.0
"""Seconds that the first list may take."""


@dataclass(frozen=True)
class _Read:
    """Events, read; `known` by identity of the object, which a snapshot keeps while it stays the same."""

    version: int = -1
    known: Mapping[str, tuple[Object, Happening]] = field(default_factory=dict)
    by_subject: Mapping[str, list[Happening]] = field(default_factory=dict)

    def moved(self, snapshot: Snapshot) -> "_Read":
        known: dict[str, tuple[Object, Happening]] = {}
        by_subject: dict[str, list[Happening]] = {}
        for name, event in snapshot.items.items():
            before = self.known.get(name)
            found = before if before is not None and before[0] is event else (event, happening(event))
            known[name] = found
            by_subject.setdefault(found[1].about, []).append(found[1])
        return _Read(snapshot.version, known, by_subject)


class Watches:
    """Of one controller. What they show may be a moment old: it says when to look, and `instances.py` reads
    what is acted on."""

    def __init__(self, cluster: Cluster, controller_id: str) -> None:
        self._cluster = cluster
        self._controller_id = controller_id
        self._lock = threading.Lock()
        self._open: dict[Kind, Reflector] = {}
        self._closed = False
        self._read = _Read()

    def now(self, kind: Kind) -> Snapshot:
        """Raises `platform_unavailable`, `platform_unauthorized`."""
        return self._reflector(kind).snapshot(SYNC)

    def wait(self, kind: Kind, beyond: int, most: float) -> Snapshot:
        """Return as soon as something changed, or after `most` seconds."""
        return self._reflector(kind).wait(beyond, most)

    def happenings(self, *about: str) -> list[Happening]:
        """The namespace's events (or those about these uids), in about the order in which they came. Every
        start that waits asks each time that anything moves, so they are read once, not by each."""
        snapshot = self.now(Kind.EVENT)
        with self._lock:
            if snapshot.version > self._read.version:
                self._read = self._read.moved(snapshot)
            by_subject = self._read.by_subject
        return [each for uid in about or by_subject for each in by_subject.get(uid, ())]

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
                labels = None if kind is Kind.EVENT else {CONTROLLER: self._controller_id}
                keep = brief if kind is Kind.EVENT else slim
                found = self._open[kind] = Reflector(self._cluster, kind, labels, keep=keep)
                if self._closed:
                    found.close()
            return found
