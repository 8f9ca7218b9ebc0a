"""Resource quantities as Kubernetes writes them (`1500m`, `2Gi`), and as integers inside.

Source: Kubernetes "Resource Management for Pods and Containers", resource units.
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

_SUFFIXES = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_CPU = re.compile(r"^(?P<millis>[0-9]{1,9})m$|^(?P<cores>[0-9]{1,6}(\.[0-9]{1,3})?)$")
_BYTES = re.compile(r"^(?P<number>[0-9]{1,18}(\.[0-9]{1,3})?)(?P<suffix>k|M|G|T|Ki|Mi|Gi|Ti)?$")


def cpu_millis(text: str) -> int:
    """`"1500m"` or `"1.5"` -> 1500. Raises ValueError with what would be right."""
    found = _CPU.fullmatch(text)
    if not found:
        raise ValueError("Use thousandths of a core (500m) or cores (0.5, 2).")
    if found["millis"]:
        return int(found["millis"])
    return int(Decimal(found["cores"]) * 1000)


def byte_count(text: str) -> int:
    """`"2Gi"` -> 2147483648. Raises ValueError with what would be right."""
    found = _BYTES.fullmatch(text)
    if not found:
        raise ValueError("Use bytes with an optional suffix (512Mi, 2Gi, 1500M).")
    return int(Decimal(found["number"]) * _SUFFIXES[found["suffix"] or ""])


def format_cpu(millis: int) -> str:
    """1500 -> `"1500m"`."""
    return f"{millis}m"


def format_bytes(count: int) -> str:
    """The largest binary suffix that divides without rest: 2147483648 -> `"2Gi"`."""
    for suffix in ("Ti", "Gi", "Mi", "Ki"):
        if count and count % _SUFFIXES[suffix] == 0:
            return f"{count // _SUFFIXES[suffix]}{suffix}"
    return str(count)


def _check_cpu(value: str) -> str:
    cpu_millis(value)
    return value


def _check_bytes(value: str) -> str:
    byte_count(value)
    return value


def most_storage(value: str) -> str:
    """A home's declared size. Raises ValueError beyond what anybody means."""
    if byte_count(value) > _MOST_STORAGE:
        raise ValueError("At most 100Ti.")
    return value


_MOST_STORAGE = 100 * 2**40
CpuQuantity = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{1,9}m|[0-9]{1,6}(\.[0-9]{1,3})?)$"),
    AfterValidator(_check_cpu),
    Field(examples=["1000m"]),
]
BytesQuantity = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,18}(\.[0-9]{1,3})?(k|M|G|T|Ki|Mi|Gi|Ti)?$"),
    AfterValidator(_check_bytes),
    Field(examples=["2Gi"]),
]
