"""What a session reaches, tried from inside it, beside what an ordinary container reaches from there."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from agent.drivers.docker.naming import NetworkKind, bridge_name
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Network
from tests.contract.drivers.docker_adapter import DockerAdapter
from tests.functional.docker import surroundings
from tests.functional.docker.surroundings import PORT, Surroundings

pytestmark = pytest.mark.docker
CLOSED = {"refused", "timeout"}


@dataclass
class Place:
    """Two sessions with internet, one without a network, and what is around them."""

    controller: DockerAdapter
    around: Surroundings
    mine: str
    other: str
    other_address: str
    offline: str

    @property
    def bridge(self) -> str:
        return bridge_name(self.controller.controller_id, NetworkKind.INTERNET)

    def reach(self, host: str, port: int = PORT, *, session: str | None = None) -> str:
        return self.controller.exec(session or self.mine, "perl", "/usr/bin/reach", host, str(port))


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    controller, around = DockerAdapter(), Surroundings()
    try:
        driver, sessions = controller.open(), [new_id("ses") for _ in range(3)]
        for session, network in zip(
            sessions, (Network.INTERNET, Network.INTERNET, Network.NONE), strict=True
        ):
            driver.start(controller.spec(session, network=network), lambda _step: None)
        (container,) = controller._containers(sessions[1])
        container.exec_run(["perl", "/usr/bin/listen", str(PORT), "other session"], detach=True)
        joined = container.attrs["NetworkSettings"]["Networks"].values()
        (address,) = [network["IPAddress"] for network in joined]
        yield Place(controller, around, sessions[0], sessions[1], address, sessions[2])
    finally:
        controller.close()
        around.close()


@pytest.mark.feature("A session with internet access reaches the internet and resolves names")
def test_internet_is_open(place: Place) -> None:
    assert place.reach(surroundings.PUBLIC) == "open neighbour"


@pytest.mark.feature("A session with internet access reaches the internet and resolves names")
def test_names_resolve_as_they_do_on_the_host(place: Place) -> None:
    name = _package_host()
    on_host = subprocess.run(["getent", "ahostsv4", name], capture_output=True, text=True, check=False).stdout
    inside = place.controller.exec(
        place.mine, "perl", "-e", 'print join ".", unpack "C4", gethostbyname($ARGV[0]) // ""', name
    )
    assert bool(inside) == bool(on_host)
    assert inside in on_host


def _package_host() -> str:
    """A name that this machine has reason to resolve: where its packages come from."""
    sites = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True, check=True
    ).stdout
    return urlsplit(sites.split()[0]).hostname or "localhost"


@pytest.mark.feature("Sessions cannot reach each other")
def test_another_session_is_closed(place: Place) -> None:
    assert place.reach("127.0.0.1", session=place.other).startswith("open other session"), "it does listen"
    assert place.reach(place.other_address) in CLOSED


@pytest.mark.feature("Sessions cannot reach the host they run on")
def test_every_address_of_the_host_is_closed(place: Place) -> None:
    addresses = place.around.host_addresses()
    assert len(addresses) >= 3, "its own, the default bridge's and this network's gateway"
    for address in addresses:
        assert place.reach(address) in CLOSED, address
    assert place.around.unprotected("172.17.0.1", PORT) == "open host", "an ordinary container does reach it"


@pytest.mark.feature("Sessions cannot reach the host they run on")
def test_other_containers_are_closed_published_or_not(place: Place) -> None:
    address = place.around.published()
    assert place.around.unprotected(address, PORT) == "open published"
    assert place.reach(address) in CLOSED
    for host in place.around.host_addresses():
        assert place.reach(host, PORT + 1) in CLOSED, host


@pytest.mark.feature("Sessions cannot reach private networks or the cloud's metadata address")
@pytest.mark.parametrize("address", [surroundings.PRIVATE, surroundings.LINK_LOCAL])
def test_private_ranges_are_closed(place: Place, address: str) -> None:
    assert place.around.unprotected(address, PORT) == "open neighbour"
    assert place.reach(address) in CLOSED


@pytest.mark.feature("Sessions cannot reach private networks or the cloud's metadata address")
def test_the_metadata_address_is_closed(place: Place) -> None:
    """By our own rule: on a machine in a cloud nothing may even knock there."""

    def rejected() -> int:
        listed = surroundings.sh("iptables", "-L", f"SS-{place.bridge}-OUT", "-v", "-x", "-n").splitlines()
        return sum(int(line.split()[0]) for line in listed if "169.254.0.0/16" in line)

    before = rejected()
    assert place.reach("169.254.169.254", 80) == "refused"
    assert rejected() > before


def test_there_is_no_ipv6_way_around(place: Place) -> None:
    listed = place.controller.exec(place.mine, "perl", "-pe", "", "/proc/net/if_inet6")
    assert [line for line in listed.splitlines() if not line.endswith(" lo")] == []


@pytest.mark.feature("A session without internet access has no network at all")
def test_no_network_means_none(place: Place) -> None:
    listed = place.controller.exec(place.offline, "perl", "-pe", "", "/proc/net/dev")
    assert [line.split(":")[0].strip() for line in listed.splitlines() if ":" in line] == ["lo"]
    for address in (surroundings.PUBLIC, "172.17.0.1", place.other_address):
        assert not place.reach(address, session=place.offline).startswith("open")


def test_flushed_rules_come_back(place: Place) -> None:
    """A reloaded firewall must not open the host for longer than a heartbeat's interval."""
    surroundings.sh("iptables", "-D", "INPUT", "-i", place.bridge, "-j", f"SS-{place.bridge}-HOST")
    surroundings.sh("iptables", "-F", f"SS-{place.bridge}-OUT")
    assert place.reach("172.17.0.1") == "open host"
    place.controller.open().capacity()
    assert place.reach("172.17.0.1") in CLOSED
    assert place.reach(surroundings.PRIVATE) in CLOSED


def test_rules_stay_first(place: Place) -> None:
    """An administrator's later "accept" above ours does not open the host."""
    accept = ("INPUT", "-i", place.bridge, "-j", "ACCEPT")
    surroundings.sh("iptables", "-I", *accept)
    try:
        assert place.reach("172.17.0.1") == "open host"
        place.controller.open().capacity()
        assert place.reach("172.17.0.1") in CLOSED
    finally:
        surroundings.sh("iptables", "-D", *accept)
