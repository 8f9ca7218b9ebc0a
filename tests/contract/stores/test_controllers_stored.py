"""`ControllerStore`: rows, bookings, drains and pauses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.controllers.maintenance_rules import Drain, DrainMode, Pause
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.controllers.rules import Controller
from chalicelib.controllers.store import Change, ControllerStore
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.unit_of_work import ConditionFailed, Write
from chalicelib.protocol.agents import Capacity, Health, PartHealth
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.rules import Amount
from tests.contract.stores import examples
from tests.contract.stores.examples import GIB, NOW, at, commit

pytestmark = pytest.mark.usefixtures("storage")
STORE: ControllerStore = DynamoControllerStore()
ONE = Amount(1, 1000, GIB)
WELL = examples.WELL


def stored(tenant_id: str, **changes: Any) -> Controller:
    """As it is read back: known and, if its capacity is given, heard of."""
    one = examples.controller(tenant_id, **changes)
    commit(STORE.add(one))
    return one


def heard(tenant_id: str, **changes: Any) -> Controller:
    one = stored(tenant_id, **changes)
    commit(STORE.heard(one, examples.heartbeat(), examples.contact(), WELL, claims_again=False))
    return now(one)


def now(one: Controller) -> Controller:
    found = STORE.get(one.tenant_id, one.id, consistent=True)
    assert found is not None
    return found


def test_a_controller_comes_back_as_it_was(tenant_id: str) -> None:
    plain = stored(tenant_id)
    full = stored(
        tenant_id, labels={"disk": "ssd"}, cordoned=True, session_limit=0, group_ids=("grp-1", "grp-2")
    )
    assert now(plain) == plain
    assert now(full) == full
    assert STORE.get(tenant_id, "ctl-none") is None
    assert STORE.all_of(tenant_id) == sorted([plain, full], key=lambda each: each.id)
    assert STORE.of_backend(tenant_id, full.backend_id) == full.id
    assert STORE.of_backend(tenant_id, "daemon-none") is None


def test_a_backend_is_known_once(tenant_id: str) -> None:
    one = stored(tenant_id)
    twin = examples.controller(tenant_id, backend_id=one.backend_id)
    with pytest.raises(ConditionFailed):
        commit(STORE.add(twin))
    assert STORE.get(tenant_id, twin.id) is None
    assert STORE.of_backend(tenant_id, one.backend_id) == one.id


def test_pages_are_oldest_first(tenant_id: str) -> None:
    for number in (3, 1, 2):
        stored(tenant_id, id=f"ctl-{number}")
    first, after = STORE.page(tenant_id, 2, None)
    rest, end = STORE.page(tenant_id, 2, after)
    assert [each.id for each in (*first, *rest)] == ["ctl-1", "ctl-2", "ctl-3"]
    assert end is None


def test_what_an_administrator_changes(tenant_id: str) -> None:
    one = stored(tenant_id, session_limit=5)
    change = Change("new", {"a": "b"}, cordoned=True, clear_session_limit=True, group_ids=("grp-1",))
    commit(STORE.change(tenant_id, one.id, change))
    after = replace(
        one, name="new", labels={"a": "b"}, cordoned=True, session_limit=None, group_ids=("grp-1",)
    )
    assert now(one) == after
    commit(STORE.change(tenant_id, one.id, Change(session_limit=3, group_ids=())))
    assert now(one) == replace(after, session_limit=3, group_ids=())
    with pytest.raises(NotFound):
        commit(STORE.change(tenant_id, "ctl-none", Change("x")))
    assert STORE.get(tenant_id, "ctl-none") is None


def test_what_a_heartbeat_says(tenant_id: str) -> None:
    one = stored(tenant_id)
    commit(STORE.set_unclaimed(tenant_id, one.id, at(5)))
    why = Reason(code="daemon_down", message="No daemon.")
    sick = replace(WELL, platform=PartHealth(state=Health.FAILING, reason=why))
    beat = examples.heartbeat(labels={"os": "linux"}, gateway_url="https://g")
    commit(STORE.heard(one, beat, examples.contact(30), sick, claims_again=False))
    known = now(one)
    assert known.contact == examples.contact(30)
    assert known.capacity == Capacity(cpu_millis=4000, memory_bytes=8 * GIB)
    assert known.health.failing() == (why,)
    assert (known.agent_labels, known.gateway_url, known.instances) == ({"os": "linux"}, "https://g", 2)
    assert known.unclaimed_since == at(5)
    commit(STORE.heard(one, beat, examples.contact(60), sick, claims_again=True))
    assert now(one).unclaimed_since is None
    gone = examples.controller(tenant_id)
    for late in (
        STORE.heard(gone, beat, examples.contact(), WELL, claims_again=True),
        STORE.set_unclaimed(tenant_id, gone.id, NOW),
        STORE.set_unclaimed(tenant_id, gone.id, None),
        STORE.must_exist(gone),
    ):
        with pytest.raises(ConditionFailed):
            commit(late)
    assert STORE.get(tenant_id, gone.id) is None


def test_bookings_add_up_and_come_back(tenant_id: str) -> None:
    one = heard(tenant_id)
    commit(STORE.book(one, ONE), STORE.must_exist(heard(tenant_id)))
    commit(STORE.book(one, Amount(sessions=1)))
    assert (now(one).booked, now(one).awake) == (Amount(2, 1000, GIB), 1)
    commit(STORE.unbook(tenant_id, one.id, ONE))
    assert (now(one).booked, now(one).awake) == (Amount(1), 0)
    with pytest.raises(ConditionFailed):
        commit(STORE.unbook(tenant_id, "ctl-none", ONE))


@pytest.mark.parametrize(
    "amount", [Amount(1, 4001, GIB), Amount(1, 1000, 8 * GIB + 1), Amount(1, 1000, GIB, gpu=1)]
)
def test_more_than_there_is_is_not_booked(tenant_id: str, amount: Amount) -> None:
    one = heard(tenant_id)
    with pytest.raises(ConditionFailed):
        commit(STORE.book(one, amount))
    assert now(one).booked == Amount()


def test_the_last_of_it_is(tenant_id: str) -> None:
    one = heard(tenant_id)
    commit(STORE.book(one, Amount(1, 4000, 8 * GIB)))
    with pytest.raises(ConditionFailed):
        commit(STORE.book(one, Amount(1, 1, 0)))


def test_a_session_limit_holds(tenant_id: str) -> None:
    one = heard(tenant_id, session_limit=1)
    commit(STORE.book(one, ONE))
    with pytest.raises(ConditionFailed):
        commit(STORE.book(one, ONE))


def test_a_booking_is_for_the_controller_as_it_was_read(tenant_id: str) -> None:
    """Whatever changed meanwhile, placement has to look again."""
    pause, drain = Pause(at(60)), Drain(DrainMode.FINISH, NOW, "usr-1")
    changes: list[Callable[[Controller], Write]] = [
        lambda one: STORE.change(tenant_id, one.id, Change(cordoned=True)),
        lambda one: STORE.change(tenant_id, one.id, Change(session_limit=99)),
        lambda one: STORE.set_drain(tenant_id, one.id, drain),
        lambda one: STORE.set_pause(tenant_id, one.id, pause),
        lambda one: STORE.heard(
            one,
            examples.heartbeat(capacity=Capacity(cpu_millis=8000, memory_bytes=8 * GIB)),
            examples.contact(),
            WELL,
            claims_again=False,
        ),
    ]
    for change in changes:
        one = heard(tenant_id)
        commit(change(one))
        with pytest.raises(ConditionFailed):
            commit(STORE.book(one, ONE))
        assert now(one).booked == Amount()
    with pytest.raises(ConditionFailed):
        commit(STORE.book(examples.controller(tenant_id), Amount(sessions=1)))


def test_a_pause_that_is_known_does_not_stand_in_the_way(tenant_id: str) -> None:
    one = heard(tenant_id)
    commit(STORE.set_pause(tenant_id, one.id, Pause(at(60), "disks")))
    paused = now(one)
    assert paused.pause == Pause(at(60), "disks")
    commit(STORE.book(paused, ONE))
    commit(STORE.set_pause(tenant_id, one.id, Pause(at(90))))
    assert now(one).pause == Pause(at(90))
    with pytest.raises(ConditionFailed):
        commit(STORE.book(paused, ONE))
    with pytest.raises(NotFound):
        commit(STORE.set_pause(tenant_id, "ctl-none", Pause(at(60))))


def test_a_drain_is_the_one_that_was_read(tenant_id: str) -> None:
    one = heard(tenant_id)
    first = Drain(DrainMode.MOVE, NOW, "usr-1", "old machine")
    commit(STORE.set_drain(tenant_id, one.id, first))
    drained = now(one)
    assert drained.drain == first
    commit(STORE.still_drains(drained))
    commit(STORE.set_drain(tenant_id, one.id, replace(first, mode=DrainMode.FINISH)))
    with pytest.raises(ConditionFailed):
        commit(STORE.still_drains(drained))
    commit(STORE.set_drain(tenant_id, one.id, None))
    assert now(one).drain is None
    with pytest.raises(ConditionFailed):
        commit(STORE.still_drains(drained))
    with pytest.raises(NotFound):
        commit(STORE.set_drain(tenant_id, "ctl-none", None))


def test_a_queue_is_replaced_once_for_each_reading(tenant_id: str) -> None:
    one = heard(tenant_id)
    commit(STORE.replace_queue(one))
    second = now(one)
    assert (second.queue, second.old_queues) != (one.queue, ())
    assert second.old_queues == (one.queue,)
    for late in (STORE.replace_queue(one), STORE.queues_deleted(one)):
        with pytest.raises(ConditionFailed):
            commit(late)
    commit(STORE.replace_queue(second))
    third = now(one)
    assert third.old_queues == (one.queue, second.queue)
    commit(STORE.queues_deleted(third))
    assert (now(one).queue, now(one).old_queues) == (third.queue, ())
    with pytest.raises(ConditionFailed):
        commit(STORE.replace_queue(examples.controller(tenant_id)))


def test_removed_unless_in_use(tenant_id: str) -> None:
    one = heard(tenant_id)
    commit(STORE.book(one, ONE))
    with pytest.raises(Conflict, match="still run"):
        commit(STORE.remove(one))
    assert STORE.of_backend(tenant_id, one.backend_id) == one.id
    commit(STORE.unbook(tenant_id, one.id, ONE))
    commit(STORE.remove(one))
    assert STORE.get(tenant_id, one.id) is None
    assert STORE.of_backend(tenant_id, one.backend_id) is None


def test_erasing_leaves_nothing(tenant_id: str) -> None:
    for _ in range(3):
        commit(STORE.book(heard(tenant_id), ONE))
    assert STORE.erase(tenant_id)
    assert STORE.all_of(tenant_id) == []
