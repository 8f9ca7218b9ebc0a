"""Exports: sealed entries as JSON lines, in files by number.

A file of a full range never changes, so it is written once and kept; the ends of a range are written anew
each time and go after a week. Writing all of a long log takes longer than a request may: what is there
already is not written again, so asking once more goes on where the last answer ended.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.audit.rules import Head, first_id
from chalicelib.audit.sealing import Sealer
from chalicelib.audit.store import AuditStore
from chalicelib.core.clock import Clock
from chalicelib.core.objects import ObjectStore

ENTRIES = 5000
"""Of a file: about four megabytes."""
_LINK_SECONDS = 3600
_PATIENCE = 15.0
"""Seconds after which no further file is begun; API Gateway waits for 29."""
_TYPE = "application/jsonl"


@dataclass(frozen=True)
class File:
    """Entries `first` to `last`, at `url` until `expires_at`."""

    name: str
    first: int
    last: int
    bytes: int
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Export:
    """`after` is what precedes the first entry, `head` the last one: what a verifier needs to know.
    `complete` is False when there was no time for all files: ask again."""

    files: list[File]
    after: Head
    head: Head
    complete: bool


@dataclass(frozen=True)
class Exports:
    store: AuditStore
    objects: ObjectStore
    sealer: Sealer
    clock: Clock
    entries: int = ENTRIES
    patience: float = _PATIENCE
    monotonic: Callable[[], float] = time.monotonic

    def export(self, tenant_id: str, since: datetime | None, until: datetime | None) -> Export:
        """Everything that is sealed by now, or what came in that time: an unbroken part of the chain."""
        self.sealer.seal(tenant_id)
        first, last = self._range(tenant_id, since, until)
        if first > last:
            head = self.store.state(tenant_id).head
            return Export([], head, head, complete=True)
        began = self.monotonic()
        known = self.objects.sizes(_prefix(tenant_id))
        files: list[File] = []
        for low, high in _parts(first, last, self.entries):
            key = f"{_prefix(tenant_id)}{low:016d}-{high:016d}.jsonl"
            whole = high - low + 1 == self.entries
            if not (whole and key in known):
                if files and self.monotonic() - began > self.patience:
                    break
                known[key] = self._write(tenant_id, key, low, high, temporary=not whole)
            files.append(self._file(key, low, high, known[key]))
        return Export(
            files,
            self._head(tenant_id, first - 1),
            self._head(tenant_id, files[-1].last),
            complete=files[-1].last == last,
        )

    def _range(self, tenant_id: str, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Numbers follow the order of sealing, which is that of time but for entries of one moment."""
        last = self.store.state(tenant_id).head.sequence
        first = 1
        if since is not None:
            near = self.store.numbers_near(tenant_id, first_id(since), after=True)
            first = min(near, default=last + 1)
        if until is not None:
            near = self.store.numbers_near(tenant_id, first_id(until, past=True), after=False)
            last = max(near, default=0)
        return first, last

    def _write(self, tenant_id: str, key: str, low: int, high: int, *, temporary: bool) -> int:
        lines = [f"{each.line}\n" for each in self.store.sealed(tenant_id, low, high)]
        if len(lines) != high - low + 1:
            raise RuntimeError(f"entries {low} to {high} of the chain are not all there")
        body = "".join(lines).encode()
        self.objects.put(key, body, _TYPE, temporary=temporary)
        return len(body)

    def _file(self, key: str, low: int, high: int, size: int) -> File:
        name = f"audit-{low:016d}-{high:016d}.jsonl"
        expires_at = self.clock() + timedelta(seconds=_LINK_SECONDS)
        return File(name, low, high, size, self.objects.link(key, _LINK_SECONDS, name), expires_at)

    def _head(self, tenant_id: str, sequence: int) -> Head:
        found = next(self.store.sealed(tenant_id, sequence, sequence), None)
        return Head() if found is None else Head(sequence, found.seal.hash)

    def erase(self, tenant_id: str) -> bool:
        """Remove files of a tenant that is deleted; True when none is left."""
        return self.objects.remove(_prefix(tenant_id)) == 0


def _prefix(tenant_id: str) -> str:
    return f"{tenant_id}/audit/"


def _parts(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """The range, cut where numbers are multiples of `size`, so that every export cuts alike."""
    starts = [first, *range((first - 1) // size * size + size + 1, last + 1, size)]
    ends = [each - 1 for each in starts[1:]] + [last]
    return list(zip(starts, ends, strict=True))
