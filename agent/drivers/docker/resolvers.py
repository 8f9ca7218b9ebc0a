"""Which DNS servers sessions on the internet network must reach although they may be private addresses.

Docker's embedded resolver (127.0.0.11 in the container) forwards to the host's name servers, and does so
from inside the container's network namespace unless the server is on the host's loopback. A firewall that
closes private ranges therefore also closes DNS on most sites, unless port 53 of those servers stays open.
"""

import ipaddress
import json
from pathlib import Path

RESOLV_CONF = Path("/etc/resolv.conf")
SYSTEMD_RESOLV_CONF = Path("/run/systemd/resolve/resolv.conf")
DAEMON_JSON = Path("/etc/docker/daemon.json")


def resolvers(
    resolv_conf: Path = RESOLV_CONF, systemd: Path = SYSTEMD_RESOLV_CONF, daemon_json: Path = DAEMON_JSON
) -> tuple[str, ...]:
    """IPv4 addresses that Docker's resolver will ask from inside containers, sorted.

    Those of daemon.json win, as in Docker; of a host that runs systemd-resolved Docker takes the upstream
    servers, as we do; other loopback servers are asked from the host's side and need no rule.
    """
    configured = _configured(daemon_json)
    servers = configured or _nameservers(resolv_conf)
    if servers == ["127.0.0.53"]:
        servers = _nameservers(systemd)
    addresses = {address for server in servers if (address := _ipv4(server)) and not address.is_loopback}
    return tuple(str(address) for address in sorted(addresses))


def _nameservers(path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return []
    words = (line.split() for line in lines)
    return [fields[1] for fields in words if len(fields) > 1 and fields[0] == "nameserver"]


def _configured(path: Path) -> list[str]:
    try:
        servers = json.loads(path.read_text()).get("dns", [])
    except (OSError, ValueError, AttributeError):
        return []
    return [str(server) for server in servers] if isinstance(servers, list) else []


def _ipv4(text: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None
