"""InstanceSpec in, body of Docker's `POST /containers/create` out. Pure: tested by equality.

Each line of hardening is one of design §8 and was tried on every image (measured.md).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.drivers.docker import naming
from agent.drivers.docker.naming import NetworkKind
from agent.drivers.environment import environment as variables
from agent.drivers.labels import home_labels
from chalicelib.protocol.instances import InstanceSpec, Network

USER = "1000:1000"
HOME = "/home/user"
MOUNT = "/streamspace"
STOP_SECONDS = 10
MIB = 2**20


def network_kind(spec: InstanceSpec) -> NetworkKind:
    if spec.network is Network.INTERNET:
        return NetworkKind.INTERNET
    return NetworkKind.INNER if spec.protocol == "http" else NetworkKind.NONE


def environment(spec: InstanceSpec) -> list[str]:
    return [f"{key}={value}" for key, value in variables(spec).items()]


def tmpfs(spec: InstanceSpec) -> dict[str, str]:
    """Writable places besides the home. They count against the instance's memory, so half of it at most:
    a full /tmp is an error message, a full memory limit kills."""
    half = max(spec.resources.memory_bytes // 2, MIB)
    mounts = {
        "/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={half}",  # noqa: S108
        "/var/tmp": f"rw,noexec,nosuid,nodev,mode=1777,size={half}",  # noqa: S108
        "/run": f"rw,noexec,nosuid,nodev,mode=0755,uid=1000,gid=1000,size={16 * MIB}",
    }
    if not spec.persistent_home:
        mounts[HOME] = f"rw,exec,nosuid,nodev,mode=0700,uid=1000,gid=1000,size={half}"
    return mounts


def mounts(controller_id: str, spec: InstanceSpec, directory: Path) -> list[dict[str, Any]]:
    """The socket's directory and the home. Docker makes the volume, labelled, with the container."""
    socket = {
        "Type": "bind",
        "Source": str(directory),
        "Target": MOUNT,
        "BindOptions": {"Propagation": "rprivate"},
    }
    if not spec.persistent_home:
        return [socket]
    labels = home_labels(controller_id, spec.tenant_id, spec.session_id)
    home = {
        "Type": "volume",
        "Source": naming.home_name(spec.session_id),
        "Target": HOME,
        "VolumeOptions": {"Labels": labels},
    }
    return [socket, home]


def create_body(controller_id: str, spec: InstanceSpec, directory: Path) -> Mapping[str, Any]:
    """The whole request. `directory` is the host's side of `/streamspace`."""
    kind = network_kind(spec)
    resources = spec.resources
    body: dict[str, Any] = {
        "Image": spec.image,
        "Hostname": "session",
        "User": USER,
        "Env": environment(spec),
        "Labels": naming.container_labels(controller_id, spec, kind),
        "Healthcheck": {"Test": ["NONE"]},
        "StopTimeout": STOP_SECONDS,
        "HostConfig": {
            "Init": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": spec.read_only_root,
            "Tmpfs": tmpfs(spec),
            "Mounts": mounts(controller_id, spec, directory),
            "NetworkMode": "none" if kind is NetworkKind.NONE else naming.network_name(controller_id, kind),
            "IpcMode": "private",
            "NanoCpus": resources.cpu_millis * 1_000_000,
            "Memory": resources.memory_bytes,
            "MemorySwap": resources.memory_bytes,
            "PidsLimit": resources.pids,
            "ShmSize": resources.shm_bytes or 64 * MIB,
            "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        },
    }
    if spec.command is not None:
        body["Cmd"] = list(spec.command)
    return body
