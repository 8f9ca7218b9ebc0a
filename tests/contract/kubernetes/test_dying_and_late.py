"""Agents that die between any two writes, and agents that were frozen there while another went on."""

import contextlib
import itertools
from collections.abc import Callable, Iterator

import pytest

from agent.drivers.base import Cancelled, DriverError, Step, TemporaryError
from agent.drivers.kubernetes.driver import KubernetesDriver
from agent.drivers.kubernetes.kinds import Kind
from agent.drivers.kubernetes.removal import BELONGINGS
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceState, Stage
from tests.contract.drivers.driver_check import ignore, instances
from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter
from tests.contract.kubernetes.interrupted import Killed, interrupted
from tests.support.cluster.site import serve, site

Work = Callable[[KubernetesDriver, str, Callable[[Step], None]], None]


@pytest.fixture(scope="module")
def adapter() -> Iterator[KubernetesAdapter]:
    made = KubernetesAdapter(site(serve(), stream="pod", removal_timeout=5.0))
    yield made
    made.close()


class Scenes:
    """What is there before, and what is then done to it."""

    def __init__(self, adapter: KubernetesAdapter) -> None:
        self.adapter, self.driver = adapter, adapter.open()

    def prepare(self, scene: str) -> str:
        session = new_id("ses")
        if scene != "start":
            self.driver.start(self.adapter.spec(session), ignore)
        if scene == "wake":
            self.driver.stop(session)
        if scene in {"wake what ended", "note what ended"}:
            self.adapter.end(session)
        return session

    def incarnation(self, scene: str) -> int:
        return 2 if scene == "replace" else 1

    def work(self, scene: str) -> Work:
        match scene:
            case "stop":
                return lambda driver, session, _: driver.stop(session)
            case "remove":
                return lambda driver, session, _: driver.remove(session, delete_home=True)
            case "note what ended":
                return lambda driver, _, __: driver.ended() and None
        spec = self.adapter.spec
        return lambda driver, session, progressing: driver.start(
            spec(session, self.incarnation(scene)), progressing
        )

    def pods(self, session: str) -> list[str]:
        return [each["metadata"]["uid"] for each in self.driver._instances.own(Kind.POD, session)]

    def runs(self, session: str, incarnation: int) -> None:
        endpoint = self.driver.endpoint(session)
        assert endpoint is not None
        assert self.adapter.greet(endpoint)
        assert instances(self.driver, session) == [(incarnation, InstanceState.RUNNING)]
        assert [each for each in self.driver.ended() if each.facts.session_id == session] == []

    def keeps_its_belongings(self, session: str) -> None:
        """Though the garbage collector takes what its owner has left."""
        (owner,) = self.driver._instances.own(Kind.STATEFUL_SET, session)
        for kind in BELONGINGS:
            (found,) = self.driver._instances.own(kind, session)
            owners = [each["uid"] for each in found["metadata"]["ownerReferences"]]
            assert owners == [owner["metadata"]["uid"]]

    def goes(self, session: str) -> None:
        self.driver.remove(session, delete_home=True)
        assert self.adapter.remains(session) == []
        assert session not in self.driver.inventory().homes


@pytest.fixture(scope="module")
def scenes(adapter: KubernetesAdapter) -> Scenes:
    return Scenes(adapter)


@pytest.mark.feature("An agent in a cluster may die between any two steps: the next goes on from there")
@pytest.mark.parametrize(
    "scene", ["start", "wake", "wake what ended", "replace", "stop", "remove", "note what ended"]
)
def test_a_death_before_any_write(scene: str, scenes: Scenes) -> None:
    """The next agent is told to start it, or to remove it, by turns."""

    def die() -> None:
        raise Killed

    for before in itertools.count(1):
        session = scenes.prepare(scene)
        driver, cluster = interrupted(scenes.adapter, before, die)
        with contextlib.suppress(Killed):
            scenes.work(scene)(driver, session, ignore)
        driver._watches.close()
        policies = scenes.driver._instances.own(Kind.NETWORK_POLICY, session)
        assert policies or not scenes.pods(session), "no pod is ever without its policy"
        if before % 2:
            incarnation = scenes.incarnation(scene)
            scenes.driver.start(scenes.adapter.spec(session, incarnation), ignore)
            scenes.runs(session, incarnation)
        scenes.goes(session)
        if not cluster.reached:
            assert before > 1, "it wrote something"
            return


def _started(scenes: Scenes, session: str, incarnation: int) -> None:
    scenes.driver.start(scenes.adapter.spec(session, incarnation), ignore)


def _started_anew(scenes: Scenes, session: str, incarnation: int) -> None:
    scenes.driver.remove(session, delete_home=False)
    _started(scenes, session, incarnation)


def _woken(scenes: Scenes, session: str, incarnation: int) -> None:
    scenes.driver.stop(session)
    _started(scenes, session, incarnation)


@pytest.mark.feature("What a frozen agent in a cluster does too late harms nobody who went on for it")
@pytest.mark.parametrize(
    ("scene", "meanwhile"),
    [
        ("start", _started),
        ("start", _started_anew),
        ("start", _woken),
        ("wake", _started),
        ("wake", _woken),
        ("wake what ended", _started_anew),
        ("replace", _started),
    ],
)
def test_a_start_that_comes_late_leaves_others_instances_alone(
    scene: str, meanwhile: Callable[[Scenes, str, int], None], scenes: Scenes
) -> None:
    for before in itertools.count(1):
        session, incarnation = scenes.prepare(scene), scenes.incarnation(scene)
        others: list[list[str]] = []

        def somebody_else() -> None:
            if not others:  # noqa: B023 - called within this turn
                meanwhile(scenes, session, incarnation)  # noqa: B023
                others.append(scenes.pods(session))  # noqa: B023

        def progressing(_: Step) -> None:
            if others:  # noqa: B023
                raise Cancelled(late=True)

        driver, cluster = interrupted(scenes.adapter, before, somebody_else)
        try:
            scenes.work(scene)(driver, session, progressing)
        except (Cancelled, DriverError):
            assert others
        driver._watches.close()
        if others:
            assert scenes.pods(session) == others[0]
            scenes.keeps_its_belongings(session)
        scenes.runs(session, incarnation)
        scenes.goes(session)
        if not cluster.reached:
            return


@pytest.mark.feature("What a frozen agent in a cluster does too late harms nobody who went on for it")
def test_a_cleaning_that_comes_late_leaves_others_instances_alone(scenes: Scenes) -> None:
    """A start that was called off takes away what it made; frozen before any write of that, it finds that
    another agent has started the same instance, out of what was left."""
    for before in itertools.count(1):
        session = scenes.prepare("start")
        others: list[list[str]] = []

        def somebody_else() -> None:
            if not others:  # noqa: B023 - called within this turn
                _started(scenes, session, 1)  # noqa: B023
                others.append(scenes.pods(session))  # noqa: B023

        def progressing(step: Step) -> None:
            if others or step.stage is Stage.CONNECTING:  # noqa: B023
                raise Cancelled(late=bool(others))  # noqa: B023

        driver, cluster = interrupted(scenes.adapter, before, somebody_else)
        with pytest.raises((Cancelled, DriverError)):
            scenes.work("start")(driver, session, progressing)
        driver._watches.close()
        if others:
            assert scenes.pods(session) == others[0]
            scenes.keeps_its_belongings(session)
            scenes.runs(session, 1)
        scenes.goes(session)
        if not cluster.reached:
            return


def test_a_stop_that_comes_late_leaves_what_was_woken_alone(
    scenes: Scenes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no lease to look at; but it sees that it did not get on for long."""
    session = scenes.prepare("stop")

    def somebody_wakes() -> None:
        if not woken:
            scenes.driver.stop(session)
            _started(scenes, session, 1)
            woken.extend(scenes.pods(session))
            monkeypatch.setattr("agent.drivers.kubernetes.instances.FROZEN", 0.01)

    woken: list[str] = []
    driver, _ = interrupted(scenes.adapter, 1, somebody_wakes)
    with pytest.raises(TemporaryError, match="did not get on"):
        driver.stop(session)
    monkeypatch.undo()
    driver._watches.close()
    assert scenes.pods(session) == woken
    scenes.runs(session, 1)
    scenes.goes(session)


def test_a_start_that_somebody_stopped_says_so(scenes: Scenes) -> None:
    """Even in its last moment, when the instance has answered: that it ended is no fault of its own."""
    session, stopped = scenes.prepare("start"), []

    def somebody_stops() -> None:
        if not stopped:
            stopped.append(scenes.driver.stop(session))

    answered = 7  # the writes before it: the set, three belongings, the home, its pod
    driver, _ = interrupted(scenes.adapter, answered, somebody_stops)
    with pytest.raises(TemporaryError, match="was stopped while it started"):
        driver.start(scenes.adapter.spec(session), ignore)
    assert stopped
    driver._watches.close()
    scenes.goes(session)


@pytest.mark.parametrize("scene", ["start", "wake"])
def test_a_start_that_comes_late_wakes_nothing_that_was_stopped(scene: str, scenes: Scenes) -> None:
    for before in itertools.count(1):
        session, stopped = scenes.prepare(scene), []

        def somebody_stops() -> None:
            if not stopped:  # noqa: B023
                scenes.driver.stop(session)  # noqa: B023
                stopped.append(True)  # noqa: B023

        def progressing(_: Step) -> None:
            if stopped:  # noqa: B023
                raise Cancelled(late=True)

        driver, cluster = interrupted(scenes.adapter, before, somebody_stops)
        try:
            scenes.work(scene)(driver, session, progressing)
        except (Cancelled, DriverError):
            assert stopped
            assert instances(scenes.driver, session) in ([], [(1, InstanceState.STOPPED)])
            assert scenes.pods(session) == []
        driver._watches.close()
        scenes.goes(session)
        if not cluster.reached:
            return
