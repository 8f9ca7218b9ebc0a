"""How counters are kept: on a row of their own, or inside the tenant's.

Every booking touches the tenant's row, and DynamoDB charges by the row and by the kilobyte. So the counters
of the first few users and groups that hold something live inside that row and cost nothing more; those that
do not fit get a row of their own. A subject's counters never move while they are not zero. What is inside is
`{id: {letter: used}}`; its limits stay on the subject's own row, which bookings read but do not write: a
booking that races with a change of limits counts as made before it.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from chalicelib.quotas.row_models import QuotaRow
from chalicelib.quotas.rules import (
    DIMENSIONS,
    UNLIMITED,
    Amount,
    Limits,
    Quota,
    group_subject,
    left,
    user_subject,
)

ROOM = 8
"""Subjects inside a tenant's row: so many, with long numbers, keep it below a kilobyte (one unit)."""
_LETTERS = dict(zip(DIMENSIONS, "scmgd", strict=True))


def inside_key(subject: str) -> str:
    """Ids say what they are of, so the map needs no more."""
    return subject.partition("#")[2]


def subject_of(key: str) -> str:
    """The inverse of `inside_key`."""
    return group_subject(key) if key.startswith("grp-") else user_subject(key)


@dataclass(frozen=True)
class DynamoBooks:
    """`Books` on quota rows, by subject."""

    rows: dict[str, QuotaRow] = field(default_factory=dict)

    @functools.cached_property
    def inside(self) -> dict[str, Amount]:
        """What the tenant's row holds of users and groups, by subject."""
        held = self.rows["tenant"].inside if "tenant" in self.rows else None
        kept: dict[str, Any] = {} if held is None else held.as_dict()
        return {
            subject_of(key): Amount(**{name: int(counters.get(_LETTERS[name], 0)) for name in DIMENSIONS})
            for key, counters in kept.items()
        }

    def subjects(self) -> list[str]:
        """Whoever has a row or a place inside."""
        return sorted({*self.rows, *self.inside})

    def limits(self, subject: str) -> Limits | None:
        """Those that somebody chose for the subject; None where nobody did."""
        row = self.rows.get(subject)
        return None if row is None or row.inherited else limits_of(row)

    def followers(self) -> list[str]:
        """Subjects whose row keeps a copy of the default for users."""
        return [each for each, row in self.rows.items() if each.startswith("user#") and row.inherited]

    def has_row_of_its_own(self, subject: str) -> bool:
        """Whether the subject's counters are on its row."""
        row = self.rows.get(subject)
        return row is not None and row.left_sessions is not None

    def used(self, subject: str) -> Amount:
        """What is booked, wherever it is kept."""
        if self.has_row_of_its_own(subject):
            return used_of(self.rows[subject])
        return self.inside.get(subject, Amount())

    def seats(self, subjects: Sequence[str]) -> "Seats":
        """Which of these newcomers find a place inside, and who makes room: those that hold nothing now."""
        free = max(0, ROOM - len(self.inside))
        spent = [subject for subject, used in self.inside.items() if used == Amount()]
        admitted = tuple(subjects[: free + len(spent)])
        displaced = tuple(spent[: max(0, len(admitted) - free)])
        return Seats(admitted, displaced, tuple(subjects[len(admitted) :]))


@dataclass(frozen=True)
class Seats:
    """Newcomers that get a place inside the tenant's row, whom they displace, and who gets a row instead."""

    admitted: tuple[str, ...]
    displaced: tuple[str, ...]
    turned_away: tuple[str, ...]


def limits_of(row: QuotaRow) -> Limits:
    """A row's limits."""
    stored = {name: getattr(row, f"limit_{name}") for name in DIMENSIONS}
    return Limits(**{name: None if value is None else int(value) for name, value in stored.items()})


def used_of(row: QuotaRow) -> Amount:
    """What a row with counters has booked. A dimension that the row is older than has nothing booked."""
    used = {}
    for name in DIMENSIONS:
        limit, rest = getattr(row, f"limit_{name}"), getattr(row, f"left_{name}")
        used[name] = 0 if rest is None else (UNLIMITED if limit is None else int(limit)) - int(rest)
    return Amount(**used)


def columns(quota: Quota, *, counters: bool = True) -> dict[str, Any]:
    """A new row's attributes besides its keys."""
    values: dict[str, Any] = {"inherited": quota.inherited}
    for name in DIMENSIONS:
        limit = getattr(quota.limits, name)
        values[f"limit_{name}"] = limit
        if counters:
            values[f"left_{name}"] = left(limit, getattr(quota.used, name))
    return values


def limit_column(name: str) -> Any:
    """The attribute of a dimension's limit."""
    return getattr(QuotaRow, f"limit_{name}")


def left_column(name: str) -> Any:
    """The attribute of what is left of a dimension."""
    return getattr(QuotaRow, f"left_{name}")


def take(amount: Amount, headroom: int = 0) -> tuple[list[Action], list[Condition]]:
    """Out of what is left on a row, which must have so much; of sessions `headroom` more."""
    conditions: list[Condition] = [QuotaRow.left_sessions.exists()]
    for name, value in amount.items():
        enough = left_column(name) >= value + (headroom if name == "sessions" else 0)
        # Rows made before a dimension was counted lack it, and limit it in nothing.
        conditions.append(left_column(name).does_not_exist() | enough)
    return _move(amount, -1), conditions


def give_back(amount: Amount) -> tuple[list[Action], list[Condition]]:
    """Into what is left on a row."""
    counted: Condition = QuotaRow.left_sessions.exists()
    return _move(amount, 1), [counted]


def _move(amount: Amount, sign: int) -> list[Action]:
    return [
        left_column(name).set((Path(left_column(name)) | UNLIMITED) + sign * value)
        for name, value in amount.items()
    ]


def take_inside(subject: str, amount: Amount, limits: Limits) -> tuple[list[Action], list[Condition]]:
    """Of a subject inside the tenant's row, up to its limits."""
    entry = _entry(subject)
    inside: Condition = entry.exists()
    conditions = [inside]
    for name, value in amount.items():
        limit = getattr(limits, name)
        if limit is not None:
            counter = entry[_LETTERS[name]]
            conditions.append(counter.does_not_exist() | (counter <= limit - value))
    return _count(entry, amount, 1), conditions


def give_back_inside(subject: str, amount: Amount) -> tuple[list[Action], list[Condition]]:
    """To a subject inside the tenant's row."""
    entry = _entry(subject)
    inside: Condition = entry.exists()
    return _count(entry, amount, -1), [inside]


def _count(entry: Path, amount: Amount, sign: int) -> list[Action]:
    found: list[Action] = []
    for name, value in amount.items():
        counter = entry[_LETTERS[name]]
        found.append(counter.set((counter | 0) + sign * value))
    return found


def admit(row: QuotaRow, seats: Seats, amount: Amount) -> tuple[list[Action], list[Condition]]:
    """Newcomers inside, each with its first booking; whoever they displace must still hold nothing."""
    if not seats.admitted:
        return [], []
    entries = first_entries(seats.admitted, amount)
    if row.inside is None:
        return [QuotaRow.inside.set(entries)], [QuotaRow.inside.does_not_exist()]
    most = ROOM - len(seats.admitted) + len(seats.displaced)
    actions: list[Action] = [Path(["inside", key]).set(first) for key, first in entries.items()]
    conditions: list[Condition] = [*map(absent, seats.admitted), _places_taken() <= most]
    for subject in seats.displaced:
        entry = _entry(subject)
        actions.append(entry.remove())
        conditions.append(entry.exists())
        conditions += [_unused(entry[letter]) for letter in _LETTERS.values()]
    return actions, conditions


def first_entries(subjects: Sequence[str], amount: Amount) -> dict[str, dict[str, int]]:
    """What the map inside gains for subjects with their first booking."""
    first = {_LETTERS[name]: value for name, value in amount.items()}
    return {inside_key(each): first for each in subjects}


def _places_taken() -> Any:
    return size(QuotaRow.inside)  # type: ignore[no-untyped-call]


def absent(subject: str) -> Condition:
    """That the subject is not inside."""
    return _entry(subject).does_not_exist()


def _unused(counter: Path) -> Condition:
    zero: Condition = counter.does_not_exist() | (counter == 0)
    return zero


def _entry(subject: str) -> Path:
    return Path(["inside", inside_key(subject)])


def all_of(conditions: Sequence[Condition]) -> Condition:
    """All of them, of which there is at least one."""
    together: Condition = conditions[0]
    for each in conditions[1:]:
        together = together & each
    return together
