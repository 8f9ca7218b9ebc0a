"""What the API says about itself, for `kubectl` and others that ask before they call."""

from tests.support.cluster.objects import RESOURCES, Object, Resource
from tests.support.cluster.refusals import no_such_path

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.2",
    "gitCommit": "0" * 40,
    "gitTreeState": "clean",
    "buildDate": "2026-09-01T00:00:00Z",
    "goVersion": "go1.26.0",
    "compiler": "gc",
    "platform": "linux/amd64",
}
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def answer(path: str, *, metrics: bool) -> Object:
    """The document at a path that names no object. Raises `Refused` 404."""
    shown = [each for each in RESOURCES if metrics or each.stored]
    parts = path.strip("/").split("/")
    if path == "/version":
        return dict(VERSION)
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        groups = dict.fromkeys((each.group, each.version) for each in shown if each.group)
        listed = [_group(group, version) for group, version in groups]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    if parts == ["api", "v1"]:
        return _resources([each for each in shown if not each.group], "v1")
    if parts[0] == "apis" and len(parts) in {2, 3}:
        found = [each for each in shown if each.group == parts[1]]
        if found and len(parts) == 2:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], found[0].version)}
        if found and found[0].version == parts[2]:
            return _resources(found, f"{parts[1]}/{parts[2]}")
    raise no_such_path()


def _group(group: str, version: str) -> Object:
    known = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [known], "preferredVersion": known}


def _resources(found: list[Resource], version: str) -> Object:
    listed: list[Object] = []
    for each in found:
        listed.append(
            {
                "name": each.plural,
                "singularName": each.kind.lower(),
                "namespaced": each.namespaced,
                "kind": each.kind,
                "verbs": _VERBS if each.stored else ["get", "list"],
                "shortNames": list(each.short),
            }
        )
        for part in each.subresources:
            kind = {
                "name": f"{each.plural}/{part}",
                "singularName": "",
                "namespaced": each.namespaced,
                "kind": "Scale" if part == "scale" else each.kind,
                "verbs": ["get", "patch", "update"],
            }
            listed.append(kind | ({"group": "autoscaling", "version": "v1"} if part == "scale" else {}))
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}
