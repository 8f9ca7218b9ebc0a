"""A namespace of the tests' own on a real cluster, and an identity in it that may do what the chart's Role
says and nothing else. Whoever runs the tests must be allowed to make both.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from infra.charts.pack import MANIFESTS
from tests.cluster.raw import Api, Object, Refused
from tests.support.stack import wait_until

OURS = "streamspace-tests"
"""Label of all namespaces of such runs."""
STALE = timedelta(hours=3)
TOKEN_SECONDS = 6 * 3600
PLACE = "streamspace"
"""The namespace that the plain manifests name."""
RIGHTS = {"ServiceAccount": "/api/v1", "Role": "/apis/rbac.authorization.k8s.io/v1"}
RIGHTS["RoleBinding"] = RIGHTS["Role"]


@dataclass
class Grounds:
    """All that the tests do as the person who runs them."""

    api: Api
    made: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """What the cluster is made of, for the record of a run."""
        version = self.api.call("GET", "/version")["gitVersion"]
        try:
            nodes = [each["status"]["nodeInfo"] for each in self.api.items("/api/v1/nodes")]
        except Refused:
            nodes = []
        of_nodes = [
            f"kubelet {each['kubeletVersion']}, {each['containerRuntimeVersion']}, {each['osImage']}, "
            f"Linux {each['kernelVersion']}"
            for each in nodes
        ]
        return "; ".join([f"{self.api.host}: API server {version}", *of_nodes])

    # the namespace, and who may do what in it

    def make_namespace(self) -> str:
        """Held to the restricted standard of Pod Security, as the installer does."""
        name = f"{OURS}-{secrets.token_hex(4)}"
        held = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        labels = {"app.kubernetes.io/part-of": OURS, **held}
        self.made.append(name)
        self.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        return name

    def install(self, namespace: str, folder: Path) -> Path:
        """The accounts and rights of the chart's plain manifests; a kubeconfig of the agent's own account."""
        text = MANIFESTS.read_text()
        text = text.replace(f"namespace: {PLACE}\n", f"namespace: {namespace}\n")
        text = text.replace(f'["{PLACE}"]', f'["{namespace}"]')
        for each in yaml.safe_load_all(text):
            if each and each["kind"] in RIGHTS:
                where = f"{RIGHTS[each['kind']]}/namespaces/{namespace}/{each['kind'].lower()}s"
                self.api.call("POST", where, each)
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/streamspace-agent/token"
        answer = self.api.call("POST", path, {"spec": {"expirationSeconds": TOKEN_SECONDS}})
        return self._kubeconfig(folder / f"{namespace}.kubeconfig", answer["status"]["token"])

    def delete_namespace(self, name: str, seconds: float = 120) -> None:
        """Returns when it and all that it held are gone."""
        path = f"/api/v1/namespaces/{name}"
        self.api.delete(path)
        wait_until(lambda: self.api.get(path) is None, seconds, every=0.5)

    def sweep(self) -> None:
        """What runs left that were killed before they could clean up."""
        for each in self.api.items(f"/api/v1/namespaces?labelSelector=app.kubernetes.io/part-of%3D{OURS}"):
            made = datetime.fromisoformat(each["metadata"]["creationTimestamp"])
            if made < datetime.now(UTC) - STALE:
                self.api.delete(f"/api/v1/namespaces/{each['metadata']['name']}")

    def close(self) -> None:
        """All namespaces that were made go, and with them everything else."""
        for name in self.made:
            self.delete_namespace(name)

    # pods of the tests themselves

    def run_pod(self, namespace: str, name: str, image: str, command: list[str], **labels: str) -> str:
        """A plain pod that keeps every rule of the namespace; its address once it runs."""
        container = {
            "name": "main",
            "image": image,
            "command": command,
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
        }
        user = {"runAsUser": 1000, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        spec = {
            "containers": [container],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": user,
        }
        pods = f"/api/v1/namespaces/{namespace}/pods"
        self.api.call("POST", pods, {"metadata": {"name": name, "labels": labels}, "spec": spec})
        found: Object = {}

        def runs() -> bool:
            found.update(self.api.call("GET", f"{pods}/{name}"))
            return bool(found["status"]["phase"] == "Running")

        try:
            wait_until(runs, 120, every=0.3)
        except TimeoutError:
            events = f"/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.name%3D{name}"
            said = [f"{each['reason']}: {each['message']}" for each in self.api.items(events)]
            raise AssertionError(f"{name} is {found['status']['phase']}: {said}") from None
        return str(found["status"]["podIP"])

    def _kubeconfig(self, path: Path, token: str) -> Path:
        settings = self.api.settings
        cluster: Object = {"server": self.api.host}
        if settings.ssl_ca_cert:
            held = Path(settings.ssl_ca_cert).read_bytes()
            cluster["certificate-authority-data"] = base64.b64encode(held).decode()
        if not settings.verify_ssl:
            cluster["insecure-skip-tls-verify"] = True
        named = {"cluster": "tested", "user": "agent"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tested", "cluster": cluster}],
            "users": [{"name": "agent", "user": {"token": token}}],
            "contexts": [{"name": "tested", "context": named}],
            "current-context": "tested",
        }
        path.write_text(yaml.safe_dump(config))
        path.chmod(0o600)
        return path


def comes_to(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it holds within that time."""
    try:
        return bool(wait_until(condition, seconds, every=0.3))
    except TimeoutError:
        return False
