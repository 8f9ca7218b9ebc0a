"""Quotas in the public API."""

from typing import Annotated, Literal

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
from chalicelib.quotas.rules import TENANT, USER_DEFAULT, Limits, Quota

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class LimitsBody(RequestBody):
    """Absent means no limit; zero means none at all."""

    sessions: Count | None = None
    cpu: CpuQuantity | None = None
    memory: BytesQuantity | None = None
    gpu: Count | None = None

    def to_limits(self) -> Limits:
        """As the rules know them."""
        return Limits(
            sessions=self.sessions,
            cpu_millis=None if self.cpu is None else cpu_millis(self.cpu),
            memory_bytes=None if self.memory is None else byte_count(self.memory),
            gpu=self.gpu,
        )


class SetQuota(RequestBody):
    limits: LimitsBody


class LimitsView(ResponseBody):
    sessions: int | None
    cpu: str | None
    memory: str | None
    gpu: int | None


class UsageView(ResponseBody):
    sessions: int
    cpu: str
    memory: str
    gpu: int


class QuotaView(ResponseBody):
    """`subject_id` is the user's id for the scope `user`."""

    scope: Literal["tenant", "user", "user-default"]
    subject_id: str | None
    limits: LimitsView
    used: UsageView
    inherited: bool

    @classmethod
    def of(cls, quota: Quota) -> "QuotaView":
        """From the domain."""
        limits, used = quota.limits, quota.used
        user = quota.subject.removeprefix("user#") if quota.subject.startswith("user#") else None
        return cls(
            scope="user" if user else ("tenant" if quota.subject == TENANT else USER_DEFAULT),
            subject_id=user,
            limits=LimitsView(
                sessions=limits.sessions,
                cpu=None if limits.cpu_millis is None else format_cpu(limits.cpu_millis),
                memory=None if limits.memory_bytes is None else format_bytes(limits.memory_bytes),
                gpu=limits.gpu,
            ),
            used=UsageView(
                sessions=used.sessions,
                cpu=format_cpu(used.cpu_millis),
                memory=format_bytes(used.memory_bytes),
                gpu=used.gpu,
            ),
            inherited=quota.inherited,
        )


class QuotaList(ResponseBody):
    items: list[QuotaView]
