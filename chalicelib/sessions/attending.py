"""What a sweeper has to do for a session that is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.commands.service import blocked, overdue, unclaimed_since
from chalicelib.core.config import Timings
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.changes import SYSTEM, Change, change_of
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import STAGED, Cause, Desired, State

_PUNCTUAL = 3
"""A sweeper that comes later than so many times the patience was away itself."""


class Task(StrEnum):
    """`SEND` a reference again; `PLACE` a pending session; `EXPIRE` what ran out of time; `ARCHIVE` what
    ended; `NOTHING` now, perhaps later."""

    SEND = "send"
    PLACE = "place"
    EXPIRE = "expire"
    ARCHIVE = "archive"
    NOTHING = "nothing"


def task(session: Session, now: datetime, timings: Timings) -> Task:
    """What is to be done now."""
    if session.state is State.TERMINATED:
        kept = timedelta(seconds=timings.unclaimed_resend)
        return Task.ARCHIVE if now >= session.updated_at + kept else Task.NOTHING
    if session.state is State.PENDING:
        deadline = session.created_at + timedelta(seconds=timings.placement_deadline)
        return Task.EXPIRE if now >= deadline else Task.PLACE
    if session.lane.open is None:
        return Task.NOTHING
    if overdue(session.lane, now):
        return Task.EXPIRE
    return Task.NOTHING if blocked(session.lane, now) else Task.SEND


@dataclass(frozen=True)
class Neglect:
    """How long an open command went unclaimed. `fresh`: the sweeper itself was away or the controller paused:
    nobody may have heard of the command yet, and its time starts now."""

    lost: bool
    fresh: bool


def neglect(
    session: Session, due_at: datetime, now: datetime, timings: Timings, *, resumed: bool = False
) -> Neglect:
    """Whether a command that nothing blocks has stayed unclaimed for too long. `resumed`: it is looked at for
    the first time since its controller's pause."""
    if resumed:
        return Neglect(lost=False, fresh=True)
    since = unclaimed_since(session.lane, now)
    patience = timedelta(seconds=timings.unclaimed_lost)
    late = now - due_at > _PUNCTUAL * patience
    return Neglect(lost=not late and since is not None and now - since >= patience, fresh=late)


def expire(session: Session, now: datetime) -> Change:
    """The change when time has run out."""
    change = change_of(session)
    if session.state is State.PENDING:
        known = session.reason or Reason(code="not_placed", message="It could not be placed.")
        message = f"{known.message} It was tried until the deadline."
        reason = Reason(code=known.code, message=message)
        return change.step(Cause.NOT_PLACED, actor=SYSTEM, now=now, reason=reason)
    what = "start" if session.state in STAGED else "hibernate"
    reason = Reason(code="deadline_exceeded", message=_late(session, what))
    change = change.withdrawn()
    if session.state in STAGED:
        return change.step(Cause.DEADLINE_PASSED, actor=SYSTEM, now=now, reason=reason)
    if session.state is State.HIBERNATING:
        return change.step(
            Cause.DEADLINE_PASSED, actor=SYSTEM, now=now, reason=reason, desired=Desired.RUNNING
        )
    return change.also(changed_at=now)


def _late(session: Session, what: str) -> str:
    if session.lane.holder is None:
        return f"No agent of its controller took the command to {what} it in time."
    stage = f" It had come to: {session.stage}." if session.stage else ""
    return f"It did not {what} before its deadline.{stage}"


def orphaned(session: Session, now: datetime) -> Change:
    """The change when the controller that a session was on is no longer registered."""
    reason = Reason(code="controller_removed", message="Its controller is no longer registered.")
    change = change_of(session).withdrawn()
    if session.state is State.TERMINATING:
        return change.step(Cause.TERMINATED, actor=SYSTEM, now=now, reason=reason)
    return change.step(Cause.CONTROLLER_REMOVED, actor=SYSTEM, now=now, reason=reason)
