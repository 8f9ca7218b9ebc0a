"""Locks between all agents of a controller on one host, and between the threads of each.

Files in `/run`, locked by flock(2): the kernel lets go of what a dead process held.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.drivers.docker.errors import permanent


@dataclass(frozen=True)
class HostLock:
    """Locks by name. Not reentrant. All raise `platform_error` where the folder cannot be used."""

    folder: Path

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Waits until nobody else has it."""
        with self._open(name) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    @contextmanager
    def shared(self, name: str) -> Iterator[None]:
        """Together with others that share it."""
        with self._open(name) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield

    @contextmanager
    def alone_now(self, name: str) -> Iterator[bool]:
        """Whether nobody else has it; does not wait."""
        with self._open(name) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    @contextmanager
    def _open(self, name: str) -> Iterator[int]:
        try:
            for each in (self.folder.parent, self.folder):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.folder / f".{name}.lock"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise permanent("platform_error", f"On the agent's host: {error}") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)
