"""Starting, hibernating, waking and removing, and what a platform says about itself."""

import time
from concurrent.futures import ThreadPoolExecutor

from agent.drivers.base import TemporaryError
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Stage
from tests.contract.drivers.driver_adapter import Adapter, Capability
from tests.contract.drivers.driver_check import (
    RUNNING_1,
    STOPPED_1,
    check,
    ignore,
    instances,
    refused,
)

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
def what_an_instance_printed_can_be_read(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    assert driver.logs(session, 10) is None
    driver.start(adapter.spec(session), ignore)
    end = time.monotonic() + 5  # a platform may write it down a moment later
    while driver.logs(session, 10) != ("session began", "ready") and time.monotonic() < end:
        time.sleep(0.02)
    assert driver.logs(session, 10) == ("session began", "ready")
    assert driver.logs(session, 1) == ("ready",)
    driver.remove(session, delete_home=True)
    assert driver.logs(session, 10) is None


@check()
def what_others_printed_is_not_read(adapter: Adapter) -> None:
    driver, session = adapter.open(), new_id("ses")
    adapter.plant_foreign(session)
    assert driver.logs(session, 10) is None


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
