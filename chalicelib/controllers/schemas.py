"""Controllers in the public API."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.controllers.maintenance_rules import DrainMode, Pause
from chalicelib.controllers.rules import Candidate, Controller, HealthReport
from chalicelib.controllers.service import Change
from chalicelib.core.quantities import format_bytes, format_cpu
from chalicelib.core.schemas import (
    Labels,
    Name,
    Page,
    ReasonView,
    RequestBody,
    ResponseBody,
    Time,
    printable,
)
from chalicelib.people.schemas import GroupIds
from chalicelib.protocol.agents import Capacity, PartHealth

ControllerId = Annotated[str, StringConstraints(pattern=r"^ctl-[0-9a-hjkmnp-tv-z]{26}$")]
SessionLimit = Annotated[int, Field(ge=0, le=100_000)]
Why = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(printable),
    Field(description="Shown to the people whose sessions are there."),
]


class CapacityView(ResponseBody):
    """Quantities as Kubernetes writes them."""

    cpu: str
    memory: str
    gpu: int

    @classmethod
    def of(cls, capacity: Capacity) -> "CapacityView":
        """Without the disk, which is no one's to book."""
        return cls(
            cpu=format_cpu(capacity.cpu_millis),
            memory=_memory(capacity.memory_bytes),
            gpu=capacity.gpu,
        )


class BookedView(CapacityView):
    sessions: int


class UsageView(CapacityView):
    """What the agent saw: limits of running instances, their number, and the disk that is left."""

    instances: int
    disk_free: str


class LoadView(ResponseBody):
    """What sessions used at the last heartbeat."""

    cpu: str
    memory: str

    @classmethod
    def of(cls, load: Capacity | None) -> "LoadView | None":
        """None where the platform does not measure it."""
        if load is None:
            return None
        return cls(cpu=format_cpu(load.cpu_millis), memory=_memory(load.memory_bytes))


class PartView(ResponseBody):
    """`unknown` until the first heartbeat."""

    state: Literal["ok", "failing", "unknown"]
    reason: ReasonView | None = None

    @classmethod
    def of(cls, part: PartHealth | None) -> "PartView":
        """A part as the last heartbeat saw it."""
        if part is None:
            return cls(state="unknown")
        reason = part.reason and ReasonView(code=part.reason.code, message=part.reason.message)
        return cls(state=part.state.value, reason=reason)


class HealthView(ResponseBody):
    polling: PartView
    platform: PartView
    streaming: PartView

    @classmethod
    def of(cls, health: HealthReport) -> "HealthView":
        """Part by part."""
        return cls(
            polling=PartView.of(health.polling),
            platform=PartView.of(health.platform),
            streaming=PartView.of(health.streaming),
        )


class DrainView(ResponseBody):
    """`remaining` counts the sessions that still run there, or are on the way there or back."""

    mode: DrainMode
    since: Time
    reason: str | None
    remaining: int

    @classmethod
    def of(cls, controller: Controller) -> "DrainView | None":
        """None unless it is drained."""
        drain = controller.drain
        if drain is None:
            return None
        return cls(mode=drain.mode, since=drain.since, reason=drain.reason, remaining=controller.remaining)


class PauseView(ResponseBody):
    """Until then it is left alone; it ends by itself."""

    until: Time
    reason: str | None

    @classmethod
    def of(cls, pause: Pause | None) -> "PauseView | None":
        """None unless a pause is in force."""
        return None if pause is None else cls(until=pause.until, reason=pause.reason)


class ControllerView(ResponseBody):
    """A registered backend. `state` was derived at the time of the answer; time alone changes it next at
    `state_until`."""

    id: str
    name: str
    platform: str
    state: Literal["online", "degraded", "lost", "never_seen", "draining", "paused"]
    state_until: Time | None
    cordoned: bool
    drain: DrainView | None
    paused: PauseView | None
    session_limit: int | None
    labels: dict[str, str]
    group_ids: list[str]
    capacity: CapacityView | None
    booked: BookedView
    usage: UsageView | None
    load: LoadView | None
    health: HealthView
    agent_version: str | None
    last_seen_at: Time | None
    created_at: Time

    @classmethod
    def of(cls, candidate: Candidate) -> "ControllerView":
        """A controller and its state."""
        controller = candidate.controller
        return cls(
            id=controller.id,
            name=controller.name,
            platform=controller.platform,
            state=candidate.state.value,
            state_until=candidate.until,
            cordoned=controller.cordoned,
            drain=DrainView.of(controller),
            paused=PauseView.of(candidate.paused),
            session_limit=controller.session_limit,
            labels=controller.all_labels,
            group_ids=list(controller.group_ids),
            capacity=controller.capacity and CapacityView.of(controller.capacity),
            booked=_booked(controller),
            usage=_usage(controller),
            load=LoadView.of(controller.load),
            health=HealthView.of(controller.health),
            agent_version=controller.contact and controller.contact.agent_version,
            last_seen_at=controller.contact and controller.contact.seen_at,
            created_at=controller.created_at,
        )


class ControllerPage(Page[ControllerView]):
    pass


class ChangeController(RequestBody):
    """Absent fields stay. `labels` replaces the administrators' labels (those that the agent reports stay);
    a `session_limit` of null removes the limit; `cordoned` stops new sessions; with `group_ids` only sessions
    of people in those groups come to it, with an empty list everybody's."""

    name: Name | None = None
    labels: Labels | None = None
    cordoned: bool | None = None
    session_limit: SessionLimit | None = None
    group_ids: GroupIds | None = None

    def to_change(self) -> Change:
        """As the service knows it."""
        return Change(
            name=self.name,
            labels=self.labels,
            cordoned=self.cordoned,
            session_limit=self.session_limit,
            clear_session_limit="session_limit" in self.model_fields_set and self.session_limit is None,
            group_ids=None if self.group_ids is None else tuple(self.group_ids),
        )


class DrainController(RequestBody):
    """`finish` lets what runs go on until its people end it. `move` hibernates it, and has starts that no
    agent has claimed placed elsewhere."""

    mode: DrainMode
    reason: Why | None = None


class PauseController(RequestBody):
    """From a minute to a day, from now on."""

    seconds: Annotated[int, Field(ge=60, le=86400)]
    reason: Why | None = None


def _memory(count: int) -> str:
    """In whole MiB, rounded down: a backend's odd bytes are of no use to anyone."""
    return format_bytes(count - count % 2**20)


def _booked(controller: Controller) -> BookedView:
    booked = controller.booked
    return BookedView(
        cpu=format_cpu(booked.cpu_millis),
        memory=_memory(booked.memory_bytes),
        gpu=booked.gpu,
        sessions=booked.sessions,
    )


def _usage(controller: Controller) -> UsageView | None:
    usage = controller.usage
    if usage is None:
        return None
    return UsageView(
        cpu=format_cpu(usage.cpu_millis),
        memory=_memory(usage.memory_bytes),
        gpu=usage.gpu,
        instances=controller.instances,
        disk_free=_memory(usage.disk_free_bytes),
    )
