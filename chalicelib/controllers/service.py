"""Use cases on controllers, and the door for other capabilities.

Booking hands back writes for the caller's unit of work. A booking that does not fit any more makes the unit
of work raise ConditionFailed: read the candidates again and choose anew (`core.retry.on_conflict`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.controllers.agents import AgentCaller, AgentService
from chalicelib.controllers.enrollment import EnrollmentService
from chalicelib.controllers.queues import QueueError, Queues
from chalicelib.controllers.rules import Candidate, Controller, ControllerState, judge
from chalicelib.controllers.store import Change, ControllerStore
from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.errors import NotFound
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.protocol.commands import CommandReference
from chalicelib.quotas.service import Amount

__all__ = [
    "AgentCaller",
    "AgentService",
    "Candidate",
    "Change",
    "Controller",
    "ControllerService",
    "ControllerState",
    "EnrollmentService",
    "QueueError",
]


@dataclass(frozen=True)
class ControllerService:
    store: ControllerStore
    agents: AgentService
    queues: Queues
    uow: UnitOfWork
    clock: Clock
    timings: Timings

    def candidates(self, tenant_id: str) -> list[Candidate]:
        """All of a tenant's controllers with their states now, oldest first."""
        now = self.clock()
        return [
            judge(each, now, self.timings)
            for each in sorted(self.store.all_of(tenant_id), key=lambda each: each.id)
        ]

    def get(self, tenant_id: str, controller_id: str) -> Candidate:
        """One controller with its state now. Raises NotFound."""
        controller = self.store.get(tenant_id, controller_id, consistent=True)
        if controller is None:
            raise NotFound.of("controller", controller_id)
        return self.judged(controller)

    def page(
        self, tenant_id: str, limit: int, after: dict[str, Any] | None
    ) -> tuple[list[Candidate], dict[str, Any] | None]:
        """One page, oldest first, and where the next one starts."""
        found, position = self.store.page(tenant_id, limit, after)
        return [self.judged(each) for each in found], position

    def from_image(self, image: Mapping[str, Any]) -> Candidate:
        """A controller out of a table stream's record, with its state now."""
        return self.judged(self.store.from_image(image))

    def judged(self, controller: Controller) -> Candidate:
        """With its state now."""
        return judge(controller, self.clock(), self.timings)

    def book(self, controller: Controller, amount: Amount) -> Write:
        """Takes `amount` of the controller's capacity. Its failure is ConditionFailed: it does not fit any
        more, was cordoned, deleted, or reports another capacity than `controller` says."""
        return self.store.book(controller, amount)

    def unbook(self, tenant_id: str, controller_id: str, amount: Amount) -> Write:
        """Gives `amount` back. A controller cannot be deleted while anything is booked on it."""
        return self.store.unbook(tenant_id, controller_id, amount)

    def send(self, reference: CommandReference) -> None:
        """Puts a reference on the controller's queue, which is made again if it is gone.

        Raises QueueError when the queue does not take it; the sweeper will send it again.
        """
        self.queues.send(reference.controller_id, reference.model_dump_json())

    def mark_unclaimed(self, tenant_id: str, controller_id: str) -> None:
        """A command that nothing blocks stayed unclaimed: the controller counts as lost until an agent that
        reports healthy polling has been heard again for a while."""
        self.uow.commit([self.store.set_unclaimed(tenant_id, controller_id, self.clock())])

    def change(self, tenant_id: str, controller_id: str, change: Change) -> Candidate:
        """What an administrator may set. Raises NotFound."""
        if change != Change():
            self.uow.commit([self.store.change(tenant_id, controller_id, change)])
        return self.get(tenant_id, controller_id)

    def remove(self, tenant_id: str, controller_id: str) -> None:
        """Deletes the controller, revokes its agents' keys and deletes its queues.

        Raises NotFound, and Conflict `controller_in_use` while sessions are booked on it.
        """
        controller = self.get(tenant_id, controller_id).controller
        self.uow.commit([*self.store.remove(controller), *self.agents.revoke_all(tenant_id, controller_id)])
        self.queues.remove(controller_id)
