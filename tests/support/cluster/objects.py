"""The kinds of object that the server has, and small words about single objects, which are all JSON."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One kind. `stored` is False for what the server computes (metrics)."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    has_status: bool = False
    has_generation: bool = False
    stored: bool = True
    short: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As messages name it: `statefulsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """As messages about validity name it: `StatefulSet.apps`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


POD_PARTS = ("status", "log", "exec", "portforward")
POD = Resource("", "v1", "pods", "Pod", True, POD_PARTS, True, True, short=("po",))
SERVICE = Resource("", "v1", "services", "Service", True, ("status",), True, short=("svc",))
SECRET = Resource("", "v1", "secrets", "Secret")
SERVICE_ACCOUNT = Resource("", "v1", "serviceaccounts", "ServiceAccount", short=("sa",))
CONFIG_MAP = Resource("", "v1", "configmaps", "ConfigMap", short=("cm",))
EVENT = Resource("", "v1", "events", "Event", short=("ev",))
CLAIM = Resource(
    "",
    "v1",
    "persistentvolumeclaims",
    "PersistentVolumeClaim",
    subresources=("status",),
    has_status=True,
    short=("pvc",),
)
QUOTA = Resource("", "v1", "resourcequotas", "ResourceQuota", True, ("status",), True, short=("quota",))
NAMESPACE = Resource("", "v1", "namespaces", "Namespace", False, ("status",), True, short=("ns",))
NODE = Resource("", "v1", "nodes", "Node", False, ("status",), True, short=("no",))
STATEFUL_SET = Resource(
    "apps", "v1", "statefulsets", "StatefulSet", True, ("status", "scale"), True, True, short=("sts",)
)
REVISION = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
NETWORK_POLICY = Resource(
    "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", has_generation=True, short=("netpol",)
)
STORAGE_CLASS = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, short=("sc",))
ROLE = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDING = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", stored=False)

RESOURCES = (
    POD,
    SERVICE,
    SECRET,
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    EVENT,
    CLAIM,
    QUOTA,
    NAMESPACE,
    NODE,
    STATEFUL_SET,
    REVISION,
    NETWORK_POLICY,
    STORAGE_CLASS,
    ROLE,
    ROLE_BINDING,
    POD_METRICS,
)
BY_PATH = {(each.group, each.version, each.plural): each for each in RESOURCES}
BY_KIND = {(each.api_version, each.kind): each for each in RESOURCES if each.stored}


def copied(thing: Object) -> Object:
    """A deep copy. By way of JSON, which is faster, and refuses what the wire could not carry."""
    fresh: Object = json.loads(json.dumps(thing))
    return fresh


def new_uid() -> str:
    return str(uuid.uuid4())


def now() -> str:
    """As `metav1.Time` writes it: whole seconds."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_now() -> str:
    """As `metav1.MicroTime` writes it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def name_of(thing: Object) -> str:
    return str(thing["metadata"]["name"])


def space_of(thing: Object) -> str:
    return str(thing["metadata"].get("namespace", ""))


def uid_of(thing: Object) -> str:
    return str(thing["metadata"]["uid"])


def labels_of(thing: Object) -> dict[str, str]:
    return thing["metadata"].get("labels") or {}


def owners_of(thing: Object) -> list[Object]:
    return thing["metadata"].get("ownerReferences") or []


def controlled_by(thing: Object, uid: str) -> bool:
    return any(owner.get("uid") == uid and owner.get("controller") for owner in owners_of(thing))


def terminating(thing: Object) -> bool:
    return "deletionTimestamp" in thing["metadata"]


def digest(thing: Any, length: int = 10) -> str:
    """A short name for a value, the same each time."""
    return uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(thing, sort_keys=True)).hex[:length]


def set_condition(status: Object, kind: str, value: str, reason: str = "", message: str = "") -> None:
    """Add or change one condition; its transition time moves only if its value does."""
    conditions: list[Object] = status.setdefault("conditions", [])
    found = next((each for each in conditions if each["type"] == kind), None)
    if found is None:
        found = {"type": kind, "lastProbeTime": None}
        conditions.append(found)
    if found.get("status") != value:
        found |= {"status": value, "lastTransitionTime": now()}
    for key, text in (("reason", reason), ("message", message)):
        if text:
            found[key] = text
        else:
            found.pop(key, None)
