"""Which lists are maps by key and which maps are one value, as the API's OpenAPI schema marks them
(`x-kubernetes-list-map-keys`, `x-kubernetes-map-type: atomic`). Only what the server's kinds contain.
"""

import json
from collections.abc import Mapping
from typing import Any

Names = tuple[str, ...]
"""The names of fields from the top to a value, without the keys of items."""

_KEYED: dict[str, Names] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_SETS = {"finalizers"}
_ATOMIC_MAPS = {
    "selector",
    "podSelector",
    "namespaceSelector",
    "nodeSelector",
    "secretKeyRef",
    "configMapKeyRef",
    "fieldRef",
    "resourceFieldRef",
    "labelSelector",
}
_KEY_DEFAULTS = {"protocol": "TCP"}


def keys_of(names: Names) -> Names | None:
    """By which fields a list's items are told apart; None: the list is one value (or a set)."""
    if not names:
        return None
    if names[-1] == "ports":
        return ("containerPort", "protocol") if "containers" in names else ("port", "protocol")
    return _KEYED.get(names[-1])


def is_set(names: Names) -> bool:
    return bool(names) and names[-1] in _SETS


def is_atomic_map(names: Names) -> bool:
    return bool(names) and names[-1] in _ATOMIC_MAPS


def item_key(item: Mapping[str, Any], keys: Names) -> str:
    """As `fieldsV1` writes it: `k:{"name":"x"}`."""
    values = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in keys}
    return "k:" + json.dumps(values, separators=(",", ":"), sort_keys=True)
