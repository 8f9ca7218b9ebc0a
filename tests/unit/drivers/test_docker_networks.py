"""Several agents of a controller share its networks: none takes away what another is about to use."""

import threading
from pathlib import Path
from typing import Any, cast

import pytest

from agent.drivers.base import PermanentError
from agent.drivers.docker.engine import Engine
from agent.drivers.docker.firewall import Firewall
from agent.drivers.docker.locks import HostLock
from agent.drivers.docker.naming import NetworkKind, bridge_name, network_name
from agent.drivers.docker.networks import Networks

CONTROLLER = "ctl-00000000000000000000000000"
KIND = NetworkKind.INTERNET


class _Docker:
    """Networks by name; a bridge is a file in a folder."""

    def __init__(self, bridges: Path) -> None:
        self.bridges = bridges
        self.there: dict[str, dict[str, Any]] = {}

    def containers(self, _labels: dict[str, str]) -> tuple[()]:
        return ()

    def network_labels(self, name: str) -> dict[str, str] | None:
        return dict(self.there[name]["labels"]) if name in self.there else None

    def create_network(self, name: str, body: dict[str, Any]) -> None:
        self.there[name] = body
        (self.bridges / bridge_name(CONTROLLER, KIND)).touch()

    def remove_network(self, name: str) -> bool:
        self.there.pop(name, None)
        (self.bridges / bridge_name(CONTROLLER, KIND)).unlink(missing_ok=True)
        return True


class _NoFirewall(Firewall):
    def install(self, rules: Any) -> None:
        """Nothing."""

    def remove(self, rules: Any) -> None:
        """Nothing."""


@pytest.fixture
def docker(tmp_path: Path) -> _Docker:
    bridges = tmp_path / "net"
    bridges.mkdir()
    return _Docker(bridges)


def _agent(docker: _Docker, tmp_path: Path) -> Networks:
    engine, lock = cast("Engine", docker), HostLock(tmp_path / "run" / CONTROLLER)
    return Networks(engine, CONTROLLER, lock, firewall=_NoFirewall(), interfaces=docker.bridges)


def test_what_one_agent_holds_no_other_removes(docker: _Docker, tmp_path: Path) -> None:
    first, second = _agent(docker, tmp_path), _agent(docker, tmp_path)
    with first.hold(KIND), second.hold(KIND):
        first.release()
        second.release()
        assert network_name(CONTROLLER, KIND) in docker.there
    second.release()
    assert not docker.there


def test_one_that_is_being_removed_is_made_anew(docker: _Docker, tmp_path: Path) -> None:
    """Were it looked up while another agent removes it, its bridge would be missed afterwards."""
    agents = [_agent(docker, tmp_path) for _ in range(4)]
    failures: list[BaseException] = []

    def work(agent: Networks) -> None:
        try:
            for _ in range(30):
                with agent.hold(KIND):
                    assert network_name(CONTROLLER, KIND) in docker.there
                agent.release()
        except (AssertionError, PermanentError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert not docker.there


def test_a_folder_that_cannot_be_used_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(PermanentError) as error, HostLock(tmp_path / "run" / CONTROLLER).alone("networks"):
        pass
    assert error.value.reason.code == "platform_error"
