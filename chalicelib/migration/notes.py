"""What a report says about one field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_MOST_NOTES = 50
"""On one manifest. Real ones have a dozen; all that a text can make up would not fit an answer."""


class Fate(StrEnum):
    """`changed`: it became something else, which the message names. `lost`: there is no such thing here."""

    CHANGED = "changed"
    LOST = "lost"


@dataclass(frozen=True)
class Note:
    """`field` is the path in the manifest."""

    field: str
    fate: Fate
    message: str


class Blocked(Exception):
    """A manifest that cannot be imported; the sentence says why and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class Spec:
    """A manifest's `spec` that remembers what nobody asked for, and collects what is said of it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._read: set[str] = set()
        self.notes: list[Note] = []

    def take(self, name: str) -> Any:
        """A field's value; None where it is absent or null."""
        self._read.add(name)
        return self._values.get(name)

    def text(self, name: str, *, most: int, otherwise: str) -> str:
        """A line or paragraph of at most so many characters."""
        value = self.take(name)
        if value is None or value == "":
            return otherwise
        whole = str(value).strip()
        clean = "".join(char if char.isprintable() else " " for char in whole)
        if len(clean) > most:
            self.changed(name, f"It was cut to {most} characters.")
        return clean[:most].strip() or otherwise

    def mapping(self, name: str) -> dict[str, Any]:
        """A field that holds others; anything else is noted and taken for empty."""
        value = self.take(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.lost(name, "It is not a set of fields.")
            return {}
        return {str(key): each for key, each in value.items()}

    def items(self, name: str) -> list[Any]:
        """A list's items; anything else is noted and taken for empty."""
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.lost(name, "It is not a list.")
            return []
        return value

    def lost(self, field: str, message: str) -> None:
        self.notes.append(Note(f"spec.{field}", Fate.LOST, message))

    def changed(self, field: str, message: str) -> None:
        self.notes.append(Note(f"spec.{field}", Fate.CHANGED, message))

    def unknown(self) -> Iterable[str]:
        """Fields that nothing asked for."""
        return sorted(str(name) for name in self._values if name not in self._read)

    def close(self) -> tuple[Note, ...]:
        """All notes, those on unknown fields last."""
        for name in self.unknown():
            self.lost(name[:80], "There is no such thing here.")
        more = len(self.notes) - _MOST_NOTES
        if more > 0:
            rest = Note("spec", Fate.LOST, f"{more} more did not come through as they were.")
            return (*self.notes[:_MOST_NOTES], rest)
        return tuple(self.notes)
