"""An append-only journal with snapshots: what was appended before a crash is there after it.

A folder holds segments `<n>.log` and at most a few snapshots `<n>.snapshot`; a snapshot holds all that came
before the segment of its number. Each line is a CRC-32, a space and one JSON object. Only the last line of
the newest segment can be torn (by `kill -9` or a full disk); it is cut off, since it was never
acknowledged. Any other damage stops the start: losing data silently would be worse.

Compaction forks: the child writes the snapshot of the memory as it was at that moment, while the parent
goes on in a new segment. Until the snapshot is complete and renamed into place, the older files stay, so a
crash at any point leaves a readable folder.
"""

import ctypes
import fcntl
import json
import os
import signal
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class JournalDamagedError(Exception):
    """A line other than the last one does not match its checksum."""


class Journal:
    """One writer at a time (a lock file sees to it); not thread-safe: call it from one thread."""

    def __init__(self, folder: Path, *, compact_after: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._compact_after = compact_after
        self._child = 0
        self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._number = max((int(path.stem) for path in folder.glob("*.log")), default=-1) + 1
        self._segment = -1
        self._written = 0
        self._dirty = False

    def replay(self) -> Iterator[Entry]:
        """All entries since the last snapshot, that snapshot's first; opens a new segment at the end."""
        for leftover in self._folder.glob("*.tmp"):
            leftover.unlink()
        start = max((int(path.stem) for path in self._folder.glob("*.snapshot")), default=0)
        snapshot = self._folder / f"{start:08d}.snapshot"
        if snapshot.exists():
            yield from self._lines(snapshot, last=False)
        segments = sorted(path for path in self._folder.glob("*.log") if int(path.stem) >= start)
        for path in segments:
            yield from self._lines(path, last=path == segments[-1])
            self._written += path.stat().st_size
        self._open()

    def append(self, entry: Entry) -> None:
        """Returns once the entry is the kernel's: it survives the death of this process.

        Raises OSError (a full disk); the journal is as before then, and the caller must not go on with a
        memory that is ahead of it.
        """
        line = _encode(entry)
        done = 0
        try:
            while done < len(line):
                done += os.write(self._segment, line[done:])
        except OSError:
            os.ftruncate(self._segment, os.lseek(self._segment, 0, os.SEEK_END) - done)
            raise
        self._written += len(line)
        self._dirty = True

    def sync(self) -> None:
        """Down to the disk: what a power cut may take is what came after the last call."""
        if self._dirty:
            self._dirty = False
            os.fdatasync(self._segment)

    def compact_if_due(self, state: Callable[[], Iterable[Entry]]) -> None:
        """Begin to replace the older files by one snapshot, if enough was written; returns at once."""
        if self._child:
            self._reap()
        elif self._written >= self._compact_after:
            self.compact(state)

    def compact(self, state: Callable[[], Iterable[Entry]]) -> None:
        """Fork a child that writes `state()` as it is now."""
        os.close(self._segment)
        self._number += 1
        self._open()
        self._written = 0
        self._child = os.fork()
        if not self._child:
            self._write_snapshot(self._number, state)

    def _open(self) -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        self._segment = os.open(self._folder / f"{self._number:08d}.log", flags, 0o600)

    def _reap(self) -> None:
        done, status = os.waitpid(self._child, os.WNOHANG)
        if not done:
            return
        self._child = 0
        if status:
            self._written = self._compact_after // 2  # failed (no space?): the older files stay, try later
            return
        for path in self._folder.iterdir():
            if path.suffix in {".log", ".snapshot"} and int(path.stem) < self._number:
                path.unlink()

    def _write_snapshot(self, number: int, state: Callable[[], Iterable[Entry]]) -> None:
        """In the child: write, rename, exit. It holds no socket and no lock, and dies with its parent."""
        status = 1
        try:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            os.closerange(3, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
            partial = self._folder / f"{number:08d}.snapshot.tmp"
            with partial.open("wb", buffering=1 << 20) as file:
                file.writelines(_encode(entry) for entry in state())
                file.flush()
                os.fsync(file.fileno())
            partial.rename(self._folder / f"{number:08d}.snapshot")
            status = 0
        finally:
            os._exit(status)

    def _lines(self, path: Path, *, last: bool) -> Iterator[Entry]:
        good = 0
        with path.open("rb") as file:
            for line in file:
                entry = _decode(line)
                if entry is None:
                    if not last or file.read(1):
                        raise JournalDamagedError(f"{path} is damaged at byte {good}")
                    break
                good += len(line)
                yield entry
        if last and good < path.stat().st_size:
            os.truncate(path, good)


def _encode(entry: Entry) -> bytes:
    body = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _decode(line: bytes) -> Entry | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        return None
    entry: Entry = json.loads(body)
    return entry
