"""Rows that are wanted together, in one round trip.

A store turns a question into a `Read` without asking it, as it turns a change into a `Write`; a use case
collects its own and those that other capabilities' services hand it, and fetches them once:

    found = reads.fetch(wanted_user, wanted_tenant)
    user, tenant = found[wanted_user], found[wanted_tenant]
"""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Read(Generic[T]):
    """One row, consistently. `request` is the storage's own and opaque here."""

    request: object


class Found:
    """What was there."""

    def __init__(self, values: dict[Read[Any], Any]) -> None:
        self._values = values

    def __getitem__(self, read: Read[T]) -> T | None:
        found: T | None = self._values[read]
        return found


class Reads(Protocol):
    """Answers reads of any capability's rows."""

    def fetch(self, *reads: Read[Any]) -> Found:
        """All of them; None for rows that do not exist. Each row at most once."""
