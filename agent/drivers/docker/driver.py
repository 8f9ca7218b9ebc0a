"""The Docker driver: `agent/drivers/base.py` on one local daemon."""

import os
from pathlib import Path
from typing import Any

from agent.drivers.base import Driver, Ended, Endpoint, Inventory, Progressing
from agent.drivers.docker import exits, mounts, naming
from agent.drivers.docker.engine import Container, Engine, Host
from agent.drivers.docker.errors import permanent
from agent.drivers.docker.files import Files
from agent.drivers.docker.locks import HostLock
from agent.drivers.docker.networks import Networks
from agent.drivers.docker.removal import incarnation, remove_instances, session_containers
from agent.drivers.docker.spec import STOP_SECONDS
from agent.drivers.docker.start import Starter
from agent.drivers.labels import (
    CONTROLLER,
    CPU_MILLIS,
    MEMORY_BYTES,
    PORT,
    PROTOCOL,
    SESSION,
    facts,
    number,
)
from agent.drivers.waiting import Patience
from chalicelib.protocol.agents import Backend, Capacity
from chalicelib.protocol.instances import InstanceFacts, InstanceSpec, InstanceState

PLATFORM = "docker"
RUN_DIR = Path("/run/streamspace")
RESERVE = 512 * 2**20
"""Bytes of memory that the host and the agent keep for themselves, or a twentieth if that is more."""


class DockerDriver(Driver):
    """Holds no state but the connection: all else is read back, from Docker and from files in `run_dir` that
    all agents of the controller on this host share."""

    platform = PLATFORM

    def __init__(
        self,
        controller_id: str,
        *,
        client: Any = None,
        run_dir: Path = RUN_DIR,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        cpu_overcommit: float = 1.0,
    ) -> None:
        self._controller_id = controller_id
        self._cpu_overcommit = cpu_overcommit
        self._engine = Engine(client)
        self._files = Files(
            run_dir=run_dir,
            controller_id=controller_id,
            own_mounts=lambda: mounts.daemon_sees_our_mounts(self._engine.address),
        )
        self._networks = Networks(self._engine, controller_id, HostLock(run_dir / controller_id))
        self._memory: int | None = None
        self._starter = Starter(self._engine, self._files, self._networks, patience, self._host_memory)

    def backend(self) -> Backend:
        return read_backend(self._engine)

    def capacity(self) -> Capacity:
        """Comes with each heartbeat, so it also puts back firewall rules that something flushed; raises
        `network_unprotected` if it cannot, and so makes the controller's health say it."""
        host = self._engine.host()
        self._networks.protect()
        return Capacity(
            cpu_millis=int(host.cpus * 1000 * self._cpu_overcommit),
            memory_bytes=max(0, host.memory_bytes - max(RESERVE, host.memory_bytes // 20)),
            disk_free_bytes=_free_bytes(host.root),
        )

    def usage(self) -> Capacity:
        running = self._engine.containers({CONTROLLER: self._controller_id}, status=("running", "paused"))
        return Capacity(
            cpu_millis=sum(number(container.labels, CPU_MILLIS) for container in running),
            memory_bytes=sum(number(container.labels, MEMORY_BYTES) for container in running),
        )

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        self._starter.start(spec, progressing)

    def stop(self, session_id: str) -> None:
        """The container stays, stopped; the note that it was asked to comes first, so that no observer of
        its end takes it for an accident."""
        found = session_containers(self._engine, self._controller_id, session_id)
        if found:
            self._files.ask_to_stop(session_id)
        for container in found:
            if container.running:
                self._engine.stop(container.id, STOP_SECONDS)

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        remove_instances(
            self._engine, self._files, self._networks, session_id, before_incarnation=before_incarnation
        )
        if delete_home:
            self._remove_home(session_id)

    def inventory(self) -> Inventory:
        own = {CONTROLLER: self._controller_id}
        instances = (self._facts(container) for container in self._engine.containers(own))
        homes = {labels[SESSION] for labels in self._engine.volumes(own) if SESSION in labels}
        return Inventory(instances=tuple(found for found in instances if found), homes=tuple(sorted(homes)))

    def endpoint(self, session_id: str) -> Endpoint | None:
        running = [c for c in session_containers(self._engine, self._controller_id, session_id) if c.running]
        if not running:
            return None
        newest = max(running, key=incarnation)
        if newest.labels.get(PROTOCOL) == "http":
            if not newest.addresses:
                return None
            port = number(newest.labels, PORT)
            return Endpoint(host=newest.addresses[0], port=port, incarnation=incarnation(newest))
        socket_path = str(self._files.socket(session_id))
        password = self._files.password(session_id)
        return Endpoint(socket_path=socket_path, password=password, incarnation=incarnation(newest))

    def logs(self, session_id: str, lines: int) -> tuple[str, ...] | None:
        found = session_containers(self._engine, self._controller_id, session_id)
        return self._engine.last_lines(max(found, key=incarnation).id, lines) if found else None

    def ended(self) -> tuple[Ended, ...]:
        own = {CONTROLLER: self._controller_id}
        found = self._engine.containers(own, status=("exited", "dead"))
        return tuple(ended for container in found if (ended := self._ended(container)))

    def close(self) -> None:
        self._engine.close()

    def _ended(self, container: Container) -> Ended | None:
        if self._files.asked_to_stop(container.labels.get(SESSION, "-")):
            return None
        state = self._engine.state(container.id)
        if state is None or state.running:
            return None
        found = facts(container.labels, InstanceState.STOPPED, state.exit_code)
        if found is None:
            return None
        return Ended(found, exits.exit_reason(state, self._engine.last_lines(container.id, exits.LINES)))

    def _facts(self, container: Container) -> InstanceFacts | None:
        if container.running:
            return facts(container.labels, InstanceState.RUNNING)
        return facts(container.labels, InstanceState.STOPPED, container.exit_code)

    def _remove_home(self, session_id: str) -> None:
        name = naming.home_name(session_id)
        labels = self._engine.volume_labels(name)
        if labels is not None and labels.get(CONTROLLER) == self._controller_id:
            self._engine.remove_volume(name)

    def _host_memory(self) -> int:
        """Asked once: a host does not grow while an agent runs on it."""
        if self._memory is None:
            self._memory = self._engine.host().memory_bytes
        return self._memory


def read_backend(engine: Engine) -> Backend:
    """Who the daemon is. Raises TemporaryError `platform_unavailable`, PermanentError
    `platform_unsupported` for a daemon that shares no filesystem with the agent."""
    host = engine.host()
    _require_local(engine.address, host)
    return Backend(platform=PLATFORM, id=host.id, name=host.name)


def _require_local(address: str, host: Host) -> None:
    if host.desktop or "unix" not in address:
        raise permanent(
            "platform_unsupported",
            f"Docker at {address} is not on the agent's own host; run the agent on the Docker host itself.",
        )


def _free_bytes(path: str) -> int:
    """0 if the daemon's directory cannot be seen from here."""
    try:
        found = os.statvfs(path)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize
