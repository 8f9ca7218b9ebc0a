"""`DynamoUnitOfWork` and `DynamoReads`: all or nothing, whose refusal comes first, what a token is for."""

import pytest

from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.core.dynamo_reads import DynamoReads
from chalicelib.core.errors import Conflict, DomainError, NotFound, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.core.unit_of_work import ConditionFailed, Write
from chalicelib.sessions.keys import DynamoKeyStore
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.store import Remembered
from chalicelib.tenancy.models import DynamoTenantStore
from tests.contract.stores import examples
from tests.contract.stores.examples import commit

pytestmark = pytest.mark.usefixtures("storage")
TENANTS = DynamoTenantStore()
KEYS = DynamoKeyStore()
CONTROLLERS = DynamoControllerStore()


def remembered(tenant_id: str, key: str) -> Write:
    return KEYS.remember(tenant_id, key, Remembered("ses-1", "f"), examples.at(60))


def saying(item: Write, error: Exception) -> Write:
    return Write(item.request, lambda: error)


def test_nothing_to_commit_is_committed() -> None:
    examples.UNIT.commit([])


def test_one_refused_write_keeps_all_others_back(tenant_id: str) -> None:
    commit(remembered(tenant_id, "taken"))
    with pytest.raises(ConditionFailed):
        commit(remembered(tenant_id, "a"), remembered(tenant_id, "taken"), remembered(tenant_id, "b"))
    assert KEYS.recall(tenant_id, "a") is None
    assert KEYS.recall(tenant_id, "b") is None
    commit(remembered(tenant_id, "a"), remembered(tenant_id, "b"))
    assert KEYS.recall(tenant_id, "b") == Remembered("ses-1", "f")


def test_the_first_refusal_in_the_callers_order_is_raised(tenant_id: str) -> None:
    """Whatever order the writes are sent in: updates go last, checks first."""
    gone, absent = examples.controller(tenant_id), examples.controller(tenant_id)
    commit(remembered(tenant_id, "taken"))
    update = saying(CONTROLLERS.set_unclaimed(tenant_id, gone.id, None), NotFound("the update"))
    put = saying(remembered(tenant_id, "taken"), Conflict("the put"))
    check = saying(CONTROLLERS.must_exist(absent), Conflict("the check"))
    fine = remembered(tenant_id, "fine")
    orders: list[tuple[list[Write], str]] = [
        ([update, put, check], "the update"),
        ([fine, put, update], "the put"),
        ([check, update], "the check"),
    ]
    for writes, first in orders:
        with pytest.raises(DomainError, match=first):
            commit(*writes)


def test_a_check_alone_refuses_too(tenant_id: str) -> None:
    there = examples.controller(tenant_id)
    with pytest.raises(ConditionFailed):
        commit(CONTROLLERS.must_exist(there))
    commit(CONTROLLERS.add(there))
    commit(CONTROLLERS.must_exist(there))


def test_a_repeated_token_has_no_second_effect(tenant_id: str) -> None:
    token = new_id("req")
    writes = [remembered(tenant_id, "a"), remembered(tenant_id, "b")]
    commit(writes, token=token)
    commit(writes, token=token)
    with pytest.raises(ConditionFailed):
        commit(writes, token=new_id("req"))


def test_a_token_stands_for_one_set_of_writes(tenant_id: str) -> None:
    token = new_id("req")
    commit(remembered(tenant_id, "a"), remembered(tenant_id, "b"), token=token)
    with pytest.raises((Unavailable, DomainError)):
        commit(remembered(tenant_id, "a"), remembered(tenant_id, "c"), token=token)
    assert KEYS.recall(tenant_id, "c") is None


def test_rows_of_several_tables_are_read_together(tenant_id: str) -> None:
    here, absent = examples.tenant(tenant_id), new_id("ten")
    commit(TENANTS.add(here))
    first, second = TENANTS.reading(tenant_id), TENANTS.reading(absent)
    found = DynamoReads().fetch(first, second)
    assert found[first] == here
    assert found[second] is None


def test_more_rows_than_one_request_holds(tenant_id: str) -> None:
    sessions = [examples.session(tenant_id) for _ in range(120)]
    store = DynamoSessionStore()
    for start in range(0, 120, 40):
        commit(*map(store.add, sessions[start : start + 40]))
    ids = [each.id for each in sessions]
    assert store.several(tenant_id, [*ids, new_id("ses"), ids[0]]).keys() == set(ids)
