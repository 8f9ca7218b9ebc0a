"""What decides over an object beyond its form: that its namespace lives, its service account, pod security,
and quotas. Each may change or refuse it (403).
"""

from collections.abc import Iterator
from decimal import Decimal

from tests.support.cluster.objects import (
    CLAIM,
    NAMESPACE,
    POD,
    QUOTA,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    STORAGE_CLASS,
    Object,
    Resource,
    labels_of,
    name_of,
    space_of,
    terminating,
)
from tests.support.cluster.quantities import amount, pod_total, worded
from tests.support.cluster.refusals import forbidden, not_found
from tests.support.cluster.store import Store

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_SAFE_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_COUNTED = {
    POD: "pods",
    CLAIM: "persistentvolumeclaims",
    SECRET: "secrets",
    SERVICE: "services",
    STATEFUL_SET: "count/statefulsets.apps",
}


def admit_new(store: Store, resource: Resource, thing: Object) -> None:
    """Raises `Refused`; fills in what admission fills in."""
    if resource.namespaced:
        _in_living_namespace(store, resource, thing)
    if resource is POD:
        _service_account(store, thing)
        _tolerate_lost_nodes(thing)
        _pod_security(store, thing)
    if resource is CLAIM:
        _default_class(store, thing)
        thing["metadata"].setdefault("finalizers", []).append("kubernetes.io/pvc-protection")
    _quotas(store, resource, thing)


def _in_living_namespace(store: Store, resource: Resource, thing: Object) -> None:
    namespace = space_of(thing)
    found = store.get(NAMESPACE, "", namespace)
    if found is None:
        raise not_found(NAMESPACE, namespace)
    if terminating(found):
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        raise forbidden(resource, name_of(thing), why, [cause])


def _service_account(store: Store, pod: Object) -> None:
    account = pod["spec"].setdefault("serviceAccountName", "default")
    pod["spec"]["serviceAccount"] = account
    if store.get(SERVICE_ACCOUNT, space_of(pod), account) is None and account != "default":
        where = f"{space_of(pod)}/{account}"
        why = f'error looking up service account {where}: serviceaccount "{account}" not found'
        raise forbidden(POD, name_of(pod), why)


def _tolerate_lost_nodes(pod: Object) -> None:
    tolerations = pod["spec"].setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(each.get("key") in {key, None} for each in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def _default_class(store: Store, claim: Object) -> None:
    if claim["spec"].get("storageClassName") is not None:
        return
    for each in store.find(STORAGE_CLASS):
        if (each["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
            claim["spec"]["storageClassName"] = name_of(each)


# pod security, level "restricted" (pod-security-admission's policy package)


def _pod_security(store: Store, pod: Object) -> None:
    namespace = store.get(NAMESPACE, "", space_of(pod))
    if namespace is None or labels_of(namespace).get(_ENFORCE) != "restricted":
        return
    if wrong := list(_unrestricted(pod["spec"])):
        raise forbidden(POD, name_of(pod), f'violates PodSecurity "restricted:latest": {", ".join(wrong)}')


def _unrestricted(spec: Object) -> Iterator[str]:
    general = spec.get("securityContext") or {}
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    own = {each["name"]: each.get("securityContext") or {} for each in containers}
    for flag in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(flag):
            yield f"host namespaces ({flag}=true)"
    for volume in spec.get("volumes") or ():
        kind = next((key for key in volume if key != "name"), "emptyDir")
        if kind not in _SAFE_VOLUMES:
            yield f'restricted volume types (volume "{volume["name"]}" uses restricted volume type "{kind}")'
    if bad := [name for name, each in own.items() if each.get("privileged")]:
        yield f"privileged ({_named(bad)} must not set securityContext.privileged=true)"
    if bad := [name for name, each in own.items() if each.get("allowPrivilegeEscalation") is not False]:
        yield (
            "allowPrivilegeEscalation != false "
            f"({_named(bad)} must set securityContext.allowPrivilegeEscalation=false)"
        )
    if bad := [name for name, each in own.items() if "ALL" not in _dropped(each)]:
        yield f'unrestricted capabilities ({_named(bad)} must set securityContext.capabilities.drop=["ALL"])'
    if bad := [
        name for name, each in own.items() if not each.get("runAsNonRoot", general.get("runAsNonRoot"))
    ]:
        yield f"runAsNonRoot != true (pod or {_named(bad)} must set securityContext.runAsNonRoot=true)"
    if general.get("runAsUser") == 0 or any(each.get("runAsUser") == 0 for each in own.values()):
        yield "runAsUser=0 (pod must not set runAsUser=0)"
    profile = (general.get("seccompProfile") or {}).get("type")
    if bad := [
        name
        for name, each in own.items()
        if (each.get("seccompProfile") or {}).get("type", profile) not in {"RuntimeDefault", "Localhost"}
    ]:
        yield (
            f"seccompProfile (pod or {_named(bad)} must set securityContext.seccompProfile.type to "
            '"RuntimeDefault" or "Localhost")'
        )


def _dropped(context: Object) -> list[str]:
    return (context.get("capabilities") or {}).get("drop") or []


def _named(names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"container{'s' if len(names) > 1 else ''} {listed}"


# quotas


def _quotas(store: Store, resource: Resource, thing: Object) -> None:
    if resource not in _COUNTED:
        return
    wanted = demand(resource, thing)
    for quota in store.find(QUOTA, space_of(thing)):
        hard = quota["spec"].get("hard") or {}
        used = usage(store, space_of(thing), hard)
        _must_name(resource, thing, name_of(quota), hard, wanted)
        over = [
            name for name in sorted(hard) if name in wanted and used[name] + wanted[name] > amount(hard[name])
        ]
        if over:
            why = ", ".join(
                f"{word}: " + ",".join(f"{name}={text(name)}" for name in over)
                for word, text in (
                    ("requested", lambda name: worded(name, wanted[name])),
                    ("used", lambda name, used=used: worded(name, used[name])),
                    ("limited", lambda name, hard=hard: hard[name]),
                )
            )
            raise forbidden(resource, name_of(thing), f"exceeded quota: {name_of(quota)}, {why}")


def _must_name(
    resource: Resource, thing: Object, quota: str, hard: Object, wanted: dict[str, Decimal]
) -> None:
    """A quota over a resource refuses pods that do not say how much of it they want."""
    kinds = {"cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}
    if resource is POD and (missing := sorted((kinds & set(hard)) - set(wanted))):
        names = [each["name"] for each in thing["spec"]["containers"]]
        why = "; ".join(f"{name} for: {','.join(names)}" for name in missing)
        raise forbidden(POD, name_of(thing), f"failed quota: {quota}: must specify {why}")


def demand(resource: Resource, thing: Object) -> dict[str, Decimal]:
    """What one object adds to the use of a quota, by the quota's names."""
    wanted = {_COUNTED[resource]: Decimal(1)}
    if resource is CLAIM:
        wanted["requests.storage"] = amount(thing["spec"]["resources"]["requests"]["storage"])
    if resource is POD:
        for what in ("requests", "limits"):
            for name, value in pod_total(thing["spec"], what).items():
                wanted[f"{what}.{name}"] = value
                if what == "requests":
                    wanted[name] = value
    return wanted


def usage(store: Store, namespace: str, hard: Object) -> dict[str, Decimal]:
    """What is used of each name that a quota limits. Pods that are over do not count."""
    used = dict.fromkeys(hard, Decimal(0))
    for resource in _COUNTED:
        for thing in store.find(resource, namespace):
            if resource is POD and thing["status"].get("phase") in {"Failed", "Succeeded"}:
                continue
            for name, value in demand(resource, thing).items():
                if name in used:
                    used[name] += value
    return used
