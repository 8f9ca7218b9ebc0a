"""Kubernetes' quantities, for what the scheduler and quotas add up."""

import re
from decimal import Decimal

from tests.support.cluster.objects import Object

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_UNITS |= {f"{letter}i": 2 ** (10 * (index + 1)) for index, letter in enumerate("KMGTP")}
_SMALL = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3")}
MEBI = 2**20


def amount(text: object) -> Decimal:
    """`500m` is half of one; `1Gi` are bytes."""
    found = re.fullmatch(r"([+-]?[0-9.]+)([numkKMGTP]?i?)", str(text))
    if not found:
        raise ValueError(f"no quantity: {text!r}")
    return Decimal(found[1]) * (_SMALL.get(found[2]) or _UNITS[found[2]])


def worded(name: str, value: Decimal) -> str:
    """As `Quantity.String` would write a sum: cores in thousandths if they are not whole, bytes in Mi."""
    if name.endswith("cpu"):
        return str(int(value)) if value == int(value) else f"{int(value * 1000)}m"
    whole = int(value)
    if name.endswith(("memory", "storage")):
        for unit in ("Gi", "Mi", "Ki"):
            if whole and whole % _UNITS[unit] == 0:
                return f"{whole // _UNITS[unit]}{unit}"
    return str(whole)


def pod_total(spec: Object, what: str) -> dict[str, Decimal]:
    """The sum of containers' `requests` or `limits`."""
    total: dict[str, Decimal] = {}
    for container in spec.get("containers") or ():
        for name, text in ((container.get("resources") or {}).get(what) or {}).items():
            total[name] = total.get(name, Decimal(0)) + amount(text)
    return total
