"""Reports on their way: results and endings on disk until they are accepted, progress in memory.

In order per session. Progress coalesces: only the newest unsent one of a session is kept, none behind a
result, and none on disk, since a restarted agent repeats the command and with it the stages. What is on disk
has no epoch and no sequence: both are of the boot that sends it.
"""

import asyncio
import itertools
import logging
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from agent.worker.runtime import Blocking
from agent.worker.shelf import Shelf
from chalicelib.protocol.base import Identifier, Wire
from chalicelib.protocol.commands import Outcome
from chalicelib.protocol.instances import Progress, Reason, Stage

_log = logging.getLogger(__name__)


class Report(Wire):
    """What will be sent: a result (`command_id`, `outcome`), an ending (`ended`, of that
    `incarnation`) or progress (`stage`)."""

    session_id: Identifier
    fence: int
    command_id: Identifier | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    ended: Reason | None = None
    incarnation: int | None = None
    stage: Stage | None = None
    progress: Progress | None = None

    @property
    def lasting(self) -> bool:
        """Whether it must survive the process."""
        return self.stage is None


@dataclass(frozen=True)
class Entry:
    """A report with its place: `sequence` grows within this boot; `name` is its file, if it has one."""

    sequence: int
    report: Report
    name: str | None = None


class Outbox:
    """Lanes of entries by session. `changed` is set when something was added, `shrunk` when it was sent."""

    def __init__(self, folder: Path, blocking: Blocking) -> None:
        self._shelf = Shelf(folder, Report)
        self._blocking = blocking
        self._lanes: dict[str, deque[Entry]] = {}
        self._sending: set[int] = set()
        self._sequence = itertools.count(1)
        self.changed = asyncio.Event()
        self.shrunk = asyncio.Event()
        self.trouble: Reason | None = None
        """Set while reports cannot be written to disk."""
        self._next_file = 0
        for name, report in self._shelf.load().items():
            self._next_file = int(name) + 1
            self._append(Entry(next(self._sequence), report, name))

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def sessions(self) -> tuple[str, ...]:
        """Sessions with something to send."""
        return tuple(self._lanes)

    def head(self, session_id: str) -> Entry | None:
        """The entry to send next; it is being sent from now on."""
        lane = self._lanes.get(session_id)
        if not lane:
            return None
        self._sending.add(lane[0].sequence)
        return lane[0]

    def has_result(self, command_id: str) -> bool:
        return any(e.report.command_id == command_id for lane in self._lanes.values() for e in lane)

    async def until_told(self, session_id: str) -> None:
        """Wait until no result or ending of the session is on its way: a claim that overtook the result
        of the command before it would be refused as busy."""
        while any(e.report.lasting for e in self._lanes.get(session_id, ())):
            self.shrunk.clear()
            await self.shrunk.wait()

    async def add(self, report: Report) -> None:
        """Queue a lasting report. It is on disk before it is sent, unless the disk refuses it. Whoever adds
        holds the session's lane, so that two of one session are never added at a time."""
        name = f"{self._next_file:020d}"
        self._next_file += 1
        try:
            await self._blocking(lambda: self._shelf.put(name, report, durable=True))
            self.trouble = None
        except OSError as error:
            _log.error("A report is kept in memory only: %s", error)
            self.trouble = Reason(
                code="agent_disk", message=f"The agent cannot write to its state folder: {error}."
            )
        self._drop_waiting_progress(report.session_id)
        self._append(Entry(next(self._sequence), report, name))

    def progress(self, report: Report) -> None:
        """Queue progress in place of older progress that was not sent yet."""
        self._drop_waiting_progress(report.session_id)
        self._append(Entry(next(self._sequence), report))

    async def done(self, entry: Entry) -> None:
        """Accepted, or refused for good: forget it."""
        self._sending.discard(entry.sequence)
        lane = self._lanes.get(entry.report.session_id)
        if lane is not None and entry in lane:
            lane.remove(entry)
            if not lane:
                del self._lanes[entry.report.session_id]
        self.shrunk.set()
        name = entry.name
        if name is not None:
            await self._blocking(lambda: self._shelf.remove(name))

    def later(self, entry: Entry) -> None:
        """Not accepted yet: it may be coalesced again."""
        self._sending.discard(entry.sequence)

    def _append(self, entry: Entry) -> None:
        self._lanes.setdefault(entry.report.session_id, deque()).append(entry)
        self.changed.set()

    def _drop_waiting_progress(self, session_id: str) -> None:
        lane = self._lanes.get(session_id)
        if lane is None:
            return
        kept = deque(e for e in lane if e.report.lasting or e.sequence in self._sending)
        if kept:
            self._lanes[session_id] = kept
        else:
            del self._lanes[session_id]
