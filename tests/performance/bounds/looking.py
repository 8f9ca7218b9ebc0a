"""What an agent does by itself, whether or not anybody asks: its looks at the platform for each heartbeat,
for endings and for an inventory. Counted in instances that the platform is made to show."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from agent.drivers.fake import FakeDriver, FakeInstance, FakeWorld
from agent.worker.fences import Fences
from agent.worker.health import AgentHealth
from agent.worker.lanes import Lanes
from agent.worker.outbox import Outbox
from agent.worker.platform import Platform
from agent.worker.runtime import Runtime
from agent.worker.slicing import Slices
from agent.worker.timings import Timings
from agent.worker.watch import Watcher
from chalicelib.commands.service import new_session_id
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec, Resources

_T = TypeVar("_T")
_TURNS = 5


class _Shown(dict[tuple[str, int], FakeInstance]):
    """Counts the instances that whoever goes through it is shown."""

    shown = 0

    def items(self) -> Any:
        self.shown += len(self)
        return super().items()


@dataclass(frozen=True)
class Looks:
    """Of one turn each: instances shown, and milliseconds (the best of a few turns)."""

    heartbeat_shown: int
    watch_shown: int
    inventory_shown: int
    heartbeat_ms: float
    watch_ms: float
    inventory_ms: float


def looks(count: int) -> Looks:
    """With so many instances on a fake platform."""
    return asyncio.run(_looks(count))


async def _looks(count: int) -> Looks:
    world = FakeWorld(instances=(instances := _Shown()))
    tenant_id, controller_id = new_id("ten"), new_id("ctl")
    with tempfile.TemporaryDirectory() as folder:
        runtime, health, fences = Runtime(blocking=_at_once), AgentHealth(), Fences(Path(folder) / "fences")
        for _ in range(count):
            spec = _spec(tenant_id, new_session_id())
            world.instances[spec.session_id, 1] = FakeInstance(controller_id, spec)
            world.homes[spec.session_id] = (controller_id, {})
            fences.raise_to(spec.session_id, 1)
        driver = FakeDriver(controller_id, world)
        nobody: Any = None  # nothing ends here
        platform = Platform(driver=driver, health=health.platform, runtime=runtime, timings=Timings())
        watcher = Watcher(
            driver=driver,
            fences=fences,
            lanes=Lanes(),
            outbox=Outbox(Path(folder) / "outbox", _at_once),
            reconciler=nobody,
            platform=health.platform,
            runtime=runtime,
            timings=Timings(),
        )
        found: dict[str, tuple[int, float]] = {}
        for name, turn in {
            "heartbeat": platform.facts,
            "watch": watcher._look,
            "inventory": lambda: _at_once(lambda: Slices(driver.inventory()).following(None)),
        }.items():
            best = float("inf")
            for _ in range(_TURNS):
                instances.shown, began = 0, perf_counter()
                await turn()
                best = min(best, perf_counter() - began)
            found[name] = (instances.shown, best * 1000)
    shown, times = zip(*found.values(), strict=True)
    return Looks(*shown, *times)


async def _at_once(call: Callable[[], _T]) -> _T:
    return call()


def _spec(tenant_id: str, session_id: str) -> InstanceSpec:
    return InstanceSpec(
        tenant_id=tenant_id,
        session_id=session_id,
        incarnation=1,
        image="fake",
        resources=Resources(cpu_millis=10, memory_bytes=2**24),
    )
