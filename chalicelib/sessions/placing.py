"""Placing sessions that exist: pending ones, and starts whose controller did not take them."""

from dataclasses import dataclass, replace

from chalicelib.controllers.service import Candidate
from chalicelib.core import trail
from chalicelib.core.clock import Clock
from chalicelib.core.errors import DomainError
from chalicelib.core.retry import on_conflict
from chalicelib.core.telemetry import logger
from chalicelib.sessions.changes import SYSTEM, change_of
from chalicelib.sessions.entities import Assessment, Details, Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placement import Choice, GroupsOf, Need, choose, why_not
from chalicelib.sessions.rules import Cause, State

_AT_ONCE = 10
"""Pending sessions that one occasion tries; the sweeper comes to the others."""


@dataclass(frozen=True)
class Placing:
    ledger: Ledger
    groups_of: GroupsOf

    @property
    def clock(self) -> Clock:
        return self.ledger.clock

    def retry_pending(self, tenant_id: str) -> int:
        """Try the oldest pending sessions of a tenant again, because a controller reported or capacity came
        free; how many were placed. Whoever waits longest comes first, but holds nobody up that fits.
        Failures are logged: this happens on the side of something else."""
        placed = 0
        try:
            with trail.opened(None):  # not what the caller asked for
                for session_id in self.ledger.store.unplaced(tenant_id, _AT_ONCE):
                    placed += self._placed(tenant_id, session_id)
        except Exception:
            logger.exception("pending sessions were not tried", extra={"tenant_id": tenant_id})
        return placed

    def _placed(self, tenant_id: str, session_id: str) -> bool:
        try:
            session = self.place(tenant_id, session_id)
        except DomainError as error:
            logger.warning(
                "a pending session was not placed", extra={"session_id": session_id, "code": error.code}
            )
            return False
        return session is not None and session.state is not State.PENDING

    def place(self, tenant_id: str, session_id: str) -> Session | None:
        """Place a pending session if it fits somewhere by now; otherwise keep why not."""

        def attempt() -> Session | None:
            session = self.ledger.store.get(tenant_id, session_id)
            details = self.ledger.store.details(tenant_id, session_id)
            if session is None or details is None or session.state is not State.PENDING:
                return session
            need = self._need(session, details)
            choice = self._choose(session, need)
            if choice.chosen is None:
                return self._still_pending(session, details, choice, need)
            return self._commit(session, choice, Cause.PLACED)

        return on_conflict(attempt)

    def move(self, session: Session) -> Session | None:
        """Place a start, which no agent ever claimed, on another controller. None if there is none.

        Raises ConditionFailed when the session changed meanwhile.
        """
        details = self.ledger.store.details(session.tenant_id, session.id)
        if details is None or session.controller_id is None:
            return None
        need = replace(self._need(session, details), avoid=frozenset({session.controller_id}))
        choice = self._choose(session, need)
        return None if choice.chosen is None else self._commit(session, choice, Cause.MOVED)

    def vacate(self, session: Session, drained: Candidate) -> Session | None:
        """Take a start, which no agent ever claimed, off a controller that is drained: to another one, or
        back to those that wait for room. `drained` is what is known of it; a list of all may not yet say so.

        Raises ConditionFailed when the session changed meanwhile.
        """
        details = self.ledger.store.details(session.tenant_id, session.id)
        if details is None:
            return None
        need = self._need(session, details)
        found = self.ledger.controllers.candidates(session.tenant_id)
        same = drained.controller.id
        choice = choose([drained if each.controller.id == same else each for each in found], need)
        if choice.chosen is not None:
            return self._commit(session, choice, Cause.MOVED)
        now = self.clock()
        change = change_of(session).step(
            Cause.UNPLACED, actor=SYSTEM, now=now, reason=why_not(choice, need), controller_id=None
        )
        waiting = self.ledger.commit(change.withdrawn())
        self._explain(session, Assessment(now, None, choice.verdicts))
        return waiting

    def _need(self, session: Session, details: Details) -> Need:
        groups = self.groups_of(session.tenant_id, session.user_id)
        return Need(session.amount, details.requirements, groups)

    def _choose(self, session: Session, need: Need) -> Choice:
        return choose(self.ledger.controllers.candidates(session.tenant_id), need)

    def _commit(self, session: Session, choice: Choice, cause: Cause) -> Session:
        now = self.clock()
        assert choice.chosen is not None, "only called with a choice"  # noqa: S101
        controller = choice.chosen.controller
        change = change_of(session).step(cause, actor=SYSTEM, now=now, controller_id=controller.id)
        placed = self.ledger.commit(change.command(self.ledger.commands.issue, now), controller=controller)
        # Only an explanation, so it need not cost what a transaction does.
        assessment = Assessment(now, controller.id, choice.verdicts)
        self._explain(session, assessment)
        return placed

    def _explain(self, session: Session, assessment: Assessment) -> None:
        why = self.ledger.store.assess(session.tenant_id, session.id, assessment)
        self.ledger.uow.commit([why], aside=True)

    def _still_pending(self, session: Session, details: Details, choice: Choice, need: Need) -> Session:
        now, reason = self.clock(), why_not(choice, need)
        known = details.assessment
        if known is None or known.verdicts != choice.verdicts:
            assessment = Assessment(now, None, choice.verdicts)
            self._explain(session, assessment)
        if reason == session.reason:
            return session
        return self.ledger.commit(change_of(session).also(reason=reason, updated_at=now))
