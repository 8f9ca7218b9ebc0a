"""A fake platform that processes share, as they share a Docker host: a `FakeWorld` kept in a file.

It outlives its agents, and each of them sees at once what another did. The file is replaced as a whole, under
a lock that ends with its holder, so a process may be killed at any moment: a step of the driver is then done
or not begun.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from agent.drivers.fake import FakeInstance, FakeWorld
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.base import Wire

VARIABLE = "STREAMSPACE_FAKE_PLATFORM"


class _Kept(Wire):
    """The file: what of a world outlives a process."""

    backend_id: str
    capacity: Capacity
    step_seconds: float
    images: set[str]
    registry: dict[str, int]
    exiting: set[str]
    silent: set[str]
    available: bool
    instances: list[FakeInstance]
    homes: dict[str, tuple[str, dict[str, str]]]


@dataclass
class FileWorld(FakeWorld):
    """What its fields say counts while it is held, and for a file that is not there yet."""

    path: Path = Path("fake-world.json")
    step_seconds: float = 0.0
    """How long each step of a start takes."""

    def __post_init__(self) -> None:
        self._depth = 0
        self._read: tuple[int, int] | None = None
        self._text = b""
        self.pause = lambda _stage: time.sleep(self.step_seconds)

    @contextmanager
    def held(self) -> Iterator["FileWorld"]:
        """Read from the file, and written back if it was changed."""
        with self.lock, contextlib.ExitStack() as outermost:
            if self._depth == 0:
                outermost.enter_context(self._file_held())
            self._depth += 1
            try:
                yield self
            finally:
                self._depth -= 1

    @contextmanager
    def _file_held(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._load()
            try:
                yield
            finally:
                self._store()

    def _load(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return
        if self._read == (found.st_ino, found.st_mtime_ns):
            return
        self._text = self.path.read_bytes()
        kept = _Kept.model_validate_json(self._text)
        for each in fields(FileWorld):
            if each.name in _Kept.model_fields and each.name != "instances":
                setattr(self, each.name, getattr(kept, each.name))
        self.instances = {(one.spec.session_id, one.spec.incarnation): one for one in kept.instances}
        self._read = (found.st_ino, found.st_mtime_ns)

    def _store(self) -> None:
        values = {name: getattr(self, name) for name in _Kept.model_fields}
        text = _Kept.model_validate({**values, "instances": list(self.instances.values())}).model_dump_json()
        if text.encode() == self._text:
            return
        self._text = text.encode()
        partial = self.path.with_suffix(".new")
        partial.write_bytes(self._text)
        partial.replace(self.path)
        found = self.path.stat()
        self._read = (found.st_ino, found.st_mtime_ns)


def named_world(environment: Mapping[str, str]) -> FakeWorld:
    """The one that the environment names, else a world of this process's own."""
    path = environment.get(VARIABLE)
    return FileWorld(path=Path(path)) if path else FakeWorld()
