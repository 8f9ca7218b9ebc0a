"""The invariants of names, over ids by the hundred."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.docker import naming
from agent.drivers.docker.firewall import Rules
from agent.drivers.docker.naming import NetworkKind

DOCKER_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$")
ulids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=26, max_size=26)
sessions = ulids.map(lambda ulid: f"ses-{ulid}")
controllers = ulids.map(lambda ulid: f"ctl-{ulid}")
kinds = st.sampled_from([NetworkKind.INTERNET, NetworkKind.INNER])


@given(sessions, st.integers(1, 10**6), controllers, kinds)
def test_docker_accepts_every_name(
    session: str, incarnation: int, controller: str, kind: NetworkKind
) -> None:
    for name in (
        naming.container_name(session, incarnation),
        naming.home_name(session),
        naming.network_name(controller, kind),
    ):
        assert DOCKER_NAME.match(name)


@given(controllers, kinds)
def test_the_kernel_and_iptables_accept_every_name(controller: str, kind: NetworkKind) -> None:
    rules = Rules(naming.bridge_name(controller, kind), outbound=True)
    assert len(rules.bridge) < 15, "iptables wants it shorter than IFNAMSIZ - 1"
    assert max(len(rules.to_host), len(rules.to_others)) <= 28


@given(st.lists(st.tuples(controllers, kinds), unique=True, max_size=50))
def test_bridges_do_not_collide(owners: list[tuple[str, NetworkKind]]) -> None:
    assert len({naming.bridge_name(*owner) for owner in owners}) == len(owners)


@given(controllers, sessions)
def test_sockets_fit(controller: str, session: str) -> None:
    directory = naming.session_directory(Path("/run/streamspace"), controller, session)
    assert len(bytes(directory / naming.SOCKET)) <= naming.MAX_SOCKET_PATH


def test_a_path_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="107"):
        naming.session_directory(Path("/run") / ("x" * 50), f"ctl-{'0' * 26}", f"ses-{'0' * 26}")
