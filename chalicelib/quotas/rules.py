"""Amounts, limits and what stands in the way."""

from dataclasses import asdict, astuple, dataclass, fields, replace

from chalicelib.core.quantities import format_bytes

UNLIMITED = 10**15
"""Stands for "no limit" in what is left, so that a booking needs no special case."""


@dataclass(frozen=True)
class Amount:
    """What one session takes, or several together. `storage_bytes` is the declared size of homes."""

    sessions: int = 0
    cpu_millis: int = 0
    memory_bytes: int = 0
    gpu: int = 0
    storage_bytes: int = 0

    def items(self) -> list[tuple[str, int]]:
        """Dimensions that are not zero: the others are neither checked nor changed."""
        return [(name, value) for name, value in asdict(self).items() if value]

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def on_a_controller(self) -> "Amount":
        """Without storage: no controller's disk is divided up."""
        return replace(self, storage_bytes=0)


@dataclass(frozen=True)
class Limits:
    """None means no limit; zero means none at all."""

    sessions: int | None = None
    cpu_millis: int | None = None
    memory_bytes: int | None = None
    gpu: int | None = None
    storage_bytes: int | None = None

    def at_most(self, sessions: int | None) -> "Limits":
        """The same, bounded by a plan's sessions."""
        if sessions is None:
            return self
        return replace(self, sessions=sessions if self.sessions is None else min(self.sessions, sessions))


DIMENSIONS = tuple(each.name for each in fields(Limits))
NAMES = {
    "sessions": "sessions",
    "cpu_millis": "cpu",
    "memory_bytes": "memory",
    "gpu": "gpu",
    "storage_bytes": "storage",
}
"""What the API calls each dimension."""
TENANT = "tenant"
USER_DEFAULT = "user-default"


def user_subject(user_id: str) -> str:
    """The subject of one user's quota."""
    return f"user#{user_id}"


def group_subject(group_id: str) -> str:
    """The subject of one group's quota."""
    return f"group#{group_id}"


@dataclass(frozen=True)
class Quota:
    """A subject's limits and what is booked. `inherited` limits are nobody's choice for this subject: the
    tenant's default for users, or none."""

    subject: str
    limits: Limits
    used: Amount
    inherited: bool = False

    @property
    def scope(self) -> str:
        """`tenant`, `user-default`, `user` or `group`."""
        return self.subject.split("#")[0]

    @property
    def subject_id(self) -> str | None:
        """The user's or the group's id."""
        return self.subject.partition("#")[2] or None


@dataclass(frozen=True)
class Obstacle:
    """A limit that stands in the way of what was asked."""

    quota: Quota
    dimension: str
    limit: int
    used: int
    asked: int


def left(limit: int | None, used: int) -> int:
    """What may still be booked; negative after a limit was lowered below what is in use."""
    return (UNLIMITED if limit is None else limit) - used


def obstacle(quota: Quota, asked: Amount) -> Obstacle | None:
    """The first limit that does not allow what is asked on top of what is used."""
    for name, value in asked.items():
        limit, used = getattr(quota.limits, name), getattr(quota.used, name)
        if limit is not None and used + value > limit:
            return Obstacle(quota, name, limit, used, value)
    return None


def refusal(found: Obstacle, group_name: str | None = None) -> str:
    """The sentence that names the limit and whose it is."""
    scope, dimension = found.quota.scope, found.dimension
    group = f"The group {group_name}'s" if group_name else "Your group's"
    whose = {"tenant": "This organisation's", "group": group}.get(scope, "Your")
    return (
        f"{whose} limit for {_WORDS[dimension]} is {_show(dimension, found.limit)}; "
        f"{_show(dimension, found.used)} in use, {_show(dimension, found.asked)} asked for."
    )


_WORDS = {
    "sessions": "sessions",
    "cpu_millis": "CPU",
    "memory_bytes": "memory",
    "gpu": "GPUs",
    "storage_bytes": "storage",
}


def _show(name: str, value: int) -> str:
    if name == "cpu_millis":
        return f"{value / 1000:g} cores"
    return format_bytes(value) if name.endswith("_bytes") else str(value)
