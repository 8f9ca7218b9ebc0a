"""The test cluster is like a real one where drivers and clients would notice: the official client, and
`kubectl` where it is installed, speak to it.
"""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, watch
from kubernetes.client import ApiException
from kubernetes.stream import portforward, stream

from tests.functional.kubernetes.faulty import until
from tests.support.cluster import ApiServer, Image, Node, Question, Rule
from tests.support.cluster.objects import (
    CLAIM,
    CONFIG_MAP,
    NAMESPACE,
    POD,
    REVISION,
    STATEFUL_SET,
    name_of,
    uid_of,
)
from tests.support.cluster.rfb import response

IMAGE = "tests.example/desktop:1"
APPLY = "application/apply-patch+yaml"
SECURE = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
Json = dict[str, Any]


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer(
        {IMAGE: Image()}, nodes=(Node("one", cpu="2", memory="1Gi"), Node("two", cpu="1"))
    ) as made:
        yield made


@pytest.fixture
def api(server: ApiServer) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(server.kubeconfig("admin"))) as made:
        yield made


class Calls:
    """Bare calls, JSON in and out."""

    def __init__(self, api: client.ApiClient, namespace: str) -> None:
        self.api, self.base = api, f"/api/v1/namespaces/{namespace}"
        self.apps = f"/apis/apps/v1/namespaces/{namespace}"

    def __call__(self, method: str, path: str, body: Any = None, kind: str = "", **query: str) -> Json:
        headers = {"Accept": "application/json"} | ({"Content-Type": kind} if kind else {})
        answer = self.api.call_api(
            *self.api.param_serialize(
                method, path, query_params=list(query.items()), header_params=headers, body=body,
                auth_settings=["BearerToken"],
            )
        )  # fmt: skip
        raw = answer.read()
        found: Json = json.loads(raw)
        if answer.status >= 300:
            raise ApiException(http_resp=answer, body=raw.decode())
        return found

    def apply(self, path: str, body: Json, manager: str = "me", **query: str) -> Json:
        return self("PATCH", path, body, APPLY, fieldManager=manager, **query)


@pytest.fixture
def call(api: client.ApiClient, server: ApiServer) -> Calls:
    return Calls(api, server.namespace)


def secret(**data: str) -> Json:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": data}


def config_map(labels: Json | None = None, **data: str) -> Json:
    metadata = {"name": "c", "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def stateful_set(name: str = "web", replicas: int = 1, cpu: str = "500m", **pod: Any) -> Json:
    container = {
        "name": "session",
        "image": IMAGE,
        "env": [{"name": "STREAMSPACE_RFB_PORT", "value": "5900"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"limits": {"cpu": cpu, "memory": "64Mi"}},
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"securityContext": SECURE} | pod}
    template["spec"]["containers"] = [container]  # type: ignore[index]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }


def running(server: ApiServer, name: str = "web-0") -> Json:
    def found() -> Json | None:
        pods = [each for each in server.find(POD) if name_of(each) == name]
        return next((each for each in pods if each["status"]["phase"] == "Running"), None)

    return until(found) or {}


def refused(code: int, *words: str) -> Any:
    return pytest.raises(ApiException, match=f"(?s).*{code}.*" + ".*".join(words))


# server-side apply


def test_a_field_that_its_holder_no_longer_names_goes_away(call: Calls) -> None:
    path = f"{call.base}/configmaps/c"
    call.apply(path, config_map(a="1", b="2"))
    call.apply(
        path, {**config_map(b="3"), "metadata": {"name": "c", "annotations": {"x": "y"}}}, force="true"
    )
    found = call("GET", path)
    assert found["data"] == {"b": "3"}
    assert "labels" not in found["metadata"]
    assert [each["manager"] for each in found["metadata"]["managedFields"]] == ["me"]


def test_what_another_holds_is_a_conflict_unless_forced(call: Calls) -> None:
    path = f"{call.base}/configmaps/c"
    call.apply(path, config_map(a="1"))
    with refused(409, "Apply failed with 1 conflict", "conflict with", "me", ".data.a"):
        call.apply(path, config_map(a="2"), "you")
    call.apply(path, config_map(a="1", b="2"), "you")  # the same value is shared
    call.apply(path, config_map(a="3"), "you", force="true")
    found = call("GET", path)
    assert found["data"] == {"a": "3"}
    call.apply(path, config_map(), "me")
    assert call("GET", path)["data"] == {"a": "3"}, "it was no longer mine to drop"


def test_an_apply_that_changes_nothing_writes_nothing(call: Calls) -> None:
    path = f"{call.apps}/statefulsets/web"
    first = call.apply(path, stateful_set(replicas=0))
    assert call.apply(path, stateful_set(replicas=0))["metadata"]["generation"] == 1
    assert uid_of(first) == uid_of(call("GET", path))


def test_preconditions_of_an_apply(call: Calls) -> None:
    path = f"{call.base}/configmaps/c"
    made = call.apply(path, config_map(a="1"))
    stale = config_map(a="2")
    stale["metadata"]["resourceVersion"] = "999"
    with refused(409, "the object has been modified"):
        call.apply(path, stale, force="true")
    call("DELETE", path)
    again = config_map(a="2")
    again["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
    call.apply(path, again)  # a version alone does not keep an apply from creating
    call("DELETE", path)
    again["metadata"]["uid"] = made["metadata"]["uid"]
    with refused(409, "uid mismatch"):
        call.apply(path, again)


def test_lists_with_keys_are_merged_and_others_replaced(call: Calls) -> None:
    path = f"{call.apps}/statefulsets/web"
    call.apply(path, stateful_set(replicas=0))
    mine = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web"},
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "session", "env": [{"name": "MORE", "value": "1"}]}]}
            }
        },
    }
    call.apply(path, mine, "you")
    (container,) = call("GET", path)["spec"]["template"]["spec"]["containers"]
    assert {each["name"] for each in container["env"]} == {"STREAMSPACE_RFB_PORT", "MORE"}
    mine["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "ELSE", "value": "1"}]  # type: ignore[index]
    call.apply(path, mine, "you")
    (container,) = call("GET", path)["spec"]["template"]["spec"]["containers"]
    assert {each["name"] for each in container["env"]} == {"STREAMSPACE_RFB_PORT", "ELSE"}


def test_what_the_schema_does_not_declare_is_refused(call: Calls) -> None:
    wrong = stateful_set()
    wrong["spec"]["template"]["spec"]["hostnameX"] = "x"
    with refused(500, ".spec.template.spec.hostnameX: field not declared in schema"):
        call.apply(f"{call.apps}/statefulsets/web", wrong)


def test_what_may_not_change(call: Calls) -> None:
    path = f"{call.apps}/statefulsets/web"
    call.apply(path, stateful_set(replicas=0))
    changed = stateful_set(replicas=0)
    changed["spec"]["serviceName"] = "other"
    with refused(422, "updates to statefulset spec for fields other than"):
        call.apply(path, changed, force="true")
    with refused(422, "does not match template"):
        wrong = stateful_set("two")
        wrong["spec"]["selector"]["matchLabels"] = {"app": "other"}
        call.apply(f"{call.apps}/statefulsets/two", wrong)


def test_secrets_are_written_as_text_and_kept_encoded(call: Calls) -> None:
    made = call("POST", f"{call.base}/secrets", secret(a="b"), "application/json")
    assert made["data"] == {"a": "Yg=="}
    assert "stringData" not in made


# reading


def test_pages_are_of_one_moment(call: Calls, server: ApiServer) -> None:
    for number in range(5):
        body = config_map()
        body["metadata"]["name"] = f"c{number}"
        call("POST", f"{call.base}/configmaps", body, "application/json")
    first = call("GET", f"{call.base}/configmaps", limit="2")
    call("DELETE", f"{call.base}/configmaps/c4")
    assert first["metadata"]["remainingItemCount"] == 3
    rest = call("GET", f"{call.base}/configmaps", limit="3", **{"continue": first["metadata"]["continue"]})
    assert [name_of(each) for each in first["items"] + rest["items"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert "continue" not in rest["metadata"]
    assert "kind" not in first["items"][0]
    server.do(lambda machine: machine.store.compact())
    with refused(410, "The provided continue parameter is too old"):
        call("GET", f"{call.base}/configmaps", limit="3", **{"continue": first["metadata"]["continue"]})


def test_selectors(call: Calls) -> None:
    for number, labels in enumerate(({"a": "1"}, {"a": "2", "b": "x"}, {})):
        body = config_map(labels)
        body["metadata"]["name"] = f"c{number}"
        call("POST", f"{call.base}/configmaps", body, "application/json")

    def named(**query: str) -> list[str]:
        return [name_of(each) for each in call("GET", f"{call.base}/configmaps", **query)["items"]]

    assert named(labelSelector="a=1") == ["c0"]
    assert named(labelSelector="a in (1,2),!b") == ["c0"]
    assert named(labelSelector="a!=1") == ["c1", "c2"]
    assert named(fieldSelector="metadata.name=c2") == ["c2"]
    with refused(400, "field label not supported"):
        named(fieldSelector="spec.strange=1")


def test_a_watch_goes_on_where_it_is_told_to(api: client.ApiClient, call: Calls, server: ApiServer) -> None:
    core = client.CoreV1Api(api)
    start = call("GET", f"{call.base}/configmaps")["metadata"]["resourceVersion"]
    call.apply(f"{call.base}/configmaps/c", config_map({"app": "x"}, a="1"))
    call.apply(f"{call.base}/configmaps/c", config_map({"app": "y"}, a="2"))
    call("DELETE", f"{call.base}/configmaps/c")

    def heard(**more: Any) -> list[str]:
        events = watch.Watch().stream(
            core.list_namespaced_config_map, server.namespace, timeout_seconds=1, **more
        )
        return [event["type"] for event in events if event["type"] != "BOOKMARK"]

    assert heard(resource_version=start) == ["ADDED", "MODIFIED", "DELETED"]
    assert heard(resource_version=start, label_selector="app=x") == ["ADDED", "DELETED"]
    server.do(lambda machine: machine.store.compact())
    with pytest.raises(ApiException, match="too old resource version"):
        heard(resource_version=start)


# what acts behind the API


def test_a_set_brings_up_one_pod_and_takes_it_down(call: Calls, server: ApiServer) -> None:
    path = f"{call.apps}/statefulsets/web"
    call.apply(path, stateful_set())
    pod = running(server)
    assert pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"
    assert pod["spec"]["hostname"] == "web-0"
    assert pod["spec"]["nodeName"] == "one"
    server.wait(lambda machine: machine.store.find(STATEFUL_SET)[0]["status"].get("readyReplicas"))
    call("DELETE", f"{call.base}/pods/web-0")
    until(lambda: uid_of(running(server)) != uid_of(pod))
    call.apply(path, stateful_set(replicas=0))
    server.wait(lambda machine: machine.store.find(POD) == [])


def test_what_is_owned_goes_first_in_the_foreground(call: Calls, server: ApiServer) -> None:
    path = f"{call.apps}/statefulsets/web"
    owner = call.apply(path, stateful_set())
    running(server)
    owned = config_map()
    owned["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": uid_of(owner)}
    ]
    call("POST", f"{call.base}/configmaps", owned, "application/json")
    options = {"propagationPolicy": "Foreground", "preconditions": {"uid": "another"}}
    with refused(409, "Precondition failed: UID in precondition"):
        call("DELETE", path, options, "application/json")
    options["preconditions"] = {"uid": uid_of(owner)}
    deleted = call("DELETE", path, options, "application/json")
    assert deleted["metadata"]["finalizers"] == ["foregroundDeletion"]
    server.wait(lambda machine: not any(machine.store.find(each) for each in (STATEFUL_SET, POD, REVISION)))
    server.wait(lambda machine: not machine.store.find(CONFIG_MAP))


def test_the_scheduler_says_what_no_node_has(call: Calls, server: ApiServer) -> None:
    call.apply(f"{call.apps}/statefulsets/web", stateful_set(cpu="1500m", nodeSelector=None))
    running(server)
    call.apply(f"{call.apps}/statefulsets/more", stateful_set("more", cpu="1500m"))

    def verdict() -> str:
        for pod in server.find(POD, "more-0"):
            for each in pod["status"].get("conditions") or ():
                if each["status"] == "False":
                    return str(each["message"])
        return ""

    text = until(verdict)
    assert text == (
        "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are "
        "available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for "
        "scheduling."
    )


def test_pods_that_are_not_restricted_are_refused(call: Calls) -> None:
    pod = {"metadata": {"name": "bad"}, "spec": {"containers": [{"name": "x", "image": IMAGE}]}}
    with refused(
        403, 'violates PodSecurity \\\\"restricted:latest\\\\"', "allowPrivilegeEscalation != false"
    ):
        call("POST", f"{call.base}/pods", pod, "application/json")


def test_a_namespace_takes_all_along(call: Calls, server: ApiServer) -> None:
    call.apply(f"{call.apps}/statefulsets/web", stateful_set())
    running(server)
    call("DELETE", f"/api/v1/namespaces/{server.namespace}")
    server.wait(lambda machine: machine.store.get(NAMESPACE, "", server.namespace) is None)
    assert server.find(POD) == server.find(CLAIM) == []
    with refused(404, 'namespaces \\\\"streamspace\\\\" not found'):
        call.apply(f"{call.base}/configmaps/c", config_map())


# streams


def test_ports_and_commands_are_forwarded(api: client.ApiClient, call: Calls, server: ApiServer) -> None:
    call.apply(f"{call.apps}/statefulsets/web", stateful_set())
    pod = running(server)
    core = client.CoreV1Api(api)
    forwarded = portforward(
        core.connect_get_namespaced_pod_portforward, "web-0", server.namespace, ports="5900"
    )
    direct = socket.create_connection((pod["status"]["podIP"], 5900), 2.0)
    for connection in (forwarded.socket(5900), direct):
        connection.settimeout(5.0)
        assert connection.recv(12) == b"RFB 003.008\n"
        connection.sendall(b"RFB 003.008\n")
        assert connection.recv(2) == b"\x01\x02"
        connection.sendall(b"\x02")
        connection.sendall(response(connection.recv(16), b""))
        assert connection.recv(4) == b"\0\0\0\0"
        connection.close()
    run = stream(
        core.connect_get_namespaced_pod_exec,
        "web-0",
        server.namespace,
        command=["perl", "-e", "kill 9, -1"],
        stdout=True,
    )
    assert run == ""
    server.wait(lambda machine: machine.store.find(POD)[0]["status"]["containerStatuses"][0]["restartCount"])


# rights


def test_rights_are_asked_for_and_recorded() -> None:
    rules = [Rule(("",), ("configmaps",), ("patch", "list"))]
    with ApiServer({}, rules=rules) as server:
        with config.new_client_from_config(str(server.kubeconfig())) as api:
            call = Calls(api, server.namespace)
            call("GET", f"{call.base}/configmaps")
            with refused(403, "cannot create resource", "configmaps"):
                call.apply(f"{call.base}/configmaps/c", config_map())
            with refused(403, 'cannot list resource \\\\"pods\\\\"', "at the cluster scope"):
                call("GET", "/api/v1/pods")
        assert server.verbs == {
            Question("", "configmaps", "list"),
            Question("", "configmaps", "patch"),
            Question("", "configmaps", "create"),
            Question("", "pods", "list", cluster_wide=True),
        }


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_finds_its_way(server: ApiServer, call: Calls) -> None:
    call.apply(f"{call.apps}/statefulsets/web", stateful_set())
    running(server)

    def run(*words: str) -> str:
        command = ["kubectl", "--kubeconfig", str(server.kubeconfig("admin")), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout

    assert "web-0" in run("get", "pods,statefulsets")
    assert "session began" in run("logs", "web-0")
    assert "Successfully assigned" in run("describe", "pod", "web-0")
    run("scale", "statefulset", "web", "--replicas=0")
    server.wait(lambda machine: machine.store.find(POD) == [])
