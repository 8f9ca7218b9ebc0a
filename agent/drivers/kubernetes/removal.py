"""Taking a session's instances to rest, and away with all that belongs to them but the home.

The pod goes first, while its policy still stands; then what it used; the StatefulSet last, so that whatever
comes in between, the inventory still shows what is left.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.drivers.base import TemporaryError
from agent.drivers.kubernetes import naming
from agent.drivers.kubernetes.errors import temporary
from agent.drivers.kubernetes.instances import Ask, Instances, go_on, stopped
from agent.drivers.kubernetes.kinds import Kind, Object
from agent.drivers.kubernetes.seen import sight

BELONGINGS = (Kind.SECRET, Kind.SERVICE, Kind.NETWORK_POLICY)


@dataclass(frozen=True)
class Removal:
    """`patience`: seconds until an instance that does not go is given up, with a reason."""

    instances: Instances
    patience: float

    def stop(
        self,
        session_id: str,
        *,
        before: int | None = None,
        ask: Ask = go_on,
        patience: float | None = None,
    ) -> None:
        """No pod is left of these incarnations. Raises TemporaryError `node_lost`."""
        asked = stopped()
        for each in _below(before, self.instances.own(Kind.STATEFUL_SET, session_id)):
            self.instances.change(each, ask, lambda _: asked)
        left = self.instances.until_gone(
            Kind.POD,
            lambda: _below(before, self.instances.own(Kind.POD, session_id)),
            self.patience if patience is None else patience,
            ask,
        )
        if left:
            raise _stuck(left[0])

    def remove(
        self,
        session_id: str,
        *,
        before: int | None = None,
        ask: Ask = go_on,
        patience: float | None = None,
    ) -> None:
        """Every incarnation, or only those below."""
        self.stop(session_id, before=before, ask=ask, patience=patience)
        for kind in BELONGINGS:
            for each in _below(before, self.instances.own(kind, session_id)):
                ask()
                self._delete(kind, each)

        def sets() -> list[Object]:
            return _below(before, self.instances.own(Kind.STATEFUL_SET, session_id))

        for each in sets():
            self.instances.delete(each, ask)
        left = self.instances.until_gone(
            Kind.STATEFUL_SET, sets, self.patience if patience is None else patience, ask
        )
        if left:
            raise temporary("platform_error", f"The cluster does not finish deleting {naming.name(left[0])}.")

    def remove_home(self, session_id: str) -> None:
        """Raises TemporaryError `home_pending`."""
        homes: Callable[[], list[Object]] = lambda: self.instances.own(Kind.HOME, session_id)  # noqa: E731
        for each in homes():
            if not naming.leaving(each):
                self._delete(Kind.HOME, each)
        self.await_home(homes, go_on)

    def await_home(self, left: Callable[[], list[Object]], ask: Ask) -> None:
        """Until a home that is being deleted is gone. Raises TemporaryError `home_pending`."""
        if found := self.instances.until_gone(Kind.HOME, left, self.patience, ask):
            raise temporary(
                "home_pending",
                f"The home's volume {naming.name(found[0])} is still being deleted; something holds it.",
            )

    def _delete(self, kind: Kind, found: Object) -> None:
        self.instances.cluster.delete(kind, naming.name(found), uid=naming.uid(found), foreground=False)


def _below(before: int | None, found: list[Object]) -> list[Object]:
    return [each for each in found if before is None or naming.incarnation(each) < before]


def _stuck(pod: Object) -> TemporaryError:
    seen = sight(pod)
    if seen.leaving and seen.node:
        return temporary(
            "node_lost",
            f"The node {seen.node} does not confirm that the instance has ended; it may be lost. "
            "Until it is back, or deleted from the cluster, the instance may still run there.",
        )
    return temporary("platform_error", f"The cluster does not end the instance {naming.name(pod)}.")
