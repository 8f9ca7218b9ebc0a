"""What a drain asks of one session, and what its people are told. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.controllers.service import (
    Candidate,
    Controller,
    ControllerState,
    Drain,
    DrainMode,
    drained_words,
)
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.changes import Change, change_of
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import Cause, Desired, State

CODE = "controller_draining"
_SILENT = frozenset({ControllerState.LOST, ControllerState.NEVER_SEEN, ControllerState.PAUSED})


class Step(StrEnum):
    """`ELSEWHERE`: it need not start here. `HIBERNATE`: it is put to rest. `WAIT`: nothing now; whatever is
    under way comes to an end first."""

    ELSEWHERE = "elsewhere"
    HIBERNATE = "hibernate"
    WAIT = "wait"


def moves(controller: Controller) -> bool:
    """Whether its drain asks anything of the sessions that are there."""
    return controller.drain is not None and controller.drain.mode is DrainMode.MOVE


def step(session: Session, candidate: Candidate, now: datetime, *, retry: timedelta) -> Step:
    """What a draining controller's session is asked. One whose hibernation failed is asked again after
    `retry`. A controller that does not answer is asked nothing: the command would only run out of time."""
    if session.state is State.STARTING and session.lane.never_claimed:
        return Step.ELSEWHERE
    if session.state is not State.RUNNING or candidate.state in _SILENT:
        return Step.WAIT
    failed = session.reason is not None
    return Step.WAIT if failed and session.changed_since(now - retry) else Step.HIBERNATE


def hibernated(session: Session, controller: Controller, now: datetime) -> Change:
    """The change that puts a running session to rest, in the name of who drains. Its command is still to be
    issued."""
    drain = controller.drain
    if drain is None:
        raise ValueError("it is not drained")
    return change_of(session).step(
        Cause.HIBERNATE_REQUESTED,
        actor=drain.by,
        now=now,
        reason=why(controller, drain),
        desired=Desired.HIBERNATED,
        generation=session.generation + 1,
    )


def why(controller: Controller, drain: Drain) -> Reason:
    """What the people of a session are told that a drain put to rest."""
    return Reason(code=CODE, message=f"The controller {controller.name} is {drained_words(drain)}.")


def drained(session: Session) -> bool:
    """Whether a drain is why it is put to rest."""
    return session.reason is not None and session.reason.code == CODE
