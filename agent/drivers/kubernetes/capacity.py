"""What sessions may use: pure arithmetic on quotas, nodes and pods.

From a quota: its hard limits, less what pods of others in the namespace take of them. From nodes: what each
can allocate, less what pods of others request there. A session's CPU request is its limit divided by the
overcommit, so wherever requests are what counts, CPU is multiplied by it; limits count once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.kinds import Object
from agent.drivers.kubernetes.quantities import count, cpu_millis
from agent.drivers.kubernetes.settings import Settings, Toleration
from agent.drivers.labels import CONTROLLER, CPU_MILLIS, MEMORY_BYTES
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.instances import Reason, Resources

MORE_THAN_ALL = {
    "cpu": "more CPU",
    "memory": "more memory",
    "gpu": "more GPUs",
}


@dataclass(frozen=True)
class Room:
    """`largest`: the most that one instance can have, on the largest node."""

    total: Capacity
    largest: Capacity

    def lacks(self, asked: Resources) -> Reason | None:
        """Why no waiting would make room for it; None if it may fit."""
        for what, wanted, most in (
            ("memory", asked.memory_bytes, self.largest.memory_bytes),
            ("cpu", asked.cpu_millis, self.largest.cpu_millis),
            ("gpu", asked.gpu, self.largest.gpu),
        ):
            if wanted > most:
                return Reason(
                    code=f"insufficient_{what}",
                    message=f"The instance asks for {MORE_THAN_ALL[what]} than this controller's cluster "
                    "can give to one session.",
                )
        return None


def from_settings(settings: Settings) -> Room | None:
    """What the installer stated."""
    stated = settings.capacity
    if stated is None:
        return None
    total = Capacity(cpu_millis=cpu_millis(stated.cpu), memory_bytes=count(stated.memory), gpu=stated.gpu)
    return Room(total, total)


def from_quotas(
    quotas: Iterable[Object],
    pods: Iterable[Object],
    controller_id: str,
    settings: Settings,
    overcommit: float,
) -> Room | None:
    """What the namespace's quotas leave; None if they do not limit both CPU and memory. Quotas that count
    some pods only are left out."""
    hard: dict[str, list[str]] = {}
    for quota in quotas:
        spec = quota.get("spec") or {}
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        for key, value in (spec.get("hard") or {}).items():
            hard.setdefault(key, []).append(value)
    others = [each for each in pods if counts(each) and naming.labels(each).get(CONTROLLER) != controller_id]
    cpus = [
        *(cpu_millis(each) - taken(others, "cpu", "limits") for each in hard.get("limits.cpu", ())),
        *(
            int((cpu_millis(each) - taken(others, "cpu", "requests")) * max(1.0, overcommit))
            for key in ("cpu", "requests.cpu")
            for each in hard.get(key, ())
        ),
    ]
    memories = [
        count(each) - taken(others, "memory", kind)
        for key, kind in (
            ("limits.memory", "limits"),
            ("memory", "requests"),
            ("requests.memory", "requests"),
        )
        for each in hard.get(key, ())
    ]
    if not cpus or not memories:
        return None
    gpus = [
        count(each) - taken(others, settings.gpu_resource, "requests")
        for each in hard.get(f"requests.{settings.gpu_resource}", ())
    ]
    total = Capacity(
        cpu_millis=max(0, min(cpus)), memory_bytes=max(0, min(memories)), gpu=max(0, min(gpus, default=0))
    )
    # A quota that is silent on GPUs may still let one pass.
    return Room(total, total if gpus else total.model_copy(update={"gpu": 2**31}))


def from_nodes(
    nodes: Iterable[Object], pods: Iterable[Object], controller_id: str, settings: Settings, overcommit: float
) -> Room:
    """What the nodes that take sessions have left for them."""
    by_node: dict[str, list[Object]] = {}
    for pod in pods:
        if counts(pod) and naming.labels(pod).get(CONTROLLER) != controller_id:
            by_node.setdefault(str((pod.get("spec") or {}).get("nodeName") or ""), []).append(pod)
    shares = [
        _share(node, by_node.get(naming.name(node), []), settings, overcommit)
        for node in nodes
        if takes_sessions(node, settings)
    ]
    return Room(_combined(sum, shares), _combined(_most, shares))


def outline(pod: Object) -> Object:
    """What is read of a pod here: a large cluster has thousands."""
    spec = pod.get("spec") or {}

    def sizes(containers: Iterable[Object]) -> list[Object]:
        kept = ("resources", "restartPolicy")
        return [{key: each[key] for key in kept if key in each} for each in containers]

    return {
        "metadata": {"labels": naming.labels(pod)},
        "spec": {
            "nodeName": spec.get("nodeName"),
            "overhead": spec.get("overhead") or {},
            "resources": spec.get("resources") or {},
            "containers": sizes(spec.get("containers") or []),
            "initContainers": sizes(spec.get("initContainers") or []),
        },
        "status": {"phase": (pod.get("status") or {}).get("phase")},
    }


def takes_sessions(node: Object, settings: Settings) -> bool:
    """Whether the scheduler would put sessions there: it is ready, meant for them, and not closed to them."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    ready = any(
        each.get("type") == "Ready" and each.get("status") == "True"
        for each in status.get("conditions") or []
    )
    labels = naming.labels(node)
    meant = all(labels.get(key) == value for key, value in settings.node_selector.items())
    closed = [
        taint
        for taint in spec.get("taints") or []
        if taint.get("effect") in {"NoSchedule", "NoExecute"}
        and not any(_tolerates(each, taint) for each in settings.tolerations)
    ]
    return ready and meant and not spec.get("unschedulable") and not closed


def counts(pod: Object) -> bool:
    """Whether it still takes up room."""
    return (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}


def taken(pods: Iterable[Object], resource: str, kind: str) -> int:
    """The sum of pods' requests or limits: thousandths of a core, or bytes, or pieces."""
    read = cpu_millis if resource == "cpu" else count
    return sum(_of_pod(pod, resource, kind, read) for pod in pods)


def load(metrics: Iterable[Object]) -> Capacity:
    """What pods use at this moment, as the cluster's metrics have it."""
    usages = [container.get("usage") or {} for pod in metrics for container in pod.get("containers") or []]
    return Capacity(
        cpu_millis=sum(cpu_millis(each.get("cpu") or 0) for each in usages),
        memory_bytes=sum(count(each.get("memory") or 0) for each in usages),
    )


def booked(sets: Iterable[Object], gpu_resource: str) -> Capacity:
    """The limits of instances that are to run."""
    running = [each for each in sets if (each.get("spec") or {}).get("replicas")]
    return Capacity(
        cpu_millis=sum(naming.number(each, CPU_MILLIS) for each in running),
        memory_bytes=sum(naming.number(each, MEMORY_BYTES) for each in running),
        gpu=taken((each["spec"].get("template") or {} for each in running), gpu_resource, "limits"),
    )


def _share(node: Object, others: list[Object], settings: Settings, overcommit: float) -> Capacity:
    allocatable: Mapping[str, str] = (node.get("status") or {}).get("allocatable") or {}
    gpu = settings.gpu_resource
    cpu = cpu_millis(allocatable.get("cpu", 0)) - taken(others, "cpu", "requests")
    memory = count(allocatable.get("memory", 0)) - taken(others, "memory", "requests")
    gpus = count(allocatable.get(gpu, 0)) - taken(others, gpu, "requests")
    return Capacity(
        cpu_millis=max(0, int(cpu * max(1.0, overcommit))), memory_bytes=max(0, memory), gpu=max(0, gpus)
    )


def _of_pod(pod: Object, resource: str, kind: str, read: Callable[[str], int]) -> int:
    """As the scheduler counts: what it says for itself as a whole; else its containers and sidecars (init
    containers that stay), or an init container with the sidecars before it, if that is more; and what its
    sandbox takes."""
    spec = pod.get("spec") or {}

    def amount(sizes: Mapping[str, str]) -> int:
        return read(sizes[resource]) if resource in sizes else 0

    def stated(part: Object) -> Mapping[str, str]:
        return (part.get("resources") or {}).get(kind) or {}

    def size(part: Object) -> int:
        return amount(stated(part))

    box = amount(spec.get("overhead") or {})
    if resource in stated(spec):
        return size(spec) + box
    sidecars = most = 0
    for each in spec.get("initContainers") or []:
        if each.get("restartPolicy") == "Always":
            sidecars += size(each)
        else:
            most = max(most, sidecars + size(each))
    together = sidecars + sum(size(each) for each in spec.get("containers") or [])
    return max(together, most) + box


def _tolerates(toleration: Toleration, taint: Mapping[str, str]) -> bool:
    if toleration.effect is not None and toleration.effect != taint.get("effect"):
        return False
    if toleration.key is None:
        return toleration.operator == "Exists"
    if toleration.key != taint.get("key"):
        return False
    return toleration.operator == "Exists" or (toleration.value or "") == (taint.get("value") or "")


def _most(values: Iterable[int]) -> int:
    return max(values, default=0)


def _combined(how: Callable[[Iterable[int]], int], shares: list[Capacity]) -> Capacity:
    return Capacity(
        cpu_millis=how(each.cpu_millis for each in shares),
        memory_bytes=how(each.memory_bytes for each in shares),
        gpu=how(each.gpu for each in shares),
    )
