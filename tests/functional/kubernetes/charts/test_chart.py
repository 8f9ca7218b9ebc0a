"""What the chart renders to is valid, restricted, and understood by the driver."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import agent
from agent.drivers.kubernetes.settings import Allowance, Home, Settings
from infra.charts import render as plain
from infra.charts.pack import CHART, MANIFESTS, NAME
from tests.functional.kubernetes.charts.conftest import GOOD, Docs, Render, one

Helm = Callable[..., subprocess.CompletedProcess[str]]
VERSIONS = ("1.29", "1.32", "1.36", "1.37")
FULL = (
    *("takeover=true", "replicas=3", "image.digest=sha256:" + "a" * 64, "imagePullSecrets[0].name=own"),
    *("labels.zone=a", "labels.gpu=true", "log.verbose=true", "log.format=plain"),
    *("sessions.home.storageClass=fast", "sessions.nodeSelector.desks=yes", "sessions.runtimeClass=gvisor"),
    *("sessions.tolerations[0].key=gpu", "sessions.tolerations[0].operator=Exists"),
    *("sessions.priorityClass=low", "sessions.imagePullSecrets[0]=theirs", "sessions.stream=pod"),
    *("sessions.blockedCidrs[0]=203.0.113.0/24", "sessions.dnsCidrs[0]=169.254.20.10/32"),
    *("sessions.ingressCidrs[0]=198.51.100.7/32", "sessions.labels.team=a", "sessions.annotations.note=b"),
    *("capacity.cpu=64", "capacity.memory=256Gi", "capacity.gpu=2"),
    *("clusterAccess.nodes=true", "clusterAccess.metrics=true", "state.storageClass=fast"),
    *("nodeSelector.a=b", "tolerations[0].operator=Exists", "priorityClassName=high", "podLabels.x=y"),
    *("podAnnotations.x=y", "extraEnv[0].name=HTTPS_PROXY", "extraEnv[0].value=http://p:1"),
    *("serviceAccount.annotations.role=r", "namespace.create=true"),
)


def _pod(docs: Docs) -> dict[str, Any]:
    spec: dict[str, Any] = one(docs, "StatefulSet")["spec"]["template"]["spec"]
    return spec


def _settings(docs: Docs) -> Settings:
    text = one(docs, "ConfigMap")["data"]["settings.json"]
    return Settings.read({"STREAMSPACE_KUBERNETES_SETTINGS": text})


def test_helm_finds_nothing_wrong(helm: Helm) -> None:
    given = [part for value in GOOD for part in ("--set", value)]
    done = helm("lint", "--strict", str(CHART), *given)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", [(), FULL], ids=["few values", "all values"])
@pytest.mark.feature("Helm 3 and 4 install the agents, and the manifests are valid from 1.29 to 1.37")
def test_every_object_is_valid_in_every_supported_version(render: Render, values: tuple[str, ...]) -> None:
    docs = render(*values)
    for doc in docs:
        for version in VERSIONS:
            kubernetes_validate.validate(doc, version, strict=True)
    others = {doc["kind"] for doc in docs if doc["metadata"].get("namespace") != "desks"}
    assert others == ({"Namespace", "ClusterRole", "ClusterRoleBinding"} if values else set())


@pytest.mark.parametrize("values", [(), FULL], ids=["few values", "all values"])
def test_agents_meet_the_restricted_standard(render: Render, values: tuple[str, ...]) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, and more than it asks for."""
    pod = _pod(render(*values))
    allowed = {"configMap", "secret", "emptyDir", "persistentVolumeClaim"}
    assert {kind for volume in pod["volumes"] for kind in volume if kind != "name"} <= allowed
    security = pod["securityContext"]
    assert (security["runAsNonRoot"], security["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 10001
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & pod.keys()
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "ports" not in container
    assert container["resources"]["limits"].keys() == {"cpu", "memory", "ephemeral-storage"}


@pytest.mark.feature("Agents in a cluster come in twos, each with its own state, and one may always be moved")
def test_two_agents_with_state_of_their_own(render: Render) -> None:
    docs = render()
    found = one(docs, "StatefulSet")["spec"]
    assert (found["replicas"], found["podManagementPolicy"]) == (2, "Parallel")
    (volume,) = found["volumeClaimTemplates"]
    mounts = {mount["name"]: mount["mountPath"] for mount in _pod(docs)["containers"][0]["volumeMounts"]}
    environment = {each["name"]: each.get("value") for each in _pod(docs)["containers"][0]["env"]}
    # A folder below the volume's root, which is not the agent's to close to others.
    state = environment["STREAMSPACE_AGENT_STATE"]
    assert state == f"{mounts[volume['metadata']['name']]}/state"
    budget = one(docs, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    labels = found["template"]["metadata"]["labels"]
    for selector in (
        budget["selector"],
        found["selector"],
        one(docs, "NetworkPolicy")["spec"]["podSelector"],
    ):
        assert selector["matchLabels"].items() <= labels.items()


def test_the_token_is_in_a_secret_and_on_no_command_line(render: Render) -> None:
    docs = render()
    assert one(docs, "Secret", "streamspace-agent-enrolment")["stringData"] == {"token": "sse_abc"}
    others = [doc for doc in docs if doc["kind"] != "Secret"]
    assert "sse_abc" not in json.dumps(others)
    (volume,) = (each["secret"] for each in _pod(docs)["volumes"] if "secret" in each)
    assert (volume["secretName"], volume["optional"]) == ("streamspace-agent-enrolment", True)
    assert "--token-file=/run/secrets/streamspace/token" in _pod(docs)["containers"][0]["args"]
    kept = render("existingSecret=mine", good=GOOD[:1])
    assert not [doc for doc in kept if doc["kind"] == "Secret"]
    assert [each["secret"]["secretName"] for each in _pod(kept)["volumes"] if "secret" in each] == ["mine"]


def test_agents_are_told_to_serve_their_own_namespace(render: Render) -> None:
    pod = _pod(render())
    (container,) = pod["containers"]
    assert container["args"][:3] == ["run", "--platform=kubernetes", "--url=https://space.example"]
    assert container["image"] == f"streamspace/agent:{agent.__version__}"
    environment = {each["name"]: each for each in container["env"]}
    field = environment["STREAMSPACE_KUBERNETES_NAMESPACE"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert field == "metadata.namespace"
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "settings")
    assert environment["STREAMSPACE_KUBERNETES_SETTINGS"]["value"] == f"@{mount['mountPath']}/settings.json"
    assert pod["serviceAccountName"] == "streamspace-agent"


def test_who_sessions_run_as_has_neither_rights_nor_a_token(render: Render) -> None:
    docs = render(*FULL)
    assert one(docs, "ServiceAccount", "streamspace-session")["automountServiceAccountToken"] is False
    subjects = [
        subject["name"] for doc in docs if doc["kind"].endswith("Binding") for subject in doc["subjects"]
    ]
    assert subjects == ["streamspace-agent"] * 2


def test_defaults_are_the_drivers_own(render: Render) -> None:
    """Who reads values.yaml reads what happens without it as well."""
    assert _settings(render()) == Settings(service_account="streamspace-session")


@pytest.mark.feature("Every setting of sessions in a cluster is a documented value that is checked")
def test_every_setting_has_a_value(render: Render) -> None:
    settings = _settings(render(*FULL))
    assert settings.home == Home(size="5Gi", storage_class="fast")
    assert settings.capacity == Allowance(cpu="64", memory="256Gi", gpu=2)
    given = set(json.loads(one(render(*FULL), "ConfigMap")["data"]["settings.json"]))
    # The namespace is the agents' own, and inside a cluster there is no kubeconfig to choose from.
    assert given == Settings.model_fields.keys() - {"namespace", "context"}
    assert settings.agent_selector == {"app.kubernetes.io/name": "streamspace-agent"}
    assert settings.service_account == "streamspace-session"
    assert (settings.runtime_class, settings.priority_class, settings.stream) == ("gvisor", "low", "pod")
    assert [each.key for each in settings.tolerations] == ["gpu"]
    assert settings.labels == {"team": "a"}


def test_new_settings_restart_the_agents(render: Render) -> None:
    def mark(*values: str) -> str:
        found = one(render(*values), "StatefulSet")["spec"]["template"]["metadata"]["annotations"]
        return str(found["streamspace/settings"])

    assert mark() == mark("replicas=3", "token=sse_other")
    assert mark() != mark("sessions.home.size=6Gi")


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://a.example", 443),
        ("http://10.0.0.1:8080", 8080),
        ("http://a.example", 80),
        ("https://[::1]:7/", 7),
    ],
)
def test_agents_reach_the_control_planes_port(render: Render, url: str, port: int) -> None:
    policy = one(render(good=(f"url={url}",)), "NetworkPolicy")["spec"]
    assert (policy["policyTypes"], policy["ingress"]) == (["Ingress", "Egress"], [])
    ports = [each["port"] for each in policy["egress"][1]["ports"]]
    assert port in ports
    assert len(ports) == len(set(ports))
    assert "networkPolicy.enabled" not in render("networkPolicy.enabled=false")
    sessions = policy["egress"][2]["to"][0]["podSelector"]["matchExpressions"]
    assert sessions == [{"key": "streamspace.session", "operator": "Exists"}]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("urll=x",), "urll"),
        (("sessions.runtimeclass=x",), "runtimeclass"),
        (("replicas=0",), "replicas"),
        (("url=ftp://x",), "url"),
        (("token=a b",), "token"),
        (("sessions.home.size=big",), "size"),
        (("sessions.blockedCidrs[0]=here",), "blockedCidrs"),
        (("capacity.cpu=4",), "capacity.memory is missing"),
        (("url=",), "url is missing"),
    ],
)
def test_what_is_misspelt_is_refused(helm: Helm, values: tuple[str, ...], said: str) -> None:
    given = [part for value in (*GOOD, *values) for part in ("--set", value)]
    done = helm("template", NAME, str(CHART), *given)
    assert done.returncode != 0
    assert said in done.stderr


def test_every_value_is_explained() -> None:
    """Above each value of values.yaml stands a comment; neighbours may share one."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    bare = []
    for number, line in enumerate(lines):
        if not re.match(r"^ *[A-Za-z]+: \S", line):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        above = number - 1
        while re.match(rf"^{indent}[A-Za-z]+: \S", lines[above]):
            above -= 1
        if not lines[above].strip().startswith("#"):
            bare.append(line)
    assert bare == [], "say what these are for"


def test_the_chart_has_the_agents_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["name"], chart["version"], chart["appVersion"]) == (
        NAME,
        agent.__version__,
        agent.__version__,
    )


def test_the_plain_manifests_are_what_the_chart_renders_to(helm_binary: Path) -> None:
    assert plain.rendered(helm_binary) == MANIFESTS.read_text(), "python -m infra.charts.render"
