"""Base models of the public API, and types that several capabilities' bodies share."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

T = TypeVar("T")


class RequestBody(BaseModel):
    """A body or query that clients send: unknown fields are refused, strings trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class ResponseBody(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Time = Annotated[
    datetime,
    AfterValidator(_utc),
    PlainSerializer(
        lambda value: value.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        return_type=str,
        when_used="json",
    ),
    Field(json_schema_extra={"format": "date-time"}),
]
"""RFC 3339 in UTC, milliseconds."""


def printable(value: str) -> str:
    """Raises ValueError for control characters."""
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise ValueError("Control characters are not allowed.")
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(printable)]
"""A name that people give."""

Labels = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_./-]{0,62}$")],
        Annotated[str, StringConstraints(max_length=63), AfterValidator(printable)],
    ],
    Field(max_length=32),
]


class Page(ResponseBody, Generic[T]):
    """One page of a list; `next_cursor` is absent on the last."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(RequestBody):
    """Every list takes these."""

    limit: int = Field(default=50, ge=1, le=200, description="At most so many items.")
    cursor: Annotated[str, StringConstraints(max_length=2048)] | None = Field(
        default=None, description="`next_cursor` of the page before."
    )


class ReasonView(ResponseBody):
    """Why: a stable code and a sentence for people."""

    code: str
    message: str
