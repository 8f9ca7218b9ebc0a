"""The agent's configuration: read once, from the command line and the environment, into one frozen object."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.drivers.registry import CPU_OVERCOMMIT
from agent.worker.timings import Timings

DEFAULT_PLATFORM = "docker"


@dataclass(frozen=True)
class AgentConfig:
    """How this agent runs. Who it is lies in the state folder (client/identity.py)."""

    state: Path
    gateway_url: str | None = None
    """`wss://…` where browsers reach the gateway without a relay (STREAMSPACE_GATEWAY_URL)."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """For placement, as `name=value,…` (STREAMSPACE_LABELS)."""
    cpu_overcommit: float = CPU_OVERCOMMIT
    """How often each core counts as capacity (STREAMSPACE_CPU_OVERCOMMIT)."""
    timings: Timings = field(default_factory=Timings)
    """STREAMSPACE_INTERVAL_DIVISOR divides them, for tests and chaos runs."""

    @classmethod
    def read(cls, state: Path | None, environment: Mapping[str, str]) -> "AgentConfig":
        """Raises ValueError, naming the variable that is wrong."""
        return cls(
            state=(state or default_state(environment)).absolute(),
            gateway_url=environment.get("STREAMSPACE_GATEWAY_URL") or None,
            labels=_labels(environment.get("STREAMSPACE_LABELS", "")),
            cpu_overcommit=_positive(environment, "STREAMSPACE_CPU_OVERCOMMIT", CPU_OVERCOMMIT),
            timings=Timings().divided(_positive(environment, "STREAMSPACE_INTERVAL_DIVISOR", 1)),
        )


def default_state(environment: Mapping[str, str]) -> Path:
    """Where the agent keeps its key and its reports unless told otherwise."""
    if given := environment.get("STREAMSPACE_AGENT_STATE"):
        return Path(given)
    if os.geteuid() == 0:
        return Path("/var/lib/streamspace-agent")
    base = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "streamspace-agent"


def _labels(text: str) -> dict[str, str]:
    labels = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise ValueError(f"STREAMSPACE_LABELS: {part!r} is not name=value.")
        labels[name.strip()] = value.strip()
    return labels


def _positive(environment: Mapping[str, str], name: str, otherwise: float) -> float:
    text = environment.get(name) or str(otherwise)
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise ValueError(f"{name}: {text!r} is not a number above 0.")
    return value
