"""Resources as the original writes them: flat in its definitions, with requests and limits in its types."""

import re
from typing import Any

from chalicelib.core.quantities import byte_count, cpu_millis
from chalicelib.migration.notes import Spec

_GPU_SUFFIX = "/gpu"
_MOST_CPU, _LEAST_MEMORY, _MOST_MEMORY, _MOST_GPU = 1_000_000, 16 * 2**20, 2**50, 64
_FEW = re.compile(r"[0-9]{1,3}")


def amounts(spec: Spec, field: str) -> tuple[int | None, int | None, int | None]:
    """CPU in thousandths, bytes of memory, GPUs: what sessions may use at most. None: not said."""
    given = spec.mapping(field)
    limits, requests = (_part(spec, field, name, given.get(name)) for name in ("limits", "requests"))
    flat = {name: value for name, value in given.items() if name not in ("limits", "requests")}
    values = requests | limits | flat
    for name, value in requests.items():
        if name in limits and limits[name] != value:
            spec.lost(f"{field}.requests.{name}", "A session has one amount: the limit was taken.")
    cpu = _read(spec, field, "cpu", values.pop("cpu", None))
    memory = _read(spec, field, "memory", values.pop("memory", None))
    gpu = None
    for name in [name for name in values if name.endswith(_GPU_SUFFIX)]:
        gpu = _count(spec, f"{field}.{name}", values.pop(name))
    for name in sorted(values):
        spec.lost(f"{field}.{name[:80]}", "Sessions are not given amounts of this.")
    return cpu, memory, gpu


def _part(spec: Spec, field: str, name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(key): each for key, each in value.items()}
    if value is not None:
        spec.lost(f"{field}.{name}", "It is not a set of fields.")
    return {}


def _read(spec: Spec, field: str, name: str, value: Any) -> int | None:
    if value is None:
        return None
    try:
        amount = cpu_millis(str(value)) if name == "cpu" else byte_count(str(value))
    except ValueError as error:
        spec.changed(f"{field}.{name}", f"{str(value)[:40]} is not understood; the default is used. {error}")
        return None
    least, most = (1, _MOST_CPU) if name == "cpu" else (_LEAST_MEMORY, _MOST_MEMORY)
    if not least <= amount <= most:
        spec.changed(f"{field}.{name}", f"{str(value)[:40]} is out of bounds; the default is used.")
        return None
    return amount


def _count(spec: Spec, field: str, value: Any) -> int | None:
    if _FEW.fullmatch(str(value)) and int(value) <= _MOST_GPU:
        return int(value)
    spec.changed(field, f"{str(value)[:40]} is not a number of GPUs; none is asked for.")
    return None
