"""The agent's own intervals, in seconds, in one object (the server sets the others: protocol `Intervals`)."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Timings:
    watch: float = 5.0
    """Between looks at the platform for instances that ended by themselves."""
    look: float = 1.0
    """Between looks at the health of polling and streaming, so that a change is told soon."""
    progress: float = 1.0
    """At least between two reports of the same stage."""
    first_retry: float = 0.5
    most_retry: float = 30.0
    driver_retry: float = 1.0
    """First pause before a command is tried again after a TemporaryError of the driver; doubles."""
    most_driver_retry: float = 30.0
    start_retries_for: float = 15.0
    """A start is told to the user as failed after this long; stopping and removing go on to the deadline."""
    probe: float = 10.0
    """A platform that needs longer than this to say what it has is failing."""
    own_result: float = 5.0
    """How long a message of a command waits whose result is still in the outbox."""
    finish: float = 20.0
    """How long a stopping agent lets claimed commands go on."""
    access_ahead: float = 600.0
    """Credentials are renewed this long before they end."""
    poll_silence: float = 60.0
    """Polling that has not answered for this long (beyond its own wait) is failing."""

    def divided(self, by: float) -> "Timings":
        """All of them shorter, for tests and chaos runs."""
        return Timings(**{each.name: getattr(self, each.name) / by for each in fields(self)})


SLOTS = 64
"""Commands that one agent holds at once, waiting ones included; beyond it stops receiving."""
