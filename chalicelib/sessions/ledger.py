"""The one place that commits changes of sessions: row, timeline and bookings in one unit of work; then the
open command's reference is sent."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta

from chalicelib.commands.service import CommandService, next_look
from chalicelib.controllers.service import Controller, ControllerService
from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.unit_of_work import UnitOfWork, Write
from chalicelib.quotas.service import Amount, QuotaService
from chalicelib.sessions.changes import Change
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import SessionStore
from chalicelib.tenancy.service import Tenant


@dataclass(frozen=True)
class Ledger:
    store: SessionStore
    quotas: QuotaService
    controllers: ControllerService
    commands: CommandService
    uow: UnitOfWork
    clock: Clock
    timings: Timings

    def commit(
        self,
        change: Change,
        *,
        controller: Controller | None = None,
        also: Sequence[Write] = (),
        send: bool = True,
        tenant: Tenant | None = None,
    ) -> Session:
        """Commit a change and send its command. `controller` is needed where it gets a new booking;
        `tenant` saves reading it, where the caller knows it already.

        Raises ConditionFailed when the session changed since it was read or the controller is fuller than it
        seemed: read and decide again. Raises Conflict `quota_exceeded`.
        """
        before = change.before
        after = replace(
            change.after,
            revision=0 if before is None else before.revision + 1,
            due_at=self._due(change),
        )
        writes = [
            self.store.add(after) if before is None else self.store.change(before, after),
            *self.store.append(after, change.entries),
            *self._bookings(before, after, controller, tenant),
            *also,
        ]
        self.uow.commit(writes)
        opened = after.lane.open
        if send and opened is not None and (before is None or before.lane.open != opened):
            self.send(after, controller)
        return after

    def send(self, session: Session, controller: Controller | None = None) -> None:
        """Send the open command's reference. A failure is the sweeper's to mend."""
        reference = session.reference()
        if reference is not None:
            self.commands.send(reference, controller)

    def _due(self, change: Change) -> datetime | None:
        """When a sweeper should look. Moving the time costs index writes, so an earlier one is left, and one
        that nothing needs any more is only cleared where the change is cheap otherwise."""
        now, session = self.clock(), change.after
        wanted = wanted_look(session, now, self.timings)
        known = change.before.due_at if change.before else None
        if known is None:
            return wanted
        if wanted is None:
            returning = change.before is not None and change.before.booked != session.booked
            return known if returning else None
        return min(known, wanted)

    def _bookings(
        self,
        before: Session | None,
        after: Session,
        controller: Controller | None,
        tenant: Tenant | None,
    ) -> list[Write]:
        held = before.booked if before else Amount()
        writes = self._quota(after, held, tenant)
        origin = before.controller_id if before else None
        if origin == after.controller_id:
            writes.extend(self._capacity(after, held, after.booked, controller))
            return writes
        if origin is not None and before is not None:
            writes.extend(self._capacity(before, held, Amount(), None))
        writes.extend(self._capacity(after, Amount(), after.booked, controller))
        return writes

    def _quota(self, session: Session, held: Amount, tenant: Tenant | None) -> list[Write]:
        grown, shrunk = difference(held, session.booked)
        writes: list[Write] = []
        if grown.items():
            writes.extend(
                self.quotas.book(session.tenant_id, session.user_id, session.group_id, grown, tenant=tenant)
            )
        if shrunk.items():
            writes.extend(self.quotas.unbook(session.tenant_id, session.user_id, session.group_id, shrunk))
        return writes

    def _capacity(
        self, session: Session, held: Amount, wanted: Amount, controller: Controller | None
    ) -> list[Write]:
        grown, shrunk = difference(held.on_a_controller, wanted.on_a_controller)
        writes: list[Write] = []
        if session.controller_id is None:
            return writes
        if grown.items():
            if controller is None or controller.id != session.controller_id:
                raise ValueError("a new booking needs its controller")
            writes.append(self.controllers.book(controller, grown))
        if shrunk.items():
            writes.append(self.controllers.unbook(session.tenant_id, session.controller_id, shrunk))
        return writes


def difference(held: Amount, wanted: Amount) -> tuple[Amount, Amount]:
    """What is booked anew, and what is returned."""
    pairs = list(zip(astuple(held), astuple(wanted), strict=True))
    grown = Amount(*(max(0, new - old) for old, new in pairs))
    return grown, Amount(*(max(0, old - new) for old, new in pairs))


def wanted_look(session: Session, now: datetime, timings: Timings) -> datetime | None:
    """When a sweeper has to look at a session at the latest; None when it need not."""
    soon = now + timedelta(seconds=timings.unclaimed_resend)
    if session.state is State.TERMINATED:
        return soon
    if session.state is State.PENDING:
        return min(soon, session.created_at + timedelta(seconds=timings.placement_deadline))
    return next_look(session.lane, now, resend=timings.unclaimed_resend, ceiling=timings.heartbeat_idle)
