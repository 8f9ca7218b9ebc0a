"""Inventories: what a backend really runs, compared with what it should (design §5.5).

However much a controller holds, one call changes a bounded number of sessions and says up to which one it has
come: the agent goes on from there.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.commands.service import unclaimed_since
from chalicelib.controllers.service import AgentCaller, AgentService
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.protocol.agents import InventoryAction, InventoryAnswer, InventoryReport
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.changes import change_of
from chalicelib.sessions.comparing import Comparison, Observation, compare
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.rules import Cause
from chalicelib.sessions.slicing import Part, Span, parts, still_suspected
from chalicelib.sessions.store import SuspectStore

_STOPPED = Reason(code="instance_stopped", message="Its instance was found stopped.")
_MISSING = Reason(code="instance_lost", message="Its instance is gone. Wake the session to start it anew.")
_AT_ONCE = 50
"""Sessions that are read and compared together."""
_MOST_CHANGES = 200
"""Transactions and messages of one call, give or take a part: some five seconds."""
_MOST_TIME = timedelta(seconds=8)
"""Where the store is slower than that: an agent waits 20 s for its answer, API Gateway 29."""


@dataclass(frozen=True)
class Inventories:
    ledger: Ledger
    placing: Placing
    agents: AgentService
    suspects: SuspectStore

    def compare(self, caller: AgentCaller, report: InventoryReport) -> InventoryAnswer:
        """What the agent has to adopt and to remove. Running sessions without an instance fail, and can be
        woken. Raises Conflict `epoch_superseded`, Invalid with our time if the agent's clock is ahead."""
        self.agents.check_epoch(caller, report.epoch)
        margin = timedelta(seconds=self.ledger.timings.lease_margin)
        began = _began(report, self.ledger.clock(), margin)
        seen = Observation(
            controller_id=caller.controller_id,
            # As exact as suspects are stored: the same inventory again must not pass for a later one.
            began=from_millis(epoch_millis(began)),
            instances=tuple(each for each in report.instances if each.tenant_id == caller.tenant_id),
            homes=report.homes,
        )
        known = self.suspects.suspects(caller.tenant_id, caller.controller_id)
        span = Span(report.after, report.until)
        placed = self.ledger.store.placed_on(
            caller.tenant_id, caller.controller_id, after=span.after, until=span.until
        )
        actions: list[InventoryAction] = []
        suspected: dict[str, datetime] = {}
        changed = failed = 0
        until = self.ledger.clock() + _MOST_TIME
        all_parts = list(parts(seen, placed, span, _AT_ONCE))
        for part in all_parts:
            sessions = self._sessions(caller, part)
            found = compare(part.seen, sessions, known, margin=margin)
            actions += found.actions
            suspected |= found.suspects
            failed += self._fail_all(caller, found)
            changed += self._stop_again(found) + self._send_again(part.seen, sessions)
            enough = failed + changed >= _MOST_CHANGES or self.ledger.clock() >= until
            if enough and part is not all_parts[-1]:
                span = replace(span, until=part.ids[-1])
                break
        suspects = still_suspected(known, suspected, span)
        if suspects != known:
            self.ledger.uow.commit([self.suspects.suspect(caller.tenant_id, caller.controller_id, suspects)])
        if failed:
            self.placing.retry_pending(caller.tenant_id)
        cut = span.until if span.until != report.until else None
        return InventoryAnswer(actions=tuple(actions), compared_until=cut)

    def _sessions(self, caller: AgentCaller, part: Part) -> dict[str, Session]:
        sessions = self.ledger.store.several(caller.tenant_id, part.ids)
        gone = sorted(part.named - sessions.keys())
        # Looked for after the live ones: a session that is archived in between is found here.
        return {**sessions, **self.ledger.store.several(caller.tenant_id, gone, archived=True)}

    def _send_again(self, seen: Observation, sessions: dict[str, Session]) -> int:
        """What the agent could have claimed before it began to look round was lost on the way, or the agent
        has just come back: it need not wait for the sweeper. While it is paused, it does. How many."""
        waiting = [each for each in sessions.values() if _unclaimed(each, seen)]
        if not waiting or self._paused(waiting[0].tenant_id, seen.controller_id):
            return 0
        for session in waiting:
            self.ledger.send(session)
        return len(waiting)

    def _paused(self, tenant_id: str, controller_id: str) -> bool:
        candidate = self.ledger.controllers.glance(tenant_id, controller_id)
        return candidate is not None and candidate.paused is not None

    def _fail_all(self, caller: AgentCaller, found: Comparison) -> int:
        actor = f"agent:{caller.agent_id}"
        for session in found.stopped:
            self._fail(session, Cause.INSTANCE_ENDED, _STOPPED, actor)
        for session in found.missing:
            self._fail(session, Cause.INSTANCE_LOST, _MISSING, actor)
        return len(found.stopped) + len(found.missing)

    def _fail(self, session: Session, cause: Cause, reason: Reason, actor: str) -> None:
        change = change_of(session).step(cause, actor=actor, now=self.ledger.clock(), reason=reason)
        try:
            self.ledger.commit(change)
        except ConditionFailed:
            # It changed after the inventory began, so the inventory says nothing about it any more.
            return

    def _stop_again(self, found: Comparison) -> int:
        """What runs though it hibernates; how many."""
        now = self.ledger.clock()
        for session in found.restopped:
            try:
                self.ledger.commit(change_of(session).command(self.ledger.commands.issue, now))
            except ConditionFailed:
                continue
        return len(found.restopped)


def _began(report: InventoryReport, now: datetime, margin: timedelta) -> datetime:
    """When the agent began to look; a clock that is ahead would make instances that have come since count as
    missing, so what is beyond the margin is not believed."""
    ahead = report.started_at - now
    if ahead > margin:
        words = f"It lies {ahead.total_seconds():.0f} s ahead of our time. Correct the clock and look again."
        raise Invalid(
            f"started_at: {words}",
            errors=(FieldError("started_at", words),),
            extra={"server_time": now.isoformat()},
        )
    return min(report.started_at, now)


def _unclaimed(session: Session, seen: Observation) -> bool:
    """Whether an agent there could have claimed its command before it began to look round."""
    since = unclaimed_since(session.lane, seen.began)
    return since is not None and since < seen.began and session.controller_id == seen.controller_id
