"""Use cases of dead letters that need no sessions: an agent hands one over, an administrator drops all."""

from dataclasses import dataclass

from chalicelib.controllers.agents import AgentCaller, AgentService
from chalicelib.controllers.dead_queues import DeadLetter, DeadQueues
from chalicelib.controllers.queues import QueueError
from chalicelib.controllers.store import ControllerStore
from chalicelib.core import trail
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.telemetry import logger
from chalicelib.protocol.commands import DeadLetterReport

__all__ = ["DeadLetter", "DeadLetterService", "DeadQueues"]


@dataclass(frozen=True)
class DeadLetterService:
    """All use cases raise Unavailable when the queue does not answer; nothing is lost by that."""

    queues: DeadQueues
    controllers: ControllerStore
    agents: AgentService

    def report(self, caller: AgentCaller, report: DeadLetterReport) -> None:
        """Keep what an agent could not read. Raises Conflict `epoch_superseded`."""
        self.agents.check_epoch(caller, report.epoch)
        logger.warning(
            "a message of a command queue is a dead letter",
            extra={"controller_id": caller.controller_id, "problem": report.problem.value},
        )
        try:
            self.queues.add(caller.controller_id, report.body, report.problem, caller.agent_id)
        except QueueError as error:
            raise _unavailable() from error

    def take(self, tenant_id: str, controller_id: str, limit: int) -> list[DeadLetter]:
        """Up to so many, held for a moment. Raises NotFound."""
        self._check(tenant_id, controller_id)
        try:
            return self.queues.take(controller_id, limit) if self.queues.count(controller_id) else []
        except QueueError as error:
            raise _unavailable() from error

    def count(self, controller_id: str) -> int:
        """About how many there are."""
        try:
            return self.queues.count(controller_id)
        except QueueError as error:
            raise _unavailable() from error

    def release(self, controller_id: str, letters: list[DeadLetter]) -> None:
        """Give them back now; if that fails, they come back by themselves soon."""
        try:
            self.queues.release(controller_id, letters)
        except QueueError as error:
            logger.warning(
                "dead letters stay held", extra={"controller_id": controller_id, "error": str(error)}
            )

    def drop(self, controller_id: str, letter: DeadLetter) -> None:
        """Delete one that was taken."""
        try:
            self.queues.drop(controller_id, letter)
        except QueueError as error:
            raise _unavailable() from error

    def purge(self, tenant_id: str, controller_id: str) -> None:
        """Delete all of a controller's. Raises NotFound."""
        self._check(tenant_id, controller_id)
        try:
            self.queues.purge(controller_id)
        except QueueError as error:
            raise _unavailable() from error

    def _check(self, tenant_id: str, controller_id: str) -> None:
        controller = self.controllers.get(tenant_id, controller_id)
        if controller is None:
            raise NotFound.of("controller", controller_id)
        trail.about("controller", controller.id, controller.name)


def _unavailable() -> Unavailable:
    return Unavailable("The queue of dead letters does not answer.", retry_after=5)
