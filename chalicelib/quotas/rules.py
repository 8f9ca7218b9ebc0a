"""Amounts, limits and what is left of them."""

from dataclasses import asdict, dataclass, fields

from chalicelib.core.quantities import format_bytes

UNLIMITED = 10**15
"""Stands for "no limit" in what is left, so that a booking needs no special case."""


@dataclass(frozen=True)
class Amount:
    """What one session takes, or several together."""

    sessions: int = 0
    cpu_millis: int = 0
    memory_bytes: int = 0
    gpu: int = 0

    def items(self) -> list[tuple[str, int]]:
        """Dimensions that are not zero: the others are neither checked nor changed."""
        return [(name, value) for name, value in asdict(self).items() if value]


@dataclass(frozen=True)
class Limits:
    """None means no limit; zero means none at all."""

    sessions: int | None = None
    cpu_millis: int | None = None
    memory_bytes: int | None = None
    gpu: int | None = None


DIMENSIONS = tuple(each.name for each in fields(Limits))
TENANT = "tenant"
USER_DEFAULT = "user-default"


def user_subject(user_id: str) -> str:
    """The subject of one user's quota."""
    return f"user#{user_id}"


@dataclass(frozen=True)
class Quota:
    """A subject's limits and what is booked. `inherited` limits follow the tenant's default for users."""

    subject: str
    limits: Limits
    used: Amount
    inherited: bool = False


def left(limit: int | None, used: int) -> int:
    """What may still be booked; negative after a limit was lowered below what is in use."""
    return (UNLIMITED if limit is None else limit) - used


def refusal(quota: Quota, asked: Amount) -> str:
    """The sentence that names the limit that stands in the way."""
    whose = "This organisation's" if quota.subject == TENANT else "Your"
    for name, value in asked.items():
        limit = getattr(quota.limits, name)
        used = getattr(quota.used, name)
        if limit is not None and used + value > limit:
            return (
                f"{whose} limit for {_WORDS[name]} is {_show(name, limit)}; "
                f"{_show(name, used)} in use, {_show(name, value)} asked for."
            )
    return f"{whose} quota does not allow this right now."


_WORDS = {"sessions": "sessions", "cpu_millis": "CPU", "memory_bytes": "memory", "gpu": "GPUs"}


def _show(name: str, value: int) -> str:
    if name == "cpu_millis":
        return f"{value / 1000:g} cores"
    return format_bytes(value) if name == "memory_bytes" else str(value)
