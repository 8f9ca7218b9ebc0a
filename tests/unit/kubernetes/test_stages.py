"""Out of a pod and its events: how far a start has come, what stands in its way, and for how long it may.

The messages are the ones that schedulers, kubelets and container runtimes write.
"""

from typing import Any

import pytest

from agent.drivers.base import PermanentError, TemporaryError
from agent.drivers.kubernetes.attending import Endurance
from agent.drivers.kubernetes.seen import Happening, happening, sight
from agent.drivers.kubernetes.settings import Settings
from agent.drivers.kubernetes.stages import AT_ONCE, NETWORK, SETTLE, Look, Trouble, Wanted, look
from chalicelib.protocol.instances import Stage

SETTINGS = Settings(
    schedule_timeout=11, home_timeout=22, pull_timeout=33, create_timeout=44, gpu_resource="nvidia.com/gpu"
)
WANTED = Wanted(owner="set-1", home="home-1", image="registry.test/desktop:1", settings=SETTINGS)


def pod(*, node: str = "node-1", state: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """As the API shows it. `state` is the session's container's."""
    restarts, last = status.pop("restarts", 0), status.pop("last", {})
    metadata = {
        "name": "p-0",
        "uid": "pod-1",
        "resourceVersion": "1",
        "ownerReferences": [{"uid": status.pop("owner", "set-1")}],
    }
    if status.pop("leaving", False):
        metadata["deletionTimestamp"] = "2026-11-23T00:00:00Z"
    containers = [{"name": "sidecar", "restartCount": 9, "state": {"terminated": {"exitCode": 1}}}]
    if state is not None:
        containers.append({"name": "session", "restartCount": restarts, "state": state, "lastState": last})
    return {
        "metadata": metadata,
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": "Pending", "containerStatuses": containers} | status,
    }


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def unplaced(message: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return pod(node="", conditions=[condition])


def event(about: str, reason: str, message: str) -> Happening:
    return Happening(about, reason, message)


def seen(thing: dict[str, Any] | None, *events: Happening) -> Look:
    return look(WANTED, sight(thing) if thing else None, events)


def trouble(found: Look) -> Trouble:
    assert found.trouble is not None
    return found.trouble


CREATING, RUNNING = waiting("ContainerCreating"), {"running": {"startedAt": "2026-11-23T00:00:00Z"}}


# stages


@pytest.mark.parametrize(
    ("thing", "events", "stage"),
    [
        (None, (), Stage.CREATING),
        (pod(node=""), (), Stage.CREATING),
        (pod(), (), Stage.CREATING),
        (pod(state=CREATING), (), Stage.CREATING),
        (pod(state=CREATING), (event("pod-1", "Pulling", "Pulling image"),), Stage.PULLING),
        (pod(state=CREATING), (event("pod-0", "Pulling", "Pulling image"),), Stage.CREATING),
        (
            pod(state=CREATING),
            (event("pod-1", "Pulling", "Pulling image"), event("pod-1", "Pulled", "in 3s")),
            Stage.CREATING,
        ),
        (pod(state=CREATING), (event("pod-1", "Pulled", "already present on machine"),), Stage.CREATING),
        (pod(state=RUNNING, phase="Running"), (), Stage.CONNECTING),
    ],
)
def test_stages(thing: dict[str, Any] | None, events: tuple[Happening, ...], stage: Stage) -> None:
    found = seen(thing, *events)
    assert found.stage is stage
    assert found.ready == (stage is Stage.CONNECTING)


def test_a_pod_of_another_incarnation_is_not_looked_at() -> None:
    assert not seen(pod(owner="set-0", state=RUNNING)).ready


# places


@pytest.mark.parametrize(
    ("message", "code", "patience"),
    [
        (
            (
                "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: }, 2 Insufficient memory. "
                "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
            ),
            "insufficient_memory",
            11,
        ),
        ("0/1 nodes are available: 1 Insufficient cpu.", "insufficient_cpu", 11),
        ("0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.", "insufficient_memory", 11),
        ("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", "insufficient_gpu", 11),
        (
            "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
            "unschedulable",
            11,
        ),
        ("0/1 nodes are available: 1 Too many pods.", "unschedulable", 11),
        (
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            "home_pending",
            22,
        ),
        ('persistentvolumeclaim "streamspace-home-x" is being deleted', "home_pending", 22),
        (
            "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.",
            "home_pending",
            22,
        ),
        ("0/2 nodes are available: 2 node(s) had volume node affinity conflict.", "unschedulable", 11),
    ],
)
def test_the_schedulers_own_words_are_told(message: str, code: str, patience: float) -> None:
    found = trouble(seen(unplaced(message)))
    assert (found.code, found.patience) == (code, patience)
    assert message[:60] in found.error.reason.message


def test_a_home_that_cannot_be_made_says_why() -> None:
    said = 'storageclass.storage.k8s.io "fast" not found'
    found = trouble(seen(unplaced("unbound"), event("home-1", "ProvisioningFailed", said)))
    assert (found.code, found.patience) == ("home_pending", 22)
    assert said in found.error.reason.message


# what namespaces refuse


@pytest.mark.parametrize(
    ("message", "code", "kind"),
    [
        (
            (
                'create Pod s-0 in set s failed error: pods "s-0" is forbidden: exceeded quota: all '
                "requested: limits.memory=2Gi, used: limits.memory=3Gi, limited: limits.memory=4Gi"
            ),
            "quota_exceeded",
            PermanentError,
        ),
        (
            (
                'create Pod s-0 in set s failed error: pods "s-0" is forbidden: violates PodSecurity '
                '"restricted:latest": unrestricted capabilities'
            ),
            "policy_refused",
            PermanentError,
        ),
        (
            'create Pod s-0 in set s failed error: admission webhook "v.test" denied the request: no',
            "policy_refused",
            PermanentError,
        ),
        (
            (
                "create Pod s-0 in set s failed error: Internal error occurred: failed calling webhook "
                '"v.test": connection refused'
            ),
            "policy_refused",
            TemporaryError,
        ),
        (
            (
                'create Pod s-0 in set s failed error: pods "s-0" is forbidden: unable to validate against '
                'any security context constraint: [provider "anyuid": Forbidden: not usable by user]'
            ),
            "policy_refused",
            PermanentError,
        ),
        (
            (
                'create Pod s-0 in set s failed error: pods "s-0" is forbidden: error looking up service '
                'account streamspace/streamspace-session: serviceaccount "streamspace-session" not found'
            ),
            "platform_error",
            TemporaryError,
        ),
    ],
)
def test_refusals_show_only_as_events_on_the_set(message: str, code: str, kind: type[Exception]) -> None:
    found = trouble(seen(None, event("set-1", "FailedCreate", message)))
    assert (found.code, found.patience) == (code, SETTLE)
    assert isinstance(found.error, kind)
    assert trouble(seen(None, event("set-0", "FailedCreate", message))).patience == 44, "not this one's"


# images


@pytest.mark.parametrize(
    ("reason", "message", "code", "kind"),
    [
        (
            "ErrImagePull",
            (
                'failed to pull and unpack image "registry.test/desktop:1": failed to resolve reference '
                '"registry.test/desktop:1": registry.test/desktop:1: not found'
            ),
            "image_not_found",
            PermanentError,
        ),
        (
            "ErrImagePull",
            (
                "pull access denied, repository does not exist or may require authorization: server message: "
                "insufficient_scope: authorization failed"
            ),
            "image_not_found",
            PermanentError,
        ),
        (
            "ErrImagePull",
            "failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized",
            "image_pull_failed",
            PermanentError,
        ),
        (
            "ErrImagePull",
            'failed to do request: Head "https://r.test/": dial tcp: lookup r.test: no such host',
            "image_pull_failed",
            TemporaryError,
        ),
        (
            "InvalidImageName",
            'Failed to apply default image tag "A:b:c": couldn\'t parse image name: invalid reference format',
            "image_not_found",
            PermanentError,
        ),
        (
            "ErrImageNeverPull",
            'Container image "x" is not present with pull policy of Never',
            "image_not_found",
            PermanentError,
        ),
    ],
)
def test_images(reason: str, message: str, code: str, kind: type[Exception]) -> None:
    found = trouble(seen(pod(state=waiting(reason, message))))
    assert found.code == code
    assert isinstance(found.error, kind)
    assert found.patience == (NETWORK if kind is TemporaryError else AT_ONCE)
    assert WANTED.image in found.error.reason.message


def test_a_node_that_waits_to_pull_again_has_forgotten_why() -> None:
    thing = pod(state=waiting("ImagePullBackOff", 'Back-off pulling image "registry.test/desktop:1"'))
    failed = event("pod-1", "Failed", 'Failed to pull image "registry.test/desktop:1": not found')
    assert trouble(seen(thing)).code == "image_pull_failed"
    assert (
        trouble(seen(thing, failed, event("pod-1", "Failed", "Error: ErrImagePull"))).code
        == "image_not_found"
    )


def test_a_pull_has_its_own_patience() -> None:
    found = trouble(seen(pod(state=CREATING), event("pod-1", "Pulling", "Pulling image")))
    assert (found.code, found.patience) == ("image_pull_failed", 33)


# containers


@pytest.mark.parametrize(
    "thing",
    [
        pod(state=ended(3, message="first\nboom\n")),
        pod(state=waiting("CrashLoopBackOff", "back-off 10s"), restarts=1, last=ended(3, message="boom")),
        pod(state=RUNNING, restarts=1, last=ended(3, message="boom"), phase="Running"),
    ],
)
def test_an_instance_that_ended_says_what_it_printed(thing: dict[str, Any]) -> None:
    found = trouble(seen(thing))
    assert (found.code, found.patience, found.exited) == ("instance_exited", AT_ONCE, True)
    assert "exit code 3" in found.error.reason.message
    assert "boom" in found.error.reason.message
    assert isinstance(found.error, PermanentError)


def test_too_little_memory_is_not_an_exit_code() -> None:
    assert trouble(seen(pod(state=ended(137, "OOMKilled")))).code == "insufficient_memory"


def test_a_command_that_cannot_be_started() -> None:
    said = 'exec: "nothing": executable file not found in $PATH'
    for thing in (pod(state=ended(128, "StartError", said)), pod(state=waiting("RunContainerError", said))):
        found = trouble(seen(thing))
        assert found.code == "instance_exited"
        assert said in found.error.reason.message


def test_what_a_node_cannot_do_is_told_in_its_words() -> None:
    found = trouble(seen(pod(state=waiting("CreateContainerConfigError", 'secret "x" not found'))))
    assert (found.code, found.patience) == ("platform_error", NETWORK)
    assert 'secret "x" not found' in found.error.reason.message


@pytest.mark.parametrize(
    ("reason", "message", "code", "patience"),
    [
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached',
            "home_pending",
            22,
        ),
        ("FailedMount", 'MountVolume.SetUp failed for volume "home"', "home_pending", 22),
        (
            "FailedCreatePodSandBox",
            "plugin type=bridge failed (add): no IP addresses available",
            "network_failed",
            NETWORK,
        ),
    ],
)
def test_what_a_node_waits_for(reason: str, message: str, code: str, patience: float) -> None:
    found = trouble(seen(pod(state=CREATING), event("pod-1", reason, message)))
    assert (found.code, found.patience) == (code, patience)
    assert message in found.error.reason.message
    assert isinstance(found.error, TemporaryError)
    over = trouble(seen(pod(state=CREATING), event("pod-1", reason, message), event("pod-1", "Pulled", "m")))
    assert (over.code, over.patience) == ("platform_error", 44), "images come after volumes and network"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."},
            "evicted",
        ),
        (
            {"phase": "Failed", "reason": "OutOfmemory", "message": "Node didn't have enough"},
            "insufficient_memory",
        ),
        ({"phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough"}, "insufficient_cpu"),
        ({"phase": "Failed", "reason": "NodeShutdown", "message": "Pod was terminated"}, "node_lost"),
        ({"phase": "Failed", "reason": "NodeAffinity", "message": "no longer fits"}, "platform_error"),
        ({"leaving": True}, "platform_error"),
        (
            {
                "leaving": True,
                "conditions": [
                    {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
                ],
            },
            "node_lost",
        ),
    ],
)
def test_what_the_cluster_takes_away_may_be_tried_again(status: dict[str, Any], code: str) -> None:
    found = trouble(seen(pod(**status)))
    assert (found.code, found.patience) == (code, AT_ONCE)
    assert isinstance(found.error, TemporaryError)


# patience


def test_a_trouble_must_last() -> None:
    now = 0.0
    endurance = Endurance(clock=lambda: now)
    first = trouble(seen(unplaced("0/1 nodes are available: 1 Insufficient cpu.")))
    other = trouble(seen(unplaced("0/1 nodes are available: 1 Insufficient memory.")))
    assert not endurance.over(first)
    now = 10.9
    assert not endurance.over(first)
    now = 11.0
    assert endurance.over(first)
    assert not endurance.over(other), "another one begins anew"
    now = 21.9
    assert not endurance.over(other)
    assert not endurance.over(None)
    now = 30.0
    assert not endurance.over(other), "it was over in between"


def test_the_time_of_a_pull_is_not_that_of_a_silent_registry() -> None:
    """Both are called `image_pull_failed`."""
    now = 0.0
    endurance = Endurance(clock=lambda: now)
    pulling = trouble(seen(pod(state=CREATING), event("pod-1", "Pulling", "Pulling image")))
    silent = trouble(seen(pod(state=waiting("ErrImagePull", "dial tcp: i/o timeout"))))
    assert silent.code == pulling.code
    assert not endurance.over(pulling)
    now = 30.0
    assert not endurance.over(pulling)
    assert not endurance.over(silent)
    now = 30.0 + NETWORK
    assert endurance.over(silent)


def test_events_are_told_apart() -> None:
    raw = {
        "metadata": {"name": "p.1", "resourceVersion": "5"},
        "involvedObject": {"uid": "pod-1"},
        "reason": "Pulling",
        "message": "m",
    }
    again = raw | {"metadata": {"name": "p.1", "resourceVersion": "9"}}
    assert (happening(raw).about, happening(raw).reason) == ("pod-1", "Pulling")
    assert happening(raw).mark != happening(again).mark
