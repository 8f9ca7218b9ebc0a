"""What heartbeats say about sessions: who watches, and when a person last did something."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.controllers.service import AgentCaller
from chalicelib.core.telemetry import logger
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.protocol.agents import Heartbeat, SessionActivity
from chalicelib.sessions.drains import Drains
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.rules import State

_GRAIN = timedelta(seconds=60)
"""Input that is newer by less is not worth a write."""
_MOST = 200
"""Writes of one heartbeat: two seconds of the twenty that its agent waits. The next one goes on."""


@dataclass(frozen=True)
class Activity:
    ledger: Ledger
    placing: Placing
    drains: Drains

    def heard(self, caller: AgentCaller, heartbeat: Heartbeat) -> None:
        """Record activity that changed, go on with a drain, and try pending sessions again. Never fails a
        heartbeat."""
        try:
            self._record(caller, heartbeat)
            self.drains.heard(caller)
        except Exception:
            logger.exception("a heartbeat was not made use of", extra={"controller_id": caller.controller_id})
        self.placing.retry_pending(caller.tenant_id)

    def _record(self, caller: AgentCaller, heartbeat: Heartbeat) -> None:
        if not heartbeat.activity:
            return
        ids = [each.session_id for each in heartbeat.activity]
        # The write has its own condition, so half-price reads do.
        sessions = self.ledger.store.several(caller.tenant_id, ids, consistent=False)
        for session, seen in most_stale(sessions, caller.controller_id, heartbeat.activity)[:_MOST]:
            try:
                self.ledger.uow.commit([self.ledger.store.activity(session, caller.controller_id, seen)])
            except ConditionFailed:
                continue


def most_stale(
    sessions: Mapping[str, Session], controller_id: str, activity: Iterable[SessionActivity]
) -> list[tuple[Session, SessionActivity]]:
    """What is worth recording: viewers that came or went first, then what was recorded longest ago."""
    found = [
        (session, seen)
        for seen in activity
        if (session := sessions.get(seen.session_id)) is not None
        and worth_recording(session, controller_id, seen)
    ]

    def freshness(each: tuple[Session, SessionActivity]) -> tuple[bool, float]:
        session, seen = each
        last = session.last_activity_at
        return session.viewers == seen.viewers, last.timestamp() if last else 0.0

    return sorted(found, key=freshness)


def worth_recording(session: Session, controller_id: str, seen: SessionActivity) -> bool:
    """Whether the row should change. Only a running session's, and only its own controller's word counts."""
    if session.state is not State.RUNNING or session.controller_id != controller_id:
        return False
    if session.viewers != seen.viewers:
        return True
    if seen.last_input_at is None:
        return False
    last = session.last_activity_at
    return last is None or seen.last_input_at - last >= _GRAIN
