"""What expressions are made of."""

from dataclasses import dataclass

Step = str | int
"""A name (or its placeholder) of a map's member, or a list's index."""


@dataclass(frozen=True)
class Path:
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Literal:
    placeholder: str


@dataclass(frozen=True)
class Call:
    """A function of a condition or of an operand: `begins_with`, `size`, `if_not_exists`, …"""

    name: str
    arguments: "tuple[Operand, ...]"


@dataclass(frozen=True)
class Sum:
    """`left + right`, or `left - right`."""

    left: "Operand"
    right: "Operand"
    minus: bool


Operand = Path | Literal | Call | Sum


@dataclass(frozen=True)
class Compare:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Between:
    value: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True)
class In:
    value: Operand
    among: tuple[Operand, ...]


@dataclass(frozen=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True)
class All:
    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Any:
    conditions: "tuple[Condition, ...]"


Condition = Compare | Between | In | Not | All | Any | Call


@dataclass(frozen=True)
class Action:
    """One step of an update; `verb` is SET, REMOVE, ADD or DELETE."""

    verb: str
    path: Path
    operand: Operand | None
