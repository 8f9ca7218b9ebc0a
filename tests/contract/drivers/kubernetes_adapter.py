"""The Kubernetes driver's adapter: a controller of its own in one namespace of any cluster, the tests' own or
a real one. Beside the driver it speaks the API alone, as somebody who may read all of the namespace, run
commands in pods and make what another controller would.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import ApiException, AppsV1Api, CoreV1Api, NetworkingV1Api
from kubernetes.stream import stream

from agent.drivers.base import Driver, Endpoint
from agent.drivers.handshake import rfb_answers, rfb_answers_at
from agent.drivers.kubernetes.driver import KubernetesDriver, open_cluster
from agent.drivers.kubernetes.naming import home_name, object_name
from agent.drivers.kubernetes.settings import NAMESPACE, SETTINGS, Settings
from agent.drivers.labels import CONTROLLER, SESSION
from agent.drivers.registry import CPU_OVERCOMMIT
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec
from tests.contract.drivers.driver_adapter import Behaviour, Capability, small_spec

READ = ("perl", "-e", 'open(F, "<", "/home/user/note") and print <F>')
WRITE = ("perl", "-e", 'open(F, ">", "/home/user/note") or die; print F $ARGV[0]; close F')
END = ("perl", "-e", "kill 9, -1")
"""All that the session's user runs but this command; the pod's first process is spared (kill(2))."""
COMMANDS: dict[Behaviour, tuple[str, ...]] = {
    "exiting": ("perl", "-e", 'print STDERR "boom\n"; exit 3'),
    "silent": ("perl", "-e", "$SIG{TERM} = sub { exit 0 }; sleep 1 while 1"),
}


@dataclass(frozen=True)
class Site:
    """Where the suite runs. `agent` and `admin` are kubeconfig files: the driver's own, and one for the
    checks. `image` is on the nodes: it answers RFB and has perl; `absent` no registry has, and `pullable` is
    there to be pulled. `settings` are the driver's, those below beneath them. `slowest`: seconds that the
    platform may take to show what was done to it."""

    agent: Path
    admin: Path
    namespace: str
    image: str
    absent: str
    pullable: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    slowest: float = 10.0
    close: Callable[[], None] = lambda: None


SETTINGS_OF_CHECKS: dict[str, Any] = {
    "answer_timeout": 6.0,
    "schedule_timeout": 10.0,
    "home": {"size": "64Mi"},
}


class KubernetesAdapter:
    capabilities: frozenset[Capability] = frozenset()
    """The API gives no bytes of a pull."""

    def __init__(self, site: Site) -> None:
        self.site, self.namespace = site, site.namespace
        self.tenant_id, self.controller_id, self.other = new_id("ten"), new_id("ctl"), new_id("ctl")
        self.run_dir = Path(
            tempfile.mkdtemp(prefix="ss", dir="/run")
        )  # short, or sockets' paths are too long
        self.drivers: list[Driver] = []
        self.api: Any = config.new_client_from_config(str(site.admin))  # type: ignore[no-untyped-call]
        self.core: Any = CoreV1Api(self.api)
        self.apps: Any = AppsV1Api(self.api)
        self.networking: Any = NetworkingV1Api(self.api)

    def open(self) -> KubernetesDriver:
        return self._open(self.site.agent)

    def open_away(self) -> Driver:
        nowhere = self.run_dir / "nowhere.yaml"
        found = yaml.safe_load(self.site.agent.read_text())
        for each in found["clusters"]:
            each["cluster"]["server"] = "https://localhost:1"
        nowhere.write_text(yaml.safe_dump(found))
        return self._open(nowhere)

    def _open(self, kubeconfig: Path) -> KubernetesDriver:
        settings = Settings.model_validate(SETTINGS_OF_CHECKS | dict(self.site.settings))
        environment = {
            "KUBECONFIG": str(kubeconfig),
            NAMESPACE: self.namespace,
            SETTINGS: settings.model_dump_json(),
        }
        driver = KubernetesDriver(
            self.controller_id,
            *open_cluster(environment),
            run_dir=self.run_dir,
            cpu_overcommit=CPU_OVERCOMMIT,  # so that a small cluster has room for the checks
            environment=environment,
        )
        self.drivers.append(driver)
        return driver

    def spec(
        self, session_id: str, incarnation: int = 1, behaviour: Behaviour = "good", **changes: Any
    ) -> InstanceSpec:
        image = {"absent": self.site.absent, "pullable": self.site.pullable}.get(behaviour, self.site.image)
        command = COMMANDS.get(behaviour)
        return small_spec(self.tenant_id, session_id, incarnation, image, {"command": command} | changes)

    def identity(self, session_id: str) -> str:
        (pod,) = self._pods(session_id)
        return str(pod.metadata.uid)

    def greet(self, endpoint: Endpoint) -> bool:
        assert endpoint.password
        if endpoint.socket_path:
            return rfb_answers(Path(endpoint.socket_path))
        assert endpoint.host
        assert endpoint.port
        return rfb_answers_at(endpoint.host, endpoint.port)

    def write_home(self, session_id: str, text: str) -> None:
        output = self.exec(session_id, *WRITE, text)
        assert output == "", output

    def read_home(self, session_id: str) -> str:
        return self.exec(session_id, *READ)

    def end(self, session_id: str) -> None:
        (pod,) = self._pods(session_id)
        self.exec(session_id, *END)

        def ended() -> bool:
            try:
                now = self.core.read_namespaced_pod(pod.metadata.name, self.namespace)
            except ApiException as error:
                return bool(error.status == 404)
            (container,) = now.status.container_statuses
            return now.metadata.uid != pod.metadata.uid or (
                container.restart_count > 0 or container.state.running is None
            )

        self._await(ended)

    def plant_foreign(self, session_id: str) -> None:
        """As another controller's agent would have made it."""
        labels = {CONTROLLER: self.other, SESSION: session_id}
        labels |= {"streamspace.tenant": self.tenant_id, "streamspace.incarnation": "7"}
        self.core.create_namespaced_persistent_volume_claim(
            self.namespace, _claim(home_name(session_id), labels)
        )
        name = object_name(session_id, 7)
        self.apps.create_namespaced_stateful_set(
            self.namespace, _stateful_set(name, labels, self.site.image, home_name(session_id))
        )
        self._await(lambda: self._foreign_pods() == ["Running"])

    def foreign_intact(self, session_id: str) -> bool:
        claims = self.core.list_namespaced_persistent_volume_claim(self.namespace, **self._of(self.other))
        standing = [each.metadata.name for each in claims.items if each.metadata.deletion_timestamp is None]
        return self._foreign_pods() == ["Running"] and standing == [home_name(session_id)]

    def remains(self, session_id: str) -> list[str]:
        """By labels, and by the names that the session's objects would have. The sockets of open processes
        are theirs, and end with them."""
        selector = self._of(self.controller_id, session_id)
        found = [
            f"{kind} {each.metadata.name}"
            for kind, list_them in self._kinds().items()
            for each in list_them(self.namespace, **selector).items
        ]
        found += [
            f"{kind} {each.metadata.name}, without our label"
            for kind, list_them in self._kinds().items()
            for each in list_them(self.namespace).items
            if each.metadata.name.startswith(f"streamspace-{session_id}-")
            and (each.metadata.labels or {}).get(CONTROLLER) not in {self.controller_id, self.other}
        ]
        return found

    def close(self) -> None:
        try:
            self._clean()
        finally:
            for driver in self.drivers:
                driver.close()
            self.api.close()
            shutil.rmtree(self.run_dir, ignore_errors=True)
            self.site.close()

    def _clean(self) -> None:
        driver = self.open()
        found = driver.inventory()
        for session_id in {fact.session_id for fact in found.instances} | set(found.homes):
            driver.remove(session_id, delete_home=True)
        foreign = self._of(self.other)
        for each in self.apps.list_namespaced_stateful_set(self.namespace, **foreign).items:
            self.apps.delete_namespaced_stateful_set(
                each.metadata.name, self.namespace, propagation_policy="Foreground"
            )
        for each in self.core.list_namespaced_persistent_volume_claim(self.namespace, **foreign).items:
            self.core.delete_namespaced_persistent_volume_claim(each.metadata.name, self.namespace)

    def exec(self, session_id: str, *command: str) -> str:
        """Run something inside the session, as its user; what it printed."""
        (pod,) = self._pods(session_id)
        return str(
            stream(
                self.core.connect_get_namespaced_pod_exec,
                pod.metadata.name,
                self.namespace,
                container=pod.spec.containers[0].name,
                command=list(command),
                stdout=True,
                stderr=True,
            )
        )

    def _kinds(self) -> dict[str, Callable[..., Any]]:
        """All that a session has beside its home."""
        return {
            "statefulset": self.apps.list_namespaced_stateful_set,
            "pod": self.core.list_namespaced_pod,
            "service": self.core.list_namespaced_service,
            "secret": self.core.list_namespaced_secret,
            "networkpolicy": self.networking.list_namespaced_network_policy,
        }

    @staticmethod
    def _of(controller_id: str, session_id: str = "") -> dict[str, str]:
        session = f",{SESSION}={session_id}" if session_id else ""
        return {"label_selector": f"{CONTROLLER}={controller_id}{session}"}

    def _pods(self, session_id: str) -> list[Any]:
        found = self.core.list_namespaced_pod(self.namespace, **self._of(self.controller_id, session_id))
        return [each for each in found.items if each.metadata.deletion_timestamp is None]

    def _foreign_pods(self) -> list[str]:
        found = self.core.list_namespaced_pod(self.namespace, **self._of(self.other))
        return [
            each.status.phase if each.metadata.deletion_timestamp is None else "leaving"
            for each in found.items
        ]

    def _await(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + self.site.slowest
        while not holds():
            assert time.monotonic() < end, "the platform does not show it"
            time.sleep(0.01)


def _claim(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"metadata": {"name": name, "labels": dict(labels)}, "spec": spec}


def _stateful_set(name: str, labels: Mapping[str, str], image: str, home: str) -> dict[str, Any]:
    """One pod that does nothing, in the ways that the restricted level of pod security wants."""
    container = {
        "name": "session",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(COMMANDS["silent"]),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "home", "mountPath": "/home/user"}],
        "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsUser": 1000,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": home}}],
    }
    return {
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "replicas": 1,
            "serviceName": name,
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"labels": dict(labels)}, "spec": pod},
        },
    }
