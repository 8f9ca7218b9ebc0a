"""Writing down what a session is made of: first the StatefulSet, without a pod, that owns the rest; then the
rest; then its one pod. So no pod ever runs without its policy, and what a death in between leaves is seen by
the inventory as stopped, and found by `remove`.
"""

import secrets
import string
from dataclasses import dataclass

from agent.drivers.base import PermanentError, TemporaryError
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.cluster import Stale
from agent.drivers.kubernetes.errors import permanent, temporary
from agent.drivers.kubernetes.instances import TRIES, Ask, Instances, State, contended, state
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.manifests import Plan
from agent.drivers.kubernetes.removal import BELONGINGS, Removal

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
        self._give_password(plan, owner, ask)
        ask()
        self.instances.cluster.apply(Kind.SERVICE, plan.service(owner))
        self.instances.cluster.apply(Kind.NETWORK_POLICY, plan.network_policy(owner))
        if plan.spec.persistent_home:
            self._give_home(plan, ask)
        return owner

    def run(self, owner: Object, ask: Ask) -> Object:
        """Let it have its pod; what was noted about the one before is forgotten."""
        running = State(1, {})
        found = self.instances.change(owner, ask, lambda _: running)
        if found is None:
            raise taken_away()
        return found

    def _create(self, plan: Plan, ask: Ask) -> Object:
        """Not by force: if somebody else has made it meanwhile and lets it run, it is theirs."""
        ask()
        try:
            return self.instances.cluster.apply(Kind.STATEFUL_SET, plan.stateful_set(), force=False)
        except Stale:
            raise temporary("platform_error", f"{plan.name} was made by somebody else meanwhile.") from None

    def _renew(self, plan: Plan, current: Object, ask: Ask) -> Object:
        """What it is made of, as the template and the settings say today."""
        for _ in range(TRIES):
            found = self.instances.find(current)
            if found is None:
                raise taken_away()
            if state(found).replicas:
                raise temporary("platform_error", f"{plan.name} was started by somebody else meanwhile.")
            ask()
            try:
                return self.instances.cluster.apply(
                    Kind.STATEFUL_SET,
                    plan.stateful_set(),
                    resource_version=naming.version(found),
                )
            except Stale:
                continue
        raise contended(current)

    def _give_password(self, plan: Plan, owner: Object, ask: Ask) -> None:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
        session = plan.spec.session_id
        for each in self.instances.own(Kind.SECRET, session):
            if naming.name(each) == plan.name:
                ask()
                self.instances.cluster.delete(Kind.SECRET, plan.name, uid=naming.uid(each), foreground=False)
        ask()
        try:
            self.instances.cluster.apply(Kind.SECRET, plan.secret(owner, password))
        except PermanentError:
            # One that is there cannot be changed: another password would lock its instance.
            if any(naming.name(each) == plan.name for each in self.instances.own(Kind.SECRET, session)):
                raise temporary("platform_error", f"{plan.name} is started by somebody else.") from None
            raise

    def _give_home(self, plan: Plan, ask: Ask) -> None:
        """A home that is there stays as it is, whatever the settings say today: volumes do not shrink."""

        def leaving() -> list[Object]:
            homes = self.instances.own(Kind.HOME, plan.spec.session_id)
            return [each for each in homes if naming.leaving(each)]

        if leaving():
            self.removal.await_home(leaving, ask)
        if not self.instances.own(Kind.HOME, plan.spec.session_id):
            ask()
            self.instances.cluster.apply(Kind.HOME, plan.home())

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
        return (
            found is not None and naming.labels(found).get(naming.CONTROLLER) != self.instances.controller_id
        )


def taken_away() -> TemporaryError:
    return temporary("platform_error", "The instance was removed from the cluster while it started.")
