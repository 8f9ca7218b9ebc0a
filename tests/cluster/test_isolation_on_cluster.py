"""What a session reaches, tried from inside it, beside what an ordinary pod of the same namespace reaches.

NetworkPolicy is enforced by a cluster's network plugin, or by nobody. Where nobody does, the tests say so and
are skipped: then sessions reach whatever pods reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from agent.drivers.kubernetes.naming import RFB_PORT
from agent.drivers.labels import SESSION
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Network
from tests.cluster.grounds import Grounds, comes_to
from tests.cluster.images import Images
from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter, Site

METADATA = ("169.254.169.254", 80)
CLOSED = {"refused", "timeout"}
LISTENER = 7007
ASKING = "GET / HTTP/1.0\r\n\r\n"
"""Some servers say nothing before they are asked; one that wants TLS says so."""


@dataclass
class Place:
    """Two sessions with internet, one without a network, and an ordinary pod; all in one namespace."""

    adapter: KubernetesAdapter
    grounds: Grounds
    namespace: str
    mine: str
    offline: str
    other: str
    """Address of another session."""

    def from_session(self, session: str, host: str, port: int) -> str:
        return self.adapter.exec(session, "/usr/bin/perl", "/usr/bin/reach", host, str(port), ASKING)

    def from_pod(self, host: str, port: int) -> str:
        """What nothing protects reaches: the measure for all that follows."""
        command = ("/usr/bin/perl", "/usr/bin/reach", host, str(port), ASKING)
        return self.grounds.api.run(self.namespace, "ordinary", *command)


@pytest.fixture(scope="module")
def place(grounds: Grounds, site: Site) -> Iterator[Place]:
    adapter, namespace = KubernetesAdapter(site), site.namespace
    try:
        driver, sessions = adapter.open(), [new_id("ses") for _ in range(3)]
        kinds = (Network.INTERNET, Network.INTERNET, Network.NONE)
        for session, network in zip(sessions, kinds, strict=True):
            driver.start(adapter.spec(session, network=network), lambda _step: None)
        wait = ["/usr/bin/perl", "-e", "sleep 1 while 1"]
        grounds.run_pod(namespace, "ordinary", site.image, wait, role="ordinary")
        yield Place(
            adapter, grounds, namespace, sessions[0], sessions[2], _address(grounds, namespace, sessions[1])
        )
    finally:
        grounds.api.delete(f"/api/v1/namespaces/{namespace}/pods/ordinary")
        adapter.close()


def _address(grounds: Grounds, namespace: str, session: str) -> str:
    pods = f"/api/v1/namespaces/{namespace}/pods?labelSelector={SESSION}%3D{session}"
    [pod] = grounds.api.items(pods)
    return str(pod["status"]["podIP"])


@pytest.fixture(scope="module")
def enforced(place: Place, images: Images) -> None:
    """Skips, in plain words, where a policy that closes everything closes nothing."""
    grounds, namespace = place.grounds, place.namespace
    listen = ["/usr/bin/perl", "/usr/bin/listen", str(LISTENER), "open"]
    address = grounds.run_pod(namespace, "listener", images.tiny, listen, role="listener")
    policies = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
    assert place.from_pod(address, LISTENER).startswith("open")
    closed = {"podSelector": {"matchLabels": {"role": "listener"}}, "policyTypes": ["Ingress"]}
    grounds.api.call("POST", policies, {"metadata": {"name": "closed"}, "spec": closed})
    try:
        if not comes_to(lambda: not place.from_pod(address, LISTENER).startswith("open"), 20):
            pytest.skip(
                "This cluster's network does not enforce NetworkPolicy: its sessions reach each other, the "
                "API server and whatever else its pods reach. Install a network plugin that does."
            )
    finally:
        grounds.api.delete(f"{policies}/closed")
        grounds.api.delete(f"/api/v1/namespaces/{namespace}/pods/listener")


def _api_servers(grounds: Grounds) -> list[tuple[str, int]]:
    """By its service, and by each of its own addresses."""
    service = grounds.api.call("GET", "/api/v1/namespaces/default/services/kubernetes")
    found = [(service["spec"]["clusterIP"], 443)]
    for each in grounds.api.items("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"):
        if each["metadata"].get("labels", {}).get("kubernetes.io/service-name") == "kubernetes":
            port = each["ports"][0]["port"]
            found += [(address, port) for one in each["endpoints"] for address in one["addresses"]]
    return found


@pytest.mark.usefixtures("enforced")
def test_the_api_server_is_closed(place: Place) -> None:
    open_to_pods = []
    for host, port in _api_servers(place.grounds):
        for session in (place.mine, place.offline):
            assert place.from_session(session, host, port) in CLOSED, (host, port)
        open_to_pods.append(place.from_pod(host, port))
    assert any(each.startswith("open") for each in open_to_pods), "nothing reaches it: this proves nothing"


@pytest.mark.usefixtures("enforced")
def test_the_metadata_address_is_closed(place: Place) -> None:
    for session in (place.mine, place.offline):
        assert place.from_session(session, *METADATA) in CLOSED
    if not place.from_pod(*METADATA).startswith("open"):
        pytest.skip(
            "This cluster has no metadata address, or closes it to all pods: closed, but proves little."
        )


@pytest.mark.usefixtures("enforced")
def test_another_session_is_closed(place: Place) -> None:
    assert place.from_session(place.mine, place.other, RFB_PORT) in CLOSED
    assert place.from_session(place.offline, place.other, RFB_PORT) in CLOSED
    assert place.from_pod(place.other, RFB_PORT) in CLOSED, "only agents reach sessions"


@pytest.mark.usefixtures("enforced")
def test_nodes_are_closed(place: Place) -> None:
    """The kubelet's port, by each node's own address."""
    for node in place.grounds.api.items("/api/v1/nodes"):
        for each in node["status"]["addresses"]:
            if each["type"] == "InternalIP":
                for session in (place.mine, place.offline):
                    assert place.from_session(session, each["address"], 10250) in CLOSED


def test_no_session_has_a_token(place: Place) -> None:
    script = 'print -e "/var/run/secrets/kubernetes.io" ? "token" : "none"'
    assert place.adapter.exec(place.mine, "/usr/bin/perl", "-e", script) == "none"
