"""Late, cancelled, failing and killed: what is left then, and what others own."""

import pytest

from agent.drivers.base import Cancelled, PermanentError, Step
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceState, Network, Resources, Stage
from tests.contract.drivers.driver_adapter import Adapter, Behaviour, Capability
from tests.contract.drivers.driver_check import (
    RUNNING_1,
    STOPPED_1,
    TIB,
    check,
    ignore,
    instances,
    refused,
    stop_at,
)

# incarnations


@check()
def a_new_incarnation_replaces_the_old(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session, 1), ignore)
    driver.start(adapter.spec(session, 2), ignore)
    assert instances(driver, session) == [(2, InstanceState.RUNNING)]
    driver.remove(session, delete_home=False, before_incarnation=2)
    assert instances(driver, session) == [(2, InstanceState.RUNNING)]
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert adapter.greet(endpoint)
    driver.remove(session, delete_home=False, before_incarnation=3)
    assert instances(driver, session) == []
    assert adapter.remains(session) == []


@check()
def a_late_start_touches_nothing(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session, 2), ignore)
    with refused(PermanentError, "superseded"):
        driver.start(adapter.spec(session, 1), ignore)
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert adapter.greet(endpoint)
    assert instances(driver, session) == [(2, InstanceState.RUNNING)]


# cancelling


def _cancelled_start_leaves_nothing(adapter: Adapter, stage: Stage, behaviour: Behaviour) -> None:
    driver, session = adapter.open(), new_id("ses")
    with pytest.raises(Cancelled):
        driver.start(adapter.spec(session, behaviour=behaviour), stop_at(stage))
    assert instances(driver, session) == []
    assert adapter.remains(session) == []
    driver.start(adapter.spec(session), ignore)
    assert instances(driver, session) == RUNNING_1


@check()
def what_is_cancelled_past_its_lease_is_left_to_whoever_has_it_now(adapter: Adapter) -> None:
    """A process that was frozen wakes up when another has taken its command over."""
    driver, session = adapter.open(), new_id("ses")

    def frozen(step: Step) -> None:
        if step.stage is Stage.CONNECTING:
            adapter.open().start(adapter.spec(session), ignore)
            raise Cancelled(late=True)

    with pytest.raises(Cancelled):
        driver.start(adapter.spec(session), frozen)
    assert instances(driver, session) == RUNNING_1
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert adapter.greet(endpoint)


@check(Capability.PULL)
def cancelling_while_pulling_leaves_nothing(adapter: Adapter) -> None:
    _cancelled_start_leaves_nothing(adapter, Stage.PULLING, "pullable")


@check(Capability.PULL)
def cancelling_midway_through_a_pull_leaves_nothing(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")

    def after_some_bytes(step: Step) -> None:
        if step.progress and step.progress.done > step.progress.total // 4 > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        driver.start(adapter.spec(session, behaviour="pullable"), after_some_bytes)
    assert adapter.remains(session) == []


@check()
def cancelling_while_creating_leaves_nothing(adapter: Adapter) -> None:
    _cancelled_start_leaves_nothing(adapter, Stage.CREATING, "good")


@check()
def cancelling_while_connecting_leaves_nothing(adapter: Adapter) -> None:
    _cancelled_start_leaves_nothing(adapter, Stage.CONNECTING, "good")


@check()
def cancelling_a_wake_leaves_the_home(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session), ignore)
    adapter.write_home(session, "kept")
    driver.stop(session)
    with pytest.raises(Cancelled):
        driver.start(adapter.spec(session), stop_at(Stage.CONNECTING))
    assert adapter.remains(session) == []
    driver.start(adapter.spec(session), ignore)
    assert adapter.read_home(session) == "kept"


@check()
def a_running_instance_survives_a_cancelled_start(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session), ignore)
    first = adapter.identity(session)
    with pytest.raises(Cancelled):
        driver.start(adapter.spec(session), stop_at(Stage.CONNECTING))
    assert adapter.identity(session) == first
    assert instances(driver, session) == RUNNING_1


# failing


def _failed_start_says_why(adapter: Adapter, behaviour: Behaviour, code: str) -> str:
    driver, session = adapter.open(), new_id("ses")
    with pytest.raises(PermanentError) as caught:
        driver.start(adapter.spec(session, behaviour=behaviour), ignore)
    assert caught.value.reason.code == code
    assert instances(driver, session) == []
    assert adapter.remains(session) == []
    assert driver.ended() == ()
    return caught.value.reason.message


@check(Capability.PULL)
def an_image_that_does_not_exist_is_named(adapter: Adapter) -> None:
    message = _failed_start_says_why(adapter, "absent", "image_not_found")
    assert adapter.spec(new_id("ses"), behaviour="absent").image in message


@check()
def an_instance_that_exits_at_once_says_what_it_printed(adapter: Adapter) -> None:
    message = _failed_start_says_why(adapter, "exiting", "instance_exited")
    assert "boom" in message
    assert "3" in message


@check()
def an_instance_that_never_answers_is_given_up(adapter: Adapter) -> None:
    _failed_start_says_why(adapter, "silent", "handshake_timeout")


@check()
def more_memory_than_there_is_is_refused(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    resources = Resources(cpu_millis=500, memory_bytes=TIB)
    with refused(PermanentError, "insufficient_memory"):
        driver.start(adapter.spec(session, resources=resources), ignore)
    assert adapter.remains(session) == []


# crashing, and what others own


@check()
def a_new_process_goes_on_where_the_old_one_stopped(adapter: Adapter) -> None:
    session = new_id("ses")
    adapter.open().start(adapter.spec(session), ignore)
    endpoint = adapter.open().endpoint(session)
    assert endpoint is not None
    assert adapter.greet(endpoint)
    assert instances(adapter.open(), session) == RUNNING_1
    adapter.open().stop(session)
    assert instances(adapter.open(), session) == STOPPED_1
    assert adapter.open().ended() == (), "the new process knows that it was asked to"
    adapter.open().start(adapter.spec(session), ignore)
    assert instances(adapter.open(), session) == RUNNING_1
    adapter.open().remove(session, delete_home=True)
    assert adapter.remains(session) == []
    assert adapter.open().inventory().homes == ()


@check()
def an_instance_that_ends_by_itself_is_told_until_it_is_dealt_with(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session), ignore)
    adapter.end(session)
    for observer in (driver, driver, adapter.open()):
        (ended,) = observer.ended()
        assert (ended.facts.session_id, ended.facts.incarnation) == (session, 1)
        assert ended.facts.state is InstanceState.STOPPED
        assert ended.reason.code == "instance_exited"
    assert driver.endpoint(session) is None
    driver.start(adapter.spec(session), ignore)
    assert driver.ended() == ()
    adapter.end(session)
    driver.stop(session)
    assert driver.ended() == ()


@check()
def what_others_own_is_neither_seen_nor_touched(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    adapter.plant_foreign(session)
    assert driver.inventory().instances == ()
    assert driver.inventory().homes == ()
    assert driver.endpoint(session) is None
    assert driver.ended() == ()
    assert driver.usage().cpu_millis == 0
    driver.stop(session)
    driver.remove(session, delete_home=False, before_incarnation=99)
    driver.remove(session, delete_home=True)
    assert adapter.foreign_intact(session)


@check()
def the_internet_network_goes_with_its_last_session(adapter: Adapter) -> None:
    driver, sessions = adapter.open(), (new_id("ses"), new_id("ses"))
    for session in sessions:
        driver.start(adapter.spec(session, network=Network.INTERNET), ignore)
    driver.remove(sessions[0], delete_home=True)
    driver.stop(sessions[1])
    driver.start(adapter.spec(sessions[1], network=Network.INTERNET), ignore)
    assert instances(driver, sessions[1]) == RUNNING_1
    driver.remove(sessions[1], delete_home=True)
    assert [adapter.remains(session) for session in sessions] == [[], []]
