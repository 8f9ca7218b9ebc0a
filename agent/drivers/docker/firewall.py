"""Host firewall rules that close the host and everything private to sessions on a controller's network.

Two chains per bridge: one behind INPUT (the host itself, on whichever of its addresses) and one behind
Docker's DOCKER-USER, first in FORWARD (private ranges, link-local with the metadata address, published
ports of other containers, which are private addresses by then). Chains are replaced whole and atomically;
jumps stand first in their chains and are put back there when something else took that place.
Rules are made before the network exists, so there is no unprotected moment.
"""

import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.drivers.docker.errors import plain
from agent.drivers.private_ranges import CLOSED

Run = Callable[[Sequence[str], str | None], str]
"""Runs a command with that standard input and returns what it printed; raises FirewallError."""


class FirewallError(Exception):
    """The rules could not be installed; the text says why."""


@dataclass(frozen=True)
class Rules:
    """What one bridge may reach. Pure: the texts for iptables-restore."""

    bridge: str
    outbound: bool
    """Whether anything outside the host may be reached at all."""
    resolvers: tuple[str, ...] = ()

    @property
    def to_host(self) -> str:
        return f"SS-{self.bridge}-HOST"

    @property
    def to_others(self) -> str:
        return f"SS-{self.bridge}-OUT"

    @property
    def jumps(self) -> tuple[tuple[str, str], ...]:
        """(built-in or Docker's chain, ours) for IPv4."""
        return (("INPUT", self.to_host), ("DOCKER-USER", self.to_others))

    @property
    def jumps6(self) -> tuple[tuple[str, str], ...]:
        """DOCKER-USER exists for IPv6 only on some versions; FORWARD always does."""
        return (("INPUT", self.to_host), ("FORWARD", self.to_others))

    def ipv4(self) -> str:
        """Answers to the host's own connections pass (an HTTP app's gateway); so does DNS where needed."""
        dns = [
            f"-d {server}/32 -p {protocol} --dport 53 -j RETURN"
            for server in (self.resolvers if self.outbound else ())
            for protocol in ("udp", "tcp")
        ]
        host = ["-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN", *dns, *_reject("")]
        closed = [rule for network in CLOSED for rule in _reject(f"-d {network} ")]
        return self._restore(host, [*dns, *closed] if self.outbound else _reject(""))

    def ipv6(self) -> str:
        """Networks are made without IPv6; this holds whatever an administrator adds to the bridge."""
        return self._restore(["-j DROP"], ["-j DROP"])

    def _restore(self, host: Sequence[str], others: Sequence[str]) -> str:
        lines = ["*filter", f":{self.to_host} - [0:0]", f":{self.to_others} - [0:0]"]
        lines += [f"-A {self.to_host} {rule}" for rule in host]
        lines += [f"-A {self.to_others} {rule}" for rule in others]
        return "\n".join([*lines, "COMMIT", ""])


def _reject(match: str) -> list[str]:
    """Refused at once rather than timed out: a browser says so instead of hanging."""
    return [f"{match}-p tcp -j REJECT --reject-with tcp-reset", f"{match}-j REJECT"]


def run(arguments: Sequence[str], text: str | None) -> str:
    try:
        done = subprocess.run(arguments, input=text, capture_output=True, text=True, timeout=15, check=False)
    except FileNotFoundError as error:
        raise FirewallError(f"{arguments[0]} is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FirewallError(plain(str(error))) from error
    if done.returncode != 0:
        raise FirewallError(plain(f"{arguments[0]}: {done.stderr or done.stdout}", 200))
    return done.stdout


def host_has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists()


@dataclass(frozen=True)
class Firewall:
    """Installs and removes `Rules`. Repeating either changes nothing."""

    run: Run = run
    ipv6: Callable[[], bool] = host_has_ipv6
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self, rules: Rules) -> None:
        """Raises FirewallError, having possibly closed more than before but never less."""
        with self._lock:
            self._install("iptables", rules.bridge, rules.ipv4(), rules.jumps)
            if self.ipv6():
                self._install("ip6tables", rules.bridge, rules.ipv6(), rules.jumps6)

    def remove(self, rules: Rules) -> None:
        """Take down what is there; what cannot be taken down harms nobody without its bridge."""
        with self._lock:
            self._remove("iptables", rules.jumps, rules)
            if self.ipv6():
                self._remove("ip6tables", rules.jumps6, rules)

    def _install(self, tool: str, bridge: str, text: str, jumps: Sequence[tuple[str, str]]) -> None:
        self.run([f"{tool}-restore", "-w", "5", "--noflush"], text)
        for chain, target in jumps:
            jump = f"-A {chain} -i {bridge} -j {target}"
            present = self._list(tool, chain)
            ours = [index for index, line in enumerate(present) if line == jump]
            if ours and all(" -i ss" in line and " -j SS-" in line for line in present[: ours[0]]):
                continue
            self.run([tool, "-w", "5", "-I", chain, "1", "-i", bridge, "-j", target], None)
            for index in reversed(ours):  # the new one stands before the old ones go
                self.run([tool, "-w", "5", "-D", chain, str(index + 2)], None)

    def _remove(self, tool: str, jumps: Sequence[tuple[str, str]], rules: Rules) -> None:
        for chain, target in jumps:
            try:
                for line in self._list(tool, chain):
                    if line == f"-A {chain} -i {rules.bridge} -j {target}":
                        self.run([tool, "-w", "5", "-D", *line.split()[1:]], None)
                self.run([tool, "-w", "5", "-F", target], None)
                self.run([tool, "-w", "5", "-X", target], None)
            except FirewallError:
                continue

    def _list(self, tool: str, chain: str) -> list[str]:
        """The chain's rules in order; raises FirewallError if there is no such chain."""
        return [
            line
            for line in self.run([tool, "-w", "5", "-S", chain], None).splitlines()
            if line.startswith("-A")
        ]
