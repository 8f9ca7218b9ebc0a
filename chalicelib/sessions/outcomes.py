"""What a command's result means for its session. Pure."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.commands.service import Finished
from chalicelib.protocol.commands import CommandKind, Outcome, ResultReport
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.changes import Change, IssueCommand, change_of
from chalicelib.sessions.draining import drained
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import Cause, Desired, State

_SUCCESS = {
    CommandKind.START: Cause.STARTED,
    CommandKind.WAKE: Cause.STARTED,
    CommandKind.HIBERNATE: Cause.HIBERNATED,
    CommandKind.TERMINATE: Cause.TERMINATED,
}
_UNEXPLAINED = Reason(code="unexplained", message="The agent gave no reason.")


@dataclass(frozen=True)
class Settled:
    """`send` is false where the next command should wait for the sweeper."""

    change: Change
    send: bool = True


def settle(
    session: Session,
    finished: Finished,
    report: ResultReport,
    *,
    actor: str,
    now: datetime,
    issue: IssueCommand,
) -> Settled:
    """The change that a result makes. That of a superseded command only lets the newer one begin."""
    change = change_of(session).also(lane=finished.lane, changed_at=now)
    opened = session.lane.open
    if not finished.current or opened is None:
        return Settled(change)
    if report.outcome is Outcome.CANCELLED:
        # Given up without newer intent (the agent is stopping).
        return Settled(change.command_again(issue, now, opened.deadline))
    if session.state is State.HIBERNATED:
        # It ran in spite of hibernation and was to be stopped; the next inventory says whether it was.
        return Settled(change)
    if report.outcome is Outcome.SUCCEEDED:
        cause = _SUCCESS[opened.kind]
        begun = now if cause is Cause.STARTED else session.started_at
        why = session.reason if cause is Cause.HIBERNATED and drained(session) else None
        return Settled(change.step(cause, actor=actor, now=now, reason=why, started_at=begun))
    reason = report.reason or _UNEXPLAINED
    if opened.kind is CommandKind.TERMINATE:
        # What exists must be removed: again, but not at once, and the user sees what stands in the way.
        again = change.also(reason=reason, updated_at=now).command_again(issue, now, None)
        return Settled(again, send=False)
    return Settled(_failed(change, opened.kind, actor=actor, now=now, reason=reason))


def _failed(change: Change, kind: CommandKind, *, actor: str, now: datetime, reason: Reason) -> Change:
    if kind is CommandKind.HIBERNATE:
        return change.step(Cause.NOT_HIBERNATED, actor=actor, now=now, reason=reason, desired=Desired.RUNNING)
    return change.step(Cause.START_FAILED, actor=actor, now=now, reason=reason)
