"""Fakes that break the contract, each in one way that a real driver's author could fall into."""

import threading
import time

from agent.drivers.base import Cancelled, Ended, Endpoint, Inventory, Progressing
from agent.drivers.fake import FakeDriver, FakeInstance, FakeWorld
from chalicelib.protocol.instances import InstanceSpec, Stage


class Slow(FakeDriver):
    """Within its rights: every step takes a while."""

    def __init__(self, controller_id: str, world: FakeWorld) -> None:
        super().__init__(controller_id, world)
        world.pause = lambda _stage: time.sleep(0.01)


class Dead(FakeDriver):
    """Hangs in a step, deaf to its caller."""

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        threading.Event().wait()


class Lying(FakeDriver):
    """Says that it started and did nothing."""

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        return


class Hasty(FakeDriver):
    """Takes "up" for "answers"."""

    def _connect(self, spec: InstanceSpec) -> None:
        return


class Deaf(FakeDriver):
    """Does not let Cancelled through."""

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        try:
            super().start(spec, progressing)
        except Cancelled:
            return


class Messy(FakeDriver):
    """Leaves what it made when it is cancelled."""

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        try:
            super().start(spec, progressing)
        except Cancelled:
            self.world.instances[spec.session_id, spec.incarnation] = FakeInstance(self.controller_id, spec)
            raise


class Tidy(FakeDriver):
    """Cleans up whenever it is cancelled, however late."""

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        try:
            super().start(spec, progressing)
        except Cancelled:
            self.remove(spec.session_id, delete_home=False)
            raise


class Doubling(FakeDriver):
    """Makes an instance anew although it runs."""

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        self.remove(spec.session_id, delete_home=False)
        super().start(spec, progressing)


class Wrecker(FakeDriver):
    """Takes the home with the instance."""

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        super().remove(session_id, delete_home=True, before_incarnation=before_incarnation)


class Sweeping(FakeDriver):
    """Removes whatever bears the session's name, whoever made it."""

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        super().remove(session_id, delete_home=delete_home, before_incarnation=before_incarnation)
        for key in [key for key in self.world.instances if key[0] == session_id]:
            if before_incarnation is None or key[1] < before_incarnation:
                del self.world.instances[key]


class Forgetful(FakeDriver):
    """Keeps in memory what it should read from the platform."""

    def __init__(self, controller_id: str, world: FakeWorld) -> None:
        super().__init__(controller_id, world)
        self.known: set[str] = set()

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        super().start(spec, progressing)
        self.known.add(spec.session_id)

    def endpoint(self, session_id: str) -> Endpoint | None:
        return super().endpoint(session_id) if session_id in self.known else None


class Squeamish(FakeDriver):
    """Complains about what is not there."""

    def stop(self, session_id: str) -> None:
        if self.endpoint(session_id) is None:
            raise KeyError(session_id)
        super().stop(session_id)


class Blabbing(FakeDriver):
    """Tells once that an instance ended, then never again."""

    def ended(self) -> tuple[Ended, ...]:
        told = super().ended()
        self.world.instances = {k: i for k, i in self.world.instances.items() if i.reason is None}
        return told


class Blind(FakeDriver):
    """Counts only what runs."""

    def inventory(self) -> Inventory:
        found = super().inventory()
        running = tuple(fact for fact in found.instances if fact.state == "running")
        return Inventory(running, found.homes)


class Stubborn(FakeDriver):
    """Lets a late start undo a newer one."""

    def _settle_incarnations(self, spec: InstanceSpec) -> bool:
        self._drop(spec.session_id, before=None)
        return False


class Nosy(FakeDriver):
    """Reads the log of whatever bears the session's name, whoever made it."""

    def logs(self, session_id: str, lines: int) -> tuple[str, ...] | None:
        return ("boom",) if any(key[0] == session_id for key in self.world.instances) else None


class Endless(FakeDriver):
    """Reads all there is, however much was asked for."""

    def logs(self, session_id: str, lines: int) -> tuple[str, ...] | None:
        return super().logs(session_id, 1000)


class Silent(FakeDriver):
    """Pulls without a word about bytes."""

    def _step(self, stage: Stage, progressing: Progressing, progress: object = None) -> None:
        super()._step(stage, progressing)
