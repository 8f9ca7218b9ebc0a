"""The Kubernetes driver: `agent/drivers/base.py` on one namespace of a cluster."""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from agent.drivers.base import DriverError, Ended, Endpoint, Inventory, Progressing
from agent.drivers.kubernetes import capacity, naming
from agent.drivers.kubernetes.cluster import Cluster
from agent.drivers.kubernetes.endings import Endings
from agent.drivers.kubernetes.errors import temporary
from agent.drivers.kubernetes.forward import Forwards
from agent.drivers.kubernetes.instances import Instances, answering, awake, pods_of_many, state
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.making import Making
from agent.drivers.kubernetes.manifests import Surroundings
from agent.drivers.kubernetes.pod import CONTAINER, PASSWORD
from agent.drivers.kubernetes.reach import Reach
from agent.drivers.kubernetes.removal import Removal
from agent.drivers.kubernetes.rooms import Rooms
from agent.drivers.kubernetes.seen import Sight
from agent.drivers.kubernetes.settings import Settings, read_settings
from agent.drivers.kubernetes.start import Starter
from agent.drivers.kubernetes.watches import Watches
from agent.drivers.labels import PORT, PROTOCOL
from agent.drivers.waiting import Patience
from chalicelib.protocol.agents import Backend, Capacity
from chalicelib.protocol.instances import InstanceFacts, InstanceSpec, InstanceState

PLATFORM = "kubernetes"


class KubernetesDriver:
    """Holds connections and caches only: all else is read back from the cluster."""

    platform = PLATFORM

    def __init__(
        self,
        controller_id: str,
        cluster: Cluster,
        settings: Settings,
        *,
        run_dir: Path,
        cpu_overcommit: float = 1.0,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._overcommit = cpu_overcommit
        self._service_host = environment.get("KUBERNETES_SERVICE_HOST", "")
        self._controller_id = controller_id
        self._watches = Watches(cluster, controller_id)
        self._instances = Instances(cluster, self._watches, controller_id)
        self._rooms = Rooms(cluster, controller_id, settings, cpu_overcommit)
        self._removal = Removal(self._instances, settings.removal_timeout)
        forwarding = settings.stream == "forward" or (settings.stream == "auto" and not cluster.inside)
        self._reach = Reach(Forwards(cluster, run_dir / controller_id) if forwarding else None)
        self._endings = Endings(self._instances)
        self._starter = Starter(
            instances=self._instances,
            removal=self._removal,
            making=Making(self._instances, self._removal),
            reach=self._reach,
            room=self._rooms.known,
            surroundings=self._surroundings,
            # Each probe through the API server is a connection of its own there.
            patience=Patience(
                answer=settings.answer_timeout,
                probe=0.1 if forwarding else Patience.probe,
                slowest=0.5 if forwarding else Patience.slowest,
            ),
        )

    def backend(self) -> Backend:
        return read_backend(self._cluster)

    def capacity(self) -> Capacity:
        read_backend(self._cluster)  # without its namespace a controller has no room at all
        return self._rooms.room().total

    def usage(self) -> Capacity:
        return capacity.booked(self._instances.own(Kind.STATEFUL_SET), self._settings.gpu_resource)

    def load(self) -> Capacity | None:
        """None where the cluster has no metrics, or the agent may not read them."""
        try:
            return capacity.load(self._instances.own(Kind.POD_METRICS))
        except DriverError:
            return None

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        self._starter.start(spec, progressing)

    def stop(self, session_id: str) -> None:
        self._removal.stop(session_id, ask=awake())
        self._reach.forget(session_id)

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        self._removal.remove(session_id, before=before_incarnation)
        if delete_home:
            self._removal.remove_home(session_id)
        if before_incarnation is None:
            self._reach.forget(session_id)

    def inventory(self) -> Inventory:
        opened = frozenset(self._reach.opened)
        sets, pods = self._instances.own(Kind.STATEFUL_SET), self._instances.own(Kind.POD)
        self._reach.forget(*opened - {naming.session(each) for each in sets})  # another agent removed them
        find = pods_of_many(pods)
        found = (_facts(each, find(each)) for each in sets)
        homes = {naming.session(each) for each in self._instances.own(Kind.HOME)} - {""}
        return Inventory(instances=tuple(each for each in found if each), homes=tuple(sorted(homes)))

    def endpoint(self, session_id: str) -> Endpoint | None:
        sets = [each for each in self._instances.own(Kind.STATEFUL_SET, session_id) if state(each).replicas]
        if not sets:
            return None
        newest = max(sets, key=naming.incarnation)
        pod = self._instances.pod(newest)
        if pod is None or not answering(newest, pod):
            return None
        vnc = naming.labels(newest).get(PROTOCOL) == "vnc"
        return self._reach.endpoint(
            session_id,
            pod,
            naming.number(newest, PORT),
            password=self._password(newest) if vnc else None,
            incarnation=naming.incarnation(newest),
        )

    def logs(self, session_id: str, lines: int) -> tuple[str, ...] | None:
        """With its pod goes what it printed, so of a hibernated instance there is nothing."""
        sets = self._instances.own(Kind.STATEFUL_SET, session_id)
        pod = self._instances.pod(max(sets, key=naming.incarnation)) if sets else None
        if pod is None:
            return None
        found = self._cluster.logs(pod.name, lines, container=CONTAINER)
        if not found and pod.restarts:
            return self._cluster.logs(pod.name, lines, previous=True, container=CONTAINER)
        return found

    def ended(self) -> tuple[Ended, ...]:
        return self._endings.look()

    def close(self) -> None:
        self._reach.close()
        self._watches.close()
        self._cluster.close()

    def _password(self, owner: Object) -> str | None:
        for each in self._instances.own(Kind.SECRET, naming.session(owner)):
            if naming.name(each) == naming.name(owner):
                return base64.b64decode((each.get("data") or {}).get(PASSWORD, "")).decode() or None
        return None

    def _surroundings(self) -> Surroundings:
        hosts = (self._service_host, urlsplit(self._cluster.address).hostname or "")
        return Surroundings(
            self._controller_id, self._settings, self._overcommit, tuple(each for each in hosts if each)
        )


def open_cluster(environment: Mapping[str, str]) -> tuple[Cluster, Settings]:
    """By the settings in the environment. Makes no call. Raises PermanentError `settings_invalid`."""
    settings = read_settings(environment)
    return Cluster.connect(settings, environment), settings


def read_backend(cluster: Cluster) -> Backend:
    """A controller's backend is its namespace: one made anew under the same name is another. Raises
    TemporaryError `platform_unavailable` where there is none."""
    found = cluster.get(Kind.NAMESPACE, cluster.namespace)
    if found is None:
        raise temporary("platform_unavailable", f"The cluster has no namespace {cluster.namespace}.")
    if naming.leaving(found):
        raise temporary(
            "platform_unavailable",
            f"The namespace {cluster.namespace} is being deleted, with all sessions in it.",
        )
    host = urlsplit(cluster.address).netloc
    return Backend(platform=PLATFORM, id=naming.uid(found), name=f"{cluster.namespace}@{host}")


def _facts(found: Object, pod: Sight | None) -> InstanceFacts | None:
    answered = state(found).notes.get(naming.ANSWERED)
    lives = pod is not None and pod.lives and answered in {None, pod.uid}
    return naming.facts(found, InstanceState.RUNNING if lives else InstanceState.STOPPED)
