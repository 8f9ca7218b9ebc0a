"""A tenant's deletion, step by step.

Since its state says `deleting`, people, keys and sign-ins are refused, and enrolments too. Agents are not
yet: they are what removes instances and homes. When that is done, or the grace is over, their keys go, then
all rows, objects and queues; after a while once more, for what was under way meanwhile; then the tenant
itself and this job, in one transaction with the mail that says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.controllers.service import ControllerService
from chalicelib.core.clock import Clock, epoch_millis, from_millis
from chalicelib.core.config import Timings
from chalicelib.core.objects import ObjectStore
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.events.service import SocketService
from chalicelib.mail.service import Letter, MailRequest, MailService, Message, render
from chalicelib.offboarding.rules import Job, Phase
from chalicelib.offboarding.store import Capability, JobStore
from chalicelib.offboarding.working import Held
from chalicelib.sessions.service import SessionService
from chalicelib.tenancy.service import TenancyService

MAIL = "tenant_deleted"
_LOOK_AGAIN = timedelta(seconds=15)
"""While sessions end."""


@dataclass(frozen=True)
class Deleting:
    """`capabilities` in the order in which they are emptied."""

    capabilities: Sequence[Capability]
    store: JobStore
    tenancy: TenancyService
    sessions: SessionService
    controllers: ControllerService
    sockets: SocketService
    mail: MailService
    objects: ObjectStore
    uow: UnitOfWork
    clock: Clock
    timings: Timings

    def step(self, held: Held) -> Job | None:
        """See `working.Work`."""
        job = held.job
        if Phase(job.place["phase"]) is Phase.ENDING:
            return self._end(job)
        number = int(job.place["next"])
        if number < len(self.capabilities) + 1:
            return self._erase(job, number)
        if Phase(job.place["phase"]) is Phase.ERASING:
            return job.moved(
                self.clock() + timedelta(seconds=self.timings.deletion_settling),
                place={**job.place, "phase": Phase.SETTLING.value, "next": 0},
            )
        self._close(job)
        return None

    def _end(self, job: Job) -> Job:
        self.sockets.close_all(job.tenant_id)
        self.controllers.end_pauses(job.tenant_id)  # what is there has to go while its agents may still act
        left = self.sessions.end_all(job.tenant_id, job.requested_by, delete_homes=True)
        now, since = self.clock(), job.created_at
        place = dict(job.place)
        if self.sessions.drop_homes(job.tenant_id):
            # Homes of sessions that ended before go when agents look round next; that takes no report.
            round_trip = self.timings.inventory + 2 * self.timings.lease_margin
            place["look_round"] = epoch_millis(now + timedelta(seconds=round_trip))
            return job.moved(now, place=place)
        # Requests that had been let in before are over by then.
        earliest = max(
            since + timedelta(seconds=self.timings.deletion_settling), from_millis(place.get("look_round", 0))
        )
        latest = since + timedelta(seconds=self.timings.deletion_grace)
        if now < min(earliest, latest) or (left and now < latest):
            again = now + _LOOK_AGAIN if left else earliest
            return job.moved(min(max(again, now), latest), place=place)
        if left:
            logger.warning("sessions outlive their tenant", extra={"tenant_id": job.tenant_id, "left": left})
        return self._retire(job, place)

    def _retire(self, job: Job, place: dict[str, Any]) -> Job:
        known = set(place.get("controllers", ()))
        # Queues are named after controllers, whose rows are gone when the queues are looked for again.
        controllers = sorted(known | set(self.controllers.retire(job.tenant_id)))
        place |= {"phase": Phase.ERASING.value, "next": 0, "controllers": controllers}
        return job.moved(self.clock(), place=place)

    def _erase(self, job: Job, number: int) -> Job:
        if number == 0:
            self.controllers.remove_queues(job.place["controllers"])
            emptied = not self.objects.remove(f"{job.tenant_id}/") and self.store.erase_exports(job.tenant_id)
        else:
            emptied = self.capabilities[number - 1].erase(job.tenant_id)
        place = {**job.place, "next": number + 1 if emptied else number}
        return job.moved(self.clock(), place=place, done=job.done + 1)

    def _close(self, job: Job) -> None:
        writes = [*self.tenancy.removal(job.tenant_id), self.store.remove(job)]
        if job.place.get("to"):
            # Of the tenant nothing but its name, and of no tenant's: the row must not bring it back.
            told = {"organisation": job.place["name"]}
            writes.append(self.mail.request(MAIL, job.place["to"], told, tenant_id=""))
        self.uow.commit(writes, aside=True)
        logger.info("a tenant was deleted", extra={"slices": job.done})


_GONE = (
    "The organisation {name} has been deleted, as you asked, with everything that belonged to it: members, "
    "sessions and their files, templates, controllers, keys, settings and the audit log."
)
_LEFT = (
    "Instances on controllers that did not answer during the deletion may still be there. They carry the "
    "label streamspace.tenant; the agents can be uninstalled."
)


def compose(request: MailRequest) -> list[Message]:
    """The mail to the owner who asked for it."""
    name = request.data["organisation"]
    letter = Letter(
        subject=f"{name} has been deleted",
        paragraphs=(_GONE.format(name=name), _LEFT),
        notes=("There is nothing left to sign in to.",),
    )
    return [render(request.to, letter)]
