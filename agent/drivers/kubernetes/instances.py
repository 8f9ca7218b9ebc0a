"""A controller's objects, read from the API server's own store and changed under what was read.

The rule that makes late effects harmless: read, ask whether the work is still ours, write only if nothing
changed since the reading. A process that was frozen anywhere in between finds out before it harms whoever
went on in its place.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agent.drivers.base import TemporaryError
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.cluster import Cluster, Stale
from agent.drivers.kubernetes.errors import temporary
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.manifests import STATE_MANAGER, running_state
from agent.drivers.kubernetes.seen import Sight, owner_of, sight
from agent.drivers.kubernetes.watches import Watches
from agent.drivers.labels import CONTROLLER, SESSION

TRIES = 30
"""The StatefulSet controller writes a few times after each change; more than this is a fight."""
TICK = 1.0
"""Seconds between two questions whether the work is still wanted."""

FROZEN = 20.0
"""Seconds: the margin by which the worker stops before a lease is over."""

Ask = Callable[[], None]
"""Raises to end the work."""


def go_on() -> None:
    """An `Ask` that always agrees."""


def awake(clock: Callable[[], float] = time.monotonic) -> Ask:
    """An `Ask` for calls that come without a lease to look at. Whoever did not get here for longer than a
    lease's margin was frozen, or waited for the cluster; somebody else may have gone on meanwhile. Raises
    TemporaryError `platform_unavailable` then: the caller looks whether the work is still its own."""
    last = clock()

    def ask() -> None:
        nonlocal last
        before, last = last, clock()
        if last - before > FROZEN:
            raise temporary(
                "platform_unavailable", f"The agent did not get on for {last - before:.0f} seconds."
            )

    return ask


@dataclass(frozen=True)
class State:
    """Whether an instance is to run, and what is noted about it."""

    replicas: int
    notes: Mapping[str, str]


def stopped() -> State:
    """Another note each time: stopping what is stopped already is a change too, so that a start that has been
    frozen since it read the state before finds its write refused."""
    return State(0, {naming.ASKED_TO_STOP: secrets.token_hex(4)})


def state(found: Object) -> State:
    known = (naming.ASKED_TO_STOP, naming.ASKED_TO_RUN, naming.ANSWERED, naming.ENDED)
    notes = {key: value for key, value in naming.annotations(found).items() if key in known}
    return State(int((found.get("spec") or {}).get("replicas") or 0), notes)


@dataclass(frozen=True)
class Instances:
    cluster: Cluster
    watches: Watches
    controller_id: str

    def own(self, kind: Kind, session_id: str | None = None) -> list[Object]:
        """All of that kind, or one session's, that carry the controller's own label."""
        labels = {CONTROLLER: self.controller_id}
        if session_id is not None:
            labels[SESSION] = session_id
        return self.cluster.list(kind, labels)

    def find(self, like: Object) -> Object | None:
        """The StatefulSet as it is now; None if it is gone, or another by now."""
        found = self.own(Kind.STATEFUL_SET, naming.session(like))
        return next((each for each in found if naming.uid(each) == naming.uid(like)), None)

    def pod(self, owner: Object) -> Sight | None:
        """The one pod of a StatefulSet, as it is now."""
        return pod_of(owner, self.own(Kind.POD, naming.session(owner)))

    def change(self, like: Object, ask: Ask, decide: Callable[[Object], State | None]) -> Object | None:
        """Give it the state that `decide` names (None: leave it). None if it is gone. Raises what `ask` and
        `decide` raise."""
        for _ in range(TRIES):
            found = self.find(like)
            if found is None:
                return None
            wanted = decide(found)
            ask()
            if wanted is None or wanted == state(found):
                return found
            manifest = running_state(found, replicas=wanted.replicas, annotations=wanted.notes)
            try:
                return self.cluster.apply(
                    Kind.STATEFUL_SET,
                    manifest,
                    resource_version=naming.version(found),
                    manager=STATE_MANAGER,
                )
            except Stale:
                continue
        raise contended(like)

    def delete(self, like: Object, ask: Ask) -> None:
        """Delete a StatefulSet; begins it."""
        for _ in range(TRIES):
            found = self.find(like)
            ask()
            if found is None or naming.leaving(found):
                return
            try:
                self.cluster.delete(
                    Kind.STATEFUL_SET,
                    naming.name(found),
                    uid=naming.uid(found),
                    resource_version=naming.version(found),
                )
            except Stale:
                continue
            return
        raise contended(like)

    def until_gone(
        self, kind: Kind, left: Callable[[], list[Object]], most: float, ask: Ask = go_on
    ) -> list[Object]:
        """Wait until `left` (which reads the API server) finds nothing; what it still finds after `most`
        seconds. Looks again whenever something of that kind changes."""
        deadline = time.monotonic() + most
        version = self.watches.now(kind).version
        while found := left():
            ask()
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                break
            version = self.watches.wait(kind, version, min(remaining, TICK)).version
        return found


def pod_of(owner: Object, pods: list[Object]) -> Sight | None:
    """The pod that a StatefulSet made, among these."""
    uid = naming.uid(owner)
    return next((sight(each) for each in pods if owner_of(each) == uid), None)


def pods_of_many(pods: Iterable[Object]) -> Callable[[Object], Sight | None]:
    """The same for many StatefulSets, without searching for each."""
    made = {owner_of(each): each for each in pods}

    def find(owner: Object) -> Sight | None:
        found = made.get(naming.uid(owner))
        return sight(found) if found is not None else None

    return find


def answering(owner: Object, pod: Sight | None) -> bool:
    """Whether the pod is the one that answered the handshake of the instance's start, and still lives."""
    known = state(owner)
    return (
        known.replicas > 0
        and not naming.leaving(owner)
        and pod is not None
        and pod.lives
        and known.notes.get(naming.ANSWERED) == pod.uid
    )


def contended(like: Object) -> TemporaryError:
    return temporary("platform_error", f"Something else keeps changing {naming.name(like)} in the cluster.")
