"""What an emulator can't produce: transaction conflicts, throttling, a store that stays away."""

from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.models import Model

from chalicelib.core import dynamo
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed


class Row(Model):
    class Meta(dynamo.TableMeta):
        table_name = "rows"

    id = UnicodeAttribute(hash_key=True)


def _writes(refused: Any = None) -> list[Any]:
    return [
        dynamo.write(dynamo.Put(Row("a"))),
        dynamo.write(dynamo.Put(Row("b"), Row.id.does_not_exist()), refused),
    ]


class Cancelled(TransactWriteError):
    def __init__(self, reasons: list[CancellationReason | None]) -> None:
        super().__init__("cancelled")
        self._reasons = reasons

    @property
    def cancellation_reasons(self) -> list[CancellationReason | None]:
        return self._reasons


class Store(dynamo.DynamoUnitOfWork):
    """Fails with the given reasons, one list an attempt, then succeeds."""

    def __init__(self, *outcomes: list[str | None]) -> None:
        self.pauses: list[float] = []
        super().__init__(sleep=self.pauses.append)
        self.outcomes = list(outcomes)

    def _transact(self, writes: Any, token: Any) -> None:
        if self.outcomes:
            codes = self.outcomes.pop(0)
            raise Cancelled([CancellationReason(code=code) if code else None for code in codes])


def test_conflicts_are_tried_again_with_pauses():
    store = Store([None, "TransactionConflict"], ["TransactionConflict", None], ["ThrottlingError", None])
    store.commit(_writes())
    assert len(store.pauses) == 3


def test_a_failed_condition_is_its_writes_own_error():
    store = Store([None, "ConditionalCheckFailed"])
    with pytest.raises(Conflict, match="taken"):
        store.commit(_writes(lambda: Conflict("taken")))
    assert store.pauses == []


def test_a_failed_condition_without_meaning_is_a_lost_race():
    with pytest.raises(ConditionFailed):
        Store([None, "ConditionalCheckFailed"]).commit(_writes())


def test_endless_conflict_is_unavailable():
    store = Store(*[[None, "TransactionConflict"]] * 50)
    with pytest.raises(Unavailable):
        store.commit(_writes())


def test_nothing_to_do_calls_nobody():
    Store([None, None]).commit([])


def test_a_lost_race_starts_over_and_gives_up_in_the_end():
    tries = []

    def attempt() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ConditionFailed
        return "won"

    assert on_conflict(attempt, sleep=lambda _seconds: None) == "won"

    def never() -> None:
        raise ConditionFailed

    with pytest.raises(Unavailable):
        on_conflict(never, times=3, sleep=lambda _seconds: None)
