"""What sessions may use: from the installer, from quotas, from nodes."""

from typing import Any

import pytest

from agent.drivers.kubernetes import capacity
from agent.drivers.kubernetes.quantities import count, cpu_millis
from agent.drivers.kubernetes.settings import Settings
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.instances import Resources

GIB = 2**30
OWN = "ctl-1"
SETTINGS = Settings()


def pod(
    node: str = "a",
    controller: str = "",
    phase: str = "Running",
    requests: dict[str, str] | None = None,
    limits: dict[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    container = {"resources": {"requests": requests or {}, "limits": limits or {}}}
    labels = {"streamspace.controller": controller} if controller else {}
    return {
        "metadata": {"name": "p", "labels": labels},
        "spec": {"nodeName": node, "containers": [container]} | spec,
        "status": {"phase": phase},
    }


def node(name: str = "a", *, ready: str = "True", labels: dict[str, str] | None = None, **spec: Any) -> Any:
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "allocatable": {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "1"},
        },
    }


def quota(hard: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"spec": {"hard": hard} | spec}


def nodes(*found: Any, pods: tuple[Any, ...] = (), settings: Settings = SETTINGS) -> capacity.Room:
    """Pods as they are kept while the cluster's pages come."""
    return capacity.from_nodes(found, map(capacity.outline, pods), OWN, settings, 4.0)


@pytest.mark.parametrize(
    ("text", "millis"),
    [("1", 1000), ("250m", 250), ("0.1", 100), ("1500000n", 2), ("2e3", 2_000_000), (2, 2000)],
)
def test_cpu_is_read_as_the_cluster_writes_it(text: object, millis: int) -> None:
    assert cpu_millis(text) == millis


@pytest.mark.parametrize(
    ("text", "bytes_"), [("1Ki", 1024), ("1k", 1000), ("128974848000m", 128974848), (5, 5)]
)
def test_memory_is_read_as_the_cluster_writes_it(text: object, bytes_: int) -> None:
    assert count(text) == bytes_


def test_nodes_give_what_others_have_not_requested() -> None:
    starting = [{"resources": {"requests": {"memory": "2Gi"}}}]
    others = (
        pod(requests={"cpu": "500m", "memory": "1Gi"}),
        pod(controller=OWN, requests={"cpu": "2", "memory": "4Gi"}),
        pod(phase="Succeeded", requests={"cpu": "1", "memory": "1Gi"}),
        pod(
            node="b",
            requests={"memory": "1Gi"},
            initContainers=starting,
        ),
    )
    room = nodes(node("a"), node("b"), pods=others)
    assert room.total == Capacity(cpu_millis=(3500 + 4000) * 4, memory_bytes=(7 + 6) * GIB, gpu=2)
    assert room.largest == Capacity(cpu_millis=16000, memory_bytes=7 * GIB, gpu=1)


def test_sidecars_and_sandboxes_count_as_the_scheduler_counts_them() -> None:
    def part(memory: str, **more: str) -> dict[str, Any]:
        return {"resources": {"requests": {"memory": memory}}} | more

    stays = {"restartPolicy": "Always"}
    mesh = pod(requests={"memory": "1Gi"}, initContainers=[part("512Mi", **stays), part("256Mi")])
    eager = pod(requests={"memory": "1Gi"}, initContainers=[part("1Gi", **stays), part("2Gi"), part("1Gi")])
    boxed = pod(requests={"memory": "1Gi"}, overhead={"memory": "160Mi"})
    whole = pod(
        requests={"memory": "1Gi"}, overhead={"memory": "8Mi"}, resources={"requests": {"memory": "2Gi"}}
    )
    for found, taken in ((mesh, 1536), (eager, 3072), (boxed, 1184), (whole, 2056)):
        assert nodes(node(), pods=(found,)).total.memory_bytes == 8 * GIB - taken * 2**20


def test_a_full_node_gives_nothing_and_takes_nothing() -> None:
    room = nodes(node("a"), node("b"), pods=(pod(requests={"cpu": "9", "memory": "9Gi"}),))
    assert room.total == Capacity(cpu_millis=16000, memory_bytes=8 * GIB, gpu=2)
    assert nodes().total == Capacity(cpu_millis=0, memory_bytes=0)


TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("found", "settings", "takes"),
    [
        (node(), {}, True),
        (node(ready="Unknown"), {}, False),
        (node(unschedulable=True), {}, False),
        (node(taints=[TAINT]), {}, False),
        (node(taints=[TAINT | {"effect": "PreferNoSchedule"}]), {}, True),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "operator": "Exists"}]}, True),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "value": "yes"}]}, True),
        (node(taints=[TAINT]), {"tolerations": [{"key": "gpu", "value": "no"}]}, False),
        (node(taints=[TAINT]), {"tolerations": [{"operator": "Exists"}]}, True),
        (node(taints=[TAINT]), {"tolerations": [{"operator": "Exists", "effect": "NoExecute"}]}, False),
        (node(), {"node_selector": {"pool": "x"}}, False),
        (node(labels={"pool": "x"}), {"node_selector": {"pool": "x"}}, True),
    ],
)
def test_which_nodes_take_sessions(found: Any, settings: dict[str, Any], takes: bool) -> None:
    assert capacity.takes_sessions(found, Settings.model_validate(settings)) is takes


def from_quotas(*quotas: Any, pods: tuple[Any, ...] = ()) -> capacity.Room | None:
    return capacity.from_quotas(quotas, pods, OWN, SETTINGS, 4.0)


def test_a_quota_gives_what_others_in_the_namespace_have_not_taken() -> None:
    agents = pod(limits={"cpu": "1", "memory": "1Gi"}, requests={"cpu": "100m", "memory": "1Gi"})
    own = pod(controller=OWN, limits={"cpu": "8", "memory": "8Gi"})
    room = from_quotas(
        quota({"limits.cpu": "10", "requests.memory": "16Gi", "pods": "50"}), pods=(agents, own)
    )
    assert room is not None
    assert room.total == Capacity(cpu_millis=9000, memory_bytes=15 * GIB)


def test_requests_of_cpu_count_as_often_as_it_is_overcommitted() -> None:
    room = from_quotas(quota({"requests.cpu": "2", "limits.memory": "4Gi"}))
    assert room is not None
    assert room.total.cpu_millis == 8000
    both = from_quotas(quota({"requests.cpu": "2", "limits.cpu": "5", "limits.memory": "4Gi"}))
    assert both is not None
    assert both.total.cpu_millis == 5000


def test_of_several_quotas_the_least_counts() -> None:
    room = from_quotas(
        quota({"limits.cpu": "10", "limits.memory": "16Gi"}),
        quota({"limits.cpu": "3", "memory": "8Gi", "requests.nvidia.com/gpu": "1"}),
        quota({"limits.cpu": "1"}, scopes=["BestEffort"]),
    )
    assert room is not None
    assert room.total == Capacity(cpu_millis=3000, memory_bytes=8 * GIB, gpu=1)


def test_a_quota_that_leaves_something_open_says_nothing() -> None:
    assert from_quotas(quota({"limits.cpu": "10"})) is None
    assert from_quotas(quota({"pods": "10"})) is None
    assert from_quotas() is None


def test_what_the_installer_states_counts() -> None:
    stated = Settings.model_validate({"capacity": {"cpu": "16", "memory": "64Gi", "gpu": 2}})
    room = capacity.from_settings(stated)
    assert room is not None
    assert room.total == Capacity(cpu_millis=16000, memory_bytes=64 * GIB, gpu=2)
    assert capacity.from_settings(SETTINGS) is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Resources(cpu_millis=16000, memory_bytes=8 * GIB, gpu=1), None),
        (Resources(cpu_millis=16001, memory_bytes=1), "insufficient_cpu"),
        (Resources(cpu_millis=1, memory_bytes=8 * GIB + 1), "insufficient_memory"),
        (Resources(cpu_millis=1, memory_bytes=1, gpu=2), "insufficient_gpu"),
    ],
)
def test_what_no_node_can_ever_hold_is_refused(asked: Resources, code: str | None) -> None:
    reason = nodes(node("a"), node("b")).lacks(asked)
    assert (reason.code if reason else None) == code


def test_a_quota_that_is_silent_on_gpus_refuses_none() -> None:
    room = from_quotas(quota({"limits.cpu": "10", "limits.memory": "16Gi"}))
    assert room is not None
    assert room.lacks(Resources(cpu_millis=1, memory_bytes=1, gpu=1)) is None
    assert room.total.gpu == 0


def test_what_is_booked() -> None:
    def session(replicas: int, gpu: str) -> dict[str, Any]:
        template = {"spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": gpu}}}]}}
        labels = {"streamspace.cpu-millis": "500", "streamspace.memory-bytes": "1024"}
        return {"metadata": {"labels": labels}, "spec": {"replicas": replicas, "template": template}}

    found = capacity.booked([session(1, "1"), session(0, "1"), session(1, "0")], "nvidia.com/gpu")
    assert found == Capacity(cpu_millis=1000, memory_bytes=2048, gpu=1)


def test_what_is_used() -> None:
    metrics = [
        {"containers": [{"usage": {"cpu": "250000000n", "memory": "300Mi"}}, {"usage": {"cpu": "1m"}}]}
    ]
    assert capacity.load(metrics) == Capacity(cpu_millis=251, memory_bytes=300 * 2**20)
