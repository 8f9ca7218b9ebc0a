"""What a session may reach and who may reach it."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.kubernetes.policy import policy_spec
from agent.drivers.kubernetes.settings import Settings
from chalicelib.protocol.instances import Network

SELECTING = {"streamspace.session": "s"}
AGENTS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "streamspace-agent"}}}


def policy(
    network: Network = Network.INTERNET, api_servers: tuple[str, ...] = (), **settings: object
) -> dict:
    return policy_spec(SELECTING, network, 5900, Settings.model_validate(settings), api_servers)


def reaches(made: dict[str, Any], address: str) -> bool:
    """Whether any rule without a port lets it through."""
    found = ip_address(address)
    for rule in made["egress"]:
        if "ports" in rule:
            continue
        for to in rule["to"]:
            block = to["ipBlock"]
            if found in ip_network(block["cidr"]) and not any(
                found in ip_network(each) for each in block["except"]
            ):
                return True
    return False


def test_no_exception_is_one_that_the_api_refuses() -> None:
    """IPv4-mapped addresses are not to be in policies; a socket that is given one speaks IPv4, so that the
    IPv4 rules hold."""
    mapped = ip_network("::ffff:0:0/96")
    blocks = [to["ipBlock"] for rule in policy()["egress"] if "ports" not in rule for to in rule["to"]]
    closed = [ip_network(each) for block in blocks for each in block["except"]]
    assert ip_network("fc00::/7") in closed
    assert not [each for each in closed if each.version == 6 and each.subnet_of(mapped)]


def test_without_a_network_only_the_agents_come_in() -> None:
    assert policy(Network.NONE) == {
        "podSelector": {"matchLabels": SELECTING},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [AGENTS], "ports": [{"protocol": "TCP", "port": 5900}]}],
        "egress": [],
    }


def test_the_installer_may_let_others_in() -> None:
    made = policy(agent_selector={"app": "mine"}, ingress_cidrs=["10.1.0.0/16"])
    assert made["ingress"][0]["from"] == [
        {"podSelector": {"matchLabels": {"app": "mine"}}},
        {"ipBlock": {"cidr": "10.1.0.0/16"}},
    ]


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101"])
def test_the_internet_is_open(address: str) -> None:
    assert reaches(policy(), address)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "127.0.0.1", "224.0.0.1",
     "255.255.255.255", "fd00::1", "fe80::1", "fd00:ec2::254", "::1", "64:ff9b::a00:1",
     "64:ff9b::a9fe:a9fe", "2002:a00:1::1", "168.63.129.16"],
)  # fmt: skip
def test_what_is_private_is_closed(address: str) -> None:
    assert not reaches(policy(), address)


def test_the_api_server_is_closed_wherever_it_is() -> None:
    made = policy(api_servers=("203.0.113.7", "2001:db8::7", "kubernetes.example.com"))
    assert not reaches(made, "203.0.113.7")
    assert not reaches(made, "2001:db8::7")
    assert reaches(made, "203.0.113.8")


def test_names_are_asked_of_the_clusters_own_servers() -> None:
    first = policy(dns_cidrs=["169.254.20.10/32"])["egress"][0]
    assert first["ports"] == [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    assert first["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        },
        {"ipBlock": {"cidr": "169.254.20.10/32"}},
    ]


def test_a_family_that_is_closed_whole_has_no_rule() -> None:
    made = policy(blocked_cidrs=["::/0"])
    assert not reaches(made, "2606:4700::1111")
    assert reaches(made, "1.1.1.1")
    assert len(policy(blocked_cidrs=["::/0", "0.0.0.0/0"])["egress"]) == 1, "names alone"


@given(st.lists(st.ip_addresses().map(lambda each: f"{each}/{each.max_prefixlen}"), max_size=5))
def test_exceptions_are_parts_of_what_they_are_excepted_from(blocked: list[str]) -> None:
    """Or the API refuses the policy."""
    for rule in policy(blocked_cidrs=blocked)["egress"][1:]:
        for to in rule["to"]:
            whole = ip_network(to["ipBlock"]["cidr"])
            for each in map(ip_network, to["ipBlock"]["except"]):
                assert each.version == whole.version
                assert each != whole
    assert not any(reaches(policy(blocked_cidrs=blocked), each.split("/")[0]) for each in blocked)
