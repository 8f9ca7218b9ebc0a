"""Where a stack keeps things, and that two do not meet."""

import socket
from pathlib import Path

import pytest

from infra.local import ports
from infra.local.settings import base_environment, read


def test_defaults() -> None:
    settings = read({})
    assert (settings.port, settings.api_port, settings.emulator_port) == (8080, 8081, 4566)
    assert settings.public_url == "http://localhost:8080"
    assert settings.stream_url == "ws://localhost:8080"
    assert settings.bind == "127.0.0.1"


def test_another_port_moves_all_ports(tmp_path: Path) -> None:
    settings = read({"STREAMSPACE_PORT": "9000", "STREAMSPACE_HOME": str(tmp_path), "STREAMSPACE_BIND": ""})
    taken = {settings.port, settings.api_port, settings.push_port, settings.emulator_port}
    assert taken == {9000, 9001, 9002, 9003}
    assert settings.home == tmp_path


def test_credentials_are_made_once_and_are_nobody_elses(tmp_path: Path) -> None:
    settings = read({"STREAMSPACE_HOME": str(tmp_path / "home")})
    settings.prepare()
    before = settings.aws_environment()
    settings.prepare()
    assert settings.aws_environment() == before
    assert (settings.keys / "aws.json").stat().st_mode & 0o077 == 0
    assert settings.home.stat().st_mode & 0o077 == 0


def test_the_callers_own_cloud_account_is_out_of_reach() -> None:
    kept = base_environment({"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "x", "HOME": "/root"})
    assert not [name for name in kept if name.startswith("AWS_")]
    assert kept["HOME"] == "/root"


def test_a_busy_port_names_its_holder() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        settings = read({"STREAMSPACE_PORT": str(holder.getsockname()[1])})
        with pytest.raises(ports.PortBusyError, match=r"taken by process \d+ .*STREAMSPACE_PORT="):
            ports.check(settings)
