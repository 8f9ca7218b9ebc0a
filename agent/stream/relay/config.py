"""All that can be set, in one place, so that tests can divide the times."""

from dataclasses import dataclass
from pathlib import Path

from agent.stream.address import Address


@dataclass(frozen=True)
class RelayConfig:
    listen: Address
    jwks_url: str
    state_dir: Path
    upstream: Address | None = None
    head_timeout: float = 10.0
    """Seconds for a request's head to arrive completely."""
    take_timeout: float = 5.0
    """Seconds that a browser waits for its gateway to offer a connection."""
    answer_timeout: float = 10.0
    """Seconds for a gateway to begin its answer; a parked connection that stays silent is a dead one."""
    stall_timeout: float = 600.0
    """Seconds that one end may refuse to read before the splice is cut."""
    sweep_every: float = 5.0
    parked_per_controller: int = 16
    parked_in_total: int = 4096
    connections: int = 4096
    """Public connections at once; more are answered 503. Each may need a second file descriptor."""
    waiting_per_controller: int = 64
    """Browsers that wait for one controller's gateway; bounds what an unverified resume token can tie up."""
