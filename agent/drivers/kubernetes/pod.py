"""InstanceSpec and settings in, the pod's template out. Pure: tested by equality.

It passes Pod Security's level `restricted`. Processes cannot be limited per pod (that is the kubelet's
`podPidsLimit`), and the host name is the pod's own: a StatefulSet sets it.
"""

from collections.abc import Mapping

from agent.drivers.environment import environment
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.kinds import Object
from agent.drivers.kubernetes.quantities import count
from agent.drivers.kubernetes.settings import Settings
from chalicelib.protocol.instances import InstanceSpec

CONTAINER = "session"
USER = 1000
HOME = "/home/user"
MOUNT = "/streamspace"
PASSWORD = "vnc-password"  # noqa: S105 - a key's name
STOP_SECONDS = 10
MIB = 2**20
RESERVED_STORAGE = 128 * MIB
"""Bytes of the node's disk that the scheduler sets aside for each session; few write more."""


def pod_template(
    labels: Mapping[str, str], spec: InstanceSpec, settings: Settings, name: str, overcommit: float
) -> Object:
    """`name`: of the Secret, which is also the StatefulSet's."""
    pod: Object = {
        "automountServiceAccountToken": False,
        "serviceAccountName": settings.service_account,
        "enableServiceLinks": False,
        "shareProcessNamespace": True,  # its first process reaps what desktops leave behind
        "terminationGracePeriodSeconds": STOP_SECONDS,
        "securityContext": {
            "runAsUser": USER,
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(spec, settings, overcommit)],
        "volumes": _volumes(spec, name),
    }
    if settings.node_selector:
        pod["nodeSelector"] = dict(settings.node_selector)
    if settings.tolerations:
        pod["tolerations"] = [each.model_dump(exclude_none=True) for each in settings.tolerations]
    if settings.runtime_class:
        pod["runtimeClassName"] = settings.runtime_class
    if settings.priority_class:
        pod["priorityClassName"] = settings.priority_class
    if settings.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": each} for each in settings.image_pull_secrets]
    metadata: Object = {"labels": settings.labels | dict(labels)}
    if settings.annotations:
        metadata["annotations"] = dict(settings.annotations)
    return {"metadata": metadata, "spec": pod}


def variables(spec: InstanceSpec) -> dict[str, str]:
    """Of the container. RFB is on the pod's own address, since no directory is shared with the gateway."""
    found = environment(spec)
    if spec.protocol == "vnc":
        found["STREAMSPACE_RFB_PORT"] = str(naming.RFB_PORT)
    return dict(sorted(found.items()))


def resources(spec: InstanceSpec, settings: Settings, overcommit: float) -> Object:
    """Memory is never promised twice; CPU is, `overcommit` times; a GPU is whole."""
    asked = spec.resources
    storage = count(settings.ephemeral_storage)
    limits = {
        "cpu": f"{asked.cpu_millis}m",
        "memory": str(asked.memory_bytes),
        "ephemeral-storage": str(storage),
    }
    requests = {
        "cpu": f"{max(1, int(asked.cpu_millis / max(1.0, overcommit)))}m",
        "memory": str(asked.memory_bytes),
        "ephemeral-storage": str(min(storage, RESERVED_STORAGE)),
    }
    if asked.gpu:
        limits[settings.gpu_resource] = requests[settings.gpu_resource] = str(asked.gpu)
    return {"limits": limits, "requests": requests}


def _container(spec: InstanceSpec, settings: Settings, overcommit: float) -> Object:
    container: Object = {
        "name": CONTAINER,
        "image": spec.image,
        "imagePullPolicy": settings.image_pull_policy,
        "env": [{"name": key, "value": _literal(value)} for key, value in variables(spec).items()],
        "ports": [{"name": "stream", "containerPort": naming.port(spec), "protocol": "TCP"}],
        "resources": resources(spec, settings, overcommit),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": spec.read_only_root,
            "runAsNonRoot": True,
        },
        # What it printed last is kept with its exit code, where it outlives the container's log.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "streamspace", "mountPath": MOUNT, "readOnly": True},
            *({"name": volume, "mountPath": path} for volume, path in _places(spec).items()),
        ],
    }
    if spec.command is not None:
        container["args"] = [_literal(each) for each in spec.command]
    return container


def _literal(text: str) -> str:
    """The kubelet puts a variable's value in place of `$(NAME)`, and `$` in place of `$$`, which a template
    does not mean: on other platforms nobody reads it."""
    return text.replace("$", "$$")


def _places(spec: InstanceSpec) -> dict[str, str]:
    """Writable places, by the names of their volumes."""
    return {"home": HOME, "tmp": "/tmp", "var-tmp": "/var/tmp", "run": "/run", "shm": "/dev/shm"}  # noqa: S108


def _volumes(spec: InstanceSpec, name: str) -> list[Object]:
    """What is memory counts against the instance's own, so half of it at most: a full /tmp is an error
    message, a full memory limit kills."""
    half = max(spec.resources.memory_bytes // 2, MIB)
    sizes = {"tmp": half, "var-tmp": half, "run": 16 * MIB, "shm": spec.resources.shm_bytes or 64 * MIB}
    home: Object = {"name": "home"}
    if spec.persistent_home:
        home["persistentVolumeClaim"] = {"claimName": naming.home_name(spec.session_id)}
    else:
        home["emptyDir"] = _memory(half)
    return [
        {"name": "streamspace", "secret": {"secretName": name, "defaultMode": 0o440}},
        home,
        *({"name": volume, "emptyDir": _memory(size)} for volume, size in sizes.items()),
    ]


def _memory(size: int) -> Object:
    return {"medium": "Memory", "sizeLimit": str(size)}
