"""Plain domain errors. Services raise them, `problem.py` alone turns them into HTTP.

DomainError
├── Invalid            422  a field of the request is wrong (names it)
├── Malformed          400  the request could not be read at all
├── Unauthenticated    401
├── Forbidden          403
├── NotFound           404  also for everything that belongs to another tenant
├── Conflict           409
├── Gone               410
├── TooLarge           413
├── Unsupported        415
├── Busy               423  Retry-After
├── TooMany            429  Retry-After
└── Unavailable        503  Retry-After; the store or a queue did not answer
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """`field` is the path into the request (`resources.memory`); the message says what would be right."""

    field: str
    message: str


class DomainError(Exception):
    """Something that the caller is told. `code` is stable; `detail` is a sentence for people."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    code: str = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = errors
        self.retry_after = retry_after
        self.extra = extra or {}


class Invalid(DomainError):
    status, title, code = 422, "Invalid request", "invalid"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """The common case: one field is wrong."""
        return cls(f"{field}: {message}", errors=(FieldError(field, message),))


class Malformed(DomainError):
    status, title, code = 400, "Malformed request", "malformed"


class Unauthenticated(DomainError):
    status, title, code = 401, "Not signed in", "unauthenticated"


class Forbidden(DomainError):
    status, title, code = 403, "Not permitted", "forbidden"


class NotFound(DomainError):
    status, title, code = 404, "Not found", "not_found"

    @classmethod
    def of(cls, kind: str, identifier: str) -> "NotFound":
        """The same words whether it never existed or belongs to another tenant."""
        return cls(f"There is no {kind} {identifier}.")


class Conflict(DomainError):
    status, title, code = 409, "Conflict", "conflict"


class Gone(DomainError):
    status, title, code = 410, "Gone", "gone"


class TooLarge(DomainError):
    status, title, code = 413, "Request too large", "too_large"


class Unsupported(DomainError):
    status, title, code = 415, "Unsupported content type", "unsupported_content_type"


class Busy(DomainError):
    status, title, code = 423, "Busy", "busy"


class TooMany(DomainError):
    status, title, code = 429, "Too many requests", "too_many"


class Unavailable(DomainError):
    status, title, code = 503, "Temporarily unavailable", "unavailable"
