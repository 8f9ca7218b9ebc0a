"""What a session is, and what is kept beside it."""

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.catalog.service import TemplateResources
from chalicelib.commands.service import Lane, command_id
from chalicelib.protocol.commands import CommandKind, CommandReference
from chalicelib.protocol.instances import InstanceSpec, Progress, Reason, Stage
from chalicelib.quotas.service import Amount
from chalicelib.sessions.rules import Desired, Held, State


@dataclass(frozen=True)
class Overview:
    """What users see of a session."""

    tenant_id: str
    id: str
    user_id: str
    name: str
    state: State
    desired: Desired
    generation: int
    incarnation: int
    template_id: str
    template_name: str
    template_icon: str
    resources: TemplateResources
    created_at: datetime
    updated_at: datetime
    labels: dict[str, str] = field(default_factory=dict)
    controller_id: str | None = None
    reason: Reason | None = None
    stage: Stage | None = None
    progress: Progress | None = None
    started_at: datetime | None = None
    last_activity_at: datetime | None = None
    viewers: int = 0


@dataclass(frozen=True)
class Session(Overview):
    """The whole row. `group_id` is the group that it is charged to. `changed_at` is when its state or its
    lane last changed; `revision` grows with every change that others decide by. `due_at` only says when a
    sweeper should look; a stale one does no harm."""

    held: Held = Held.NONE
    group_id: str | None = None
    lane: Lane = field(default_factory=Lane)
    persistent_home: bool = True
    delete_home: bool = False
    changed_at: datetime | None = None
    due_at: datetime | None = None
    revision: int = 0

    @property
    def amount(self) -> Amount:
        """What it takes while it runs."""
        resources = self.resources
        return Amount(1, resources.cpu_millis, resources.memory_bytes, resources.gpu, resources.storage_bytes)

    @property
    def booked(self) -> Amount:
        """What it has booked now, with the quotas and, once placed, with its controller (less storage)."""
        storage = self.resources.storage_bytes
        match self.held:
            case Held.FULL:
                return self.amount
            case Held.PARKED:
                return Amount(sessions=1, storage_bytes=storage)
            case Held.HOME if not self.lane.never_claimed:
                return Amount(storage_bytes=storage)
            case _:  # where no agent ever worked there is no home
                return Amount()

    def reference(self) -> CommandReference | None:
        """What a queue carries about its open command."""
        if self.lane.open is None or self.controller_id is None:
            return None
        return CommandReference(
            tenant_id=self.tenant_id,
            controller_id=self.controller_id,
            command_id=command_id(self.id, self.lane.open.number),
            session_id=self.id,
            generation=self.generation,
        )

    def changed_since(self, moment: datetime) -> bool:
        """Whether its state or its lane changed at or after that moment."""
        return self.changed_at is None or self.changed_at >= moment


@dataclass(frozen=True)
class Entry:
    """One step of a session's timeline. `actor` is a user's id, `agent:<id>` or `system`."""

    at: datetime
    before: State | None
    after: State
    actor: str
    cause: str
    reason: Reason | None
    generation: int


@dataclass(frozen=True)
class Verdict:
    """Why one controller may or may not take a session."""

    controller_id: str
    controller_name: str
    reasons: tuple[Reason, ...] = ()

    @property
    def suitable(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


@dataclass(frozen=True)
class Assessment:
    """What placement last found, kept apart from the row."""

    evaluated_at: datetime
    controller_id: str | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Requirements:
    """What a controller must offer, as the template said when the session was created. `only` is the one
    controller that the user asked for."""

    platforms: tuple[str, ...] = ()
    controller_labels: dict[str, str] = field(default_factory=dict)
    only: str | None = None


@dataclass(frozen=True)
class Details:
    """The rest of a session, too large for a row that lists read: what to run, and where that was decided."""

    tenant_id: str
    session_id: str
    spec: InstanceSpec
    requirements: Requirements
    assessment: Assessment | None = None


KIND_OF = {
    State.STARTING: CommandKind.START,
    State.WAKING: CommandKind.WAKE,
    State.HIBERNATING: CommandKind.HIBERNATE,
    State.HIBERNATED: CommandKind.HIBERNATE,
    State.TERMINATING: CommandKind.TERMINATE,
}
"""The command by which a state reaches the next one (or, for `hibernated`, is restored)."""
