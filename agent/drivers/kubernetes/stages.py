"""How far a start has come, and what stands in its way, out of the pod and the events about it. Pure.

A trouble is told only when it has lasted for its patience: clusters mend much by themselves (a node is added,
a volume is made, a registry answers again), and what is in a cache may be over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.drivers.base import DriverError, TemporaryError
from agent.drivers.kubernetes import reasons
from agent.drivers.kubernetes.errors import permanent, plain, temporary
from agent.drivers.kubernetes.seen import Happening, Sight, of
from agent.drivers.kubernetes.settings import Settings
from chalicelib.protocol.instances import Stage

AT_ONCE = 0.0
SETTLE = 3.0
"""Seconds in which a refused creation may still succeed: a quota is given back a moment after a pod went."""
NETWORK = 20.0
"""Seconds in which the node may try again what failed on the network."""

IMAGE_TROUBLE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
     "RegistryUnavailable", "SignatureValidationFailed"}
)  # fmt: skip
NOT_STARTED = frozenset({"CreateContainerError", "RunContainerError", "StartError"})
UNDER_WAY = frozenset({"", "ContainerCreating", "PodInitializing"})


@dataclass(frozen=True)
class Trouble:
    """`patience`: seconds that it may last before the start fails with `error`. `exited`: the instance ran
    and ended, so what it printed belongs to the reason."""

    error: DriverError
    patience: float
    exited: bool = False

    @property
    def code(self) -> str:
        return self.error.reason.code


@dataclass(frozen=True)
class Look:
    """`ready`: its process runs, so it can be asked whether it answers."""

    stage: Stage
    trouble: Trouble | None = None
    ready: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is being started."""

    owner: str
    """uid of its StatefulSet."""
    home: str
    """uid of its home's claim; empty if the home passes."""
    image: str
    settings: Settings


def look(wanted: Wanted, pod: Sight | None, events: Sequence[Happening]) -> Look:
    if pod is None or pod.owner != wanted.owner:
        return Look(Stage.CREATING, _not_created(wanted, events))
    if pod.leaving or pod.failed:
        return Look(Stage.CREATING, _taken_away(pod))
    if pod.died:
        return Look(Stage.CONNECTING, _exited(pod))
    if pod.running:
        return Look(Stage.CONNECTING, ready=True)
    if not pod.node:
        return Look(Stage.CREATING, _not_placed(wanted, pod, events))
    return _on_its_node(wanted, pod, events)


def _not_created(wanted: Wanted, events: Sequence[Happening]) -> Trouble:
    failures = of(events, wanted.owner, "FailedCreate")
    if failures:
        return Trouble(reasons.not_created(failures[-1].message), SETTLE)
    error = temporary("platform_error", "The cluster does not begin to create the instance; is it working?")
    return Trouble(error, wanted.settings.create_timeout)


def _taken_away(pod: Sight) -> Trouble:
    known = reasons.disruption(pod.why, pod.message, pod.node)
    if known is not None:
        return Trouble(reasons.raised(known, again=True), AT_ONCE)
    if pod.died:
        return _exited(pod)
    said = plain(pod.message or pod.why or "somebody deleted it")
    return Trouble(temporary("platform_error", f"The cluster took the instance away: {said}"), AT_ONCE)


def _exited(pod: Sight) -> Trouble:
    error = reasons.raised(reasons.exit_reason(pod.exit, reasons.last_lines(pod.exit)), again=False)
    return Trouble(error, AT_ONCE, exited=True)


def _not_placed(wanted: Wanted, pod: Sight, events: Sequence[Happening]) -> Trouble:
    settings = wanted.settings
    home = of(events, wanted.home, "ProvisioningFailed", "FailedBinding") if wanted.home else []
    if home:
        return Trouble(reasons.not_mounted(home[-1].message), settings.home_timeout)
    if pod.unschedulable is None:
        silent = temporary("platform_error", "The cluster's scheduler says nothing about the instance.")
        return Trouble(silent, settings.create_timeout)
    error = reasons.no_place(pod.unschedulable, settings.gpu_resource)
    patient = error.reason.code == "home_pending"
    return Trouble(error, settings.home_timeout if patient else settings.schedule_timeout)


def _on_its_node(wanted: Wanted, pod: Sight, events: Sequence[Happening]) -> Look:
    settings = wanted.settings
    pulled = of(events, pod.uid, "Pulled")
    pulling = bool(of(events, pod.uid, "Pulling")) and not pulled
    if pod.waiting in IMAGE_TROUBLE:
        missing = reasons.no_image(wanted.image, pod.waiting, _pull_failure(pod, events))
        hopeful = isinstance(missing, TemporaryError)
        return Look(Stage.PULLING, Trouble(missing, NETWORK if hopeful else AT_ONCE))
    if pod.waiting in NOT_STARTED:
        said = f"The instance could not be started: {plain(pod.waiting_message or pod.waiting)}"
        return Look(Stage.CREATING, Trouble(permanent("instance_exited", said), SETTLE))
    if pod.waiting not in UNDER_WAY:
        said = f"The node cannot start the instance: {plain(pod.waiting_message or pod.waiting)}"
        return Look(Stage.CREATING, Trouble(temporary("platform_error", said), NETWORK))
    if pulling:
        said = f"The node still pulls {wanted.image}."
        return Look(Stage.PULLING, Trouble(temporary("image_pull_failed", said), settings.pull_timeout))
    # Images come last: what was wrong with volumes and network before is over then.
    before = [] if pulled else events
    return Look(Stage.CREATING, _being_created(wanted, pod, before))


def _pull_failure(pod: Sight, events: Sequence[Happening]) -> str:
    """The registry's own words. A container that waits for the next try may have forgotten them."""
    failures = [each for each in of(events, pod.uid, "Failed") if "Failed to pull" in each.message]
    if pod.waiting == "ImagePullBackOff" and failures:
        return failures[-1].message
    return pod.waiting_message


def _being_created(wanted: Wanted, pod: Sight, events: Sequence[Happening]) -> Trouble:
    settings = wanted.settings
    volumes = of(events, pod.uid, "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    if volumes:
        return Trouble(reasons.not_mounted(volumes[-1].message), settings.home_timeout)
    sandbox = of(events, pod.uid, "FailedCreatePodSandBox")
    if sandbox:
        said = f"The node could not connect the instance to the network: {plain(sandbox[-1].message)}"
        return Trouble(temporary("network_failed", said), NETWORK)
    said = f"The node {pod.node} does not get on with creating the instance."
    return Trouble(temporary("platform_error", said), settings.create_timeout)
