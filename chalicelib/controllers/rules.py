"""What a controller is, how its state follows from its last contact, and what it can still take."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.controllers.maintenance_rules import Drain, Pause
from chalicelib.controllers.queue_names import command_queue
from chalicelib.core.config import Timings
from chalicelib.protocol.agents import Capacity, Health, PartHealth
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.service import Amount

SEEN_RECENTLY_GRACE = 1.25
"""A heartbeat counts as missed after this share of its interval: requests take time, timers are not exact."""


class ControllerState(StrEnum):
    """`draining`: online, but cordoned or drained: it gets no new sessions. `paused`: silence is expected
    and says nothing."""

    ONLINE = "online"
    DEGRADED = "degraded"
    LOST = "lost"
    NEVER_SEEN = "never_seen"
    DRAINING = "draining"
    PAUSED = "paused"


@dataclass(frozen=True)
class HealthReport:
    """The parts of an agent, as its last heartbeat saw them. None before the first one."""

    polling: PartHealth | None = None
    platform: PartHealth | None = None
    streaming: PartHealth | None = None

    def failing(self) -> tuple[Reason, ...]:
        """Why parts fail, in a fixed order."""
        return tuple(
            part.reason or Reason(code="failing", message="This part reports a failure without a reason.")
            for part in (self.polling, self.platform, self.streaming)
            if part is not None and part.state is Health.FAILING
        )


@dataclass(frozen=True)
class Contact:
    """The last heartbeat and what it said about versions; `interval` is when the next one is due (s)."""

    seen_at: datetime
    interval: float
    agent_version: str
    protocol_version: int


@dataclass(frozen=True)
class Controller:
    """A backend of a tenant. `labels` are the administrators', `agent_labels` what the agent says of itself;
    the former win. `unclaimed_since` is set while a command that nothing blocks stays unclaimed. With
    `group_ids` it is for sessions of those groups' people only. `awake` counts the sessions among `booked`
    that take up CPU and memory: those that run, or are on the way there or back. `pause` may be over. Its
    queue was replaced `queue_number` times; those from `queues_from` on may still have to be deleted."""

    tenant_id: str
    id: str
    name: str
    platform: str
    backend_id: str
    created_at: datetime
    labels: dict[str, str] = field(default_factory=dict)
    agent_labels: dict[str, str] = field(default_factory=dict)
    cordoned: bool = False
    session_limit: int | None = None
    capacity: Capacity | None = None
    usage: Capacity | None = None
    load: Capacity | None = None
    instances: int = 0
    booked: Amount = field(default_factory=Amount)
    health: HealthReport = field(default_factory=HealthReport)
    contact: Contact | None = None
    gateway_url: str | None = None
    unclaimed_since: datetime | None = None
    group_ids: tuple[str, ...] = ()
    awake: int = 0
    drain: Drain | None = None
    pause: Pause | None = None
    queue_number: int = 0
    queues_from: int | None = None

    @property
    def queue(self) -> str:
        """The name of its command queue."""
        return command_queue(self.id, self.queue_number)

    @property
    def revocations(self) -> int:
        """How often agents were shut out of it: each time its queue was replaced."""
        return self.queue_number

    @property
    def old_queues(self) -> tuple[str, ...]:
        """Queues that were replaced and may still be there."""
        first = self.queue_number if self.queues_from is None else self.queues_from
        return tuple(command_queue(self.id, number) for number in range(first, self.queue_number))

    @property
    def all_labels(self) -> dict[str, str]:
        """What placement matches against."""
        return {**self.agent_labels, **self.labels}

    @property
    def remaining(self) -> int:
        """How many sessions a drain still waits for. Never zero while capacity is taken up: sessions that are
        older than the count are not in it."""
        return max(self.awake, 1 if self.booked.memory_bytes > 0 else 0)

    def paused(self, now: datetime) -> Pause | None:
        """The pause that is in force."""
        return self.pause if self.pause is not None and self.pause.on(now) else None


@dataclass(frozen=True)
class Candidate:
    """A controller with its state at the moment of asking: what placement chooses among. `until` is when time
    alone changes that state next, `paused` the pause that is in force."""

    controller: Controller
    state: ControllerState
    until: datetime | None = None
    paused: Pause | None = None

    @property
    def free(self) -> Amount:
        """What it can still take (never negative). Without a session limit, `sessions` is a million."""
        return free(self.controller)


def judge(controller: Controller, now: datetime, timings: Timings) -> Candidate:
    """A controller with its state now."""
    return Candidate(
        controller,
        state(controller, now, timings),
        state_until(controller, now, timings),
        controller.paused(now),
    )


def state(controller: Controller, now: datetime, timings: Timings) -> ControllerState:
    """Derived from the last contact, the interval agreed on then, and unclaimed commands (design §5.6)."""
    contact = controller.contact
    if contact is None:
        return ControllerState.NEVER_SEEN
    if controller.paused(now):
        return ControllerState.PAUSED
    missed = missed_heartbeats(controller, contact, now)
    if controller.unclaimed_since is not None or missed >= timings.lost_after_missed:
        return ControllerState.LOST
    if controller.cordoned or controller.drain is not None:
        return ControllerState.DRAINING
    if missed >= timings.degraded_after_missed or controller.health.failing():
        return ControllerState.DEGRADED
    return ControllerState.ONLINE


def missed_heartbeats(controller: Controller, contact: Contact, now: datetime) -> int:
    """How many are overdue."""
    silence = (now - _silent_since(controller, contact)).total_seconds()
    return max(0, int(silence / contact.interval - (SEEN_RECENTLY_GRACE - 1)))


def _silent_since(controller: Controller, contact: Contact) -> datetime:
    """A machine that was in maintenance is expected back at its end, not before."""
    return max(contact.seen_at, controller.pause.until) if controller.pause else contact.seen_at


def state_until(controller: Controller, now: datetime, timings: Timings) -> datetime | None:
    """When time alone will change the state next; None when it will not."""
    contact, pause = controller.contact, controller.paused(now)
    if contact is None:
        return None
    if pause is not None:
        return pause.until
    if controller.unclaimed_since is not None:
        return None
    for count in (timings.degraded_after_missed, timings.lost_after_missed):
        silence = timedelta(seconds=contact.interval * (count + SEEN_RECENTLY_GRACE - 1))
        moment = _silent_since(controller, contact) + silence
        if moment > now:
            return moment
    return None


def free(controller: Controller) -> Amount:
    """Capacity less bookings."""
    capacity, booked = controller.capacity, controller.booked
    if capacity is None:
        return Amount()
    limit = 10**6 if controller.session_limit is None else controller.session_limit
    return Amount(
        sessions=max(0, limit - booked.sessions),
        cpu_millis=max(0, capacity.cpu_millis - booked.cpu_millis),
        memory_bytes=max(0, capacity.memory_bytes - booked.memory_bytes),
        gpu=max(0, capacity.gpu - booked.gpu),
    )


def is_idle(controller: Controller) -> bool:
    """Nothing is booked and nothing is in doubt: heartbeats may be rare."""
    return not controller.booked.items() and controller.unclaimed_since is None


def claims_again(controller: Controller, polling: PartHealth, now: datetime, timings: Timings) -> bool:
    """Whether a controller that left a command unclaimed is given another chance: its agent says that polling
    works and some time has passed. If commands still go unclaimed, it is marked again."""
    if controller.unclaimed_since is None or polling.state is not Health.OK:
        return False
    return (now - controller.unclaimed_since).total_seconds() >= timings.unclaimed_lost
