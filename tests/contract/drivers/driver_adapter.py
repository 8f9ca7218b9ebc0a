"""What the contract suite needs to know about a platform beside its driver. One adapter per driver; a new
platform brings its own and the checks stay as they are.
"""

import shutil
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from agent.drivers.base import Driver, Endpoint
from agent.drivers.fake import FakeDriver, FakeInstance, FakeWorld
from agent.drivers.fake_file import FileWorld
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec, Reason, Resources

MIB = 2**20
Behaviour = Literal["good", "absent", "pullable", "exiting", "silent"]
"""Of an image: it works, and prints "session began" and "ready"; no registry has it; it must be pulled first;
its instance ends at once, having printed "boom"; its instance runs and never answers."""


class Capability(StrEnum):
    """What not every platform has. A check that needs one is skipped where it is not declared."""

    PULL = "pull"
    """Images are pulled by the driver, with progress."""


class Adapter(Protocol):
    """One controller on one platform."""

    capabilities: frozenset[Capability]

    def open(self) -> Driver:
        """A new process of the same agent."""

    def open_away(self) -> Driver:
        """One whose platform does not answer."""

    def spec(
        self, session_id: str, incarnation: int = 1, behaviour: Behaviour = "good", **changes: Any
    ) -> InstanceSpec:
        """A small instance of that behaviour."""

    def identity(self, session_id: str) -> str:
        """Of the session's one instance: differs if it was made anew."""

    def greet(self, endpoint: Endpoint) -> bool:
        """Whether the instance answers there."""

    def write_home(self, session_id: str, text: str) -> None:
        """Into a file in the home, from inside the running instance."""

    def read_home(self, session_id: str) -> str:
        """What is in that file, from inside; empty if it is not there."""

    def end(self, session_id: str) -> None:
        """The instance ends by itself."""

    def plant_foreign(self, session_id: str) -> None:
        """An instance and a home of the same session that another controller made."""

    def foreign_intact(self, session_id: str) -> bool:
        """Whether those are as they were."""

    def remains(self, session_id: str) -> list[str]:
        """All that still exists because of the session, its home excepted."""

    def close(self) -> None:
        """Remove everything."""


def small_spec(
    tenant_id: str, session_id: str, incarnation: int, image: str, changes: dict[str, Any]
) -> InstanceSpec:
    fields: dict[str, Any] = {
        "tenant_id": tenant_id,
        "session_id": session_id,
        "incarnation": incarnation,
        "image": image,
        "resources": Resources(cpu_millis=500, memory_bytes=128 * MIB),
    }
    return InstanceSpec(**(fields | changes))


class FakeAdapter:
    """`make` may be a misbehaving driver's constructor."""

    capabilities = frozenset({Capability.PULL})

    def __init__(self, make: Callable[[str, FakeWorld], Driver] = FakeDriver) -> None:
        self.make = make
        self.world = self.open_world()
        with self.world.held() as world:
            world.images, world.registry = {"good"}, {"pullable": 4_000_000}
            world.exiting, world.silent = {"exiting"}, {"silent"}
        self.tenant_id, self.controller_id, self.other = new_id("ten"), new_id("ctl"), new_id("ctl")
        self.foreign: dict[str, FakeInstance] = {}

    def open_world(self) -> FakeWorld:
        """As a process finds it."""
        return FakeWorld()

    def open(self) -> Driver:
        return self.make(self.controller_id, self.world)

    def open_away(self) -> Driver:
        return self.make(self.controller_id, FakeWorld(available=False))

    def spec(
        self, session_id: str, incarnation: int = 1, behaviour: Behaviour = "good", **changes: Any
    ) -> InstanceSpec:
        return small_spec(self.tenant_id, session_id, incarnation, behaviour, changes)

    def identity(self, session_id: str) -> str:
        (instance,) = self._instances(session_id)
        return instance.id

    def greet(self, endpoint: Endpoint) -> bool:
        with self.world.held() as world:
            return any(
                str(endpoint.socket_path).endswith(key[0])
                and instance.running
                and instance.spec.image == "good"
                for key, instance in world.instances.items()
            )

    def write_home(self, session_id: str, text: str) -> None:
        with self.world.held() as world:
            world.homes[session_id][1]["note"] = text

    def read_home(self, session_id: str) -> str:
        with self.world.held() as world:
            return world.homes[session_id][1].get("note", "")

    def end(self, session_id: str) -> None:
        self.world.end(
            session_id, Reason(code="instance_exited", message="The instance ended with exit code 1.")
        )

    def plant_foreign(self, session_id: str) -> None:
        self.foreign[session_id] = FakeInstance(self.other, self.spec(session_id, 7))
        with self.world.held() as world:
            world.instances[session_id, 7] = self.foreign[session_id]
            world.homes[session_id] = (self.other, {"note": "theirs"})

    def foreign_intact(self, session_id: str) -> bool:
        with self.world.held() as world:
            home = world.homes.get(session_id)
            return world.instances.get((session_id, 7)) == self.foreign[session_id] and home == (
                self.other,
                {"note": "theirs"},
            )

    def remains(self, session_id: str) -> list[str]:
        with self.world.held() as world:
            return [f"instance {key}" for key in world.instances if key[0] == session_id]

    def close(self) -> None:
        """Memory only."""

    def _instances(self, session_id: str) -> list[FakeInstance]:
        with self.world.held() as world:
            return [instance for key, instance in world.instances.items() if key[0] == session_id]


class SharedFakeAdapter(FakeAdapter):
    """The fake platform in a file: each driver has read it for itself, as each process would."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="streamspace-fake-"))
        super().__init__()

    def open_world(self) -> FakeWorld:
        return FileWorld(path=self.folder / "world.json")

    def open(self) -> Driver:
        return self.make(self.controller_id, self.open_world())

    def close(self) -> None:
        shutil.rmtree(self.folder)
