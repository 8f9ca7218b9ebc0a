"""Which daemons are served, on an SDK client made of answers."""

from typing import Any

import pytest

from agent.drivers.base import PermanentError
from agent.drivers.docker.driver import read_backend
from agent.drivers.docker.engine import Engine
from agent.drivers.docker.mounts import daemon_sees_our_mounts


class Client:
    def __init__(self, **info: Any) -> None:
        self.answer = {
            "ID": "ABCD",
            "Name": "host",
            "NCPU": 2,
            "MemTotal": 2**30,
            "DockerRootDir": "/var/lib/docker",
            "OperatingSystem": "Debian GNU/Linux 12",
        } | info

    def info(self) -> dict[str, Any]:
        return self.answer


def test_the_daemons_own_id_is_the_backends() -> None:
    backend = read_backend(Engine(Client(), address="unix:///var/run/docker.sock"))
    assert (backend.platform, backend.id, backend.name) == ("docker", "ABCD", "host")


@pytest.mark.parametrize(
    ("address", "system"),
    [
        ("tcp://192.168.1.5:2376", "Debian GNU/Linux 12"),
        ("ssh://host", "Debian GNU/Linux 12"),
        ("unix:///home/me/.docker/desktop/docker.sock", "Docker Desktop"),
    ],
)
def test_daemons_elsewhere_are_refused_with_advice(address: str, system: str) -> None:
    with pytest.raises(PermanentError, match="on the Docker host itself") as caught:
        read_backend(Engine(Client(OperatingSystem=system), address=address))
    assert caught.value.reason.code == "platform_unsupported"


def test_mounts_are_only_for_a_daemon_beside_us() -> None:
    assert not daemon_sees_our_mounts("tcp://192.168.1.5:2376")
    assert not daemon_sees_our_mounts("unix:///nothing/here.sock")
