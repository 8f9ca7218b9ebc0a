"""What the API fills in (`pkg/apis/*/v1/defaults.go`): objects read back are never quite those written."""

import base64
import re
from typing import Any

from tests.support.cluster.objects import (
    CLAIM,
    NAMESPACE,
    NETWORK_POLICY,
    POD,
    SECRET,
    SERVICE,
    STATEFUL_SET,
    Object,
    Resource,
    name_of,
)


def fill_in(resource: Resource, thing: Object) -> None:
    """In place. Doing it twice changes nothing."""
    thing["apiVersion"], thing["kind"] = resource.api_version, resource.kind
    if resource is POD:
        _pod(thing.setdefault("spec", {}))
    elif resource is STATEFUL_SET:
        _stateful_set(thing.setdefault("spec", {}))
    elif resource is SERVICE:
        _service(thing.setdefault("spec", {}))
    elif resource is SECRET:
        _secret(thing)
    elif resource is CLAIM:
        thing.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    elif resource is NETWORK_POLICY:
        _network_policy(thing.setdefault("spec", {}))
    elif resource is NAMESPACE:
        thing.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        labels = thing["metadata"].setdefault("labels", {})
        labels.setdefault("kubernetes.io/metadata.name", name_of(thing))


def first_status(resource: Resource, thing: Object) -> Object | None:
    """Of an object just made."""
    if resource is POD:
        return {"phase": "Pending", "qosClass": _quality(thing["spec"])}
    if resource is STATEFUL_SET:
        return {"replicas": 0, "availableReplicas": 0}
    if resource is SERVICE:
        return {"loadBalancer": {}}
    if resource is CLAIM:
        return {"phase": "Pending"}
    if resource is NAMESPACE:
        return {"phase": "Active"}
    return {} if resource.has_status else None


def _pod(spec: Object) -> None:
    _unless_set(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if account := spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", account)
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        always = not re.search(r"@|:(?!latest$)[^/:]+$", container.get("image", ""))
        _unless_set(
            container,
            imagePullPolicy="Always" if always else "IfNotPresent",
            terminationMessagePath="/dev/termination-log",
            terminationMessagePolicy="File",
            resources={},
        )
        limits = container["resources"].get("limits") or {}
        if limits:
            requests = container["resources"].setdefault("requests", {})
            for name, text in limits.items():
                requests.setdefault(name, text)
        for port in container.get("ports") or ():
            port.setdefault("protocol", "TCP")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if probe in container:
                _unless_set(
                    container[probe],
                    timeoutSeconds=1,
                    periodSeconds=10,
                    successThreshold=1,
                    failureThreshold=3,
                )
    for volume in spec.get("volumes") or ():
        for kind in ("secret", "configMap", "downwardAPI", "projected"):
            if kind in volume:
                volume[kind].setdefault("defaultMode", 420)


def _stateful_set(spec: Object) -> None:
    _unless_set(
        spec,
        replicas=1,
        podManagementPolicy="OrderedReady",
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        revisionHistoryLimit=10,
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"},
    )
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    _pod(template.setdefault("spec", {}))


def _service(spec: Object) -> None:
    _unless_set(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    if spec["type"] == "ClusterIP":
        spec.setdefault("clusterIP", "10.96.0.77")
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        _unless_set(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    for port in spec.get("ports") or ():
        _unless_set(port, protocol="TCP", targetPort=port.get("port"))


def _secret(thing: Object) -> None:
    thing.setdefault("type", "Opaque")
    plain: dict[str, str] = thing.pop("stringData", None) or {}
    if plain:
        data = thing.setdefault("data", {})
        data |= {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}


def _network_policy(spec: Object) -> None:
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if spec.get("egress") else [])])
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _quality(spec: Object) -> str:
    """The quality-of-service class."""
    resources = [container.get("resources") or {} for container in spec.get("containers") or ()]
    if not any(each.get("limits") or each.get("requests") for each in resources):
        return "BestEffort"
    whole = all(
        {"cpu", "memory"} <= set(each.get("limits") or ())
        and all((each.get("requests") or {}).get(name) == each["limits"][name] for name in ("cpu", "memory"))
        for each in resources
    )
    return "Guaranteed" if whole else "Burstable"


def _unless_set(thing: Object, **values: Any) -> None:
    for key, value in values.items():
        if thing.get(key) is None:
            thing[key] = value
