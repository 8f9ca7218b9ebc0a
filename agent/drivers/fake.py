"""A driver that keeps its instances in memory: for tests of what sits above drivers, and the contract
suite's own yardstick. `FakeWorld` is the platform; drivers come and go on it as processes do (and real
processes on the one that `fake_file.py` keeps in a file).
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from agent.drivers.base import (
    Ended,
    Endpoint,
    Inventory,
    PermanentError,
    Progressing,
    Step,
    TemporaryError,
    lost,
)
from chalicelib.protocol.agents import Backend, Capacity
from chalicelib.protocol.instances import (
    InstanceFacts,
    InstanceSpec,
    InstanceState,
    Progress,
    Reason,
    Stage,
)

GIB = 2**30
PRINTED = ("session began", "ready")
"""What each instance prints."""


@dataclass(frozen=True)
class FakeInstance:
    """One instance, and who made it. `reason` is set when it ended without being asked to."""

    controller_id: str
    spec: InstanceSpec
    running: bool = True
    reason: Reason | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Another one for each that is made."""


@dataclass
class FakeWorld:
    """The platform and its knobs. Keys of instances are (session id, incarnation)."""

    backend_id: str = "fake"
    capacity: Capacity = field(default_factory=lambda: Capacity(cpu_millis=8000, memory_bytes=16 * GIB))
    load: Capacity | None = None
    images: set[str] = field(default_factory=lambda: {"fake"})
    registry: dict[str, int] = field(default_factory=dict)
    """Images that can be pulled, with their size in bytes."""
    exiting: set[str] = field(default_factory=set)
    """Images whose instances end at once."""
    silent: set[str] = field(default_factory=set)
    """Images whose instances run and never answer."""
    available: bool = True
    failing: dict[Stage, PermanentError | TemporaryError] = field(default_factory=dict)
    """What the step of that name raises."""
    pause: Callable[[Stage], None] = lambda _stage: None
    """Called within each step; may sleep, wait for an event, or raise."""
    instances: dict[tuple[str, int], FakeInstance] = field(default_factory=dict)
    homes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """By session: the controller that made it, and its files."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def held(self) -> Iterator["FakeWorld"]:
        """The world, which nobody else looks at or changes meanwhile."""
        with self.lock:
            yield self

    def end(self, session_id: str, reason: Reason) -> None:
        """Let a session's running instances end by themselves."""
        with self.held():
            for key, instance in self.instances.items():
                if key[0] == session_id and instance.running:
                    self.instances[key] = replace(instance, running=False, reason=reason)


class FakeDriver:
    """Honours the contract on a `FakeWorld`."""

    platform = "fake"

    def __init__(self, controller_id: str, world: FakeWorld | None = None) -> None:
        self.controller_id = controller_id
        self.world = world or FakeWorld()

    def backend(self) -> Backend:
        with self._world() as world:
            return Backend(platform=self.platform, id=world.backend_id, name="fake")

    def capacity(self) -> Capacity:
        with self._world() as world:
            return world.capacity

    def usage(self) -> Capacity:
        with self._world():
            booked = [own.spec.resources for _, own in self._own() if own.running]
        return Capacity(
            cpu_millis=sum(resources.cpu_millis for resources in booked),
            memory_bytes=sum(resources.memory_bytes for resources in booked),
            gpu=sum(resources.gpu for resources in booked),
        )

    def load(self) -> Capacity | None:
        with self._world() as world:
            return world.load

    def start(self, spec: InstanceSpec, progressing: Progressing) -> None:
        ran = False
        try:
            ran = self._settle_incarnations(spec)
            if not ran:
                self._pull(spec, progressing)
                self._step(Stage.CREATING, progressing)
                self._create(spec)
            self._step(Stage.CONNECTING, progressing)
            self._connect(spec)
        except BaseException as error:
            if (not ran or isinstance(error, PermanentError | TemporaryError)) and not lost(
                error, progressing
            ):
                self._drop(spec.session_id, before=spec.incarnation + 1)
            raise

    def stop(self, session_id: str) -> None:
        with self._world() as world:
            for key, instance in self._own(session_id):
                world.instances[key] = replace(instance, running=False, reason=None)

    def remove(self, session_id: str, *, delete_home: bool, before_incarnation: int | None = None) -> None:
        with self._world() as world:
            self._drop(session_id, before=before_incarnation)
            if delete_home and session_id in world.homes and world.homes[session_id][0] == self.controller_id:
                del world.homes[session_id]

    def inventory(self) -> Inventory:
        with self._world() as world:
            homes = sorted(key for key, (owner, _) in world.homes.items() if owner == self.controller_id)
            return Inventory(tuple(_facts(instance) for _, instance in self._own()), tuple(homes))

    def endpoint(self, session_id: str) -> Endpoint | None:
        with self._world():
            if any(instance.running for _, instance in self._own(session_id)):
                return Endpoint(socket_path=f"/fake/{self.controller_id}/{session_id}", password="fake")  # noqa: S106
            return None

    def logs(self, session_id: str, lines: int) -> tuple[str, ...] | None:
        with self._world():
            own = dict(self._own(session_id))
            return PRINTED[-lines:] if own else None

    def ended(self) -> tuple[Ended, ...]:
        with self._world():
            return tuple(Ended(_facts(own), own.reason) for _, own in self._own() if own.reason)

    def close(self) -> None:
        """Nothing is held."""

    def _settle_incarnations(self, spec: InstanceSpec) -> bool:
        """Remove older ones; whether the one asked for runs already."""
        with self._world() as world:
            if any(incarnation > spec.incarnation for (_, incarnation), _ in self._own(spec.session_id)):
                raise _permanent("superseded", "A newer instance of this session exists on this controller.")
            self._drop(spec.session_id, before=spec.incarnation)
            current = world.instances.get((spec.session_id, spec.incarnation))
            return current is not None and current.running

    def _pull(self, spec: InstanceSpec, progressing: Progressing) -> None:
        with self._world() as world:
            if spec.image in world.images | world.exiting | world.silent:
                return
            size = world.registry.get(spec.image)
        self._step(Stage.PULLING, progressing)
        if size is None:
            raise _permanent("image_not_found", f"There is no image {spec.image}.")
        for quarter in range(5):
            self._step(Stage.PULLING, progressing, Progress(done=size * quarter // 4, total=size))
        with self._world() as world:
            world.images.add(spec.image)

    def _create(self, spec: InstanceSpec) -> None:
        with self._world() as world:
            if spec.resources.memory_bytes > world.capacity.memory_bytes:
                raise _permanent("insufficient_memory", "More memory than the platform has.")
            if spec.persistent_home:
                world.homes.setdefault(spec.session_id, (self.controller_id, {}))
            world.instances[spec.session_id, spec.incarnation] = FakeInstance(self.controller_id, spec)

    def _connect(self, spec: InstanceSpec) -> None:
        with self.world.held() as world:
            if spec.image in world.exiting:
                raise _permanent(
                    "instance_exited", "The instance ended with exit code 3. It printed last: boom"
                )
            if spec.image in world.silent:
                raise _permanent("handshake_timeout", "The instance runs but did not answer.")

    def _step(self, stage: Stage, progressing: Progressing, progress: Progress | None = None) -> None:
        progressing(Step(stage, progress))
        self.world.pause(stage)
        if error := self.world.failing.get(stage):
            raise error

    def _own(self, session_id: str | None = None) -> list[tuple[tuple[str, int], FakeInstance]]:
        return [
            (key, instance)
            for key, instance in self.world.instances.items()
            if instance.controller_id == self.controller_id and session_id in {None, key[0]}
        ]

    def _drop(self, session_id: str, *, before: int | None) -> None:
        with self.world.held() as world:
            for key, _ in self._own(session_id):
                if before is None or key[1] < before:
                    del world.instances[key]

    @contextmanager
    def _world(self) -> Iterator[FakeWorld]:
        """The world, if it answers."""
        with self.world.held() as world:
            if not world.available:
                raise TemporaryError(
                    Reason(code="platform_unavailable", message="The fake platform is away.")
                )
            yield world


def _facts(instance: FakeInstance) -> InstanceFacts:
    return InstanceFacts(
        tenant_id=instance.spec.tenant_id,
        session_id=instance.spec.session_id,
        incarnation=instance.spec.incarnation,
        state=InstanceState.RUNNING if instance.running else InstanceState.STOPPED,
        exit_code=1 if instance.reason else None,
    )


def _permanent(code: str, message: str) -> PermanentError:
    return PermanentError(Reason(code=code, message=message))
