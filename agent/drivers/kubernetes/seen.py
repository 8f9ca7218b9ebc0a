"""What a pod and the events about it say, read into the few facts that matter here. Pure.

Only the session's own container is looked at: clusters add others (sidecars).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.kinds import Object
from agent.drivers.kubernetes.pod import CONTAINER


@dataclass(frozen=True)
class Exit:
    """How a container ended."""

    code: int
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Sight:
    """A pod."""

    uid: str
    owner: str
    """uid of the StatefulSet that made it."""
    name: str = ""
    node: str = ""
    address: str | None = None
    leaving: bool = False
    failed: bool = False
    why: str = ""
    """Reason of a pod that failed or is disrupted (`Evicted`, `OutOfmemory`, `DeletionByTaintManager`)."""
    message: str = ""
    unschedulable: str | None = None
    """The scheduler's own message."""
    waiting: str = ""
    waiting_message: str = ""
    running: bool = False
    restarts: int = 0
    exit: Exit | None = None

    @property
    def lives(self) -> bool:
        """Whether its first container runs, and nobody has asked it to end."""
        return self.running and self.restarts == 0 and not self.leaving and not self.failed

    @property
    def died(self) -> bool:
        """Whether its first container ended. One that was started again is no longer the same desktop."""
        return self.restarts > 0 or (self.exit is not None and not self.running)


def sight(pod: Object) -> Sight:
    status = pod.get("status") or {}
    conditions = {each.get("type"): each for each in status.get("conditions") or []}
    scheduled = conditions.get("PodScheduled") or {}
    disrupted = conditions.get("DisruptionTarget") or {}
    if disrupted.get("status") != "True":
        disrupted = {}
    container = _container(status)
    state, last = container.get("state") or {}, container.get("lastState") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or last.get("terminated")
    unschedulable = scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable"
    return Sight(
        uid=naming.uid(pod),
        owner=owner_of(pod),
        name=naming.name(pod),
        node=str((pod.get("spec") or {}).get("nodeName") or ""),
        address=status.get("podIP") or None,
        leaving=naming.leaving(pod),
        failed=status.get("phase") == "Failed",
        why=str(status.get("reason") or disrupted.get("reason") or ""),
        message=str(status.get("message") or disrupted.get("message") or ""),
        unschedulable=str(scheduled.get("message") or "") if unschedulable else None,
        waiting=str(waiting.get("reason") or ""),
        waiting_message=str(waiting.get("message") or ""),
        running="running" in state,
        restarts=int(container.get("restartCount") or 0),
        exit=Exit(
            code=int(ended.get("exitCode") or 0),
            reason=str(ended.get("reason") or ""),
            message=str(ended.get("message") or ""),
        )
        if ended
        else None,
    )


def owner_of(item: Object) -> str:
    """The uid of what made it."""
    references = item["metadata"].get("ownerReferences") or []
    return next((str(each["uid"]) for each in references if each.get("uid")), "")


@dataclass(frozen=True)
class Happening:
    """An event. `about`: uid of what it is about. `mark`: another when it happens again."""

    about: str
    reason: str
    message: str
    mark: str = ""


def happening(event: Object) -> Happening:
    return Happening(
        about=str((event.get("involvedObject") or {}).get("uid") or ""),
        reason=str(event.get("reason") or ""),
        message=str(event.get("message") or ""),
        mark=f"{naming.name(event)} {naming.version(event)}",
    )


def brief(event: Object) -> Object:
    """What is read of an event: a busy namespace keeps thousands."""
    metadata = event["metadata"]
    return {
        "metadata": {"name": metadata["name"], "resourceVersion": metadata.get("resourceVersion", "")},
        "involvedObject": {"uid": (event.get("involvedObject") or {}).get("uid", "")},
        "reason": event.get("reason", ""),
        "message": event.get("message", ""),
    }


def of(events: Iterable[Happening], uid: str, *reasons: str) -> list[Happening]:
    """Those about one object, of these reasons (or of all)."""
    return [each for each in events if each.about == uid and (not reasons or each.reason in reasons)]


def _container(status: Object) -> Object:
    found = [each for each in status.get("containerStatuses") or [] if each.get("name") == CONTAINER]
    return dict(found[0]) if found else {}
