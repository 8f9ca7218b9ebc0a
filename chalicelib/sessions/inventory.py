"""Inventories: what a backend really runs, compared with what it should (design §5.5)."""

from dataclasses import dataclass
from datetime import timedelta

from chalicelib.commands.service import unclaimed_since
from chalicelib.controllers.service import AgentCaller, AgentService
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.protocol.agents import InventoryAnswer, InventoryReport
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.changes import change_of
from chalicelib.sessions.comparing import Comparison, Observation, compare
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.rules import Cause
from chalicelib.sessions.store import SuspectStore

_STOPPED = Reason(code="instance_stopped", message="Its instance was found stopped.")
_MISSING = Reason(code="instance_lost", message="Its instance is gone. Wake the session to start it anew.")


@dataclass(frozen=True)
class Inventories:
    ledger: Ledger
    placing: Placing
    agents: AgentService
    suspects: SuspectStore

    def compare(self, caller: AgentCaller, report: InventoryReport) -> InventoryAnswer:
        """What the agent has to adopt and to remove. Running sessions without an instance fail, and can be
        woken. Raises Conflict `epoch_superseded`."""
        self.agents.check_epoch(caller, report.epoch)
        now = self.ledger.clock()
        seen = Observation(
            controller_id=caller.controller_id,
            began=min(report.started_at, now),
            instances=tuple(each for each in report.instances if each.tenant_id == caller.tenant_id),
            homes=report.homes,
        )
        known = self.suspects.suspects(caller.tenant_id, caller.controller_id)
        margin = timedelta(seconds=self.ledger.timings.lease_margin)
        sessions = self._sessions(caller, seen)
        found = compare(seen, sessions, known, margin=margin)
        if found.suspects != known:
            self.ledger.uow.commit(
                [self.suspects.suspect(caller.tenant_id, caller.controller_id, found.suspects)]
            )
        self._act(caller, found)
        self._send_again(seen, sessions)
        return InventoryAnswer(actions=found.actions)

    def _sessions(self, caller: AgentCaller, seen: Observation) -> dict[str, Session]:
        named = {each.session_id for each in seen.instances} | set(seen.homes)
        placed = self.ledger.store.placed_on(caller.tenant_id, caller.controller_id)
        sessions = self.ledger.store.several(caller.tenant_id, sorted(named | set(placed)))
        gone = sorted(named - sessions.keys())
        # Looked for after the live ones: a session that is archived in between is found here.
        return {**sessions, **self.ledger.store.several(caller.tenant_id, gone, archived=True)}

    def _send_again(self, seen: Observation, sessions: dict[str, Session]) -> None:
        """What the agent could have claimed before it began to look round was lost on the way, or the agent
        has just come back: it need not wait for the sweeper."""
        for session in sessions.values():
            since = unclaimed_since(session.lane, seen.began)
            if since is not None and since < seen.began and session.controller_id == seen.controller_id:
                self.ledger.send(session)

    def _act(self, caller: AgentCaller, found: Comparison) -> None:
        actor = f"agent:{caller.agent_id}"
        for session in found.stopped:
            self._fail(session, Cause.INSTANCE_ENDED, _STOPPED, actor)
        for session in found.missing:
            self._fail(session, Cause.INSTANCE_LOST, _MISSING, actor)
        for session in found.restopped:
            self._stop_again(session)
        if found.stopped or found.missing:
            self.placing.retry_pending(caller.tenant_id)

    def _fail(self, session: Session, cause: Cause, reason: Reason, actor: str) -> None:
        change = change_of(session).step(cause, actor=actor, now=self.ledger.clock(), reason=reason)
        try:
            self.ledger.commit(change)
        except ConditionFailed:
            # It changed after the inventory began, so the inventory says nothing about it any more.
            return

    def _stop_again(self, session: Session) -> None:
        now = self.ledger.clock()
        try:
            self.ledger.commit(change_of(session).command(self.ledger.commands.issue, now))
        except ConditionFailed:
            return
