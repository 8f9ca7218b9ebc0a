"""Firewall rules as text, and their installation on an iptables made of lists."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.drivers.docker.firewall import CLOSED, Firewall, FirewallError, Rules
from agent.drivers.docker.resolvers import resolvers

RULES = Rules("sso-0123456789", outbound=True, resolvers=("10.0.0.2",))
HOST, OUT = "SS-sso-0123456789-HOST", "SS-sso-0123456789-OUT"
JUMP = f"-A INPUT -i sso-0123456789 -j {HOST}"


@dataclass
class Tables:
    """Enough of iptables: chains of rules as `-S` prints them. Knows both families by their tool's name."""

    chains: dict[str, list[str]] = field(
        default_factory=lambda: {"INPUT": [], "FORWARD": [], "DOCKER-USER": []}
    )
    calls: int = 0

    def run(self, arguments: Sequence[str], text: str | None) -> str:
        self.calls += 1
        tool, *options = [argument for argument in arguments if argument not in {"-w", "5", "--noflush"}]
        if tool.endswith("-restore"):
            self._restore(text or "")
            return ""
        verb, chain, *rest = options
        if chain not in self.chains:
            raise FirewallError(f"{tool}: no chain {chain}")
        match verb:
            case "-S":
                return "\n".join([f"-P {chain} ACCEPT", *self.chains[chain]])
            case "-I":
                self.chains[chain].insert(0, " ".join(["-A", chain, *rest[1:]]))
            case "-D" if len(rest) == 1:
                del self.chains[chain][int(rest[0]) - 1]
            case "-D":
                self.chains[chain].remove(" ".join(["-A", chain, *rest]))
            case "-F":
                self.chains[chain].clear()
            case "-X":
                assert not any(f"-j {chain}" in rule for rules in self.chains.values() for rule in rules)
                del self.chains[chain]
        return ""

    def _restore(self, text: str) -> None:
        for line in text.splitlines():
            if line.startswith(":"):
                self.chains[line[1:].split()[0]] = []
            elif line.startswith("-A"):
                self.chains[line.split()[1]].append(line)


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def firewall(tables: Tables) -> Firewall:
    return Firewall(run=tables.run, ipv6=lambda: False)


def test_everything_private_is_closed() -> None:
    closed = [ipaddress.ip_network(network) for network in CLOSED]
    for address in (
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "127.0.0.1",
    ):
        assert any(ipaddress.ip_address(address) in network for network in closed), address
    for address in ("1.1.1.1", "93.184.215.14", "172.32.0.1", "192.169.0.1", "100.128.0.1"):
        assert not any(ipaddress.ip_address(address) in network for network in closed), address


def test_name_servers_are_open_for_names_alone_and_before_the_rest() -> None:
    rules = [line for line in RULES.ipv4().splitlines() if line.startswith(f"-A {OUT}")]
    assert rules[:2] == [
        f"-A {OUT} -d 10.0.0.2/32 -p udp --dport 53 -j RETURN",
        f"-A {OUT} -d 10.0.0.2/32 -p tcp --dport 53 -j RETURN",
    ]
    assert all("REJECT" in rule for rule in rules[2:])


def test_the_host_is_closed_but_for_answers_to_it() -> None:
    rules = [line for line in RULES.ipv4().splitlines() if line.startswith(f"-A {HOST}")]
    assert "ESTABLISHED" in rules[0]
    assert rules[-1] == f"-A {HOST} -j REJECT"


def test_the_inner_network_reaches_nothing() -> None:
    rules = Rules("ssi-0123456789", outbound=False, resolvers=("10.0.0.2",)).ipv4()
    assert "10.0.0.2" not in rules
    assert "-A SS-ssi-0123456789-OUT -j REJECT" in rules.splitlines()


def test_installing_twice_changes_nothing(firewall: Firewall, tables: Tables) -> None:
    firewall.install(RULES)
    once = {chain: list(rules) for chain, rules in tables.chains.items()}
    firewall.install(RULES)
    assert tables.chains == once
    assert once["INPUT"] == [JUMP]
    assert once["DOCKER-USER"] == [f"-A DOCKER-USER -i sso-0123456789 -j {OUT}"]


def test_the_jump_returns_to_the_top_once(firewall: Firewall, tables: Tables) -> None:
    firewall.install(RULES)
    tables.chains["INPUT"][:0] = ["-A INPUT -j ACCEPT"]
    firewall.install(RULES)
    assert tables.chains["INPUT"] == [JUMP, "-A INPUT -j ACCEPT"]


def test_two_controllers_do_not_fight_for_the_top(firewall: Firewall, tables: Tables) -> None:
    other = Rules("sso-9876543210", outbound=True)
    firewall.install(RULES)
    firewall.install(other)
    before = list(tables.chains["INPUT"])
    firewall.install(RULES)
    assert tables.chains["INPUT"] == before


def test_removing_leaves_what_others_made(firewall: Firewall, tables: Tables) -> None:
    tables.chains["INPUT"].append("-A INPUT -p tcp -j ACCEPT")
    firewall.install(RULES)
    for _ in range(2):
        firewall.remove(RULES)
        assert tables.chains == {"INPUT": ["-A INPUT -p tcp -j ACCEPT"], "FORWARD": [], "DOCKER-USER": []}


def test_without_dockers_chain_it_is_an_error(firewall: Firewall, tables: Tables) -> None:
    del tables.chains["DOCKER-USER"]
    with pytest.raises(FirewallError, match="DOCKER-USER"):
        firewall.install(RULES)


def test_ipv6_is_closed_altogether(tables: Tables) -> None:
    Firewall(run=tables.run, ipv6=lambda: True).install(RULES)
    assert tables.chains[OUT] == [f"-A {OUT} -j DROP"]
    assert tables.chains["FORWARD"] == [f"-A FORWARD -i sso-0123456789 -j {OUT}"]


@pytest.mark.parametrize(
    ("resolv", "systemd", "daemon", "expected"),
    [
        ("nameserver 10.0.0.2\nnameserver 1.1.1.1\n", "", "", ("1.1.1.1", "10.0.0.2")),
        ("nameserver 127.0.0.53\n", "nameserver 192.168.1.1\n", "", ("192.168.1.1",)),
        ("nameserver 127.0.0.1\n", "nameserver 192.168.1.1\n", "", ()),
        ("nameserver 10.0.0.2\n", "", '{"dns": ["10.9.9.9"]}', ("10.9.9.9",)),
        ("nameserver 10.0.0.2\n", "", "not json", ("10.0.0.2",)),
        ("# nameserver 10.0.0.2\nnameserver fe80::1%eth0\nnameserver\noptions edns0\n", "", "", ()),
        ("", "", "[]", ()),
    ],
)
def test_resolvers(tmp_path: Path, resolv: str, systemd: str, daemon: str, expected: tuple[str, ...]) -> None:
    files = [tmp_path / name for name in ("resolv.conf", "systemd", "daemon.json")]
    for file, text in zip(files, (resolv, systemd, daemon), strict=True):
        file.write_text(text)
    assert resolvers(*files) == expected


def test_no_files_no_resolvers(tmp_path: Path) -> None:
    assert resolvers(tmp_path / "a", tmp_path / "b", tmp_path / "c") == ()
