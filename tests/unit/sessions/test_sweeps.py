"""Which of the due sessions a run gets to."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from chalicelib.core.config import Timings
from chalicelib.core.errors import Unavailable
from chalicelib.sessions.store import SHARDS, Due
from chalicelib.sessions.sweeper import Sweeper, Swept
from tests.unit.sessions.builders import TENANT, at


@dataclass(frozen=True)
class _Watched(Sweeper):
    """Each session takes a second; those of `broken` fail."""

    broken: frozenset[str] = frozenset()
    attended: list[str] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    put_off: list[tuple[str, datetime]] = field(default_factory=list)

    def attend(self, due: Due, now: datetime) -> None:
        self.attended.append(due.session_id)
        self.spent.append(1.0)
        if due.session_id in self.broken:
            raise Unavailable("not now")


def sweeper(due: dict[int, list[Due]], broken: frozenset[str] = frozenset()) -> _Watched:
    spent: list[float] = []
    put_off: list[tuple[str, datetime]] = []
    ledger: Any = SimpleNamespace(
        store=SimpleNamespace(
            due=lambda shard, _now, limit: due.get(shard, [])[:limit],
            postpone=lambda late, until: (late.session_id, until),
        ),
        uow=SimpleNamespace(commit=put_off.extend),
        clock=lambda: at(1000) + timedelta(seconds=sum(spent)),
        timings=Timings(sweep_slice=10),
    )
    return _Watched(ledger, None, broken, [], spent, put_off)  # type: ignore[arg-type]


def due(name: str, since: float) -> Due:
    return Due(TENANT, name, at(since))


def test_the_longest_due_come_first_whatever_shard_they_are_in() -> None:
    last = SHARDS - 1
    found = sweeper({0: [due("b", 2), due("d", 4)], 3: [due("c", 3)], last: [due("a", 1), due("e", 5)]})
    assert found.sweep(at(1000)) == Swept(5, 0, 0)
    assert found.attended == ["a", "b", "c", "d", "e"]


def test_a_run_ends_in_time_and_says_what_it_left() -> None:
    """A shard that is always full does not keep the others from ever being looked at."""
    crowd = [due(f"crowd-{number}", 10 + number) for number in range(400)]
    found = sweeper({0: crowd, 7: [due("early", 0)]}, frozenset({"early"}))
    assert found.sweep(at(1000)) == Swept(10, 1, 391)
    assert found.attended[:2] == ["early", "crowd-0"]


def test_what_fails_is_not_the_longest_due_for_ever() -> None:
    found = sweeper({0: [due("broken", 1), due("well", 2)]}, frozenset({"broken"}))
    assert found.sweep(at(1000)) == Swept(2, 1, 0)
    assert found.put_off == [("broken", at(1030))]
