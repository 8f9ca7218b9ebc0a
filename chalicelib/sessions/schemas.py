"""Sessions in the public API."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from chalicelib.core.quantities import (
    BytesQuantity,
    CpuQuantity,
    byte_count,
    cpu_millis,
    format_bytes,
    format_cpu,
    most_storage,
)
from chalicelib.core.schemas import Labels, Name, Page, PageQuery, ReasonView, RequestBody, ResponseBody, Time
from chalicelib.protocol.base import Identifier
from chalicelib.protocol.instances import Reason, Stage
from chalicelib.sessions.creation import NewSession
from chalicelib.sessions.entities import Assessment, Entry, Overview, Verdict
from chalicelib.sessions.rules import Desired, State

_MOST_CPU = 1_000_000
_LEAST_MEMORY, _MOST_MEMORY = 16 * 2**20, 2**50


def _cpu(value: str) -> str:
    if not 1 <= cpu_millis(value) <= _MOST_CPU:
        raise ValueError("Between 1m and 1000 cores.")
    return value


def _memory(value: str) -> str:
    if not _LEAST_MEMORY <= byte_count(value) <= _MOST_MEMORY:
        raise ValueError("Between 16Mi and 1024Ti.")
    return value


def _shm(value: str) -> str:
    if byte_count(value) > _MOST_MEMORY:
        raise ValueError("At most 1024Ti.")
    return value


class ResourcesBody(RequestBody):
    """What differs from the template."""

    cpu: Annotated[CpuQuantity, AfterValidator(_cpu)] | None = None
    memory: Annotated[BytesQuantity, AfterValidator(_memory)] | None = None
    gpu: Annotated[int, Field(ge=0, le=64)] | None = None
    shm: Annotated[BytesQuantity, AfterValidator(_shm)] | None = None
    storage: Annotated[BytesQuantity, AfterValidator(most_storage)] | None = Field(
        default=None, description="What its home is expected to need; counts towards quotas, limits no disk."
    )


class CreateSession(RequestBody):
    """Without a name it is called like its template; without a controller it is placed where it fits."""

    template_id: Identifier
    name: Name | None = None
    resources: ResourcesBody | None = None
    controller_id: Identifier | None = None
    labels: Labels = Field(default_factory=dict)

    def to_new(self) -> NewSession:
        """As the rules know it."""
        asked = self.resources or ResourcesBody()
        return NewSession(
            template_id=self.template_id,
            name=self.name,
            cpu_millis=None if asked.cpu is None else cpu_millis(asked.cpu),
            memory_bytes=None if asked.memory is None else byte_count(asked.memory),
            gpu=asked.gpu,
            shm_bytes=None if asked.shm is None else byte_count(asked.shm),
            storage_bytes=None if asked.storage is None else byte_count(asked.storage),
            controller_id=self.controller_id,
            labels=self.labels,
        )


class ChangeSession(RequestBody):
    """Absent fields stay as they are. `desired_state` does the same as hibernate, wake and delete."""

    name: Name | None = None
    labels: Labels | None = None
    desired_state: Desired | None = None


class ListSessions(PageQuery):
    state: State | None = Field(
        default=None, description="Only sessions in this state. Terminated ones are listed on request only."
    )
    user_id: Identifier | None = Field(
        default=None, description="Only this user's. Without the permission to see all, only your own."
    )


class DeleteSession(RequestBody):
    delete_home: bool = Field(default=False, description="Also delete the files that it kept.")


class ProgressView(ResponseBody):
    """Bytes done of bytes known so far."""

    done: int
    total: int


class SessionResources(ResponseBody):
    cpu: str
    memory: str
    gpu: int
    shm: str
    storage: str


class SessionView(ResponseBody):
    """`state` is what is observed, `desired_state` what is wanted; `generation` counts changes of mind,
    `incarnation` how often its instance was created anew."""

    id: str
    name: str
    state: State
    stage: Stage | None
    progress: ProgressView | None
    desired_state: Desired
    generation: int
    incarnation: int
    reason: ReasonView | None
    template_id: str
    template_name: str
    template_icon: str
    controller_id: str | None
    user_id: str
    resources: SessionResources
    labels: dict[str, str]
    created_at: Time
    updated_at: Time
    started_at: Time | None
    last_activity_at: Time | None
    viewers: int

    @classmethod
    def of(cls, session: Overview) -> Self:
        """From the domain."""
        resources, progress = session.resources, session.progress
        return cls(
            id=session.id,
            name=session.name,
            state=session.state,
            stage=session.stage,
            progress=ProgressView(done=progress.done, total=progress.total) if progress else None,
            desired_state=session.desired,
            generation=session.generation,
            incarnation=session.incarnation,
            reason=_reason(session.reason),
            template_id=session.template_id,
            template_name=session.template_name,
            template_icon=session.template_icon,
            controller_id=session.controller_id,
            user_id=session.user_id,
            resources=SessionResources(
                cpu=format_cpu(resources.cpu_millis),
                memory=format_bytes(resources.memory_bytes),
                gpu=resources.gpu,
                shm=format_bytes(resources.shm_bytes),
                storage=format_bytes(resources.storage_bytes),
            ),
            labels=session.labels,
            created_at=session.created_at,
            updated_at=session.updated_at,
            started_at=session.started_at,
            last_activity_at=session.last_activity_at,
            viewers=session.viewers,
        )


class SessionPage(Page[SessionView]):
    """A page of sessions."""


class TimelineEntryView(ResponseBody):
    """One transition: `actor` is a user's id, `agent:<id>` or `system`."""

    at: Time
    from_: State | None = Field(serialization_alias="from")
    to: State
    actor: str
    cause: str
    reason: ReasonView | None
    generation: int

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """From the domain."""
        return cls(
            at=entry.at,
            from_=entry.before,
            to=entry.after,
            actor=entry.actor,
            cause=entry.cause,
            reason=_reason(entry.reason),
            generation=entry.generation,
        )


class TimelinePage(Page[TimelineEntryView]):
    """A page of a timeline, oldest first."""


class VerdictView(ResponseBody):
    controller_id: str
    controller_name: str
    suitable: bool
    reasons: list[ReasonView]

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """From the domain."""
        return cls(
            controller_id=verdict.controller_id,
            controller_name=verdict.controller_name,
            suitable=verdict.suitable,
            reasons=[ReasonView(code=each.code, message=each.message) for each in verdict.reasons],
        )


class PlacementView(ResponseBody):
    """What placement last found: a verdict on every controller that came into question."""

    evaluated_at: Time | None
    controller_id: str | None
    verdicts: list[VerdictView]

    @classmethod
    def of(cls, assessment: Assessment | None) -> Self:
        """From the domain."""
        at: datetime | None = assessment.evaluated_at if assessment else None
        return cls(
            evaluated_at=at,
            controller_id=assessment.controller_id if assessment else None,
            verdicts=[VerdictView.of(each) for each in assessment.verdicts] if assessment else [],
        )


def _reason(reason: Reason | None) -> ReasonView | None:
    return None if reason is None else ReasonView(code=reason.code, message=reason.message)
