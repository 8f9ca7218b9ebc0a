"""What checks are made of: how they are registered, and the few words they share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.drivers.base import Cancelled, Driver, PermanentError, Step, TemporaryError
from chalicelib.protocol.instances import InstanceState, Stage
from tests.contract.drivers.driver_adapter import Adapter, Capability

Check = Callable[[Adapter], None]
CHECKS: list[tuple[Check, frozenset[Capability]]] = []
TIB = 2**40


def check(*needs: Capability) -> Callable[[Check], Check]:
    """Register a check, and the capabilities without which it makes no sense."""

    def register(function: Check) -> Check:
        CHECKS.append((function, frozenset(needs)))
        return function

    return register


def ignore(_step: Step) -> None:
    """A `Progressing` that listens to nothing."""


def stop_at(stage: Stage) -> Callable[[Step], None]:
    """A `Progressing` by which newer intent wins as that stage is under way."""

    def progressing(step: Step) -> None:
        if step.stage is stage:
            raise Cancelled

    return progressing


def instances(driver: Driver, session_id: str) -> list[tuple[int, InstanceState]]:
    found = driver.inventory().instances
    return sorted((fact.incarnation, fact.state) for fact in found if fact.session_id == session_id)


RUNNING_1 = [(1, InstanceState.RUNNING)]
STOPPED_1 = [(1, InstanceState.STOPPED)]


@contextmanager
def refused(kind: type[PermanentError] | type[TemporaryError], code: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.reason.code == code
    assert len(caught.value.reason.message) > 10, "a person reads this"
