"""What a cluster can do to a session, and what people are told: images, room, volumes, quotas, crashes,
evictions and lost nodes. Nothing is left behind, and nothing goes on crashing.
"""

import pytest

from agent.drivers.base import PermanentError, TemporaryError
from agent.drivers.labels import CONTROLLER
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Resources, Stage
from tests.contract.drivers.driver_check import ignore
from tests.functional.kubernetes.faulty import Desk, desk, until
from tests.support.cluster import Fault, Image, Node
from tests.support.cluster.objects import (
    CLAIM,
    NAMESPACE,
    NETWORK_POLICY,
    POD,
    QUOTA,
    SERVICE,
    STORAGE_CLASS,
    Object,
    Resource,
    name_of,
)
from tests.support.cluster.refusals import internal
from tests.support.cluster.site import ABSENT, IMAGES, PULLABLE

GIB = 2**30
REFUSING = "tests.example/secret:1"
EXITING = "tests.example/exits:1"


def quota(made: Desk, **hard: str) -> None:
    body = {"metadata": {"name": "limits"}, "spec": {"hard": hard}}
    made.server.do(lambda machine: machine.registry.create(QUOTA, machine_namespace(made), body))
    made.server.wait(lambda machine: machine.store.find(QUOTA)[0]["status"].get("used"))


def machine_namespace(made: Desk) -> str:
    return made.server.namespace


# images


@pytest.mark.feature(
    "Why a cluster cannot run a session is told in its own words: room, image, volume, quota"
)
def test_an_image_that_no_registry_knows() -> None:
    with desk() as made:
        error = made.refused(image=ABSENT)
        assert isinstance(error, PermanentError)
        assert error.reason.code == "image_not_found"
        assert ABSENT in error.reason.message


def test_an_image_whose_name_cannot_be_one() -> None:
    with desk() as made:
        assert made.refused(image="Not/An:Image:Name").reason.code == "image_not_found"


def test_an_image_that_the_registry_refuses() -> None:
    why = (
        f'rpc error: code = Unknown desc = failed to pull and unpack image "{REFUSING}": failed to resolve '
        f'reference "{REFUSING}": pulling from host tests.example failed with status code: 401 Unauthorized'
    )
    images = IMAGES | {REFUSING: Image(present=False, failure=why)}
    with desk(images=images) as made:
        error = made.refused(image=REFUSING)
        assert isinstance(error, PermanentError)
        assert error.reason.code == "image_pull_failed"
        assert "pull secret" in error.reason.message


def test_pulling_is_a_stage_of_its_own() -> None:
    steps = []
    with desk() as made:
        made.server.do(lambda machine: setattr(machine.tempo, "pull", 2.5))
        made.driver.start(made.spec(image=PULLABLE), steps.append)
        assert made.answers()
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == [Stage.CREATING, Stage.PULLING, Stage.CONNECTING]
    assert all(step.progress is None for step in steps), "the API gives no bytes"


# room


@pytest.mark.parametrize(
    ("resources", "code"),
    [
        (Resources(cpu_millis=500_000, memory_bytes=GIB), "insufficient_cpu"),
        (Resources(cpu_millis=500, memory_bytes=500 * GIB), "insufficient_memory"),
        (Resources(cpu_millis=500, memory_bytes=GIB, gpu=1), "insufficient_gpu"),
    ],
    ids=["cpu", "memory", "gpu"],
)
@pytest.mark.parametrize("blind", [False, True], ids=["sees nodes", "has no right to"])
def test_more_than_any_node_has(resources: Resources, code: str, blind: bool) -> None:
    """Whether or not the agent may read nodes: otherwise the scheduler's verdict says it."""
    settings = {"capacity": {"cpu": "1000", "memory": "1000Gi", "gpu": 8}} if blind else {}
    with desk(settings) as made:
        error = made.refused(resources=resources)
        assert isinstance(error, PermanentError)
        assert error.reason.code == code
        if blind:
            assert "0/2 nodes are available" in error.reason.message, "the scheduler's own words"


def test_a_full_cluster() -> None:
    nodes = (Node("only", cpu="200m", memory="1Gi"),)  # each asks for 125m of its 500m
    half = Resources(cpu_millis=500, memory_bytes=GIB // 8)
    with desk({"capacity": {"cpu": "64", "memory": "64Gi"}}, nodes=nodes) as made:
        made.start(resources=half)
        first, made.session = made.session, "ses-00000000000000000000000002"
        error = made.refused_beside(first, resources=half)
        assert error.reason.code == "insufficient_cpu"


@pytest.mark.feature(
    "Why a cluster cannot run a session is told in its own words: room, image, volume, quota"
)
def test_no_node_with_the_label_that_sessions_want() -> None:
    with desk({"node_selector": {"pool": "desktops"}, "capacity": {"cpu": "8", "memory": "8Gi"}}) as made:
        error = made.refused()
        assert error.reason.code == "unschedulable"
        assert "node affinity/selector" in error.reason.message
        made.server.do(lambda machine: machine.add_node(Node("pool-1", labels={"pool": "desktops"})))
        made.start()
        assert made.answers()


# volumes


def test_a_volume_that_nobody_makes() -> None:
    with desk() as made:
        made.server.do(lambda machine: machine.broken_provisioners.add("local.example"))
        error = made.refused()
        assert isinstance(error, TemporaryError)
        assert error.reason.code in {"home_pending", "platform_error"}
        made.server.do(lambda machine: machine.broken_provisioners.clear())
        made.start()
        assert made.answers()


@pytest.mark.feature(
    "Why a cluster cannot run a session is told in its own words: room, image, volume, quota"
)
def test_a_volume_that_cannot_be_made() -> None:
    why = "rpc error: code = ResourceExhausted desc = not enough capacity on tests.example"
    with desk() as made:
        made.server.do(lambda machine: machine.failing_provisioners.update({"local.example": why}))
        error = made.refused()
        assert error.reason.code == "home_pending"
        assert "not enough capacity" in error.reason.message


def test_a_storage_class_that_there_is_not() -> None:
    with desk({"home": {"size": "1Gi", "storage_class": "golden"}}) as made:
        error = made.refused()
        assert error.reason.code == "home_pending"
        assert "golden" in error.reason.message


def test_no_default_storage_class() -> None:
    with desk() as made:
        made.server.do(lambda machine: machine.registry.delete(STORAGE_CLASS, "", "standard"))
        assert made.refused().reason.code == "home_pending"


def test_a_volume_that_cannot_be_attached() -> None:
    with desk() as made:
        why = "rpc error: code = Internal desc = Multi-Attach error: volume is already used elsewhere"
        made.server.do(lambda machine: setattr(machine, "attach_failure", why))
        error = made.refused()
        assert error.reason.code == "home_pending"
        assert "Multi-Attach" in error.reason.message


# what the namespace forbids


@pytest.mark.feature(
    "Why a cluster cannot run a session is told in its own words: room, image, volume, quota"
)
def test_a_quota_on_pods_is_told_though_a_controller_meets_it() -> None:
    with desk() as made:
        quota(made, pods="0")
        error = made.refused()
        assert isinstance(error, PermanentError)
        assert error.reason.code == "quota_exceeded"
        assert "exceeded quota: limits" in error.reason.message


def test_a_quota_on_volumes_is_met_by_the_agent_itself() -> None:
    with desk() as made:
        quota(made, persistentvolumeclaims="0")
        assert made.refused().reason.code == "quota_exceeded"


def test_pods_pass_the_strictest_pod_security() -> None:
    """The test cluster's namespace enforces `restricted`, as every test here does by running."""
    with desk() as made:
        (namespace,) = made.server.do(
            lambda machine: [
                each for each in machine.store.find(NAMESPACE) if name_of(each) == made.server.namespace
            ]
        )
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        made.start()
        assert made.answers()


def test_a_service_account_that_there_is_not() -> None:
    with desk({"service_account": "nobody"}) as made:
        assert 'serviceaccount "nobody" not found' in made.refused().reason.message


# ends


def test_an_instance_that_exits_at_once() -> None:
    images = IMAGES | {EXITING: Image("exits", exit_code=3, prints=("boom",))}
    with desk(images=images) as made:
        error = made.refused(image=EXITING)
        assert error.reason.code == "instance_exited"
        assert "exit code 3" in error.reason.message
        assert "boom" in error.reason.message


@pytest.mark.feature(
    "A session that crashes, is evicted or loses its node is told so, and nothing restarts it unseen"
)
def test_a_crash_is_told_and_ends_there() -> None:
    with desk() as made:
        made.start()
        made.server.crash(f"streamspace-{made.session}", 7)
        assert made.ended() == "instance_exited"
        assert "exit code 7" in made.driver.ended()[0].reason.message
        made.server.wait(lambda machine: machine.store.find(POD) == [])
        assert made.replicas() == [0], "nothing goes on crashing at the tenant's cost"
        made.start()
        assert made.answers()
        assert made.driver.ended() == ()


@pytest.mark.feature(
    "A session that crashes, is evicted or loses its node is told so, and nothing restarts it unseen"
)
def test_an_end_is_told_though_the_node_does_not_give_the_log() -> None:
    """A kubelet whose certificate nobody signed, for example. Of one that ended well nothing else is kept."""
    with desk() as made:
        made.start()
        other = made.spec().model_copy(update={"session_id": new_id("ses")})
        made.driver.start(other, ignore)
        why = "Get https://10.0.0.1:10250/containerLogs: remote error: tls: internal error"
        made.server.plan(Fault("get", "pods/log", refusal=internal(why), times=None))
        made.server.crash(f"streamspace-{made.session}", 0)
        assert made.ended() == "instance_exited"
        assert "exit code 0" in made.driver.ended()[0].reason.message
        assert made.driver.endpoint(other.session_id) is not None


def test_an_instance_that_ends_at_once_is_told_so_without_its_log() -> None:
    images = IMAGES | {EXITING: Image("exits", exit_code=0)}
    with desk(images=images) as made:
        made.server.plan(Fault("get", "pods/log", refusal=internal("no route to host"), times=None))
        assert made.refused(image=EXITING).reason.code == "instance_exited"


def test_more_memory_than_it_was_given() -> None:
    with desk() as made:
        made.start()
        made.server.out_of_memory(f"streamspace-{made.session}")
        assert made.ended() == "insufficient_memory"
        assert made.replicas() == [0]


@pytest.mark.feature(
    "A session that crashes, is evicted or loses its node is told so, and nothing restarts it unseen"
)
def test_an_eviction_is_told_though_the_set_makes_another_pod() -> None:
    with desk() as made:
        made.start()
        made.adapter.write_home(made.session, "kept")
        made.server.evict(f"streamspace-{made.session}")
        assert made.ended() == "evicted"
        made.server.wait(lambda machine: machine.store.find(POD) == [])
        assert made.replicas() == [0]
        made.start()
        assert made.adapter.read_home(made.session) == "kept"


def test_an_eviction_that_nobody_watched() -> None:
    """No agent was there; the next one finds another pod than the one that had answered."""
    with desk() as made:
        made.start()
        made.driver.close()
        made.server.evict(f"streamspace-{made.session}")
        made.server.wait(
            lambda machine: [
                pod for pod in machine.store.find(POD) if pod["status"].get("phase") == "Running"
            ]
        )
        made.driver = made.adapter.open()
        assert made.ended() in {"evicted", "instance_exited"}
        made.server.wait(lambda machine: machine.store.find(POD) == [])


def test_a_pod_that_somebody_deleted() -> None:
    with desk() as made:
        made.start()
        (pod,) = made.pods()
        made.server.do(lambda machine: machine.registry.delete(POD, made.server.namespace, pod))
        assert made.ended() == "instance_exited"


@pytest.mark.feature(
    "A session that crashes, is evicted or loses its node is told so, and nothing restarts it unseen"
)
def test_a_lost_node_is_told_and_never_doubled() -> None:
    """Two pods on one home is what a StatefulSet is there to prevent; the driver waits as well."""
    with desk() as made:
        made.start()
        made.server.lose_node("node-1")
        assert made.ended() == "node_lost"
        with pytest.raises(TemporaryError) as stuck:
            made.driver.stop(made.session)
        assert stuck.value.reason.code == "node_lost"
        with pytest.raises(TemporaryError) as stuck:
            made.start()
        assert stuck.value.reason.code == "node_lost"
        assert len(made.pods()) == 1
        made.server.return_node("node-1")
        until(lambda: made.pods() == [])
        made.start()
        assert made.answers()


# the namespace


def test_a_namespace_deleted_underneath() -> None:
    with desk() as made:
        made.start()
        made.server.do(lambda machine: machine.registry.delete(NAMESPACE, "", made.server.namespace))
        until(lambda: made.driver.inventory().instances == () and made.driver.inventory().homes == ())
        assert made.driver.endpoint(made.session) is None
        assert made.driver.ended() == ()
        with pytest.raises(TemporaryError) as caught:
            made.start(2)
        assert caught.value.reason.code == "platform_unavailable"
        assert made.server.namespace in caught.value.reason.message
        with pytest.raises(TemporaryError):
            made.driver.backend()
        made.driver.stop(made.session)
        made.driver.remove(made.session, delete_home=True)


def test_a_namespace_that_is_going_away() -> None:
    with desk() as made:
        made.server.do(lambda machine: setattr(machine.controllers[5], "paused", True))
        made.server.do(lambda machine: machine.registry.delete(NAMESPACE, "", made.server.namespace))
        error = made.refused()
        assert isinstance(error, TemporaryError)
        assert error.reason.code == "platform_unavailable"
        made.server.do(lambda machine: setattr(machine.controllers[5], "paused", False))


def test_a_port_that_changed_while_it_slept() -> None:
    with desk() as made:
        made.start(protocol="http", port=8080)
        made.driver.stop(made.session)
        made.start(protocol="http", port=9090)
        (service,) = made.server.find(SERVICE)
        assert [each["port"] for each in service["spec"]["ports"]] == [9090]
        (policy,) = made.server.find(NETWORK_POLICY)
        assert [each["port"] for each in policy["spec"]["ingress"][0]["ports"]] == [9090]


def test_a_home_that_somebody_made_meanwhile_stays_theirs() -> None:
    """Between the question whether the name is free and the making."""
    with desk() as made:
        name = f"streamspace-home-{made.session}"
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        theirs = {"metadata": {"name": name, "labels": {CONTROLLER: made.adapter.other}}, "spec": spec}
        made.server.plan(
            Fault("write", "persistentvolumeclaims", meanwhile=lambda: _make(made, CLAIM, theirs))
        )
        assert made.refused().reason.code == "home_taken"
        (claim,) = made.server.find(CLAIM)
        assert claim["metadata"]["labels"] == {CONTROLLER: made.adapter.other}


def _make(made: Desk, resource: Resource, thing: Object) -> None:
    """In the server's own thread."""
    made.server.machine.registry.create(resource, made.server.namespace, thing)


def test_homes_outlive_their_instances_and_go_when_told() -> None:
    with desk() as made:
        made.start()
        made.driver.remove(made.session, delete_home=False)
        assert [name_of(each) for each in made.server.find(CLAIM)] == [f"streamspace-home-{made.session}"]
        made.driver.remove(made.session, delete_home=True)
        assert made.server.find(CLAIM) == []
