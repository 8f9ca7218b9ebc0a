"""Following a started instance until its process runs: its stages as they come, or why it does not."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.drivers.base import DriverError, Progressing, Step
from agent.drivers.kubernetes import naming, reasons
from agent.drivers.kubernetes.errors import temporary
from agent.drivers.kubernetes.instances import TICK, Instances, pod_of, state
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.making import taken_away
from agent.drivers.kubernetes.pod import CONTAINER
from agent.drivers.kubernetes.seen import Sight
from agent.drivers.kubernetes.stages import Look, Trouble, Wanted, look

log = logging.getLogger(__name__)


@dataclass
class Endurance:
    """For how long the present trouble has lasted. Of one code there are several, which only their patience
    tells apart: the minutes that a pull took are none in which a registry did not answer."""

    clock: Callable[[], float] = time.monotonic
    _present: tuple[str, float] | None = None
    _since: float = 0.0

    def over(self, trouble: Trouble | None) -> bool:
        """Whether it has lasted for its patience."""
        present = (trouble.code, trouble.patience) if trouble else None
        if present != self._present:
            self._present, self._since = present, self.clock()
        return trouble is not None and self.clock() - self._since >= trouble.patience


@dataclass
class Attendance:
    """One start's. The caches say when to look; before anything is concluded the API server is asked."""

    instances: Instances
    owner: Object
    wanted: Wanted
    progressing: Progressing
    known: frozenset[str] = frozenset()
    """Marks of events from before the start: what was wrong then may be mended."""
    endurance: Endurance = field(default_factory=Endurance)

    def until_ready(self) -> Sight:
        """The pod whose process runs. Raises why there is none."""
        while True:
            version = self.instances.watches.now(Kind.POD).version
            if self.check().ready:
                pod = self.instances.pod(self.owner)
                if self._look(pod).ready and pod is not None and pod.address:
                    return pod
            self.instances.watches.wait(Kind.POD, version, TICK)

    def check(self) -> Look:
        """Tell the stage. Raises if something has stood in the way for too long, or the start is not wanted
        any more."""
        pods = self.instances.watches.now(Kind.POD).items
        found = self._look(pod_of(self.owner, list(pods.values())))
        self.progressing(Step(found.stage))
        over = self.endurance.over(found.trouble)
        if over or self._seems_stopped():
            self._confirm(found.trouble if over else None)
        return found

    def exited(self, pod: Sight) -> DriverError:
        """Why a pod that ran does not any more, with the last lines that it printed."""
        lines = printed(self.instances, pod)
        return reasons.raised(reasons.exit_reason(pod.exit, lines), again=False)

    def _confirm(self, trouble: Trouble | None) -> None:
        """Raises if it is so."""
        owner = self.instances.find(self.owner)
        if owner is None:
            raise taken_away()
        if not state(owner).replicas or naming.leaving(owner):
            raise temporary("platform_error", "The instance was stopped while it started.")
        pod = self.instances.pod(owner)
        found = self._look(pod).trouble
        if trouble is None or found is None or found.code != trouble.code:
            return
        if pod is not None and found.exited:
            raise self.exited(pod)
        raise found.error

    def _look(self, pod: Sight | None) -> Look:
        subjects = (self.wanted.owner, self.wanted.home, pod.uid if pod else "")
        events = self.instances.watches.happenings(*subjects)
        return look(self.wanted, pod, [each for each in events if each.mark not in self.known])

    def _seems_stopped(self) -> bool:
        found = self.instances.watches.now(Kind.STATEFUL_SET).items.get(naming.name(self.owner))
        if found is None or naming.uid(found) != naming.uid(self.owner):
            return True
        return naming.leaving(found) or not state(found).replicas


def printed(instances: Instances, pod: Sight) -> list[str]:
    """The last lines of an instance that ended: what the cluster kept with its exit code, else its log.
    Nothing where the log cannot be had (its node is lost, or does not let the API server in): that it ended
    is told all the same."""
    kept = reasons.last_lines(pod.exit)
    if kept:
        return kept
    again = pod.restarts > 0
    try:
        return list(instances.cluster.logs(pod.name, reasons.LINES, previous=again, container=CONTAINER))
    except DriverError as error:
        log.info("the log of %s: %s", pod.name, error)
        return []
