"""All that a tenant has, as JSON lines in one compressed file.

A step tells one capability's documents: packed parts, written as they fill up and written over where a step
is repeated. In the end the parts are joined, which is how gzip files may be: one member after the other.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.clock import Clock
from chalicelib.core.objects import ObjectStore
from chalicelib.offboarding.rules import Job, JobState
from chalicelib.offboarding.store import Telling
from chalicelib.offboarding.working import Held
from chalicelib.tenancy.service import TenancyService

FORMAT = 1
_PART_BYTES = 4 * 2**20
"""Of lines, before they are packed."""
_PACKED = "application/gzip"


@dataclass(frozen=True)
class Exporting:
    capabilities: Sequence[Telling]
    tenancy: TenancyService
    objects: ObjectStore
    clock: Clock

    def step(self, held: Held) -> Job:
        """See `working.Work`."""
        job = held.job
        counts: list[int] = list(job.place.get("parts", []))
        told = int(job.place.get("told", 0))
        if len(counts) <= len(self.capabilities):
            documents = self._documents(job, len(counts))
            parts = told_here = 0
            for lines, number in _parts(documents):
                held.keep(held.job.moved(held.job.due_at, done=told + told_here + number))
                self.objects.put(
                    _part(job, len(counts), parts), gzip.compress(lines), _PACKED, temporary=True
                )
                parts, told_here = parts + 1, told_here + number
            place = {"parts": [*counts, parts], "told": told + told_here}
            return held.job.moved(self.clock(), place=place, done=told + told_here)
        return self._join(held, counts, told)

    def _documents(self, job: Job, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The first says what this is, then come the capabilities."""
        if number:
            return self.capabilities[number - 1].export(job.tenant_id)
        head = {
            "format": FORMAT,
            "tenant_id": job.tenant_id,
            "slug": self.tenancy.get(job.tenant_id).slug,
            "requested_by": job.requested_by,
            "created_at": job.created_at.isoformat(),
        }
        return iter([("export", head)])

    def _join(self, held: Held, counts: list[int], told: int) -> Job:
        job = held.job
        end = json.dumps({"kind": "end", "data": {"documents": told}}).encode() + b"\n"
        packed = [
            self.objects.read(_part(job, source, number))
            for source, count in enumerate(counts)
            for number in range(count)
        ]
        body = b"".join([*packed, gzip.compress(end)])
        held.keep()
        self.objects.put(file_of(job), body, _PACKED, temporary=True)
        while self.objects.remove(_parts_of(job)):
            pass
        now = self.clock()
        return held.job.moved(now, state=JobState.DONE, finished_at=now, bytes=len(body), place={})


def file_of(job: Job) -> str:
    """The object's key."""
    return f"{job.tenant_id}/exports/{job.id}/data.jsonl.gz"


def _parts_of(job: Job) -> str:
    return f"{job.tenant_id}/exports/{job.id}/parts/"


def _part(job: Job, source: int, number: int) -> str:
    return f"{_parts_of(job)}{source:03}-{number:06}"


def _parts(documents: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[tuple[bytes, int]]:
    """Lines by the megabyte, and how many documents they are."""
    lines, count, size = [], 0, 0
    for kind, document in documents:
        line = json.dumps({"kind": kind, "data": document}, ensure_ascii=False, default=str).encode() + b"\n"
        lines.append(line)
        count, size = count + 1, size + len(line)
        if size >= _PART_BYTES:
            yield b"".join(lines), count
            lines, count, size = [], 0, 0
    if lines:
        yield b"".join(lines), count
