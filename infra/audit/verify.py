"""Whether files are an unbroken part of one tenant's chain, and if not, where the first fault is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.audit.rules import Head, canonical, hash_of

_MEMBERS = frozenset({"sequence", "previous_hash", "hash", "tenant_id"})


class FaultError(Exception):
    """The first thing that is wrong. `sequence` is the number of the entry that should be there."""

    def __init__(self, place: str, sequence: int, message: str) -> None:
        super().__init__(f"{place}: entry {sequence}: {message}")
        self.place = place
        self.sequence = sequence
        self.message = message


@dataclass(frozen=True)
class Verified:
    """What was found to be whole."""

    tenant_id: str
    first: int
    head: Head


def verify(files: Iterable[Path], *, after: Head | None = None, head: Head | None = None) -> Verified:
    """Check files in this order. They must begin behind `after` (by default: at entry 1), and end at `head`
    where it is given: nothing else tells that the last entries were cut off.

    Raises FaultError; OSError for a file that cannot be read.
    """
    walk = _Walk(after or Head())
    for file in files:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                walk.step(f"{file.name}, line {number}", line)
    if walk.first is None:
        raise FaultError("the end", walk.last.sequence + 1, "there are no entries")
    if head is not None:
        walk.finish(head)
    return Verified(walk.tenant_id, walk.first, walk.last)


class _Walk:
    """Along the chain, entry by entry."""

    def __init__(self, after: Head) -> None:
        self.last = after
        self.first: int | None = None
        self.tenant_id = ""

    def step(self, place: str, line: bytes) -> None:
        expected = self.last.sequence + 1
        try:
            entry = _entry(line)
        except ValueError as error:
            raise FaultError(place, expected, str(error)) from None
        found, hash_ = int(entry["sequence"]), str(entry["hash"])
        if found > expected:
            missing = f"entry {expected} is" if found == expected + 1 else f"{expected} to {found - 1} are"
            raise FaultError(place, expected, f"{missing} missing here; this is {found}")
        if found < expected:
            raise FaultError(place, expected, f"this is {found} (again, or out of its place)")
        if entry["previous_hash"] != self.last.hash:
            raise FaultError(place, expected, f"it does not follow the entry {found - 1} that is here")
        if self.tenant_id not in ("", entry["tenant_id"]):
            raise FaultError(place, expected, "it is another organisation's")
        self.tenant_id = str(entry["tenant_id"])
        self.first = self.first or found
        self.last = Head(found, hash_)

    def finish(self, head: Head) -> None:
        place = "the end"
        if self.last.sequence < head.sequence:
            message = f"cut off: the chain goes on to {head.sequence}"
            raise FaultError(place, self.last.sequence + 1, message)
        if self.last.sequence > head.sequence:
            raise FaultError(place, head.sequence + 1, "it is behind the head that was given")
        if self.last.hash != head.hash:
            raise FaultError(place, head.sequence, "its hash is not the head's: the chain was made anew")


def _entry(line: bytes) -> dict[str, Any]:
    """Raises ValueError that says what is wrong with a line on its own."""
    if not line.endswith(b"\n"):
        raise ValueError("cut off in the middle")
    try:
        text = line[:-1].decode()
        entry: dict[str, Any] = json.loads(text)
        if not isinstance(entry, dict) or not entry.keys() >= _MEMBERS or type(entry["sequence"]) is not int:
            raise ValueError("not an entry")
        whole, hash_ = canonical(entry), hash_of(entry)
    except (ValueError, TypeError, RecursionError):
        raise ValueError("changed: this is not an entry in its canonical form") from None
    if whole != text:
        raise ValueError("changed: this is not an entry in its canonical form")
    if hash_ != entry["hash"]:
        raise ValueError("changed: its hash does not fit what it says")
    return entry
