"""The kinds of objects that the driver meets, and where the API keeps them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any
from urllib.parse import quote

Object = dict[str, Any]
"""One object as the API's JSON has it. Typed models would cost ten times the memory and time, and would hide
fields that the cluster knows and the client does not."""

Objects = list[Object]


class Kind(Enum):
    """(group and version, plural, belongs to a namespace)"""

    STATEFUL_SET = ("apps/v1", "statefulsets", True)
    POD = ("v1", "pods", True)
    SERVICE = ("v1", "services", True)
    SECRET = ("v1", "secrets", True)
    NETWORK_POLICY = ("networking.k8s.io/v1", "networkpolicies", True)
    HOME = ("v1", "persistentvolumeclaims", True)
    EVENT = ("v1", "events", True)
    RESOURCE_QUOTA = ("v1", "resourcequotas", True)
    NAMESPACE = ("v1", "namespaces", False)
    NODE = ("v1", "nodes", False)
    POD_METRICS = ("metrics.k8s.io/v1beta1", "pods", True)

    @property
    def version(self) -> str:
        return self.value[0]

    @property
    def plural(self) -> str:
        return self.value[1]

    @property
    def namespaced(self) -> bool:
        return self.value[2]

    def path(self, namespace: str | None, name: str | None = None, part: str | None = None) -> str:
        """The path of the collection, of one object, or of a part of it (`log`). `namespace` None: all."""
        root = "/api/" if "/" not in self.version else "/apis/"
        within = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        tail = "".join(f"/{quote(piece, safe='')}" for piece in (name, part) if piece)
        return f"{root}{self.version}{within}/{self.plural}{tail}"


def selector(labels: Mapping[str, str] | None) -> str:
    """Labels as the API's label selector: all of them, by equality."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))


def slim(item: Object) -> Object:
    """Without the record of who set which field, which is often half of an object and nobody here reads."""
    (item.get("metadata") or {}).pop("managedFields", None)
    return item
