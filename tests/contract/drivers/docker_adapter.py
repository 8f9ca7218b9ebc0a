"""The Docker driver's adapter: a controller of its own on the daemon of this machine."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import docker

from agent.drivers.base import Driver, Endpoint
from agent.drivers.docker.driver import DockerDriver
from agent.drivers.docker.engine import Engine
from agent.drivers.docker.naming import NetworkKind, bridge_name, container_name, home_name
from agent.drivers.handshake import rfb_answers
from agent.drivers.waiting import Patience
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec
from tests.contract.drivers import tiny_image
from tests.contract.drivers.driver_adapter import Behaviour, Capability, small_spec
from tests.contract.drivers.tiny_registry import TinyRegistry

READ = ("perl", "-e", 'open(F, "<", "/home/user/note") and print <F>')
WRITE = ("perl", "-e", 'open(F, ">", "/home/user/note") or die; print F $ARGV[0]; close F')
COMMANDS: dict[Behaviour, tuple[str, ...]] = {
    "exiting": ("perl", "-e", 'print STDERR "boom\n"; exit 3'),
    "silent": ("perl", "-e", "$SIG{TERM} = sub { exit 0 }; sleep 1 while 1"),
}


class DockerAdapter:
    capabilities = frozenset({Capability.PULL})

    def __init__(self) -> None:
        self.tenant_id, self.controller_id, self.other = new_id("ten"), new_id("ctl"), new_id("ctl")
        self.api = docker.from_env()
        self.registry = TinyRegistry(seconds=1.0)
        self.run_dir = Path(
            tempfile.mkdtemp(prefix="ss", dir="/run")
        )  # short, or sockets' paths are too long
        self.drivers: list[DockerDriver] = []
        tiny_image.build()

    def open(self) -> DockerDriver:
        driver = DockerDriver(self.controller_id, run_dir=self.run_dir, patience=Patience(answer=6.0))
        self.drivers.append(driver)
        return driver

    def open_away(self) -> Driver:
        driver = self.open()
        driver._engine.address = f"unix://{self.run_dir}/nothing.sock"
        return driver

    def spec(
        self, session_id: str, incarnation: int = 1, behaviour: Behaviour = "good", **changes: Any
    ) -> InstanceSpec:
        image = {"absent": self.registry.absent, "pullable": self.registry.good}.get(
            behaviour, tiny_image.IMAGE
        )
        command = COMMANDS.get(behaviour)
        return small_spec(self.tenant_id, session_id, incarnation, image, {"command": command} | changes)

    def identity(self, session_id: str) -> str:
        (container,) = self._containers(session_id)
        return str(container.id)

    def greet(self, endpoint: Endpoint) -> bool:
        assert endpoint.socket_path
        assert endpoint.password
        return rfb_answers(Path(endpoint.socket_path))

    def write_home(self, session_id: str, text: str) -> None:
        code, output = self._inside(session_id, *WRITE, text)
        assert code == 0, output

    def read_home(self, session_id: str) -> str:
        return self._inside(session_id, *READ)[1]

    def end(self, session_id: str) -> None:
        (container,) = self._containers(session_id)
        container.kill()
        container.wait()

    def plant_foreign(self, session_id: str) -> None:
        labels = {"streamspace.controller": self.other, "streamspace.session": session_id}
        labels |= {"streamspace.tenant": self.tenant_id, "streamspace.incarnation": "7"}
        self.api.volumes.create(home_name(session_id), labels=labels)
        name = container_name(session_id, 7)
        command = list(COMMANDS["silent"])
        self.api.containers.run(
            tiny_image.IMAGE, command, name=name, labels=labels, detach=True, network="none"
        )

    def foreign_intact(self, session_id: str) -> bool:
        found = self.api.containers.list(all=True, filters={"label": f"streamspace.controller={self.other}"})
        volumes = self.api.volumes.list(filters={"label": f"streamspace.controller={self.other}"})
        return [item.status for item in found] == ["running"] and [v.name for v in volumes] == [
            home_name(session_id)
        ]

    def remains(self, session_id: str) -> list[str]:
        found = [f"container {container.name}" for container in self._containers(session_id)]
        own = {"label": f"streamspace.controller={self.controller_id}"}
        if not self.api.containers.list(all=True, filters=own):
            found += [f"network {network.name}" for network in self.api.networks.list(filters=own)]
            found += [f"rule {rule}" for rule in self._rules()]
        own_folder = self.run_dir / self.controller_id
        folders = (own_folder / session_id, own_folder / ".agents" / session_id)
        return found + [str(folder) for folder in folders if folder.exists()]

    def close(self) -> None:
        self.registry.close()
        driver = self.open()
        for session_id in {fact.session_id for fact in driver.inventory().instances} | set(
            driver.inventory().homes
        ):
            driver.remove(session_id, delete_home=True)
        foreign = {"label": f"streamspace.controller={self.other}"}
        for container in self.api.containers.list(all=True, filters=foreign):
            container.remove(force=True, v=True)
        for volume in self.api.volumes.list(filters=foreign):
            volume.remove(force=True)
        for image in self.api.images.list(filters={"reference": self.registry.good}):
            self.api.images.remove(image.id, force=True)
        for driver in self.drivers:
            driver.close()
        self.api.close()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def exec(self, session_id: str, *command: str) -> str:
        """Run something inside the session, as its user; what it printed."""
        return self._inside(session_id, *command)[1]

    def _inside(self, session_id: str, *command: str) -> tuple[int, str]:
        (container,) = self._containers(session_id)
        code, output = container.exec_run(list(command))
        return code, output.decode()

    def _containers(self, session_id: str) -> list[Any]:
        labels = [f"streamspace.controller={self.controller_id}", f"streamspace.session={session_id}"]
        found: list[Any] = self.api.containers.list(all=True, filters={"label": labels})
        return found

    def _rules(self) -> list[str]:
        bridges = [
            bridge_name(self.controller_id, kind) for kind in (NetworkKind.INTERNET, NetworkKind.INNER)
        ]
        listed = "".join(
            subprocess.run([tool, "-S"], capture_output=True, text=True, check=False).stdout
            for tool in ("iptables", "ip6tables")
        )
        return [line for line in listed.splitlines() if any(bridge in line for bridge in bridges)]


def daemon_answers() -> bool:
    """For a clear failure, not a skip, where Docker is missing."""
    Engine().host()
    return True
