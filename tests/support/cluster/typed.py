"""What an object may say, by the official client's own models: an apply with a field that the schema does not
declare, or of the wrong type, is refused as the API refuses it.
"""

import re
from functools import cache
from typing import Any

from kubernetes.client import models

from tests.support.cluster.objects import Object, Resource, name_of, space_of
from tests.support.cluster.refusals import Refused

_PLAIN: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "bool": (bool,), "float": (int, float)}
_WORDS = {str: "string", int: "numeric (int or float)", bool: "boolean"}


def check(resource: Resource, thing: Object) -> None:
    """Raises `Refused` (a 500, as the API has it)."""
    if wrong := _wrong(thing, f"V1{resource.kind}", ""):
        message = (
            f"failed to create typed patch object ({space_of(thing)}/{name_of(thing)}; "
            f"{resource.api_version}, Kind={resource.kind}): {wrong}"
        )
        raise Refused(500, "", message)


@cache
def _fields(model: str) -> dict[str, str]:
    """JSON names and types."""
    found: Any = getattr(models, model)
    types = dict(found.openapi_types)
    return {json_name: types[name] for name, json_name in found.attribute_map.items()}


def _wrong(value: Any, kind: str, path: str) -> str | None:
    if value is None:
        return None
    if inner := re.fullmatch(r"List\[(.+)\]", kind):
        if not isinstance(value, list):
            return f"{path}: expected list, got {value!r}"
        return _first(_wrong(item, inner[1], f"{path}[{index}]") for index, item in enumerate(value))
    if inner := re.fullmatch(r"Dict\[str, (.+)\]", kind):
        if not isinstance(value, dict):
            return f"{path}: expected map, got {value!r}"
        return _first(_wrong(item, inner[1], f"{path}.{key}") for key, item in value.items())
    if kind in _PLAIN:
        right = isinstance(value, _PLAIN[kind]) and (kind == "bool" or not isinstance(value, bool))
        expected = _WORDS.get(_PLAIN[kind][0], kind)
        return (
            None if right else f"{path}: expected {expected}, got &value.valueUnstructured{{Value:{value!r}}}"
        )
    if not hasattr(getattr(models, kind, None), "openapi_types"):
        return None  # dates, integers-or-strings and the like
    if not isinstance(value, dict):
        return f"{path}: expected map, got {value!r}"
    declared = _fields(kind)
    if strange := next((key for key in value if key not in declared), None):
        return f"{path}.{strange}: field not declared in schema"
    return _first(_wrong(item, declared[key], f"{path}.{key}") for key, item in value.items())


def _first(found: Any) -> str | None:
    return next((each for each in found if each), None)
