"""Drains as sessions see them: emptying a controller slice by slice, and taking it into service again.

Whoever asked for a drain does the first slice; each of the controller's heartbeats does another until nothing
runs there any more, so a process that dies on the way leaves nothing undone. A controller that is not heard
from could not hibernate anything; what need not start there leaves it through the sweeper as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.commands.service import blocked, resumed
from chalicelib.controllers.service import AgentCaller, Candidate
from chalicelib.core import trail
from chalicelib.core.errors import DomainError
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.sessions.changes import change_of
from chalicelib.sessions.draining import Step, hibernated, moves, step
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placing import Placing

_AT_ONCE = 50
"""Sessions that one slice acts on: each is a transaction and a message, and agents work on few at a time."""
_PAGE = 100
_REOPENING = timedelta(seconds=10)
"""For as long somebody waits for the answer to their request; a crowd takes longer."""


@dataclass(frozen=True)
class Drains:
    ledger: Ledger
    placing: Placing

    def drive(self, tenant_id: str, controller_id: str) -> None:
        """One slice of what a drain asks. Safe to repeat, and at the same time as another. Failures are
        logged: this happens on the side of something else."""
        try:
            with trail.opened(None):  # not what the caller asked for
                self._drive(self.ledger.controllers.get(tenant_id, controller_id))
        except Exception:
            logger.exception("a drain did not go on", extra={"controller_id": controller_id})

    def heard(self, caller: AgentCaller) -> None:
        """The controller's agent is there: go on with its drain, if it has one."""
        found = self.ledger.controllers.glance(caller.tenant_id, caller.controller_id)
        if found is not None and moves(found.controller):
            self.drive(caller.tenant_id, caller.controller_id)

    def reopened(self, tenant_id: str, controller_id: str) -> None:
        """A drain or a pause is over: send what waited for its end, and place who waits for room."""
        try:
            with trail.opened(None):
                self._send_again(self.ledger.controllers.get(tenant_id, controller_id))
        except Exception:
            logger.exception("commands were not sent again", extra={"controller_id": controller_id})
        self.placing.retry_pending(tenant_id)

    def _drive(self, candidate: Candidate) -> None:
        controller = candidate.controller
        if not moves(controller) or not controller.remaining:
            return
        retry = timedelta(seconds=self.ledger.timings.drain_retry)
        acted = 0
        for session in self._there(candidate):
            asked = step(session, candidate, self.ledger.clock(), retry=retry)
            if asked is Step.WAIT:
                continue
            acted += 1
            self._act(session, candidate, asked)
            if acted == _AT_ONCE:
                return

    def _act(self, session: Session, candidate: Candidate, asked: Step) -> None:
        try:
            if asked is Step.ELSEWHERE:
                self.placing.vacate(session, candidate)
            else:
                self._hibernate(session, candidate)
        except ConditionFailed:
            # It changed, or the drain did: the next slice sees how it is then.
            return
        except DomainError as error:
            extra = {"session_id": session.id, "code": error.code}
            logger.warning("a session could not leave its controller", extra=extra)

    def _hibernate(self, session: Session, candidate: Candidate) -> None:
        now = self.ledger.clock()
        change = hibernated(session, candidate.controller, now).command(self.ledger.commands.issue, now)
        # In one transaction with the drain's row: one that was taken back puts nothing to rest any more.
        self.ledger.commit(change, also=[self.ledger.controllers.still_drains(candidate.controller)])

    def _send_again(self, candidate: Candidate) -> None:
        pause = candidate.controller.pause
        if pause is None or candidate.paused is not None:
            return
        patience = timedelta(seconds=self.ledger.timings.command_deadline)
        until = self.ledger.clock() + _REOPENING
        for session in self._there(candidate):
            if self.ledger.clock() >= until:
                return  # the sweeper comes to the others
            lane = resumed(session.lane, pause.until, patience)
            if lane == session.lane or blocked(lane, self.ledger.clock()):
                continue
            try:
                self.ledger.commit(change_of(session).also(lane=lane))
            except ConditionFailed:
                continue

    def _there(self, candidate: Candidate) -> Iterator[Session]:
        """Sessions on a controller. Whatever is decided is written under a condition, so half-price reads do;
        the index may still name one that has gone elsewhere since."""
        controller, store = candidate.controller, self.ledger.store
        ids = store.placed_on(controller.tenant_id, controller.id)
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            for session in store.several(controller.tenant_id, page, consistent=False).values():
                if session.controller_id == controller.id:
                    yield session
