"""How long things take: all of it short, and stretched by `pace` where a test wants to see more of it."""

from dataclasses import dataclass


@dataclass
class Tempo:
    """Seconds."""

    pace: float = 1.0
    """Everything below is multiplied by it."""
    step: float = 0.003
    """Each thing that a controller or a node does."""
    pull: float = 0.03
    pull_backoff: float = 0.1
    crash_backoff: float = 0.15
    """Between the second end of a container and its third start; doubles."""
    stop: float = 0.01
    """What a program needs to end when it is asked to."""
    grace: float = 0.02
    """A second of a pod's grace period, for programs that do not end when asked to."""
    schedule: float = 0.05
    """Before what could not be scheduled is tried again."""
    provision: float = 0.01
    toleration: float = 0.0005
    """A second of the time that pods stay on a lost node."""

    def of(self, name: str) -> float:
        return float(getattr(self, name)) * self.pace
