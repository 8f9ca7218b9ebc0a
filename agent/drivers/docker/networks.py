"""A controller's own networks: made, firewall first, for the first session in need; gone with the last.

Sessions on one network cannot reach each other (inter-container traffic is off) nor anything that
`firewall.py` closes. Where those rules cannot be installed, a session that needs a network is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.drivers.base import DriverError, PermanentError
from agent.drivers.docker import naming
from agent.drivers.docker.engine import Engine
from agent.drivers.docker.errors import permanent
from agent.drivers.docker.firewall import Firewall, FirewallError, Rules
from agent.drivers.docker.locks import HostLock
from agent.drivers.docker.naming import NetworkKind
from agent.drivers.docker.resolvers import resolvers
from agent.drivers.labels import CONTROLLER

KINDS = (NetworkKind.INTERNET, NetworkKind.INNER)
INTERFACES = Path("/sys/class/net")


def network_body(controller_id: str, kind: NetworkKind) -> dict[str, Any]:
    """The request that makes a network; pure."""
    return {
        "driver": "bridge",
        "internal": kind is NetworkKind.INNER,
        "enable_ipv6": False,
        "labels": {CONTROLLER: controller_id, naming.NETWORK: kind.value},
        "options": {
            "com.docker.network.bridge.enable_icc": "false",
            "com.docker.network.bridge.name": naming.bridge_name(controller_id, kind),
        },
    }


@dataclass
class Networks:
    """For many threads and for all agents of the controller on this host. `hold` keeps a network from being
    removed between its making and a container's start."""

    engine: Engine
    controller_id: str
    lock: HostLock
    firewall: Firewall = field(default_factory=Firewall)
    interfaces: Path = INTERFACES

    @contextmanager
    def hold(self, kind: NetworkKind) -> Iterator[None]:
        """The network exists, protected, until the block ends (and after it while a container uses it).

        Raises `network_unprotected` if the host cannot be closed, `network_failed` if Docker refuses.
        """
        if kind is NetworkKind.NONE:
            yield
            return
        with self.lock.shared(f"network-{kind}"):
            with self.lock.alone("networks"):
                self._ensure(kind)
            yield

    def release(self) -> None:
        """Remove each network that no container of this controller needs, running or not, and its rules."""
        with self.lock.alone("networks"):
            for kind in KINDS:
                if self._ours(naming.network_name(self.controller_id, kind)):
                    self._release(kind)

    def protect(self) -> None:
        """Put rules back that something flushed. Raises `network_unprotected`."""
        with self.lock.alone("networks"):
            for kind in KINDS:
                if self._ours(naming.network_name(self.controller_id, kind)):
                    self._install(kind)

    def _release(self, kind: NetworkKind) -> None:
        with self.lock.alone_now(f"network-{kind}") as nobody_holds_it:
            if not nobody_holds_it or self._used(kind):
                return
            if self.engine.remove_network(naming.network_name(self.controller_id, kind)):
                self.firewall.remove(self._rules(kind))

    def _ensure(self, kind: NetworkKind) -> None:
        name = naming.network_name(self.controller_id, kind)
        labels = self.engine.network_labels(name)
        if labels is not None and labels.get(CONTROLLER) != self.controller_id:
            raise permanent(
                "network_failed", f"A network {name} that this controller did not make is in the way."
            )
        try:
            self._install(kind)
            if labels is None:
                self.engine.create_network(name, network_body(self.controller_id, kind))
        except DriverError:
            if labels is None:
                self.firewall.remove(self._rules(kind))
            raise
        bridge = naming.bridge_name(self.controller_id, kind)
        if not (self.interfaces / bridge).exists():
            raise _unprotected(f"the bridge {bridge} is not in the agent's network namespace")

    def _install(self, kind: NetworkKind) -> None:
        try:
            self.firewall.install(self._rules(kind))
        except FirewallError as error:
            raise _unprotected(str(error)) from error

    def _rules(self, kind: NetworkKind) -> Rules:
        outbound = kind is NetworkKind.INTERNET
        bridge = naming.bridge_name(self.controller_id, kind)
        return Rules(bridge=bridge, outbound=outbound, resolvers=resolvers() if outbound else ())

    def _ours(self, name: str) -> bool:
        labels = self.engine.network_labels(name)
        return labels is not None and labels.get(CONTROLLER) == self.controller_id

    def _used(self, kind: NetworkKind) -> bool:
        return bool(self.engine.containers({CONTROLLER: self.controller_id, naming.NETWORK: kind.value}))


def _unprotected(why: str) -> PermanentError:
    return permanent(
        "network_unprotected",
        "This session needs a network, and the agent cannot close the host to it "
        f"({why}). Run the agent as root on the Docker host itself, with iptables installed.",
    )
