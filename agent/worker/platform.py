"""What the platform has and uses, asked in a thread and never for longer than is sensible."""

import asyncio
import logging
from dataclasses import dataclass

from agent.drivers.base import Driver, DriverError
from agent.worker.health import OK, Part, failing
from agent.worker.runtime import Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.instances import InstanceState

_log = logging.getLogger(__name__)
_NOTHING = Capacity(cpu_millis=0, memory_bytes=0)


@dataclass(frozen=True)
class Facts:
    """Of the last time that the platform answered; all zero before the first."""

    capacity: Capacity = _NOTHING
    usage: Capacity = _NOTHING
    instances: int = 0


class Platform:
    """Looks at the platform and judges its health by how that went."""

    def __init__(self, *, driver: Driver, health: Part, runtime: Runtime, timings: Timings) -> None:
        self._driver = driver
        self._health = health
        self._runtime = runtime
        self._timings = timings
        self._look: asyncio.Future[Facts] | None = None
        self._facts = Facts()

    async def facts(self) -> Facts:
        """The newest facts there are. A look that hangs is waited for, not repeated."""
        look = self._look
        if look is None:
            look = self._look = asyncio.ensure_future(self._runtime.blocking(self._ask))
        if not await self._runtime.settled(look, most=self._timings.probe):
            self._health.is_now(
                failing("platform_silent", f"{self._driver.platform} does not answer; see whether it hangs.")
            )
            return self._facts
        self._look = None
        try:
            self._facts = look.result()
        except DriverError as error:
            self._health.is_now(failing(error.reason.code, error.reason.message))
        except Exception:
            _log.exception("The platform could not be asked.")
            self._health.is_now(
                failing("agent_fault", "The platform could not be asked; see the agent's log.")
            )
        else:
            self._health.is_now(OK)
        return self._facts

    def _ask(self) -> Facts:
        running = [each for each in self._driver.inventory().instances if each.state is InstanceState.RUNNING]
        return Facts(self._driver.capacity(), self._driver.usage(), len(running))
