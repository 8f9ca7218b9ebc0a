"""What no emulator does: a store in trouble, answers that are lost, readers that are behind."""

from collections.abc import Iterator

import pytest

from chalicelib.core.dynamo import DynamoUnitOfWork
from chalicelib.core.errors import Unavailable
from chalicelib.core.unit_of_work import ConditionFailed, Write
from chalicelib.sessions.keys import DynamoKeyStore
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.store import Remembered
from tests.contract.stores import examples
from tests.contract.stores.examples import commit
from tests.support.memory_tables import (
    AnswerLost,
    Call,
    MemoryTables,
    installed,
    throttled,
    transaction_conflict,
    transaction_in_progress,
    write_conflict,
)

KEYS = DynamoKeyStore()


@pytest.fixture
def tables() -> Iterator[MemoryTables]:
    tables = MemoryTables()
    with installed(tables):
        yield tables


def remembered(tenant_id: str, key: str) -> Write:
    return KEYS.remember(tenant_id, key, Remembered("ses-1", "f"), examples.at(60))


class Trouble:
    """Raises the first times it is asked."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    def __call__(self, _: Call) -> None:
        if self._errors:
            raise self._errors.pop(0)


def test_troubles_that_pass_are_waited_out(tenant_id: str, tables: MemoryTables) -> None:
    pauses: list[float] = []
    unit = DynamoUnitOfWork(sleep=pauses.append)
    tables.before = Trouble(
        transaction_conflict(2, 1), throttled("TransactWriteItems"), transaction_in_progress()
    )
    unit.commit([remembered(tenant_id, "a"), remembered(tenant_id, "b")])
    tables.before = Trouble(write_conflict("PutItem"), throttled("PutItem"))
    unit.commit([remembered(tenant_id, "c")])
    assert len(pauses) == 5
    assert KEYS.recall(tenant_id, "b")
    assert KEYS.recall(tenant_id, "c")


def test_troubles_that_stay_are_told(tenant_id: str, tables: MemoryTables) -> None:
    unit = DynamoUnitOfWork(sleep=lambda _: None)
    for writes, error in (
        ([remembered(tenant_id, "a")], write_conflict("PutItem")),
        ([remembered(tenant_id, "a"), remembered(tenant_id, "b")], transaction_conflict(2)),
    ):
        tables.before = Trouble(*[error] * 30)
        with pytest.raises(Unavailable):
            unit.commit(writes)
    tables.before = None
    assert KEYS.recall(tenant_id, "a") is None


def test_a_lost_answer_repeats_a_transaction_without_effect(tenant_id: str, tables: MemoryTables) -> None:
    tables.after = Trouble(AnswerLost(), AnswerLost())
    commit(remembered(tenant_id, "a"), remembered(tenant_id, "b"))
    assert KEYS.recall(tenant_id, "a")


def test_a_lost_answer_repeats_a_single_write_which_finds_itself(
    tenant_id: str, tables: MemoryTables
) -> None:
    """What botocore sends again meets the row that the first one made: the writer is told of a lost race."""
    tables.after = Trouble(AnswerLost())
    with pytest.raises(ConditionFailed):
        commit(remembered(tenant_id, "a"))
    assert KEYS.recall(tenant_id, "a")


def test_readers_may_be_behind_where_they_do_not_ask_for_the_present(
    tenant_id: str, tables: MemoryTables
) -> None:
    store, one = DynamoSessionStore(), examples.session(tenant_id)
    tables.stale = lambda _: True
    commit(store.add(one))
    assert store.get(tenant_id, one.id) is not None  # consistent
    assert store.several(tenant_id, [one.id], consistent=False) == {}
    assert store.placed_on(tenant_id, "ctl-1") == []
    tables.stale = lambda call: call.index is None
    assert store.placed_on(tenant_id, "ctl-1") == [one.id]
