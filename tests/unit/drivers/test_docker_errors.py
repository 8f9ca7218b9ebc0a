"""Texts that Docker really sends, and the reasons they become."""

import docker.errors
import pytest
import requests.exceptions

from agent.drivers.base import DriverError, PermanentError, TemporaryError
from agent.drivers.docker.engine import State
from agent.drivers.docker.errors import plain, pull_failed, refused, translated, unavailable
from agent.drivers.docker.exits import exit_reason


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("write /var/lib/docker/tmp/x: no space left on device", PermanentError, "no_space"),
        ("Minimum memory limit allowed is 6MB", PermanentError, "insufficient_memory"),
        ("fork/exec /usr/bin/runc: cannot allocate memory", PermanentError, "insufficient_memory"),
        (
            "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
            PermanentError,
            "insufficient_cpu",
        ),
        (
            'OCI runtime create failed: exec: "/x": stat /x: no such file or directory: unknown',
            PermanentError,
            "instance_exited",
        ),
        (
            "could not find an available, non-overlapping IPv4 address pool among the defaults",
            TemporaryError,
            "network_failed",
        ),
        ("network streamspace-ctl-x not found", TemporaryError, "network_failed"),
        ("invalid reference format", PermanentError, "image_not_found"),
        ("something new", TemporaryError, "platform_error"),
    ],
)
def test_refusals(text: str, kind: type[DriverError], code: str) -> None:
    error = refused(docker.errors.APIError("500", explanation=text))
    assert isinstance(error, kind)
    assert error.reason.code == code


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("manifest for a/b:c not found: manifest unknown", PermanentError, "image_not_found"),
        (
            "pull access denied for a/b, repository does not exist or may require 'docker login': denied",
            PermanentError,
            "image_not_found",
        ),
        ("unauthorized: authentication required", PermanentError, "image_pull_failed"),
        ("failed to register layer: no space left on device", PermanentError, "no_space"),
        ("dial tcp: lookup registry.example: no such host", TemporaryError, "image_pull_failed"),
        ("net/http: TLS handshake timeout", TemporaryError, "image_pull_failed"),
        ("unexpected EOF", TemporaryError, "image_pull_failed"),
    ],
)
def test_pulls(text: str, kind: type[DriverError], code: str) -> None:
    error = pull_failed("a/b:c", text)
    assert isinstance(error, kind)
    assert error.reason.code == code
    assert "a/b:c" in error.reason.message


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (PermissionError(13, "Permission denied"), "group docker"),
        (requests.exceptions.ReadTimeout("Read timed out."), "journalctl"),
        (FileNotFoundError(2, "No such file or directory"), "systemctl start docker"),
        (ConnectionRefusedError(111, "Connection refused"), "systemctl start docker"),
    ],
)
def test_an_absent_daemon_comes_with_advice(error: BaseException, advice: str) -> None:
    made = unavailable("unix:///var/run/docker.sock", error)
    assert made.reason.code == "platform_unavailable"
    assert advice in made.reason.message


def test_only_dockers_exceptions_are_translated() -> None:
    with pytest.raises(TemporaryError), translated("unix:///x"):
        raise docker.errors.DockerException("Error while fetching server API version")
    with pytest.raises(ZeroDivisionError), translated("unix:///x"):
        raise ZeroDivisionError


def test_messages_are_one_printable_line() -> None:
    assert plain("a\x1b[31m\n\tb") == "a [31m b"
    assert len(plain("x" * 1000)) == 400


def test_ends() -> None:
    ended = exit_reason(State(running=False, exit_code=3, out_of_memory=False), ["one", "two"])
    assert ended.code == "instance_exited"
    assert ended.message == "The instance ended with exit code 3. It printed last: one | two"
    starved = exit_reason(State(running=False, exit_code=137, out_of_memory=True), [])
    assert starved.code == "insufficient_memory"
    assert exit_reason(None, []).code == "instance_exited"
