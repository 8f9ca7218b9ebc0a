"""`QuotaStore`: bookings within limits, wherever the counters are kept."""

from typing import Any

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.quotas.counters import ROOM
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.quotas.rules import TENANT, USER_DEFAULT, Amount, Limits, Quota, user_subject
from chalicelib.quotas.store import Booking, QuotaStore
from tests.contract.stores.examples import GIB, commit

pytestmark = pytest.mark.usefixtures("storage")
STORE: QuotaStore = DynamoQuotaStore()
ONE = Amount(1, 1000, GIB, 0, 5 * GIB)
TWO = ONE + ONE


class Exceeded(Conflict):
    pass


def limit(tenant_id: str, subject: str, **limits: int) -> None:
    books = STORE.read(tenant_id, [subject], consistent=True)
    commit(STORE.set_limits(tenant_id, books, Quota(subject, Limits(**limits), Amount())))


def book(tenant_id: str, subject: str, amount: Amount = ONE, *, plan: int | None = None) -> None:
    """With the limits that are there."""
    books: Any = STORE.read(tenant_id, [TENANT, subject], consistent=True)
    limits = {each: books.limits(each) or Limits() for each in (TENANT, subject)}
    limits[TENANT] = limits[TENANT].at_most(plan)
    commit(
        STORE.book(
            tenant_id, books, Booking(amount, limits, sessions_in_plan=plan), lambda: Exceeded("no more")
        )
    )


def used(tenant_id: str, subject: str) -> Amount:
    return STORE.read(tenant_id, [TENANT, subject], consistent=True).used(subject)


ADA = user_subject("usr-ada")


def test_what_is_booked_is_used_and_comes_back(tenant_id: str) -> None:
    for _ in range(2):
        book(tenant_id, ADA)
    assert (used(tenant_id, TENANT), used(tenant_id, ADA)) == (TWO, TWO)
    commit(STORE.unbook(tenant_id, [TENANT, ADA], ONE))
    assert (used(tenant_id, TENANT), used(tenant_id, ADA)) == (ONE, ONE)
    commit(STORE.unbook(tenant_id, [TENANT, ADA], ONE))
    assert (used(tenant_id, TENANT), used(tenant_id, ADA)) == (Amount(), Amount())


@pytest.mark.parametrize("subject", [TENANT, ADA])
@pytest.mark.parametrize("limits", [{"sessions": 1}, {"memory_bytes": 2 * GIB - 1}, {"cpu_millis": 1999}])
def test_limits_hold(tenant_id: str, subject: str, limits: dict[str, int]) -> None:
    limit(tenant_id, subject, **limits)
    book(tenant_id, ADA)
    with pytest.raises(Exceeded):
        book(tenant_id, ADA)
    assert (used(tenant_id, TENANT), used(tenant_id, ADA)) == (ONE, ONE)


def test_a_plan_holds(tenant_id: str) -> None:
    book(tenant_id, ADA, plan=2)
    book(tenant_id, ADA, plan=2)
    with pytest.raises(Exceeded):
        book(tenant_id, ADA, plan=2)


def test_more_subjects_than_one_row_holds(tenant_id: str) -> None:
    """The rest have rows of their own, and give back what they took there."""
    people = [user_subject(f"usr-{number}") for number in range(ROOM + 3)]
    for each in people:
        book(tenant_id, each)
        book(tenant_id, each)
    assert [used(tenant_id, each) for each in people] == [TWO] * len(people)
    for each in people:
        commit(STORE.unbook(tenant_id, [TENANT, each], ONE))
    assert [used(tenant_id, each) for each in people] == [ONE] * len(people)
    assert used(tenant_id, TENANT).sessions == len(people)
    assert STORE.read_all(tenant_id).subjects() == sorted([TENANT, *people])


def test_who_holds_nothing_makes_room(tenant_id: str) -> None:
    people = [user_subject(f"usr-{number}") for number in range(ROOM)]
    for each in people:
        book(tenant_id, each)
    commit(STORE.unbook(tenant_id, [TENANT, people[0]], ONE))
    book(tenant_id, ADA)
    assert used(tenant_id, ADA) == ONE
    assert STORE.read_all(tenant_id).subjects() == sorted([TENANT, ADA, *people[1:]])


def test_books_that_are_out_of_date_book_nothing(tenant_id: str) -> None:
    """A subject's first booking, made twice of the same reading."""
    book(tenant_id, user_subject("usr-first"))
    books: Any = STORE.read(tenant_id, [TENANT, ADA], consistent=True)
    booking = Booking(ONE, {TENANT: Limits(), ADA: Limits()})
    commit(STORE.book(tenant_id, books, booking, ConditionFailed))
    with pytest.raises(ConditionFailed):
        commit(STORE.book(tenant_id, books, booking, ConditionFailed))
    assert used(tenant_id, ADA) == ONE


def test_limits_are_replaced_as_they_were_read(tenant_id: str) -> None:
    limit(tenant_id, TENANT, sessions=5, gpu=1)
    books = STORE.read(tenant_id, [TENANT], consistent=True)
    assert books.limits(TENANT) == Limits(sessions=5, gpu=1)
    book(tenant_id, ADA)
    with pytest.raises(ConditionFailed):
        commit(STORE.set_limits(tenant_id, books, Quota(TENANT, Limits(sessions=1), Amount())))
    limit(tenant_id, TENANT, sessions=1)
    read = STORE.read(tenant_id, [TENANT], consistent=True)
    assert (read.limits(TENANT), read.used(TENANT)) == (Limits(sessions=1), ONE)
    with pytest.raises(Exceeded):
        book(tenant_id, ADA)
    limit(tenant_id, TENANT)
    book(tenant_id, ADA)


def test_what_was_set_is_forgotten(tenant_id: str) -> None:
    limit(tenant_id, ADA, sessions=1)
    limit(tenant_id, USER_DEFAULT, sessions=9)
    fallback = Quota(ADA, Limits(), Amount(), inherited=True)
    read = STORE.read(tenant_id, [ADA], consistent=True)
    commit(STORE.forget(tenant_id, read, fallback))
    after = STORE.read(tenant_id, [ADA, USER_DEFAULT], consistent=True)
    assert after.limits(ADA) is None
    assert after.limits(USER_DEFAULT) == Limits(sessions=9)
    assert STORE.forget(tenant_id, after, fallback) == []


def test_erasing_leaves_nothing(tenant_id: str) -> None:
    for number in range(ROOM + 2):
        book(tenant_id, user_subject(f"usr-{number}"))
    assert any(STORE.erase(tenant_id) for _ in range(3))
    assert STORE.read_all(tenant_id).subjects() == []
