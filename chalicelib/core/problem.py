"""RFC 9457: the one place where an error becomes HTTP."""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from chalicelib.core.errors import DomainError, FieldError, Invalid

CONTENT_TYPE = "application/problem+json"
_TYPE_BASE = "https://streamspace.dev/problems/"


class FieldProblem(BaseModel):
    """Which field, and what would be right."""

    field: str
    message: str


class Problem(BaseModel):
    """An RFC 9457 problem. `type` and `code` are stable; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] = []


def document(error: DomainError, *, request_id: str | None = None) -> dict[str, Any]:
    """The problem as a JSON object."""
    body: dict[str, Any] = {
        "type": f"{_TYPE_BASE}{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "errors": [{"field": each.field, "message": each.message} for each in error.errors],
        **error.extra,
    }
    if request_id:
        body["request_id"] = request_id
    return body


def headers(error: DomainError) -> dict[str, str]:
    """Headers that go with it."""
    fixed = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    if error.status == 401:
        fixed["WWW-Authenticate"] = 'Bearer realm="streamspace"'
    if error.retry_after is not None:
        fixed["Retry-After"] = str(error.retry_after)
    return fixed


def dump(error: DomainError, *, request_id: str | None = None) -> str:
    """The body."""
    return json.dumps(document(error, request_id=request_id), separators=(",", ":"))


def from_validation(error: ValidationError, *, where: str = "") -> Invalid:
    """Pydantic's findings as named fields (`resources.memory`), without its internals."""
    found = tuple(
        FieldError(
            ".".join(str(part) for part in (*((where,) if where else ()), *each["loc"])) or "body",
            _plain(each),
        )
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    )
    first = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Invalid(f"{first.field}: {first.message}{more}", errors=found)


def _plain(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "This field is not known here."
    message: str = error["msg"].removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
