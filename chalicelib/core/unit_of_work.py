"""All or nothing: rows that must agree change together.

A store turns an intention into a `Write` without executing it; a use case collects its own writes and those
that other capabilities' services hand back, and commits them once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

Refusal = Callable[[], Exception]
"""Makes the error that the caller gets when the row's condition does not hold: a DomainError, or
`ConditionFailed` where it finds that nothing but a race was lost."""


@dataclass(frozen=True)
class Write:
    """One row's change. `request` is the storage's own and opaque here. Every write that could hit a row in
    an unexpected state carries a condition inside `request` and says by `refused` what its failure means."""

    request: object
    refused: Refusal | None = None


class ConditionFailed(Exception):
    """A write's condition did not hold and its store gave no `refused`: the row changed since it was read.

    Use cases that read, decide and write catch it and start over from the read.
    """


class UnitOfWork(Protocol):
    """Commits writes atomically."""

    def commit(self, writes: Sequence[Write], *, token: str | None = None, aside: bool = False) -> None:
        """All writes take effect, or none; in an audited request its audit entry with them (`core/trail.py`),
        unless this is `aside`: a counter or an explanation, not the change that was asked for.

        A repeated `token` (at most 36 characters, remembered for ten minutes) with the same writes has no
        second effect. Raises what the first failed write's `refused` makes, `ConditionFailed` where it has
        none, `Unavailable` when the store keeps conflicting or does not answer. At most 100 writes.
        """
