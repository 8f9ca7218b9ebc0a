"""An agent's state folder: files that survive a killed process, and of which a power cut spoils what was not
synced.

Also the one place that makes `agent.worker.shelf` and `agent.client.identity` write here.
"""

import errno
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from agent.client import identity
from agent.worker import shelf


@dataclass
class Disk:
    """`loose` holds, for each file that was not synced since, what was there before (None: nothing)."""

    files: dict[str, bytes] = field(default_factory=dict)
    loose: dict[str, bytes | None] = field(default_factory=dict)
    full: bool = False

    def write(self, name: str, content: bytes, *, durable: bool) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        if durable:
            self.put(name, content)
            return
        self.loose.setdefault(name, self.files.get(name))
        self.files[name] = content

    def put(self, name: str, content: bytes) -> None:
        """It is there, whatever comes."""
        self.loose.pop(name, None)
        self.files[name] = content

    def remove(self, name: str) -> None:
        if name in self.files:
            self.loose.setdefault(name, self.files[name])
            del self.files[name]

    def lose_power(self, chance: random.Random) -> None:
        """What was not synced is there, is as it was, or is damaged."""
        for name, before in sorted(self.loose.items(), key=lambda each: each[0]):
            fate = chance.choice(("kept", "kept", "undone", "damaged"))
            if fate == "undone":
                self._restore(name, before)
            elif fate == "damaged" and name in self.files:
                self.files[name] = b""
        self.loose.clear()

    def copy(self) -> "Disk":
        """As a cloned machine has it."""
        return Disk(dict(self.files))

    def _restore(self, name: str, before: bytes | None) -> None:
        if before is None:
            self.files.pop(name, None)
        else:
            self.files[name] = before


@dataclass(frozen=True)
class DiskPath:
    """As much of `pathlib.Path` as shelves and identities use."""

    disk: Disk
    text: str

    @property
    def name(self) -> str:
        return self.text.rsplit("/", 1)[-1]

    def __truediv__(self, name: str) -> "DiskPath":
        return DiskPath(self.disk, f"{self.text}/{name}")

    def __lt__(self, other: "DiskPath") -> bool:
        return self.text < other.text

    def glob(self, pattern: str) -> Iterator["DiskPath"]:
        suffix = pattern.removeprefix("*")
        for name in sorted(self.disk.files):
            if name.startswith(f"{self.text}/") and name.endswith(suffix):
                yield DiskPath(self.disk, name)

    def exists(self) -> bool:
        return self.text in self.disk.files

    def read_bytes(self) -> bytes:
        if not self.exists():
            raise FileNotFoundError(self.text)
        return self.disk.files[self.text]

    def with_suffix(self, suffix: str) -> "DiskPath":
        return DiskPath(self.disk, self.text.rsplit(".", 1)[0] + suffix)

    def rename(self, other: "DiskPath") -> None:
        self.disk.files[other.text] = self.disk.files.pop(self.text)

    def unlink(self, *, missing_ok: bool = False) -> None:
        assert missing_ok or self.text in self.disk.files
        self.disk.remove(self.text)


def _write(path: Any, content: bytes, *, durable: bool = True) -> None:
    path.disk.write(path.text, content, durable=durable)


def _replace(old: Any, new: Any) -> None:
    """A rename, durable at once: whoever renames here syncs in the same breath."""
    content = old.read_bytes()
    del old.disk.files[old.text]
    old.disk.loose.pop(old.text, None)
    new.disk.put(new.text, content)


@contextmanager
def installed() -> Iterator[None]:
    """While this lasts, shelves are on simulated disks."""
    with ExitStack() as stack:
        for module in (shelf, identity):
            stack.enter_context(patch.object(module, "private_folder", lambda path: path))
            stack.enter_context(patch.object(module, "write_atomically", _write))
        stack.enter_context(patch.object(identity, "sync_folder", lambda path: None))
        stack.enter_context(patch.object(identity, "os", SimpleNamespace(replace=_replace)))
        yield
