"""What an API server can do to a driver: refuse, be too busy, lose answers, go away, forget the past, fall
silent. A start either comes through or says why, and leaves nothing; what a lost connection left is found.
"""

import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.drivers.base import DriverError, PermanentError, Step, TemporaryError
from agent.drivers.kubernetes.reflector import Reflector, Timings
from chalicelib.protocol.instances import InstanceState
from tests.contract.drivers.driver_check import RUNNING_1, ignore, instances
from tests.functional.kubernetes.faulty import desk, until
from tests.support.cluster import Fault, Rule
from tests.support.cluster.objects import POD, QUOTA, SECRET, STATEFUL_SET, Object, uid_of
from tests.support.cluster.refusals import Refused, conflict, internal, too_many_requests, unauthorized

WRITES = [
    ("write", "statefulsets"),
    ("write", "services"),
    ("write", "secrets"),
    ("write", "networkpolicies"),
    ("write", "persistentvolumeclaims"),
]
CALLS = [*WRITES, ("list", "statefulsets"), ("list", "pods"), ("watch", "pods"), ("watch", "events")]
UNAVAILABLE = Refused(503, "ServiceUnavailable", "the server is currently unable to handle the request")
TIMEOUT = Refused(504, "Timeout", "Timeout: request did not complete within the allotted timeout")


def named(call: tuple[str, str]) -> str:
    return " ".join(call)


# what passes


@pytest.mark.parametrize("call", CALLS, ids=named)
@pytest.mark.parametrize(
    "refusal",
    [internal("etcdserver: leader changed"), UNAVAILABLE, TIMEOUT, too_many_requests(0)],
    ids=["500", "503", "504", "429"],
)
def test_a_refusal_that_passes_is_not_noticed(call: tuple[str, str], refusal: Refused) -> None:
    with desk() as made:
        fault = made.server.plan(Fault(*call, refusal=refusal, times=2))
        made.start()
        assert made.answers()
        assert fault.met, "it did come across it"


@pytest.mark.feature(
    "A start survives lost answers, forgotten news and a restart of the cluster's control plane"
)
@pytest.mark.parametrize("call", WRITES, ids=named)
def test_an_answer_that_is_lost_after_its_effect(call: tuple[str, str]) -> None:
    """What was done is found done, or done again; there is one pod, and it answers."""
    with desk() as made:
        fault = made.server.plan(Fault(*call, drop=True, effect=True))
        made.start()
        assert fault.met
        assert made.answers()
        assert len(made.pods()) == 1


@pytest.mark.parametrize("skip", [0, 1, 2], ids=["made", "given its pod", "noted"])
def test_lost_answers_to_each_write_of_the_set(skip: int) -> None:
    with desk() as made:
        fault = made.server.plan(Fault("write", "statefulsets", drop=True, effect=True, skip=skip))
        made.start()
        assert fault.met
        assert made.answers()
        assert made.driver.ended() == ()


def test_a_wait_that_the_server_asks_for_is_kept() -> None:
    with desk() as made:
        made.server.plan(Fault("write", "secrets", refusal=too_many_requests(1)))
        began = time.monotonic()
        made.start()
        assert time.monotonic() - began > 1.0
        assert made.answers()


def test_conflicts_are_read_again_and_settled() -> None:
    with desk() as made:
        stale = conflict(STATEFUL_SET, "whatever")
        fault = made.server.plan(Fault("write", "statefulsets", refusal=stale, times=5, skip=1))
        made.start()
        assert fault.met == 5
        assert made.answers()


@pytest.mark.parametrize("call", WRITES, ids=named)
def test_many_that_one_quota_counts_at_once(call: tuple[str, str]) -> None:
    """The API server gives up counting, with the status that it has for a name that is taken."""
    with desk() as made:
        fault = made.server.plan(Fault(*call, refusal=conflict(QUOTA, "limits"), times=3))
        made.start()
        assert fault.met == 3
        assert made.answers()


# what does not pass


@pytest.mark.parametrize("call", WRITES, ids=named)
def test_a_refusal_that_does_not_pass_ends_the_start(call: tuple[str, str]) -> None:
    with desk() as made:
        made.server.plan(Fault(*call, refusal=internal("disk full"), times=8))
        with pytest.raises(TemporaryError) as caught:
            made.start()
        assert caught.value.reason.code == "platform_unavailable"
        assert "disk full" in caught.value.reason.message
        made.driver.remove(made.session, delete_home=False)  # cleaning up needs the same calls
        assert made.adapter.remains(made.session) == []


def test_credentials_that_are_no_longer_taken() -> None:
    with desk() as made:
        made.start()
        made.server.rotate_token("another")
        for call in (made.driver.backend, made.driver.inventory, made.start):
            with pytest.raises(TemporaryError) as caught:
                call()
            assert caught.value.reason.code == "platform_unauthorized"
        path = made.adapter.site.agent
        path.write_text(path.read_text().replace("agent-token", "another"))
        assert instances(made.driver, made.session) == RUNNING_1, "read anew, without a new process"
        made.server.crash(f"streamspace-{made.session}")
        assert made.ended() == "instance_exited", "the watches came back as well"


def test_one_401_in_the_middle_of_a_start() -> None:
    with desk() as made:
        fault = made.server.plan(Fault("write", "services", refusal=unauthorized()))
        made.start()
        assert fault.met
        assert made.answers()


@pytest.mark.parametrize(
    "missing",
    [
        ("apps", "statefulsets", "patch"),
        ("apps", "statefulsets", "create"),
        ("", "secrets", "create"),
        ("networking.k8s.io", "networkpolicies", "create"),
        ("", "persistentvolumeclaims", "create"),
        ("", "pods", "watch"),
        ("", "pods/portforward", "create"),
    ],
    ids=lambda missing: f"{missing[2]} {missing[1]}",
)
def test_a_right_that_is_missing_is_named(missing: tuple[str, str, str]) -> None:
    _, resource, verb = missing
    lacking = [missing]
    verbs = ("get", "list", "watch", "create", "patch", "delete")
    every = Rule(("*",), ("*",), verbs)

    class Without(Rule):
        """Everything but one."""

        def allows(self, question, name):  # type: ignore[no-untyped-def]
            asked = (question.group, question.resource, question.verb)
            return asked not in lacking and every.allows(question, name)

    with desk(rules=[Without((), (), ())]) as made:
        with pytest.raises(DriverError) as caught:
            made.start()
        assert isinstance(caught.value, PermanentError) or resource.startswith("pods")
        assert caught.value.reason.code == "platform_unauthorized"
        named = f"`{verb}` on `{resource}`"
        if resource == "pods/portforward":  # a refused WebSocket has no words of its own
            named = "get and create pods/portforward"
        assert named in caught.value.reason.message
        if verb != "watch":  # without it nothing can be waited for, an end neither
            assert made.adapter.remains(made.session) == []
        lacking.clear()  # so that what is left can be cleaned up


# watches


def test_watches_that_keep_breaking() -> None:
    with desk() as made:
        over = threading.Event()

        def break_them() -> None:
            while not over.wait(0.02):
                made.server.drop_watches()

        breaking = threading.Thread(target=break_them)
        breaking.start()
        try:
            made.start()
        finally:
            over.set()
            breaking.join()
        assert made.answers()


@pytest.mark.feature(
    "A start survives lost answers, forgotten news and a restart of the cluster's control plane"
)
def test_a_past_that_is_forgotten_again_and_again() -> None:
    with desk() as made:
        over = threading.Event()

        def expire_them() -> None:
            while not over.wait(0.1):
                made.server.expire_watches()

        expiring = threading.Thread(target=expire_them)
        expiring.start()
        try:
            made.start()
            made.server.crash(f"streamspace-{made.session}")
            assert made.ended() == "instance_exited"
        finally:
            over.set()
            expiring.join()


def test_watches_that_are_slow() -> None:
    with desk() as made:
        made.server.do(lambda machine: setattr(machine, "watch_lag", 0.05))
        made.start()
        assert made.answers()
        made.driver.stop(made.session)
        assert made.pods() == []


# an API server that goes away


def at(step_number: int, action: Callable[[], None]) -> Callable[[Step], None]:
    """A `Progressing` that does something as the start takes its n-th step."""
    seen = 0

    def progressing(_step: Step) -> None:
        nonlocal seen
        seen += 1
        if seen == step_number:
            action()

    return progressing


@pytest.mark.feature(
    "A start survives lost answers, forgotten news and a restart of the cluster's control plane"
)
@pytest.mark.parametrize("step", [1, 3, 5, 8])
@pytest.mark.parametrize("compacted", [False, True], ids=["knows the past", "knows no past"])
def test_an_api_server_that_restarts_in_the_middle_of_a_start(step: int, compacted: bool) -> None:
    with desk() as made:
        back = threading.Timer(0.3, lambda: made.server.come_back(compacted=compacted))

        def restart() -> None:
            made.server.go_away()
            back.start()

        made.driver.start(made.spec(), at(step, restart))
        assert made.answers()
        made.server.crash(f"streamspace-{made.session}")
        assert made.ended() == "instance_exited"


@pytest.mark.parametrize("step", [2, 5])
def test_an_api_server_that_stays_away(step: int) -> None:
    """Nobody could clean up; the next process finds what there is."""
    with desk() as made:
        with pytest.raises(TemporaryError) as caught:
            made.driver.start(made.spec(), at(step, made.server.go_away))
        assert caught.value.reason.code == "platform_unavailable"
        made.server.come_back()
        made.driver = made.adapter.open()
        assert set(instances(made.driver, made.session)) <= {
            (1, InstanceState.STOPPED),
            (1, InstanceState.RUNNING),
        }
        made.driver.remove(made.session, delete_home=True)
        assert made.adapter.remains(made.session) == []
        assert made.driver.inventory().homes == ()


def test_sessions_go_on_without_the_api_server() -> None:
    with desk({"stream": "pod"}) as made:
        made.start()
        endpoint = made.driver.endpoint(made.session)
        assert endpoint is not None
        made.server.go_away()
        assert made.adapter.greet(endpoint), "the way to a pod's address does not lead over it"
        with pytest.raises(TemporaryError):
            made.driver.inventory()
        made.server.come_back()
        assert instances(made.driver, made.session) == RUNNING_1


# two agents


def test_two_agents_that_start_the_same_instance() -> None:
    """One command is one agent's; but one that was frozen may go on beside its successor."""
    with desk() as made:
        drivers = [made.adapter.open() for _ in range(2)]

        def start(number: int) -> str:
            try:
                drivers[number].start(made.spec(), ignore)
            except TemporaryError as error:
                return error.reason.code
            return "started"

        for _ in range(3):
            with ThreadPoolExecutor(2) as pool:
                said = list(pool.map(start, range(2)))
            assert "started" in said or said == ["platform_error"] * 2
            if "started" not in said:
                made.start()
            assert made.answers()
            assert len(made.pods()) == 1
            assert len(made.server.find(SECRET)) == 1
            made.driver.stop(made.session)


def test_two_agents_that_start_different_incarnations() -> None:
    with desk() as made:
        older, newer = made.adapter.open(), made.adapter.open()

        def start_older() -> str:
            try:
                older.start(made.spec(1), ignore)
            except DriverError as error:
                return error.reason.code
            return "started"

        with ThreadPoolExecutor(1) as pool:
            said = pool.submit(start_older)
            newer.start(made.spec(2), ignore)
            assert said.result() in {"started", "superseded", "platform_error", "instance_exited"}
        found = instances(made.driver, made.session)
        assert (2, InstanceState.RUNNING) in found
        made.driver.remove(made.session, delete_home=False, before_incarnation=2)
        assert instances(made.driver, made.session) == [(2, InstanceState.RUNNING)]
        assert made.answers()


def test_a_stop_while_another_agent_starts() -> None:
    with desk() as made:
        other = made.adapter.open()
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(made.start)
            until(lambda: made.server.find(POD))
            other.stop(made.session)
            error = starting.exception(20.0)
        assert error is None or isinstance(error, DriverError)
        other.stop(made.session)
        assert made.pods() == []


def test_both_agents_tell_the_same_end() -> None:
    """And the note of it is written once, under a precondition."""
    with desk() as made:
        other = made.adapter.open()
        made.start()
        made.server.crash(f"streamspace-{made.session}")
        with ThreadPoolExecutor(2) as pool:
            told = [
                pool.submit(until, each.ended).result() for each in (made.driver, other) for _ in range(2)
            ]
        assert len({each[0].reason.message for each in told}) == 1
        made.server.wait(lambda machine: machine.store.find(POD) == [])


def test_an_end_is_not_told_of_who_was_started_meanwhile() -> None:
    """An agent that judged by what it read before a new start writes nothing."""
    with desk() as made:
        made.start()
        made.server.crash(f"streamspace-{made.session}")
        made.server.wait(lambda machine: "running" not in _state(machine.store.find(POD)[0]))
        made.driver.start(made.spec(), ignore)
        assert made.answers()
        assert made.driver.ended() == ()
        (before,) = made.server.find(POD)
        time.sleep(0.2)
        assert made.adapter.open().ended() == ()
        assert uid_of(made.server.find(POD)[0]) == uid_of(before)


def _state(pod: Object) -> Object:
    """Of its first container; empty once that is not its first any more."""
    (container,) = pod["status"]["containerStatuses"]
    return {} if container["restartCount"] else dict(container["state"])


def test_watches_that_fall_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their connections stand and nothing comes. Half a minute is waited before that counts as dead."""
    quick = functools.partial(Reflector, timings=Timings(silence=0.5))
    monkeypatch.setattr("agent.drivers.kubernetes.watches.Reflector", quick)
    with desk() as made:
        made.start()
        made.driver.stop(made.session)
        assert made.server.silence_watches() > 1
        made.start()
        assert made.answers()
        made.server.silence_watches()
        made.server.crash(f"streamspace-{made.session}")
        assert made.ended() == "instance_exited"
