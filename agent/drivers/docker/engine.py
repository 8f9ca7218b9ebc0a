"""The few calls that the driver makes to Docker's API, typed. Nothing else in this package speaks to it.

Expected answers (not found, already there) are return values; all others are DriverErrors (`errors.py`).
The connection is opened by the first call, so that an agent starts, and says why, while Docker is down.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import docker
import docker.errors
from docker.utils import kwargs_from_env

from agent.drivers.docker.errors import translated

TIMEOUT = 60.0
"""Seconds for one call. Twenty containers created at once took under four (measured.md)."""
DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
RUNNING = frozenset({"running", "paused", "restarting"})
_EXITED = re.compile(r"^Exited \((-?\d+)\)")
"""How the list says it, in words; asking for each container would cost a call each, at every heartbeat."""


@dataclass(frozen=True)
class Container:
    """One line of Docker's list."""

    id: str
    labels: Mapping[str, str]
    status: str
    addresses: tuple[str, ...] = ()
    exit_code: int | None = None
    """Of one that has ended."""

    @property
    def running(self) -> bool:
        return self.status in RUNNING


@dataclass(frozen=True)
class State:
    """A container's state at one moment."""

    running: bool
    exit_code: int
    out_of_memory: bool
    error: str = ""


@dataclass(frozen=True)
class Host:
    """What the daemon says about itself."""

    id: str
    name: str
    cpus: int
    memory_bytes: int
    root: str
    desktop: bool


@dataclass
class Engine:
    """Thread-safe: requests share a pool, and each call is one request."""

    client: Any = None
    address: str = field(default_factory=lambda: str(kwargs_from_env().get("base_url") or DEFAULT_ADDRESS))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def api(self) -> Any:
        """The SDK's low-level client; the first call connects and agrees on an API version."""
        with self._lock:
            if self.client is None:
                with translated(self.address):
                    options = kwargs_from_env() | {"base_url": self.address}
                    self.client = docker.APIClient(timeout=TIMEOUT, **options)
            return getattr(self.client, "api", self.client)

    def host(self) -> Host:
        with translated(self.address):
            info = self.api().info()
        return Host(
            id=info["ID"],
            name=info["Name"],
            cpus=info["NCPU"],
            memory_bytes=info["MemTotal"],
            root=info["DockerRootDir"],
            desktop="Docker Desktop" in info.get("OperatingSystem", ""),
        )

    # containers

    def containers(self, labels: Mapping[str, str], *, status: tuple[str, ...] = ()) -> tuple[Container, ...]:
        """Those with all these labels, running or not, oldest first."""
        filters: dict[str, list[str]] = {"label": [f"{key}={value}" for key, value in labels.items()]}
        if status:
            filters["status"] = list(status)
        with translated(self.address):
            found = self.api().containers(all=True, filters=filters)
        return tuple(_container(item) for item in reversed(found) if item["State"] != "removing")

    def create(self, name: str, body: Mapping[str, Any]) -> str | None:
        """The new container's id; None if the name is taken."""
        with translated(self.address):
            try:
                return str(self.api().create_container_from_config(dict(body), name)["Id"])
            except docker.errors.APIError as error:
                if error.status_code == 409 and "already in use" in str(error.explanation):
                    return None
                raise

    def start(self, container_id: str) -> None:
        with translated(self.address):
            self.api().start(container_id)

    def stop(self, container_id: str, seconds: int) -> None:
        """TERM, then KILL after that many seconds. A container that is gone is a success."""
        with translated(self.address):
            try:
                self.api().stop(container_id, timeout=seconds)
            except docker.errors.NotFound:
                return

    def remove(self, container_id: str) -> None:
        """Kill and remove, anonymous volumes included. Gone, or about to be, is a success."""
        with translated(self.address):
            try:
                self.api().remove_container(container_id, force=True, v=True)
            except docker.errors.NotFound:
                return
            except docker.errors.APIError as error:
                if error.status_code == 409 and "in progress" in str(error.explanation):
                    return
                raise

    def state(self, container_id: str) -> State | None:
        """None if the container is gone."""
        with translated(self.address):
            try:
                state = self.api().inspect_container(container_id)["State"]
            except docker.errors.NotFound:
                return None
        return State(
            running=state["Status"] in RUNNING,
            exit_code=state["ExitCode"],
            out_of_memory=state["OOMKilled"],
            error=state.get("Error", ""),
        )

    def addresses(self, container_id: str) -> tuple[str, ...]:
        """Where the host reaches a container that has a network."""
        with translated(self.address):
            found = self.api().inspect_container(container_id)
        return _addresses(found)

    def last_lines(self, container_id: str, count: int) -> tuple[str, ...]:
        """What the container printed last, both streams."""
        with translated(self.address):
            try:
                raw: bytes = self.api().logs(container_id, stdout=True, stderr=True, tail=count)
            except docker.errors.NotFound:
                return ()
        return tuple(line for line in raw.decode(errors="replace").splitlines() if line.strip())

    # images

    def has_image(self, image: str) -> bool:
        with translated(self.address):
            try:
                self.api().inspect_image(image)
            except docker.errors.ImageNotFound:
                return False
        return True

    # volumes

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """None if there is no such volume."""
        with translated(self.address):
            try:
                return self.api().inspect_volume(name).get("Labels") or {}
            except docker.errors.NotFound:
                return None

    def volumes(self, labels: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
        """The labels of each volume with all these labels."""
        filters = {"label": [f"{key}={value}" for key, value in labels.items()]}
        with translated(self.address):
            found = self.api().volumes(filters=filters)["Volumes"] or []
        return tuple(volume["Labels"] for volume in found)

    def remove_volume(self, name: str) -> None:
        with translated(self.address):
            try:
                self.api().remove_volume(name)
            except docker.errors.NotFound:
                return

    # networks

    def network_labels(self, name: str) -> Mapping[str, str] | None:
        """None if there is no such network."""
        with translated(self.address):
            try:
                return self.api().inspect_network(name).get("Labels") or {}
            except docker.errors.NotFound:
                return None

    def create_network(self, name: str, body: Mapping[str, Any]) -> None:
        """Make it, or find it made by another agent of this controller in the meantime."""
        with translated(self.address):
            try:
                self.api().create_network(name, check_duplicate=True, **body)
            except docker.errors.APIError as error:
                if error.status_code != 409:
                    raise

    def remove_network(self, name: str) -> bool:
        """False if something still uses it."""
        with translated(self.address):
            try:
                self.api().remove_network(name)
            except docker.errors.NotFound:
                return True
            except docker.errors.APIError as error:
                if error.status_code == 403:
                    return False
                raise
        return True

    def close(self) -> None:
        with self._lock:
            if self.client is not None:
                self.client.close()
                self.client = None


def _container(item: Mapping[str, Any]) -> Container:
    exited = _EXITED.match(item.get("Status") or "")
    return Container(
        id=item["Id"],
        labels=item.get("Labels") or {},
        status=item["State"],
        addresses=_addresses(item),
        exit_code=int(exited[1]) if exited else None,
    )


def _addresses(item: Mapping[str, Any]) -> tuple[str, ...]:
    networks = (item.get("NetworkSettings") or {}).get("Networks") or {}
    return tuple(network["IPAddress"] for network in networks.values() if network.get("IPAddress"))
