"""What a running agent tells its own machine: a lock on the state folder, and a file for `status`."""

import asyncio
import contextlib
import fcntl
import os
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from pydantic import AwareDatetime, ValidationError

from agent.client.files import private_folder, write_atomically
from chalicelib.protocol.agents import Heartbeat
from chalicelib.protocol.base import Wire

PULSE_SECONDS = 5.0
_STATUS = "status.json"


class AlreadyRunning(Exception):
    """Another process has the state folder."""


class StateLock:
    """Two agents on one state folder would supersede each other for ever. Held until the process ends."""

    def __init__(self, state: Path) -> None:
        self._path = private_folder(state) / "lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> "StateLock":
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            pid = self._file.read().strip() or "unknown"
            raise AlreadyRunning(f"An agent (pid {pid}) already runs on {self._path.parent}.") from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        # What an earlier process was told says nothing about this one.
        (self._path.parent / _STATUS).unlink(missing_ok=True)
        return self

    async def pulse(self) -> None:
        """Touch the lock for ever: who supervises the agent sees by its age whether the event loop turns
        (agent/cli/probe.py)."""
        while True:
            now = time.time()
            with contextlib.suppress(OSError):  # a full or broken disk is told by the outbox
                os.utime(self._path, (now, now))
            await asyncio.sleep(PULSE_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def holder(state: Path) -> int | None:
    """The pid of the agent that runs on the state folder, if one does."""
    try:
        with (state / "lock").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0)
    except (FileNotFoundError, PermissionError):
        pass
    return None


class LastBeat(Wire):
    """The newest heartbeat that the control plane answered."""

    at: AwareDatetime
    heartbeat: Heartbeat


def tell(state: Path, at: datetime, heartbeat: Heartbeat) -> None:
    """Raises OSError."""
    write_atomically(
        state / _STATUS, LastBeat(at=at, heartbeat=heartbeat).model_dump_json().encode(), durable=False
    )


def told(state: Path) -> LastBeat | None:
    try:
        return LastBeat.model_validate_json((state / _STATUS).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
