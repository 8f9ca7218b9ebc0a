"""Names, labels and annotations of what the driver makes. Names are for people; identity is in the labels.

Invariants (tests/unit/kubernetes): names derive from ids alone; no two ids share one; each is a DNS label of
at most 52 characters (a StatefulSet's revisions add a hash of 10 to it, and a label holds 63); label values
fit the API's alphabet.
"""

from collections.abc import Mapping

from agent.drivers import labels as shared
from agent.drivers.kubernetes.kinds import Object
from agent.drivers.labels import CONTROLLER, INCARNATION, PORT, SESSION
from chalicelib.protocol.instances import InstanceFacts, InstanceSpec, InstanceState

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "streamspace-agent"

ASKED_TO_STOP = "streamspace/asked-to-stop"
"""Annotation: the instance was told to stop, so its end is no surprise."""
ASKED_TO_RUN = "streamspace/asked-to-run"
"""Annotation: by which start."""
ANSWERED = "streamspace/answered"
"""Annotation: uid of the pod that answered the handshake. Any other is not the desktop that the user had."""
ENDED = "streamspace/ended"
"""Annotation: why the instance ended without being asked to, as the Reason's JSON."""

RFB_PORT = 5900
MAX_NAME = 52


def object_name(session_id: str, incarnation: int) -> str:
    """Of a session's StatefulSet, Service, Secret and NetworkPolicy."""
    return f"streamspace-{session_id}-{incarnation}"


def pod_name(session_id: str, incarnation: int) -> str:
    return f"{object_name(session_id, incarnation)}-0"


def home_name(session_id: str) -> str:
    return f"streamspace-home-{session_id}"


def home_labels(controller_id: str, tenant_id: str, session_id: str) -> dict[str, str]:
    return shared.home_labels(controller_id, tenant_id, session_id) | {MANAGED_BY: MANAGER}


def port(spec: InstanceSpec) -> int:
    """The one that the instance answers on. Raises ValueError if the template names none."""
    if spec.protocol == "vnc":
        return RFB_PORT
    if spec.port is None:
        raise ValueError("The template's protocol is http, but it names no port.")
    return spec.port


def instance_labels(controller_id: str, spec: InstanceSpec) -> dict[str, str]:
    found = shared.instance_labels(controller_id, spec)
    return found | {PORT: str(port(spec)), MANAGED_BY: MANAGER}


def selecting(labels: Mapping[str, str]) -> dict[str, str]:
    """Those that tell one instance from all others; they never change."""
    return {key: labels[key] for key in (CONTROLLER, SESSION, INCARNATION)}


def labels(item: Object) -> Mapping[str, str]:
    return (item.get("metadata") or {}).get("labels") or {}


def annotations(item: Object) -> Mapping[str, str]:
    return (item.get("metadata") or {}).get("annotations") or {}


def name(item: Object) -> str:
    return str(item["metadata"]["name"])


def uid(item: Object) -> str:
    return str(item["metadata"]["uid"])


def version(item: Object) -> str:
    return str(item["metadata"]["resourceVersion"])


def leaving(item: Object) -> bool:
    """Whether it is being deleted."""
    return bool((item.get("metadata") or {}).get("deletionTimestamp"))


def session(item: Object) -> str:
    return labels(item).get(SESSION, "")


def incarnation(item: Object) -> int:
    """From its label; 0, older than all, if the label is damaged."""
    return number(item, INCARNATION)


def number(item: Object, label: str) -> int:
    return shared.number(labels(item), label)


def facts(item: Object, state: InstanceState) -> InstanceFacts | None:
    """What the labels say; None if they are damaged."""
    return shared.facts(labels(item), state)
