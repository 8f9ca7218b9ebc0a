"""The driver contract as checks. Each takes an adapter and fails by assertion or by an unexpected error.

`needs` names the capabilities without which a check makes no sense.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from agent.drivers.base import Cancelled, Driver, PermanentError, Step, TemporaryError
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceState, Network, Resources, Stage
from tests.contract.drivers.driver_adapter import Adapter, Behaviour, Capability

Check = Callable[[Adapter], None]
CHECKS: list[tuple[Check, frozenset[Capability]]] = []
TIB = 2**40


def check(*needs: Capability) -> Callable[[Check], Check]:
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


# what a platform says about itself


@check()
def backend_and_capacity_are_stated(adapter: Adapter) -> None:
    driver = adapter.open()
    assert driver.backend() == adapter.open().backend()
    assert driver.backend().platform == driver.platform
    assert driver.capacity().cpu_millis > 0
    assert driver.capacity().memory_bytes > 0


@check()
def a_platform_that_is_away_says_so(adapter: Adapter) -> None:
    driver, session = adapter.open_away(), new_id("ses")
    for call in (driver.backend, driver.capacity, driver.inventory, driver.usage, driver.ended):
        with refused(TemporaryError, "platform_unavailable"):
            call()
    with refused(TemporaryError, "platform_unavailable"):
        driver.start(adapter.spec(session), ignore)
    with refused(TemporaryError, "platform_unavailable"):
        driver.stop(session)
    with refused(TemporaryError, "platform_unavailable"):
        driver.remove(session, delete_home=True)


# starting


@check()
def a_start_ends_with_an_answering_instance(adapter: Adapter) -> None:
    driver, session, steps = adapter.open(), new_id("ses"), []
    assert driver.endpoint(session) is None
    driver.start(adapter.spec(session), steps.append)
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert adapter.greet(endpoint)
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == [Stage.CREATING, Stage.CONNECTING], (
        "a local image is not pulled; ready is for others to say"
    )
    assert instances(driver, session) == RUNNING_1
    assert driver.ended() == ()


@check()
def starting_again_keeps_the_instance(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session), ignore)
    first, endpoint = adapter.identity(session), driver.endpoint(session)
    driver.start(adapter.spec(session), ignore)
    assert adapter.identity(session) == first
    assert driver.endpoint(session) == endpoint


@check()
def usage_counts_what_runs(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    spec = adapter.spec(session)
    assert (driver.usage().cpu_millis, driver.usage().memory_bytes) == (0, 0)
    driver.start(spec, ignore)
    assert driver.usage().cpu_millis == spec.resources.cpu_millis
    assert driver.usage().memory_bytes == spec.resources.memory_bytes
    driver.stop(session)
    assert (driver.usage().cpu_millis, driver.usage().memory_bytes) == (0, 0)


@check()
def sessions_start_side_by_side(adapter: Adapter) -> None:
    driver, sessions = adapter.open(), [new_id("ses") for _ in range(4)]
    with ThreadPoolExecutor(len(sessions)) as pool:
        list(pool.map(lambda session: driver.start(adapter.spec(session), ignore), sessions))
    endpoints = {driver.endpoint(session) for session in sessions}
    assert len(endpoints) == len(sessions)
    assert all(endpoint and adapter.greet(endpoint) for endpoint in endpoints)
    with ThreadPoolExecutor(len(sessions)) as pool:
        list(pool.map(lambda session: driver.remove(session, delete_home=True), sessions))
    assert driver.inventory().instances == ()
    assert [adapter.remains(session) for session in sessions] == [[], [], [], []]


@check(Capability.PULL)
def pulling_tells_its_progress(adapter: Adapter) -> None:
    driver, session, steps = adapter.open(), new_id("ses"), []
    driver.start(adapter.spec(session, behaviour="pullable"), steps.append)
    pulling = [step.progress for step in steps if step.stage is Stage.PULLING and step.progress]
    done, total = [progress.done for progress in pulling], [progress.total for progress in pulling]
    assert done == sorted(done)
    assert total == sorted(total)
    assert all(progress.done <= progress.total for progress in pulling)
    assert done[-1] == total[-1] > 0
    assert len(set(done)) > 2, "more than nothing and all"
    driver.remove(session, delete_home=True)
    steps.clear()
    driver.start(adapter.spec(session, 2, behaviour="pullable"), steps.append)
    assert all(step.stage is not Stage.PULLING for step in steps), "it is here already"


# hibernating and waking


@check()
def stopping_keeps_the_home(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session), ignore)
    adapter.write_home(session, "kept")
    for _ in range(2):
        driver.stop(session)
        assert driver.endpoint(session) is None
        assert instances(driver, session) == STOPPED_1
        assert driver.ended() == (), "it was asked to"
    assert session in driver.inventory().homes
    driver.start(adapter.spec(session), ignore)
    assert adapter.read_home(session) == "kept"
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert adapter.greet(endpoint)


@check()
def what_is_not_there_stops_and_goes_without_complaint(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.stop(session)
    driver.remove(session, delete_home=False)
    driver.remove(session, delete_home=True)
    assert adapter.remains(session) == []


# removing


@check()
def removing_keeps_the_home_unless_told(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session), ignore)
    adapter.write_home(session, "kept")
    for _ in range(2):
        driver.remove(session, delete_home=False)
        assert instances(driver, session) == []
        assert adapter.remains(session) == []
        assert driver.inventory().homes == (session,)
    driver.start(adapter.spec(session, 2), ignore)
    assert adapter.read_home(session) == "kept"
    for _ in range(2):
        driver.remove(session, delete_home=True)
        assert adapter.remains(session) == []
        assert driver.inventory().homes == ()


@check()
def a_passing_home_passes(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    driver.start(adapter.spec(session, persistent_home=False), ignore)
    assert driver.inventory().homes == ()
    driver.remove(session, delete_home=False)
    assert adapter.remains(session) == []


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
