"""The API's quantities as integers. The cluster writes more forms (`1e3`, `250000000n`) than people do, so
the official client's own parser reads them."""

from decimal import ROUND_CEILING, Decimal
from typing import Any

from kubernetes.utils import quantity


def amount(text: Any) -> Decimal:
    """`500m` -> 0.5, `2Gi` -> 2147483648. Raises ValueError."""
    return Decimal(quantity.parse_quantity(text))  # type: ignore[no-untyped-call]


def cpu_millis(text: Any) -> int:
    """Thousandths of a core, rounded up as the scheduler does. Raises ValueError."""
    return _up(amount(text) * 1000)


def count(text: Any) -> int:
    """Bytes or pieces, rounded up. Raises ValueError."""
    return _up(amount(text))


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))
