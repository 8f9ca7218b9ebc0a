"""Writing down what a session is made of: first the StatefulSet, without a pod, that owns the rest; then the
rest; then its one pod. So no pod ever runs without its policy, and what a death in between leaves is seen by
the inventory as stopped, and found by `remove`.
"""

import secrets
import string
from dataclasses import dataclass

from agent.drivers.base import TemporaryError
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.cluster import Stale
from agent.drivers.kubernetes.errors import permanent, temporary
from agent.drivers.kubernetes.instances import TRIES, Ask, Instances, State, contended, state
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.manifests import Plan
from agent.drivers.kubernetes.removal import BELONGINGS, Removal
from agent.drivers.kubernetes.seen import owner_of
from agent.drivers.labels import CONTROLLER

_ALPHABET = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 8  # VncAuth ignores what follows (RFC 6143 §7.2.2)
_NAMES = {Kind.STATEFUL_SET: "StatefulSet", Kind.SECRET: "Secret", Kind.SERVICE: "Service",
          Kind.NETWORK_POLICY: "NetworkPolicy"}  # fmt: skip


@dataclass(frozen=True)
class Making:
    instances: Instances
    removal: Removal

    def make(self, plan: Plan, current: Object | None, ask: Ask) -> Object:
        """All but the pod, with a fresh password. `current`: the same incarnation's StatefulSet, if it is
        there; it has no pod any more. Returns the StatefulSet."""
        self._check_home(plan)
        if current is None:
            self._check_names(plan)
            owner = self._create(plan, ask)
        else:
            owner = self._renew(plan, current, ask)
        password = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
        self._give(Kind.SECRET, plan.secret(owner, password), plan, ask)
        self._give(Kind.SERVICE, plan.service(owner), plan, ask)
        self._give(Kind.NETWORK_POLICY, plan.network_policy(owner), plan, ask)
        if plan.spec.persistent_home:
            self._give_home(plan, ask)
        return owner

    def run(self, owner: Object, ask: Ask) -> Object:
        """Let it have its pod; what was noted about the one before is forgotten."""
        ours = State(1, {naming.ASKED_TO_RUN: secrets.token_hex(4)})

        def decide(found: Object) -> State:
            if state(found).replicas and state(found) != ours:
                raise _somebody_else(naming.name(found))
            return ours

        found = self.instances.change(owner, ask, decide)
        if found is None:
            raise taken_away()
        return found

    def _create(self, plan: Plan, ask: Ask) -> Object:
        """Not by force: if somebody else has made it meanwhile and lets it run, it is theirs."""
        for _ in range(TRIES):
            ask()
            try:
                return self.instances.cluster.apply(Kind.STATEFUL_SET, plan.stateful_set(), force=False)
            except Stale:
                if self._there(Kind.STATEFUL_SET, plan):
                    raise _somebody_else(plan.name) from None
        raise contended(plan.stateful_set())

    def _renew(self, plan: Plan, current: Object, ask: Ask) -> Object:
        """What it is made of, as the template and the settings say today."""
        for _ in range(TRIES):
            found = self.instances.find(current)
            if found is None:
                raise taken_away()
            if state(found).replicas:
                raise _somebody_else(plan.name)
            ask()
            try:
                return self.instances.cluster.apply(
                    Kind.STATEFUL_SET,
                    _in_place_of(found, plan.stateful_set()),
                    resource_version=naming.version(found),
                )
            except Stale:
                continue
        raise contended(current)

    def _give(self, kind: Kind, wanted: Object, plan: Plan, ask: Ask) -> None:
        """One of its belongings. None is changed: what is there goes first, so that whoever was about to take
        it away, late, finds another, and would have to take away one that it does not know. (No pod is there
        by now.) What somebody made meanwhile is theirs: with our owner it would go when ours does, with our
        password it would lock their instance."""
        for _ in range(TRIES):
            found = self._there(kind, plan)
            ask()
            if found is not None:
                self.instances.cluster.delete(kind, plan.name, uid=naming.uid(found), foreground=False)
                continue
            try:
                self.instances.cluster.create(kind, wanted)
                return
            except Stale:
                if self._is_made(kind, wanted, plan):
                    return
        raise contended(wanted)

    def _is_made(self, kind: Kind, wanted: Object, plan: Plan) -> bool:
        """Whether an attempt whose answer was lost has made it. Not, where there is none: a quota that many
        count on at once refuses in the same way. Raises if it is somebody else's."""
        found = self._there(kind, plan)
        if found is None:
            return False
        if owner_of(found) != owner_of(wanted) or found.get("data") != wanted.get("data"):
            raise _somebody_else(plan.name)
        return True

    def _there(self, kind: Kind, plan: Plan) -> Object | None:
        found = self.instances.own(kind, plan.spec.session_id)
        return next((each for each in found if naming.name(each) == plan.name), None)

    def _give_home(self, plan: Plan, ask: Ask) -> None:
        """A home that is there stays as it is, whatever the settings say today: volumes do not shrink."""

        def leaving() -> list[Object]:
            homes = self.instances.own(Kind.HOME, plan.spec.session_id)
            return [each for each in homes if naming.leaving(each)]

        if leaving():
            self.removal.await_home(leaving, ask)
        for _ in range(TRIES):
            if self.instances.own(Kind.HOME, plan.spec.session_id):
                return
            ask()
            try:
                self.instances.cluster.create(Kind.HOME, plan.home())
                return
            except Stale:
                self._check_home(plan)
        raise contended(plan.home())

    def _check_home(self, plan: Plan) -> None:
        if not plan.spec.persistent_home or self.instances.own(Kind.HOME, plan.spec.session_id):
            return
        name = naming.home_name(plan.spec.session_id)
        if self._taken(Kind.HOME, name):
            raise permanent(
                "home_taken", f"A volume claim {name} that this controller did not make is in the way."
            )

    def _check_names(self, plan: Plan) -> None:
        for kind in (Kind.STATEFUL_SET, *BELONGINGS):
            if self._taken(kind, plan.name):
                raise permanent(
                    "name_taken",
                    f"A {_NAMES[kind]} {plan.name} that this controller did not make is in the way.",
                )

    def _taken(self, kind: Kind, name: str) -> bool:
        found = self.instances.cluster.get(kind, name)
        return found is not None and naming.labels(found).get(CONTROLLER) != self.instances.controller_id


def _in_place_of(found: Object, wanted: Object) -> Object:
    """Naming its uid: else one that is gone meanwhile would be made anew."""
    return wanted | {"metadata": wanted["metadata"] | {"uid": naming.uid(found)}}


def _somebody_else(name: str) -> TemporaryError:
    """Calls for one session do not overlap, but for a moment after a lease was lost."""
    return temporary("platform_error", f"{name} is started by somebody else.")


def taken_away() -> TemporaryError:
    return temporary("platform_error", "The instance was removed from the cluster while it started.")
