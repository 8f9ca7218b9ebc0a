"""Who may speak to a session, and to whom it may speak: its NetworkPolicy. Pure.

Policies are enforced by the cluster's network plugin, before or after it translates addresses as the plugin
likes; so the API server is closed by its service address as well as by its own.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from agent.drivers.kubernetes.kinds import Object
from agent.drivers.kubernetes.settings import Settings
from agent.drivers.private_ranges import CLOSED, CLOSED6
from chalicelib.protocol.instances import Network

AnyNetwork = IPv4Network | IPv6Network
DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
"""The cluster's own name servers, by the labels that all distributions give them."""
NAT64 = ip_network("64:ff9b::/96")
"""Stands for all of IPv4 (RFC 6052), so what is closed there is closed behind it too."""
MAPPED = ip_network("::ffff:0:0/96")
"""IPv4 addresses within a host (RFC 4291): never on a wire, and the API refuses them in policies."""


def policy_spec(
    selector: dict[str, str],
    network: Network,
    port: int,
    settings: Settings,
    api_servers: Iterable[str] = (),
) -> Object:
    """In: the agent's pods, to the one port. Out: nothing; or names, and the public internet."""
    sources: list[Object] = [{"podSelector": {"matchLabels": dict(settings.agent_selector)}}]
    sources += [{"ipBlock": {"cidr": str(each)}} for each in settings.ingress_cidrs]
    return {
        "podSelector": {"matchLabels": selector},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": sources, "ports": [{"protocol": "TCP", "port": port}]}],
        "egress": _egress(settings, api_servers) if network is Network.INTERNET else [],
    }


def _egress(settings: Settings, api_servers: Iterable[str]) -> list[Object]:
    names: list[Object] = [DNS, *({"ipBlock": {"cidr": str(each)}} for each in settings.dns_cidrs)]
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    closed = [each for each in map(ip_network, (*CLOSED, *CLOSED6)) if each != MAPPED]
    closed += [*_behind_nat64(), *settings.blocked_cidrs, *_addresses(api_servers)]
    public = [
        block
        for everything in (ip_network("0.0.0.0/0"), ip_network("::/0"))
        if (block := _all_but(everything, closed))
    ]
    return [{"to": names, "ports": ports}, *([{"to": public}] if public else [])]


def _all_but(everything: AnyNetwork, closed: Iterable[AnyNetwork]) -> dict[str, Any] | None:
    """None if nothing is left. An exception must be a true part of the whole."""
    own = {each for each in closed if each.version == everything.version}
    if everything in own:
        return None
    kept = sorted(own, key=lambda each: (int(each.network_address), each.prefixlen))
    return {"ipBlock": {"cidr": str(everything), "except": [str(each) for each in kept]}}


def _behind_nat64() -> list[AnyNetwork]:
    base = int(NAT64.network_address)
    parts = [IPv4Network(each) for each in CLOSED]
    return [IPv6Network((base + int(each.network_address), 96 + each.prefixlen)) for each in parts]


def _addresses(hosts: Iterable[str]) -> list[AnyNetwork]:
    """Those that are addresses; a name is whatever it resolves to, which is not for policies."""
    found: list[AnyNetwork] = []
    for host in hosts:
        try:
            found.append(ip_network(ip_address(host.strip("[]"))))
        except ValueError:
            continue
    return found
