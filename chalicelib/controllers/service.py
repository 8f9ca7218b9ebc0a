"""Use cases on controllers, and the door for other capabilities.

Booking hands back writes for the caller's unit of work. A booking that does not fit any more makes the unit
of work raise ConditionFailed: read the candidates again and choose anew (`core.retry.on_conflict`).
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.controllers.agents import AgentCaller, AgentService
from chalicelib.controllers.enrollment import EnrollmentService
from chalicelib.controllers.maintenance_rules import Drain, DrainMode, Pause, drained_words, paused_words
from chalicelib.controllers.queue_names import up_to
from chalicelib.controllers.queues import QueueError, QueueGone, Queues
from chalicelib.controllers.rules import Candidate, Controller, ControllerState, judge
from chalicelib.controllers.store import Change, ControllerStore
from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.errors import NotFound
from chalicelib.core.retry import on_conflict
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.people.service import GroupService
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
    "Drain",
    "DrainMode",
    "EnrollmentService",
    "Pause",
    "QueueError",
    "drained_words",
    "paused_words",
]


@dataclass(frozen=True)
class ControllerService:
    store: ControllerStore
    agents: AgentService
    groups: GroupService
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

    def glance(self, tenant_id: str, controller_id: str) -> Candidate | None:
        """The same at half the price, perhaps a moment old."""
        controller = self.store.get(tenant_id, controller_id)
        return None if controller is None else self.judged(controller)

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
        more, was cordoned, drained, paused, deleted, or reports another capacity than `controller` says."""
        return self.store.book(controller, amount)

    def unbook(self, tenant_id: str, controller_id: str, amount: Amount) -> Write:
        """Gives `amount` back. A controller cannot be deleted while anything is booked on it."""
        return self.store.unbook(tenant_id, controller_id, amount)

    def still_drains(self, controller: Controller) -> Write:
        """Fails with ConditionFailed unless the controller's drain is the one that `controller` says."""
        return self.store.still_drains(controller)

    def send(self, reference: CommandReference, known: Controller | None = None) -> None:
        """Puts a reference on the controller's queue, which is made again if it is gone. `known` is the
        controller where the caller has just read it.

        Raises QueueError when the queue does not take it; the sweeper will send it again.
        """
        body = reference.model_dump_json()
        tenant_id, controller_id = reference.tenant_id, reference.controller_id
        if known is None or known.id != controller_id:
            known = self.store.get(tenant_id, controller_id)
        controller = known or self._addressed(reference)
        self.agents.delete_old_queues(controller)
        try:
            self.queues.send(controller.queue, body)
        except QueueGone:
            # Lost, never made, or replaced since what we read.
            controller = self._addressed(reference)
            self.queues.ensure(controller.queue)
            self.queues.send(controller.queue, body)

    def mark_unclaimed(self, tenant_id: str, controller_id: str) -> None:
        """A command that nothing blocks stayed unclaimed: the controller counts as lost until an agent that
        reports healthy polling has been heard again for a while."""
        self.uow.commit([self.store.set_unclaimed(tenant_id, controller_id, self.clock())])

    def change(self, tenant_id: str, controller_id: str, change: Change) -> Candidate:
        """What an administrator may set. Raises NotFound, Invalid for groups that there are not."""
        if change.group_ids is not None:
            change = replace(change, group_ids=self.groups.check(tenant_id, change.group_ids))
        if change != Change():
            trail.note(**_facts(change))
            self.uow.commit([self.store.change(tenant_id, controller_id, change)])
        return self.get(tenant_id, controller_id)

    def remove(self, tenant_id: str, controller_id: str) -> None:
        """Deletes the controller, revokes its agents' keys and deletes its queues.

        Raises NotFound, and Conflict `controller_in_use` while sessions are booked on it.
        """
        controller = on_conflict(lambda: self._remove(tenant_id, controller_id))
        try:
            self.remove_queues([controller.queue])
        except QueueError as error:
            # A queue that is left over is harmless.
            logger.warning("queue not deleted", extra={"controller_id": controller_id, "error": str(error)})

    def end_pauses(self, tenant_id: str) -> None:
        """Leave none of a tenant's controllers alone any longer."""
        now = self.clock()
        for each in self.store.all_of(tenant_id):
            if each.paused(now):
                self.uow.commit([self.store.set_pause(tenant_id, each.id, Pause(now))])

    def retire(self, tenant_id: str) -> list[str]:
        """Refuse all agents of a tenant from now on. The queues of its controllers, which remain."""
        found = self.store.all_of(tenant_id)
        for each in found:
            on_conflict(functools.partial(self._refuse_agents, each))
        return [each.queue for each in found]

    def remove_queues(self, queues: Sequence[str]) -> None:
        """With those that they replaced and their dead letters; also queues that were made again behind a
        controller that is gone. Raises QueueError."""
        for queue in queues:
            for each in up_to(queue):
                self.queues.erase(each)
            self.queues.erase_dead(queue)

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Controllers and their agents. Keys stay out: they open nothing for anybody but the agent."""
        for each in self.store.all_of(tenant_id):
            yield "controller", document(each)
        for agent in self.agents.store.every(tenant_id):
            yield (
                "agent",
                {
                    "id": agent.id,
                    "controller_id": agent.controller_id,
                    "version": agent.version,
                    "created_at": agent.created_at.isoformat(),
                },
            )

    def _remove(self, tenant_id: str, controller_id: str) -> Controller:
        controller = self.get(tenant_id, controller_id).controller
        trail.about("controller", controller.id, controller.name)
        self.uow.commit([*self.store.remove(controller), *self.agents.revoke_all(tenant_id, controller_id)])
        return controller

    def _refuse_agents(self, controller: Controller) -> None:
        self.uow.commit(self.agents.revoke_all(controller.tenant_id, controller.id))

    def _addressed(self, reference: CommandReference) -> Controller:
        controller = self.store.get(reference.tenant_id, reference.controller_id, consistent=True)
        if controller is None:
            raise QueueGone(f"There is no controller {reference.controller_id}.")
        return controller

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of a tenant's controllers, agents, keys and tokens; True when none is left."""
        return self.agents.store.erase(tenant_id) and self.store.erase(tenant_id)


def _facts(change: Change) -> dict[str, object]:
    """What an administrator set, for the audit log."""
    return {name: value for name, value in vars(change).items() if value is not None}


def document(controller: Controller) -> dict[str, Any]:
    """A controller as an export tells of it: what was set and what its backend is."""
    capacity = controller.capacity
    return {
        "id": controller.id,
        "name": controller.name,
        "platform": controller.platform,
        "backend_id": controller.backend_id,
        "created_at": controller.created_at.isoformat(),
        "labels": controller.labels,
        "cordoned": controller.cordoned,
        "drained_since": controller.drain.since.isoformat() if controller.drain else None,
        "paused_until": controller.pause.until.isoformat() if controller.pause else None,
        "session_limit": controller.session_limit,
        "group_ids": list(controller.group_ids),
        "capacity": capacity.model_dump(mode="json") if capacity else None,
        "last_seen_at": controller.contact.seen_at.isoformat() if controller.contact else None,
    }
