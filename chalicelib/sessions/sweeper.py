"""The sweeper: looks at every session that is due, so that nothing depends on a message having arrived."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.controllers.service import ControllerState
from chalicelib.core.errors import DomainError, NotFound
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.sessions.attending import Task, expire, neglect, orphaned, task
from chalicelib.sessions.changes import change_of
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger, wanted_look
from chalicelib.sessions.lifecycle import delay
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import SHARDS, Due

_AT_ONCE = 500
"""Due sessions of one shard that one run attends to, oldest first; the next run goes on."""


@dataclass(frozen=True)
class Swept:
    """What one run did."""

    looked_at: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Sweeper:
    ledger: Ledger
    placing: Placing

    def sweep(self, now: datetime) -> Swept:
        """Attend to everything that is due at `now`. One session's trouble does not keep the others waiting;
        it stays due and is tried again by the next run."""
        looked_at = failed = 0
        for shard in range(SHARDS):
            for due in self.ledger.store.due(shard, now, _AT_ONCE):
                looked_at += 1
                if not self._attend_safely(due, now):
                    failed += 1
        return Swept(looked_at, failed)

    def _attend_safely(self, due: Due, now: datetime) -> bool:
        try:
            self.attend(due, now)
            return True
        except ConditionFailed:
            # Somebody changed it at this very moment; whatever they did set a new due time.
            return False
        except DomainError as error:
            logger.warning(
                "a session could not be attended to",
                extra={"session_id": due.session_id, "code": error.code, "detail": error.detail},
            )
        except Exception:
            logger.exception("a session could not be attended to", extra={"session_id": due.session_id})
        return False

    def attend(self, due: Due, now: datetime) -> None:
        """Do what one due session needs. Raises ConditionFailed when it changed meanwhile."""
        session = self.ledger.store.get(due.tenant_id, due.session_id)
        if session is None or session.due_at is None or session.due_at > now:
            return
        match task(session, now, self.ledger.timings):
            case Task.ARCHIVE:
                self.ledger.uow.commit(self.ledger.store.archive(session))
                return
            case Task.EXPIRE:
                self.ledger.commit(expire(session, now))
            case Task.PLACE:
                self.placing.place(due.tenant_id, due.session_id)
            case Task.SEND:
                self._send(session, due, now)
            case Task.NOTHING:
                pass
        self._put_off(due, now)

    def _send(self, session: Session, due: Due, now: datetime) -> None:
        if session.controller_id is None:
            return
        try:
            candidate = self.ledger.controllers.get(session.tenant_id, session.controller_id)
        except NotFound:
            self.ledger.commit(orphaned(session, now))
            return
        neglected = neglect(session, due.due_at, now, self.ledger.timings)
        lost = candidate.state is ControllerState.LOST
        if neglected.lost and not lost:
            self.ledger.controllers.mark_unclaimed(session.tenant_id, session.controller_id)
            candidate, lost = replace(candidate, state=ControllerState.LOST), True
        if lost and self._moved(session):
            return
        reason = delay(candidate) if lost else session.reason
        change = change_of(session)
        opened = session.lane.open
        if neglected.fresh and opened is not None:
            change = change.also(lane=replace(session.lane, open=replace(opened, since=now)))
        if reason != session.reason:
            change = change.also(reason=reason, updated_at=now)
        if change.after != session:
            session = self.ledger.commit(change, send=False)
        self.ledger.send(session)

    def _moved(self, session: Session) -> bool:
        movable = session.state is State.STARTING and session.lane.never_claimed
        return movable and self.placing.move(session) is not None

    def _put_off(self, due: Due, now: datetime) -> None:
        """Set when to look again, by what the session is now."""
        session = self.ledger.store.get(due.tenant_id, due.session_id)
        if session is None or session.due_at is None or session.due_at > now:
            return
        wanted = wanted_look(session, now, self.ledger.timings)
        if wanted is not None:
            wanted = max(wanted, now + timedelta(milliseconds=1))
        later = self.ledger.store.postpone(replace(due, due_at=session.due_at), wanted)
        self.ledger.uow.commit([later])
