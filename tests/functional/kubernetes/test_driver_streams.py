"""The way to a session, from inside the cluster and from outside it: what answers there is the session, and
the password that the endpoint tells is the one that lets in.
"""

import http.client
import socket
from pathlib import Path
from typing import Any

import pytest

from agent.drivers.base import Endpoint
from agent.drivers.handshake import connect_unix
from tests.functional.kubernetes.faulty import Desk, desk
from tests.support.cluster import Fault
from tests.support.cluster.rfb import NAME, response

WAYS = pytest.mark.parametrize("stream", ["pod", "forward"])


def connect(endpoint: Endpoint) -> socket.socket:
    if endpoint.socket_path:
        return connect_unix(Path(endpoint.socket_path), 5.0)
    assert endpoint.host
    assert endpoint.port
    return socket.create_connection((endpoint.host, endpoint.port), 5.0)


def read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        assert piece, "it hung up"
        data += piece
    return data


def sign_in(connection: socket.socket, password: str) -> bool:
    """Whether the password is taken; if so as far as the first screen's size and name."""
    assert read(connection, 12) == b"RFB 003.008\n"
    connection.sendall(b"RFB 003.008\n")
    assert read(connection, 2) == b"\x01\x02"
    connection.sendall(b"\x02")
    connection.sendall(response(read(connection, 16), password.encode()))
    if read(connection, 4) != b"\0\0\0\0":
        return False
    connection.sendall(b"\x01")
    assert read(connection, 24 + len(NAME))[24:] == NAME
    return True


def endpoint_of(made: Desk) -> Endpoint:
    found = made.driver.endpoint(made.session)
    assert found is not None
    return found


@WAYS
def test_a_session_is_signed_in_to_with_the_password_of_its_endpoint(stream: str) -> None:
    with desk({"stream": stream}) as made:
        made.start()
        endpoint = endpoint_of(made)
        assert (endpoint.socket_path is None) is (stream == "pod")
        assert endpoint.incarnation == 1
        for password, taken in ((str(endpoint.password), True), ("guessed!", False)):
            with connect(endpoint) as connection:
                assert sign_in(connection, password) is taken


@WAYS
def test_each_start_has_a_password_of_its_own(stream: str) -> None:
    with desk({"stream": stream}) as made:
        made.start()
        first = endpoint_of(made).password
        made.driver.stop(made.session)
        made.start()
        endpoint = endpoint_of(made)
        assert endpoint.password != first
        with connect(endpoint) as connection:
            assert sign_in(connection, str(endpoint.password))


@WAYS
def test_an_app_answers_over_http(stream: str) -> None:
    with desk({"stream": stream}) as made:
        made.start(protocol="http", port=8080)
        endpoint = endpoint_of(made)
        assert endpoint.password is None
        asking = http.client.HTTPConnection("localhost", timeout=5.0)
        asking.sock = connect(endpoint)
        asking.request("GET", "/")
        answer = asking.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok")
        asking.close()


@WAYS
def test_a_stream_ends_with_its_session(stream: str) -> None:
    with desk({"stream": stream}) as made:
        made.start()
        endpoint = endpoint_of(made)
        with connect(endpoint) as connection:
            assert sign_in(connection, str(endpoint.password))
            made.driver.stop(made.session)
            with pytest.raises((ConnectionError, AssertionError)):
                read(connection, 1)
        assert made.driver.endpoint(made.session) is None


@pytest.mark.feature("No session in a cluster runs before its network rules are in place")
@pytest.mark.parametrize(
    "fault",
    [
        {"delay": 0.3},
        {"drop": True},
        {"drop": True, "effect": True},
    ],
    ids=["slow", "lost", "answer lost"],
)
def test_no_pod_runs_before_its_network_policy(fault: dict[str, Any]) -> None:
    """The test cluster notes each pod that begins to run while no policy selects it."""
    with desk() as made:
        met = made.server.plan(Fault("write", "networkpolicies", **fault))
        made.start()
        assert met.met
        made.driver.stop(made.session)
        made.start()
        made.start(2)
        assert made.server.do(lambda machine: machine.exposed) == []
