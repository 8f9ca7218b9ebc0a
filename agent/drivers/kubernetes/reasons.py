"""Why something does not run, in words for the person who wanted it. Pure.

insufficient_cpu | _memory | _gpu   no node has room; `_memory` also: the kernel killed it for that
unschedulable                       no node fits for another reason; with the scheduler's own message
image_not_found                     no registry knows it, or its name cannot be one
image_pull_failed                   registry or network (Temporary); access refused (Permanent)
home_pending                        its volume is not there, not attached, or still being deleted
instance_exited                     it ended, or cannot even be started
evicted                             the node needed room
node_lost                           the node went away
network_failed                      the node could not connect it
quota_exceeded, policy_refused      the namespace forbids it (`errors.py` reads these)
platform_error                      anything else, in the cluster's own words
"""

import re
from collections.abc import Iterable, Sequence

from agent.drivers.base import DriverError
from agent.drivers.kubernetes.errors import permanent, plain, refusal_in, temporary
from agent.drivers.kubernetes.seen import Exit, Happening, Sight, of
from chalicelib.protocol.instances import Reason

LINES = 8
"""How many of the last printed lines are asked for; the sentence is cut to a readable length anyway."""

_NOT_FOUND = re.compile(
    r"not found|manifest unknown|does not exist|name unknown|invalid reference|couldn't parse image", re.I
)
_REFUSED = re.compile(
    r"unauthorized|denied|forbidden|authentication required|no basic auth|authorization failed", re.I
)
_UNREACHABLE = re.compile(r"no such host|dial tcp|i/o timeout|connection refused|deadline exceeded", re.I)
_VOLUME = re.compile(r"persistentvolumeclaim|unbound immediate|available persistent volumes", re.I)
_NODE_GONE = frozenset(
    {"DeletionByTaintManager", "NodeLost", "DeletionByPodGC", "NodeShutdown", "Shutdown", "Terminated",
     "TerminationByKubelet"}
)  # fmt: skip
_NOT_KNOWN = frozenset({"Unknown", "ContainerStatusUnknown"})
"""Nobody saw the container end: it was gone when the node, or its container runtime, came back."""
_CROWDED_OUT = frozenset({"Evicted", "Preempted", "PreemptionByScheduler", "Preempting"})
_DRAINED = frozenset({"EvictionByEvictionAPI"})
_NO_ROOM = {"cpu": "insufficient_cpu", "memory": "insufficient_memory"}


def exit_reason(ended: Exit | None, lines: Sequence[str]) -> Reason:
    """`insufficient_memory` when the kernel killed it for that, `node_lost` when nobody knows how it ended,
    else `instance_exited`."""
    if ended is None:
        return Reason(code="instance_exited", message="The instance was removed from the cluster.")
    if ended.reason == "OOMKilled":
        return Reason(
            code="insufficient_memory",
            message="The instance needed more memory than it was given and was ended. Launch it with more.",
        )
    if ended.reason in _NOT_KNOWN:
        return Reason(
            code="node_lost",
            message="Its node restarted, or what runs instances there, and the instance ended with it.",
        )
    if ended.reason in {"StartError", "ContainerCannotRun"}:
        said = plain(ended.message)
        return Reason(code="instance_exited", message=f"The instance could not be started: {said}")
    said = f" It printed last: {plain(' | '.join(lines))}" if lines else ""
    return Reason(code="instance_exited", message=f"The instance ended with exit code {ended.code}.{said}")


def last_lines(ended: Exit | None) -> list[str]:
    """What the cluster kept of what it printed; empty if it kept nothing."""
    return [line for line in (ended.message if ended else "").splitlines() if line.strip()][-LINES:]


def disruption(why: str, message: str, node: str) -> Reason | None:
    """What the cluster did to it; None if it did nothing that is known here."""
    where = f"The node {node}" if node else "Its node"
    said = f" ({plain(message)})" if message else ""
    if why in _NODE_GONE:
        return Reason(code="node_lost", message=f"{where} went away, and the instance with it.{said}")
    if why in _DRAINED:
        return Reason(
            code="evicted", message=f"{where} was emptied, by an administrator or the cluster itself.{said}"
        )
    if why in _CROWDED_OUT:
        return Reason(code="evicted", message=f"{where} needed the room for something else.{said}")
    if why.lower() in {"outofcpu", "outofmemory"}:
        return Reason(code=_NO_ROOM[why[5:].lower()], message=f"{where} was full after all.{said}")
    return None


def ended_reason(
    pod: Sight | None, answered: str, events: Iterable[Happening], lines: Sequence[str]
) -> Reason:
    """Why the instance whose pod had the uid `answered` is no more. `pod`: what is there now."""
    if pod is not None and pod.uid == answered:
        known = disruption(pod.why, pod.message, pod.node)
        if known is not None:
            return known
        if pod.died:
            return exit_reason(pod.exit, lines)
        if pod.failed:
            return Reason(
                code="instance_exited", message=f"The instance failed: {plain(pod.message or pod.why)}"
            )
    for event in of(events, answered):
        known = disruption(event.reason, event.message, "")
        if known is not None:
            return known
    return exit_reason(None, ())


def no_place(message: str, gpu_resource: str) -> DriverError:
    """The scheduler's verdict, with its own message."""
    said = plain(message)
    if re.search(rf"insufficient {re.escape(gpu_resource)}", message, re.I):
        return permanent("insufficient_gpu", f"No node has a free GPU. The scheduler says: {said}")
    if _VOLUME.search(message):
        return temporary("home_pending", f"The home's volume is not ready. The scheduler says: {said}")
    lacking = {resource: _nodes_lacking(resource, message) for resource in ("memory", "cpu")}
    worst = max(lacking, key=lambda resource: lacking[resource])
    if lacking[worst]:
        return permanent(_NO_ROOM[worst], f"No node has enough {worst} left. The scheduler says: {said}")
    return permanent("unschedulable", f"No node takes the instance. The scheduler says: {said}")


def _nodes_lacking(resource: str, message: str) -> int:
    """How many, by the scheduler's count. What most of them lack is what stands in the way."""
    found = re.search(rf"(\d+) insufficient {resource}\b", message, re.I)
    return int(found[1]) if found else 0


def no_image(image: str, reason: str, message: str) -> DriverError:
    """Why an image is not there. `reason`: why the container waits."""
    said = plain(message)
    if reason == "InvalidImageName" or "couldn't parse image" in message:
        return permanent("image_not_found", f"{image} is not the name of an image: {said}")
    if reason == "ErrImageNeverPull":
        return permanent("image_not_found", f"{image} is not on the node, and is not to be pulled: {said}")
    if re.search(r"repository does not exist or may require", message, re.I) or (
        _NOT_FOUND.search(message) and not _REFUSED.search(message) and not _UNREACHABLE.search(message)
    ):
        return permanent("image_not_found", f"There is no image {image}, or it needs a pull secret.")
    if _REFUSED.search(message):
        return permanent(
            "image_pull_failed", f"The registry refused {image}: {said}. It may need a pull secret."
        )
    return temporary("image_pull_failed", f"The cluster could not pull {image}: {said}")


def not_created(message: str) -> DriverError:
    """Why no pod could be made, out of the StatefulSet's own event."""
    return refusal_in(message) or temporary(
        "platform_error", f"The cluster could not create it: {plain(message)}"
    )


def not_mounted(message: str) -> DriverError:
    return temporary("home_pending", f"A volume of the instance is not ready: {plain(message)}")


def raised(reason: Reason, *, again: bool) -> DriverError:
    """As an error; `again`: whether another try may help."""
    return (temporary if again else permanent)(reason.code, reason.message)
