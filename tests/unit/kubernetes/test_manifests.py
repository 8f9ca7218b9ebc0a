"""InstanceSpec and settings in, the API's objects out: by equality, so that no hardening can fall out
unseen."""

import base64
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.drivers.kubernetes.manifests import Plan, Surroundings, running_state
from agent.drivers.kubernetes.pod import resources, variables
from agent.drivers.kubernetes.settings import Settings
from chalicelib.protocol.instances import InstanceSpec, Network, Resources
from tests.support.cluster.containers import expanded

MIB = 2**20
CONTROLLER = "ctl-01m81z574688wpe9q9g81h0rmg"
TENANT = "ten-01m81z574688wpe9q9g81h0rmh"
SESSION = "ses-01m81z574688wpe9q9g81h0rmj"
NAME = f"streamspace-{SESSION}-3"
HOME = f"streamspace-home-{SESSION}"
OWNER = {"metadata": {"name": NAME, "uid": "uid-1", "resourceVersion": "7"}}

HOME_LABELS = {
    "streamspace.controller": CONTROLLER,
    "streamspace.tenant": TENANT,
    "streamspace.session": SESSION,
    "app.kubernetes.io/managed-by": "streamspace-agent",
}
LABELS = HOME_LABELS | {
    "streamspace.incarnation": "3",
    "streamspace.protocol": "vnc",
    "streamspace.port": "5900",
    "streamspace.cpu-millis": "1500",
    "streamspace.memory-bytes": str(512 * MIB),
}
SELECTING = {
    "streamspace.controller": CONTROLLER,
    "streamspace.session": SESSION,
    "streamspace.incarnation": "3",
}
OWNED = {
    "name": NAME,
    "labels": LABELS,
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": NAME, "uid": "uid-1"}],
}


def spec(**changes: object) -> InstanceSpec:
    fields: dict[str, object] = {
        "tenant_id": TENANT,
        "session_id": SESSION,
        "incarnation": 3,
        "image": "streamspace/terminal:dev",
        "resources": Resources(cpu_millis=1500, memory_bytes=512 * MIB),
    }
    return InstanceSpec.model_validate(fields | changes)


def plan(settings: dict[str, object] | None = None, **changes: object) -> Plan:
    around = Surroundings(CONTROLLER, Settings.model_validate(settings or {}), overcommit=4.0)
    return Plan(spec(**changes), around)


def pod(made: Plan) -> dict[str, Any]:
    found: dict[str, Any] = made.stateful_set()["spec"]["template"]["spec"]
    return found


def container(made: Plan) -> dict[str, Any]:
    (found,) = pod(made)["containers"]
    return dict(found)


def test_the_whole_stateful_set() -> None:
    assert plan(env={"LANG": "C.UTF-8"}).stateful_set() == {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "labels": LABELS},
        "spec": {
            "replicas": 0,
            "serviceName": NAME,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "OnDelete"},
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": SELECTING},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "automountServiceAccountToken": False,
                    "serviceAccountName": "streamspace-session",
                    "enableServiceLinks": False,
                    "shareProcessNamespace": True,
                    "terminationGracePeriodSeconds": 10,
                    "securityContext": {
                        "runAsUser": 1000,
                        "runAsGroup": 1000,
                        "runAsNonRoot": True,
                        "fsGroup": 1000,
                        "fsGroupChangePolicy": "OnRootMismatch",
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [
                        {
                            "name": "session",
                            "image": "streamspace/terminal:dev",
                            "imagePullPolicy": "IfNotPresent",
                            "env": [
                                {"name": "LANG", "value": "C.UTF-8"},
                                {"name": "STREAMSPACE_CLIPBOARD_IN", "value": "1"},
                                {"name": "STREAMSPACE_CLIPBOARD_OUT", "value": "1"},
                                {"name": "STREAMSPACE_FRAME_RATE", "value": "120"},
                                {"name": "STREAMSPACE_HEIGHT", "value": "800"},
                                {"name": "STREAMSPACE_RFB_PORT", "value": "5900"},
                                {"name": "STREAMSPACE_WIDTH", "value": "1280"},
                            ],
                            "ports": [{"name": "stream", "containerPort": 5900, "protocol": "TCP"}],
                            "resources": {
                                "limits": {
                                    "cpu": "1500m",
                                    "memory": str(512 * MIB),
                                    "ephemeral-storage": str(2048 * MIB),
                                },
                                "requests": {
                                    "cpu": "375m",
                                    "memory": str(512 * MIB),
                                    "ephemeral-storage": str(128 * MIB),
                                },
                            },
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "privileged": False,
                                "readOnlyRootFilesystem": True,
                                "runAsNonRoot": True,
                            },
                            "terminationMessagePolicy": "FallbackToLogsOnError",
                            "volumeMounts": [
                                {"name": "streamspace", "mountPath": "/streamspace", "readOnly": True},
                                {"name": "home", "mountPath": "/home/user"},
                                {"name": "tmp", "mountPath": "/tmp"},
                                {"name": "var-tmp", "mountPath": "/var/tmp"},
                                {"name": "run", "mountPath": "/run"},
                                {"name": "shm", "mountPath": "/dev/shm"},
                            ],
                        }
                    ],
                    "volumes": [
                        {"name": "streamspace", "secret": {"secretName": NAME, "defaultMode": 0o440}},
                        {"name": "home", "persistentVolumeClaim": {"claimName": HOME}},
                        {"name": "tmp", "emptyDir": memory(256)},
                        {"name": "var-tmp", "emptyDir": memory(256)},
                        {"name": "run", "emptyDir": memory(16)},
                        {"name": "shm", "emptyDir": memory(64)},
                    ],
                },
            },
        },
    }


def memory(mib: int) -> dict[str, str]:
    return {"medium": "Memory", "sizeLimit": str(mib * MIB)}


def test_what_the_stateful_set_owns() -> None:
    made = plan()
    assert made.secret(OWNER, "s3cret12") == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": OWNED,
        "type": "Opaque",
        "immutable": True,
        "data": {"vnc-password": base64.b64encode(b"s3cret12").decode()},
    }
    assert made.service(OWNER) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": OWNED,
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": SELECTING,
            "ports": [{"name": "stream", "port": 5900, "targetPort": 5900, "protocol": "TCP"}],
        },
    }
    policy = made.network_policy(OWNER)
    assert (policy["metadata"], policy["spec"]["podSelector"]) == (OWNED, {"matchLabels": SELECTING})


def test_the_home_belongs_to_nobody_that_goes() -> None:
    assert plan({"home": {"size": "20Gi", "storage_class": "fast"}}).home() == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": HOME, "labels": HOME_LABELS},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "20Gi"}},
            "storageClassName": "fast",
        },
    }
    assert "storageClassName" not in plan().home()["spec"], "the cluster's default"


def test_whether_it_runs_is_written_apart() -> None:
    assert running_state(OWNER, replicas=1, annotations={"streamspace/answered": "u"}) == {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "uid": "uid-1", "annotations": {"streamspace/answered": "u"}},
        "spec": {"replicas": 1},
    }


def test_a_passing_home_is_memory() -> None:
    volumes = {each["name"]: each for each in pod(plan(persistent_home=False))["volumes"]}
    assert volumes["home"] == {"name": "home", "emptyDir": memory(256)}


def test_a_template_may_ask_for_a_writable_root() -> None:
    context = container(plan(read_only_root=False))["securityContext"]
    assert context.pop("readOnlyRootFilesystem") is False
    assert context == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "runAsNonRoot": True,
    }, "and for nothing else with it"


def test_a_command_replaces_the_images() -> None:
    assert container(plan(command=("a", "b")))["args"] == ["a", "b"]
    assert "args" not in container(plan())


@given(st.lists(st.sampled_from(["$", "$$", "(", ")", "HOME", "$(LANG)", "pa$$word", " "])).map("".join))
@example("kill $$; echo $(LANG) $LANG")
def test_what_a_template_says_is_taken_by_its_letters(text: str) -> None:
    """As on every other platform."""
    made = container(plan(command=("sh", "-c", text), env={"LANG": "C", "TEXT": text}))
    known = {each["name"]: each["value"] for each in made["env"]}
    assert expanded(known["TEXT"], known) == text
    assert expanded(made["args"][2], known) == text


def test_a_template_cannot_override_what_carries_policy() -> None:
    made = variables(
        spec(env={"STREAMSPACE_CLIPBOARD_OUT": "1", "STREAMSPACE_RFB_PORT": "1"}, clipboard_out=False)
    )
    assert (made["STREAMSPACE_CLIPBOARD_OUT"], made["STREAMSPACE_RFB_PORT"]) == ("0", "5900")


def test_http_templates_have_their_own_port() -> None:
    made = plan(protocol="http", port=8080)
    assert container(made)["ports"][0]["containerPort"] == 8080
    assert made.service(OWNER)["spec"]["ports"][0]["port"] == 8080
    assert "STREAMSPACE_RFB_PORT" not in variables(made.spec)


@pytest.mark.parametrize(
    ("overcommit", "asked"), [(4.0, "375m"), (1.0, "1500m"), (0.5, "1500m"), (1e9, "1m")]
)
def test_cpu_is_shared_out_and_memory_is_not(overcommit: float, asked: str) -> None:
    made = resources(spec(), Settings(), overcommit)
    assert made["requests"]["cpu"] == asked
    assert made["limits"]["cpu"] == "1500m"
    assert made["requests"]["memory"] == made["limits"]["memory"]


def test_gpus_are_whole_and_of_the_clusters_kind() -> None:
    asked = spec(resources=Resources(cpu_millis=1, memory_bytes=1, gpu=2))
    made = resources(asked, Settings(gpu_resource="amd.com/gpu"), 4.0)
    assert made["limits"]["amd.com/gpu"] == made["requests"]["amd.com/gpu"] == "2"


def test_settings_reach_the_pod() -> None:
    made = plan(
        {
            "node_selector": {"pool": "desktops"},
            "tolerations": [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 30}],
            "runtime_class": "gvisor",
            "priority_class": "low",
            "image_pull_secrets": ["registry"],
            "image_pull_policy": "Always",
            "service_account": "nobody",
            "labels": {"team": "a"},
            "annotations": {"example.com/scrape": "no"},
        }
    )
    found = pod(made)
    assert found["nodeSelector"] == {"pool": "desktops"}
    assert found["tolerations"] == [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 30}]
    assert (found["runtimeClassName"], found["priorityClassName"]) == ("gvisor", "low")
    assert found["imagePullSecrets"] == [{"name": "registry"}]
    assert found["serviceAccountName"] == "nobody"
    assert container(made)["imagePullPolicy"] == "Always"
    metadata = made.stateful_set()["spec"]["template"]["metadata"]
    assert metadata == {"labels": LABELS | {"team": "a"}, "annotations": {"example.com/scrape": "no"}}


def test_the_network_reaches_the_policy() -> None:
    assert plan(network=Network.NONE).network_policy(OWNER)["spec"]["egress"] == []
    assert plan(network=Network.INTERNET).network_policy(OWNER)["spec"]["egress"] != []
