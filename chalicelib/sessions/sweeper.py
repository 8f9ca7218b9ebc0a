"""The sweeper: looks at every session that is due, so that nothing depends on a message having arrived."""

import heapq
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.commands.service import Lane, blocked, resumed
from chalicelib.controllers.service import Candidate, ControllerState, Pause
from chalicelib.core.errors import DomainError, NotFound
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.sessions.attending import Task, expire, neglect, orphaned, task
from chalicelib.sessions.changes import change_of
from chalicelib.sessions.draining import moves
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger, wanted_look
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import SHARDS, Due
from chalicelib.sessions.waiting import told

_AT_ONCE = 500
"""Due sessions of one shard that one run attends to at most; the next run goes on."""


@dataclass(frozen=True)
class Swept:
    """What one run did. `left` is what it found and had no time for."""

    looked_at: int = 0
    failed: int = 0
    left: int = 0


@dataclass(frozen=True)
class Sweeper:
    ledger: Ledger
    placing: Placing

    def sweep(self, now: datetime) -> Swept:
        """Attend to what is due at `now`, the longest due of all shards first, for as long as a run has.
        A session's trouble does not keep the others waiting, nor does it come first again at once."""
        until = self.ledger.clock() + timedelta(seconds=self.ledger.timings.sweep_slice)
        shards = [self.ledger.store.due(shard, now, _AT_ONCE) for shard in range(SHARDS)]
        looked_at = failed = 0
        for due in heapq.merge(*shards, key=lambda each: each.due_at):
            if self.ledger.clock() >= until:
                break
            looked_at += 1
            if not self._attend_safely(due, now):
                failed += 1
        left = sum(map(len, shards)) - looked_at
        if left:
            logger.warning("a sweep had no time for all that is due", extra={"left": left})
        return Swept(looked_at, failed, left)

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
        self._try_later(due, now)
        return False

    def _try_later(self, due: Due, now: datetime) -> None:
        """What failed would be the longest due for ever; a store that refuses this too leaves it so."""
        later = now + timedelta(seconds=self.ledger.timings.unclaimed_resend)
        try:
            self.ledger.uow.commit([self.ledger.store.postpone(due, later)])
        except Exception as error:
            logger.info(
                "a session stays due", extra={"session_id": due.session_id, "error": type(error).__name__}
            )

    def attend(self, due: Due, now: datetime) -> None:
        """Do what one due session needs. Raises ConditionFailed when it changed meanwhile."""
        session = self.ledger.store.get(due.tenant_id, due.session_id)
        if session is None or session.due_at is None or session.due_at > now:
            return
        no_sooner = None
        if session.lane.open is not None and session.controller_id is not None:
            no_sooner = self._command(session, session.controller_id, due, now)
        else:
            match task(session, now, self.ledger.timings):
                case Task.ARCHIVE:
                    self.ledger.uow.commit(self.ledger.store.archive(session))
                    return
                case Task.EXPIRE:
                    self.ledger.commit(expire(session, now))
                case Task.PLACE:
                    self.placing.place(due.tenant_id, due.session_id)
                case _:
                    pass
        self._put_off(due, now, no_sooner)

    def _command(self, session: Session, controller_id: str, due: Due, now: datetime) -> datetime | None:
        """See to an open command; before which moment there is nothing more to do, if that is known."""
        try:
            candidate = self.ledger.controllers.get(session.tenant_id, controller_id)
        except NotFound:
            self.ledger.commit(orphaned(session, now))
            return None
        leaves = moves(candidate.controller) and _never_begun(session)
        if leaves and self.placing.vacate(session, candidate) is not None:
            return None
        pause = candidate.controller.pause
        if candidate.paused is not None:
            return self._wait(session, candidate, candidate.paused, now)
        patience = timedelta(seconds=self.ledger.timings.command_deadline)
        lane = resumed(session.lane, pause.until, patience) if pause else session.lane
        match task(replace(session, lane=lane), now, self.ledger.timings):
            case Task.EXPIRE:
                self.ledger.commit(expire(session, now))
            case Task.SEND:
                self._send(session, lane, candidate, due, now)
            case _:
                pass
        return None

    def _wait(self, session: Session, candidate: Candidate, pause: Pause, now: datetime) -> datetime:
        """Nothing is asked of a paused controller, and nothing held against it. A pause may be ended early by
        a process that dies before it could tell, so sessions are looked at in between."""
        reason = session.reason if blocked(session.lane, now) else told(session.reason, candidate)
        if reason != session.reason:
            self.ledger.commit(change_of(session).also(reason=reason, updated_at=now), send=False)
        return min(pause.until, now + timedelta(seconds=self.ledger.timings.heartbeat_idle))

    def _send(self, session: Session, lane: Lane, candidate: Candidate, due: Due, now: datetime) -> None:
        """Send the open command's reference again; `lane` is the session's as it is since the last pause."""
        controller = candidate.controller
        neglected = neglect(session, due.due_at, now, self.ledger.timings, resumed=lane != session.lane)
        lost = candidate.state is ControllerState.LOST
        if neglected.lost and not lost:
            self.ledger.controllers.mark_unclaimed(session.tenant_id, controller.id)
            candidate, lost = replace(candidate, state=ControllerState.LOST), True
        if lost and _never_begun(session) and self.placing.move(session) is not None:
            return
        change = change_of(session)
        if neglected.fresh and lane.open is not None:
            change = change.also(lane=replace(lane, open=replace(lane.open, since=now)))
        reason = told(session.reason, candidate)
        if reason != session.reason:
            change = change.also(reason=reason, updated_at=now)
        if change.after != session:
            session = self.ledger.commit(change, send=False)
        self.ledger.send(session, candidate.controller)

    def _put_off(self, due: Due, now: datetime, no_sooner: datetime | None) -> None:
        """Set when to look again, by what the session is now."""
        session = self.ledger.store.get(due.tenant_id, due.session_id)
        if session is None or session.due_at is None or session.due_at > now:
            return
        wanted = wanted_look(session, now, self.ledger.timings)
        if wanted is not None:
            wanted = max(wanted, no_sooner or wanted, now + timedelta(milliseconds=1))
        later = self.ledger.store.postpone(replace(due, due_at=session.due_at), wanted)
        self.ledger.uow.commit([later])


def _never_begun(session: Session) -> bool:
    """Whether it may start anywhere: no agent ever had it."""
    return session.state is State.STARTING and session.lane.never_claimed
