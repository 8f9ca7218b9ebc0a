"""The objects of one session, as the API takes them. Pure: InstanceSpec and settings in, dicts out.

    StatefulSet ──owns──> Pod, Service, Secret, NetworkPolicy      so nothing outlives it
    PersistentVolumeClaim                                          the home; outlives it

What the session is made of is written by one field manager, whether it runs by another (`running_state`), so
that either can be written whole without the other being known.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.pod import PASSWORD, pod_template
from agent.drivers.kubernetes.policy import policy_spec
from agent.drivers.kubernetes.settings import Settings
from chalicelib.protocol.instances import InstanceSpec

STATE_MANAGER = "streamspace-agent-state"


@dataclass(frozen=True)
class Surroundings:
    """What all sessions of a controller share."""

    controller_id: str
    settings: Settings
    overcommit: float = 1.0
    api_servers: tuple[str, ...] = ()
    """Addresses of the cluster's API server, which no session reaches."""


@dataclass(frozen=True)
class Plan:
    """One incarnation of a session, about to be written down. Raises ValueError if it names no port."""

    spec: InstanceSpec
    around: Surroundings

    @property
    def name(self) -> str:
        return naming.object_name(self.spec.session_id, self.spec.incarnation)

    @property
    def labels(self) -> dict[str, str]:
        return naming.instance_labels(self.around.controller_id, self.spec)

    def stateful_set(self) -> Object:
        """Without a pod: what the pod needs has yet to be made. `OnDelete`: new settings count from the next
        start, and never restart what runs."""
        settings = self.around.settings
        template = pod_template(self.labels, self.spec, settings, self.name, self.around.overcommit)
        return self._object(Kind.STATEFUL_SET, "StatefulSet") | {
            "spec": {
                "replicas": 0,
                "serviceName": self.name,
                "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "OnDelete"},
                "revisionHistoryLimit": 1,
                "selector": {"matchLabels": naming.selecting(self.labels)},
                "template": template,
            }
        }

    def secret(self, owner: Object, password: str) -> Object:
        """Never changed, only replaced: a start that comes late cannot give a running desktop's gateway a
        password that the desktop does not know."""
        return self._object(Kind.SECRET, "Secret", owner) | {
            "type": "Opaque",
            "immutable": True,
            "data": {PASSWORD: base64.b64encode(password.encode()).decode()},
        }

    def service(self, owner: Object) -> Object:
        """Headless: it gives the pod a name, and no other address."""
        port = naming.port(self.spec)
        return self._object(Kind.SERVICE, "Service", owner) | {
            "spec": {
                "clusterIP": "None",
                "publishNotReadyAddresses": True,
                "selector": naming.selecting(self.labels),
                "ports": [{"name": "stream", "port": port, "targetPort": port, "protocol": "TCP"}],
            }
        }

    def network_policy(self, owner: Object) -> Object:
        around = self.around
        return self._object(Kind.NETWORK_POLICY, "NetworkPolicy", owner) | {
            "spec": policy_spec(
                naming.selecting(self.labels),
                self.spec.network,
                naming.port(self.spec),
                around.settings,
                around.api_servers,
            )
        }

    def home(self) -> Object:
        spec, wanted = self.spec, self.around.settings.home
        claim: Object = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": wanted.size}},
        }
        if wanted.storage_class is not None:
            claim["storageClassName"] = wanted.storage_class
        labels = naming.home_labels(self.around.controller_id, spec.tenant_id, spec.session_id)
        return {
            "apiVersion": Kind.HOME.version,
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": naming.home_name(spec.session_id), "labels": labels},
            "spec": claim,
        }

    def _object(self, kind: Kind, title: str, owner: Object | None = None) -> Object:
        metadata: Object = {"name": self.name, "labels": self.labels}
        if owner is not None:
            metadata["ownerReferences"] = [
                {
                    "apiVersion": Kind.STATEFUL_SET.version,
                    "kind": "StatefulSet",
                    "name": naming.name(owner),
                    "uid": naming.uid(owner),
                }
            ]
        return {"apiVersion": kind.version, "kind": title, "metadata": metadata}


def running_state(found: Object, *, replicas: int, annotations: Mapping[str, str] | None = None) -> Object:
    """Whether a StatefulSet's instance is to run, and what is known of it; what it is made of stays as it
    is. Names the uid: one of the same name that was made since is another's."""
    return {
        "apiVersion": Kind.STATEFUL_SET.version,
        "kind": "StatefulSet",
        "metadata": {
            "name": naming.name(found),
            "uid": naming.uid(found),
            "annotations": dict(annotations or {}),
        },
        "spec": {"replicas": replicas},
    }
