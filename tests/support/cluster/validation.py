"""What an object must be like, as far as drivers come near it: names, labels, what may not change, and that a
pod's parts fit together. Messages are those of `pkg/apis/*/validation`.
"""

import json
import re
from typing import Any

from tests.support.cluster.cidrs import policy_errors
from tests.support.cluster.objects import (
    CLAIM,
    NETWORK_POLICY,
    POD,
    SECRET,
    SERVICE,
    STATEFUL_SET,
    Object,
    Resource,
    name_of,
)
from tests.support.cluster.quantities import amount
from tests.support.cluster.refusals import invalid

Error = tuple[str, str, str]
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LABEL_KEY = re.compile(r"([^/]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character"
)
_FREE = {
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
}
_FROZEN_SET = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
    "'minReadySeconds' are forbidden"
)
_FROZEN_CLAIM = (
    "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for "
    "bound claims"
)
_FROZEN_POD = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
    "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)


def check(resource: Resource, thing: Object, before: Object | None) -> None:
    """Raises `Refused` 422."""
    errors = _metadata(thing, "metadata")
    if resource is STATEFUL_SET:
        errors += _stateful_set(thing, before)
    elif resource is POD:
        errors += _pod_spec(thing["spec"], "spec")
        if before and _fixed(before["spec"]) != _fixed(thing["spec"]):
            errors.append(("spec", "FieldValueForbidden", _FROZEN_POD))
    elif resource is CLAIM:
        errors += _claim(thing, before)
    elif resource is NETWORK_POLICY:
        errors += policy_errors(thing)
    elif resource is SERVICE:
        errors += _service(thing)
    elif resource is SECRET and before:
        errors += _secret(thing, before)
    if errors:
        raise invalid(resource, name_of(thing), errors)


def _metadata(thing: Object, field: str) -> list[Error]:
    metadata = thing.get("metadata") or {}
    errors: list[Error] = []
    name = metadata.get("name")
    if name is not None and (len(name) > 253 or not _NAME.fullmatch(name)):
        errors.append(
            (f"{field}.name", "FieldValueInvalid", f"Invalid value: {json.dumps(name)}: {_SUBDOMAIN}")
        )
    for key, value in (metadata.get("labels") or {}).items():
        if not _LABEL_KEY.fullmatch(key):
            text = f"Invalid value: {json.dumps(key)}: name part must consist of alphanumeric characters"
            errors.append((f"{field}.labels", "FieldValueInvalid", text))
        if len(value) > 63:
            text = f"Invalid value: {json.dumps(value)}: must be no more than 63 bytes"
            errors.append((f"{field}.labels", "FieldValueInvalid", text))
        elif not _LABEL.fullmatch(value):
            text = f"Invalid value: {json.dumps(value)}: a valid label must be an empty string or consist of"
            text += " alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
            errors.append((f"{field}.labels", "FieldValueInvalid", f"{text} character"))
    return errors


def _stateful_set(thing: Object, before: Object | None) -> list[Error]:
    spec = thing["spec"]
    template = spec["template"]
    errors = _metadata(template, "spec.template.metadata")
    labels = template["metadata"].get("labels") or {}
    wanted = (spec.get("selector") or {}).get("matchLabels")
    if not wanted:
        errors.append(("spec.selector", "FieldValueRequired", "Required value"))
    elif any(labels.get(key) != value for key, value in wanted.items()):
        text = f"Invalid value: {json.dumps(labels)}: `selector` does not match template `labels`"
        errors.append(("spec.template.metadata.labels", "FieldValueInvalid", text))
    if template["spec"]["restartPolicy"] != "Always":
        text = f'Unsupported value: "{template["spec"]["restartPolicy"]}": supported values: "Always"'
        errors.append(("spec.template.spec.restartPolicy", "FieldValueNotSupported", text))
    if before and _rest(before["spec"], _FREE) != _rest(spec, _FREE):
        errors.append(("spec", "FieldValueForbidden", _FROZEN_SET))
    return errors + _pod_spec(template["spec"], "spec.template.spec")


def _pod_spec(spec: Object, field: str) -> list[Error]:
    errors: list[Error] = []
    volumes = {volume["name"] for volume in spec.get("volumes") or ()}
    if not spec.get("containers"):
        errors.append((f"{field}.containers", "FieldValueRequired", "Required value"))
    for index, container in enumerate(spec.get("containers") or ()):
        where = f"{field}.containers[{index}]"
        if not container.get("image"):
            errors.append((f"{where}.image", "FieldValueRequired", "Required value"))
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            if mount["name"] not in volumes:
                text = f'Not found: "{mount["name"]}"'
                errors.append((f"{where}.volumeMounts[{number}].name", "FieldValueNotFound", text))
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        for name, text in (resources.get("requests") or {}).items():
            if name in limits and amount(text) > amount(limits[name]):
                what = (
                    f'Invalid value: "{text}": must be less than or equal to {name} limit of {limits[name]}'
                )
                errors.append((f"{where}.resources.requests", "FieldValueInvalid", what))
            elif "/" in name and limits.get(name) != text:
                what = f'Invalid value: "{text}": must be equal to {name} limit of {limits.get(name)}'
                errors.append((f"{where}.resources.requests", "FieldValueInvalid", what))
    return errors


def _claim(thing: Object, before: Object | None) -> list[Error]:
    spec = thing["spec"]
    errors: list[Error] = []
    if not spec.get("accessModes"):
        errors.append(("spec.accessModes", "FieldValueRequired", "at least 1 access mode is required"))
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        errors.append(("spec.resources[storage]", "FieldValueRequired", "Required value"))
    free = {"volumeName", "resources", "volumeAttributesClassName"}
    if before and _rest(before["spec"], free) != _rest(spec, free):
        errors.append(("spec", "FieldValueForbidden", _FROZEN_CLAIM))
    elif before and before["spec"].get("resources") != spec.get("resources"):
        old, new = (amount(each["spec"]["resources"]["requests"]["storage"]) for each in (before, thing))
        if before["status"].get("phase") != "Bound":
            errors.append(("spec", "FieldValueForbidden", _FROZEN_CLAIM))
        elif new < old:
            text = "Forbidden: field can not be less than status.capacity"
            errors.append(("spec.resources.requests.storage", "FieldValueForbidden", text))
    return errors


def _service(thing: Object) -> list[Error]:
    names = [port.get("name") for port in thing["spec"].get("ports") or ()]
    return [
        (f"spec.ports[{index}].name", "FieldValueDuplicate", f"Duplicate value: {json.dumps(name)}")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _secret(thing: Object, before: Object) -> list[Error]:
    if before.get("immutable") and before.get("data") != thing.get("data"):
        return [("data", "FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set")]
    if before.get("type") != thing.get("type"):
        return [("type", "FieldValueInvalid", f'Invalid value: "{thing.get("type")}": field is immutable')]
    return []


def _rest(spec: Object, but: set[str]) -> Object:
    return {key: value for key, value in spec.items() if key not in but}


def _fixed(spec: Object) -> Any:
    containers = [_rest(container, {"image"}) for container in spec.get("containers") or ()]
    but = {"containers", "tolerations", "activeDeadlineSeconds", "nodeName", "terminationGracePeriodSeconds"}
    return _rest(spec, but), containers
