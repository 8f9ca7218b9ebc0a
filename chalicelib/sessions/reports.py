"""What agents ask and say about commands and sessions: claim, renew, result, status."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.commands.service import (
    Claimant,
    Lane,
    check_fence,
    claim,
    command_id,
    finish,
    locate,
    renew,
    resumed,
    superseded,
)
from chalicelib.controllers.service import AgentCaller, AgentService, Controller, paused_words
from chalicelib.core.errors import Busy, NotFound
from chalicelib.core.retry import on_conflict
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.protocol.commands import (
    ClaimGrant,
    ClaimRequest,
    Command,
    CommandKind,
    RenewGrant,
    RenewRequest,
    ResultReport,
    StatusReport,
)
from chalicelib.protocol.instances import InstanceSpec, Stage
from chalicelib.sessions.changes import change_of
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.outcomes import settle
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.rules import STAGED, Cause, State
from chalicelib.sessions.waiting import answered

_WITH_SPEC = frozenset({CommandKind.START, CommandKind.WAKE})


@dataclass(frozen=True)
class Reports:
    ledger: Ledger
    placing: Placing
    agents: AgentService

    def claim(self, caller: AgentCaller, command: str, request: ClaimRequest) -> ClaimGrant:
        """Make the agent the command's holder. Repeating a claim id gets the same grant again, during a pause
        of the controller too: what was granted before it is under way.

        Raises NotFound; Conflict `command_taken` or `epoch_superseded`; Gone `command_superseded` or
        `command_finished`; Busy `session_busy` or `controller_paused`.
        """
        self.agents.check_epoch(caller, request.epoch)
        claimant = Claimant(caller.agent_id, request.epoch, request.claim_id)

        def attempt() -> Session:
            session, number = self._of(caller, command)
            controller = self.ledger.controllers.get(caller.tenant_id, caller.controller_id).controller
            now = self.ledger.clock()
            asked = self._resumed(session.lane, controller)
            lane = claim(asked, number, claimant, now, self.ledger.timings.lease)
            if lane == asked:
                return replace(session, lane=asked)
            _check_awake(controller, now)
            change = change_of(session).also(lane=lane, reason=answered(session.reason), changed_at=now)
            if session.state in STAGED:
                change = change.also(stage=Stage.CLAIMED, progress=None, updated_at=now)
            return self.ledger.commit(change)

        return self._grant(on_conflict(attempt))

    def renew(self, caller: AgentCaller, command: str, request: RenewRequest) -> RenewGrant:
        """Keep the lease. Raises like `claim`, and Conflict `stale_fence`."""
        self.agents.check_epoch(caller, request.epoch)
        lease = self.ledger.timings.lease

        def attempt() -> RenewGrant:
            session, number = self._of(caller, command)
            lane = renew(
                session.lane,
                number,
                agent_id=caller.agent_id,
                fence=request.fence,
                now=self.ledger.clock(),
                lease=lease,
            )
            self.ledger.commit(change_of(session).also(lane=lane))
            return RenewGrant(lease_seconds=_seconds(lease))

        return on_conflict(attempt)

    def result(self, caller: AgentCaller, command: str, report: ResultReport) -> None:
        """How a command ended. A repetition is accepted like the first.

        Raises NotFound, Conflict `stale_fence` or `epoch_superseded`.
        """
        self.agents.check_epoch(caller, report.epoch)

        def attempt() -> Session | None:
            session, number = self._of(caller, command)
            now = self.ledger.clock()
            finished = finish(session.lane, number, report.fence, now)
            if finished.repeated:
                return None
            settled = settle(
                session,
                finished,
                report,
                actor=f"agent:{caller.agent_id}",
                now=now,
                issue=self.ledger.commands.issue,
            )
            return self.ledger.commit(settled.change, send=settled.send)

        session = on_conflict(attempt)
        if session is not None and session.state in (State.HIBERNATED, State.FAILED, State.TERMINATED):
            self.placing.retry_pending(session.tenant_id)

    def status(self, caller: AgentCaller, session_id: str, report: StatusReport) -> None:
        """Progress of a command, or that an instance ended by itself. What is late is accepted and ignored.

        Raises NotFound, Conflict `stale_fence` or `epoch_superseded`, Gone `command_superseded`.
        """
        self.agents.check_epoch(caller, report.epoch)
        ended = on_conflict(lambda: self._observe(caller, session_id, report))
        if ended:
            self.placing.retry_pending(caller.tenant_id)

    def _observe(self, caller: AgentCaller, session_id: str, report: StatusReport) -> bool:
        session = self.ledger.store.get(caller.tenant_id, session_id)
        if session is None or session.controller_id != caller.controller_id:
            raise NotFound.of("session", session_id)
        check_fence(session.lane, report.fence)
        if report.ended is not None:
            # What is left of an earlier incarnation may end, or be seen to, while the present one runs.
            current = report.incarnation in (None, session.incarnation)
            if session.state is not State.RUNNING or not current:
                return False
            change = change_of(session).step(
                Cause.INSTANCE_ENDED,
                actor=f"agent:{caller.agent_id}",
                now=self.ledger.clock(),
                reason=report.ended,
            )
            self.ledger.commit(change)
            return True
        holder, opened = session.lane.holder, session.lane.open
        if holder is not None and (opened is None or opened.number != holder.number):
            raise superseded()
        if holder is not None and session.state in STAGED and report.stage is not None:
            try:
                self.ledger.uow.commit([self.ledger.store.progress(session, report)])
            except ConditionFailed:
                # Overtaken by a newer report or by a transition: progress is not worth a second try.
                return False
        return False

    def _of(self, caller: AgentCaller, command: str) -> tuple[Session, int]:
        located = locate(command)
        if located is None:
            raise NotFound.of("command", command[:40])
        session = self.ledger.store.get(caller.tenant_id, located[0])
        if session is None or not 0 < located[1] <= session.lane.issued:
            raise NotFound.of("command", command)
        if session.controller_id != caller.controller_id:
            # It was placed elsewhere since; whether ever here is nothing that this agent may learn.
            raise superseded()
        return session, located[1]

    def _resumed(self, lane: Lane, controller: Controller) -> Lane:
        """As it is since the controller's last pause, if it had any."""
        patience = timedelta(seconds=self.ledger.timings.command_deadline)
        return resumed(lane, controller.pause.until, patience) if controller.pause else lane

    def _grant(self, session: Session) -> ClaimGrant:
        opened, holder = session.lane.open, session.lane.holder
        assert opened is not None and session.controller_id is not None  # noqa: S101, PT018
        assert holder is not None, "it was claimed just now"  # noqa: S101
        now = self.ledger.clock()
        deadline = opened.deadline or now + timedelta(seconds=self.ledger.timings.command_deadline)
        return ClaimGrant(
            command=Command(
                command_id=command_id(session.id, opened.number),
                tenant_id=session.tenant_id,
                controller_id=session.controller_id,
                session_id=session.id,
                kind=opened.kind,
                generation=session.generation,
                incarnation=session.incarnation,
                deadline=deadline,
                spec=self._spec(session) if opened.kind in _WITH_SPEC else None,
                delete_home=session.delete_home,
            ),
            fence=session.lane.fence,
            lease_seconds=_seconds((holder.lease_until - now).total_seconds()),
        )

    def _spec(self, session: Session) -> InstanceSpec:
        details = self.ledger.store.details(session.tenant_id, session.id)
        if details is None:
            raise NotFound.of("session", session.id)
        return details.spec.model_copy(update={"incarnation": session.incarnation})


def _check_awake(controller: Controller, now: datetime) -> None:
    """Raises Busy `controller_paused`."""
    pause = controller.paused(now)
    if pause is not None:
        raise Busy(
            f"The controller is {paused_words(pause)}.",
            code="controller_paused",
            retry_after=pause.ask_again(now),
        )


def _seconds(lease: float) -> int:
    return max(1, int(lease + 0.5))
