"""Exports and deletion in the public API."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.schemas import Page, RequestBody, ResponseBody, Time
from chalicelib.offboarding.rules import Job


class ProgressView(ResponseBody):
    """Documents. How many there will be is known when it is done."""

    done: int
    total: int | None


class ExportView(ResponseBody):
    """`url` is there when it is done, and works for an hour: read it anew for another one."""

    id: str
    state: Literal["running", "done", "failed"]
    reason: str | None
    progress: ProgressView
    created_by: str
    created_at: Time
    finished_at: Time | None
    url: str | None
    bytes: int | None

    @classmethod
    def of(cls, job: Job, url: str | None) -> "ExportView":
        """From the domain."""
        return cls(
            id=job.id,
            state=job.state.value,
            reason=None if job.running else job.reason,
            progress=ProgressView(done=job.done, total=None if job.running else job.done),
            created_by=job.requested_by,
            created_at=job.created_at,
            finished_at=job.finished_at,
            url=url,
            bytes=job.bytes,
        )


class ExportPage(Page[ExportView]):
    """A page of exports."""


class DeleteTenant(RequestBody):
    slug: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(
        description="The organisation's short name, to be sure."
    )
    password: Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=False)] = Field(
        description="Your own."
    )


class DeletionView(ResponseBody):
    message: str
