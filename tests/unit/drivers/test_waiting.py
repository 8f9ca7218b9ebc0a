"""Waiting on a clock made of numbers."""

import pytest

from agent.drivers.base import Cancelled, PermanentError
from agent.drivers.waiting import Patience, wait_for_answer


class Clock:
    def __init__(self) -> None:
        self.now, self.naps = 0.0, list[float]()

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def test_it_ends_with_the_answer() -> None:
    clock = Clock()
    wait_for_answer(lambda: clock.now >= 0.2, lambda: None, Patience(), clock=clock.time, sleep=clock.sleep)
    assert 0.2 <= clock.now < 0.25, "soon after"
    assert clock.naps[0] == Patience().probe
    assert max(clock.naps) <= Patience().slowest


def test_it_looks_whether_it_is_still_wanted() -> None:
    clock, looks = Clock(), list[float]()

    def check() -> None:
        looks.append(clock.now)
        if clock.now > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        wait_for_answer(lambda: False, check, Patience(), clock=clock.time, sleep=clock.sleep)
    assert 4 <= len(looks) <= 6


def test_it_gives_up() -> None:
    clock = Clock()
    with pytest.raises(PermanentError) as caught:
        wait_for_answer(lambda: False, lambda: None, Patience(answer=3), clock=clock.time, sleep=clock.sleep)
    assert caught.value.reason.code == "handshake_timeout"
    assert 3 <= clock.now < 3.2
