"""Instances that ended without being asked to. What is found out is noted on the StatefulSet, which is scaled
down with the same write: so the answer stays the same for every agent, and nothing that crashes goes on
crashing at its tenant's cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from agent.drivers.base import Ended
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.attending import printed
from agent.drivers.kubernetes.instances import Instances, State, answering, go_on, pods_of_many, state
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.reasons import ended_reason
from agent.drivers.kubernetes.seen import Sight
from chalicelib.protocol.instances import InstanceState, Reason

TOUCH = 0.01
"""Seconds."""
LAG = 0.3
"""Seconds that the caches are given to show what has just happened."""


@dataclass(frozen=True)
class Endings:
    instances: Instances
    clock: Callable[[], float] = time.monotonic

    def look(self) -> tuple[Ended, ...]:
        """The caches say whether there may be any; what is told was read from the API server."""
        if not self._suspected():
            return ()
        found = self.instances.own(Kind.STATEFUL_SET)  # first: a pod that answered by then is seen below
        find = pods_of_many(self.instances.own(Kind.POD))
        return tuple(ended for each in found if (ended := self._judge(each, find(each))))

    def _suspected(self) -> bool:
        watches, until = self.instances.watches, self.clock() + LAG
        while True:
            pods = watches.now(Kind.POD)
            sets = watches.now(Kind.STATEFUL_SET)
            find = pods_of_many(pods.items.values())
            if any(_ended(each, find(each)) for each in sets.items.values()):
                return True
            left = until - self.clock()
            if left <= 0:
                # Waiting is what finds out that a watch has gone silent.
                watches.wait(Kind.STATEFUL_SET, sets.version, TOUCH)
                return False
            watches.wait(Kind.POD, pods.version, left)

    def _judge(self, found: Object, pod: Sight | None) -> Ended | None:
        if not _ended(found, pod):
            return None
        facts = naming.facts(found, InstanceState.STOPPED)
        if facts is None:
            return None
        reason = _noted(found)
        if reason is None:
            reason = self._reason(found, pod)
            if not self._note(found, pod, reason):
                return None  # something else came first; the next look shows what
        return Ended(facts, reason)

    def _reason(self, found: Object, pod: Sight | None) -> Reason:
        answered = state(found).notes[naming.ANSWERED]
        its_own = pod is not None and pod.uid == answered
        lines = printed(self.instances, pod) if pod is not None and its_own and pod.died else []
        return ended_reason(pod, answered, self.instances.watches.happenings(answered), lines)

    def _note(self, found: Object, pod: Sight | None, reason: Reason) -> bool:
        """Whether it is noted now. A start, a stop or another agent's note that came first wins."""
        judged = state(found)

        def decide(now: Object) -> State | None:
            if state(now) != judged:
                return None
            return State(0, {naming.ENDED: reason.model_dump_json()})

        changed = self.instances.change(found, go_on, decide)
        return changed is not None and naming.ENDED in state(changed).notes


def _ended(found: Object, pod: Sight | None) -> bool:
    known = state(found)
    if naming.ENDED in known.notes:
        return True
    return naming.ANSWERED in known.notes and not answering(found, pod)


def _noted(found: Object) -> Reason | None:
    try:
        return Reason.model_validate_json(state(found).notes.get(naming.ENDED, ""))
    except ValidationError:
        return None
