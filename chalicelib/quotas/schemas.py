"""Quotas in the public API."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.core.quantities import (
    BytesQuantity,
    CpuQuantity,
    byte_count,
    cpu_millis,
    format_bytes,
    format_cpu,
)
from chalicelib.core.schemas import RequestBody, ResponseBody
from chalicelib.quotas.rules import Limits, Quota

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class LimitsBody(RequestBody):
    """Absent means no limit; zero means none at all."""

    sessions: Count | None = None
    cpu: CpuQuantity | None = None
    memory: BytesQuantity | None = None
    gpu: Count | None = None
    storage: BytesQuantity | None = None

    def to_limits(self) -> Limits:
        """As the rules know them."""
        return Limits(
            sessions=self.sessions,
            cpu_millis=None if self.cpu is None else cpu_millis(self.cpu),
            memory_bytes=None if self.memory is None else byte_count(self.memory),
            gpu=self.gpu,
            storage_bytes=None if self.storage is None else byte_count(self.storage),
        )


class SetQuota(RequestBody):
    limits: LimitsBody


class LimitsView(ResponseBody):
    sessions: int | None
    cpu: str | None
    memory: str | None
    gpu: int | None
    storage: str | None


class UsageView(ResponseBody):
    """`storage` is what homes are declared to need while their sessions live; no disk enforces it."""

    sessions: int
    cpu: str
    memory: str
    gpu: int
    storage: str


class QuotaView(ResponseBody):
    """`subject_id` is the user's or the group's id. `inherited`: nobody set limits for this subject, so the
    default for users holds, or for a group none."""

    scope: Literal["tenant", "user", "group", "user-default"]
    subject_id: str | None
    limits: LimitsView
    used: UsageView
    inherited: bool

    @classmethod
    def of(cls, quota: Quota) -> "QuotaView":
        """From the domain."""
        limits, used = quota.limits, quota.used
        scope: Any = quota.scope
        return cls(
            scope=scope,
            subject_id=quota.subject_id,
            limits=LimitsView(
                sessions=limits.sessions,
                cpu=None if limits.cpu_millis is None else format_cpu(limits.cpu_millis),
                memory=None if limits.memory_bytes is None else format_bytes(limits.memory_bytes),
                gpu=limits.gpu,
                storage=None if limits.storage_bytes is None else format_bytes(limits.storage_bytes),
            ),
            used=UsageView(
                sessions=used.sessions,
                cpu=format_cpu(used.cpu_millis),
                memory=format_bytes(used.memory_bytes),
                gpu=used.gpu,
                storage=format_bytes(used.storage_bytes),
            ),
            inherited=quota.inherited,
        )


class QuotaList(ResponseBody):
    items: list[QuotaView]
