"""States and the transition table. Nothing changes a session's state around it, tests included."""

from enum import StrEnum

from chalicelib.core.errors import Conflict


class State(StrEnum):
    """What is observed of a session."""

    PENDING = "pending"
    STARTING = "starting"
    RUNNING = "running"
    HIBERNATING = "hibernating"
    HIBERNATED = "hibernated"
    WAKING = "waking"
    FAILED = "failed"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


class Desired(StrEnum):
    """What its user wants of it."""

    RUNNING = "running"
    HIBERNATED = "hibernated"
    TERMINATED = "terminated"


class Cause(StrEnum):
    """Why a state changes; the timeline shows it."""

    CREATED = "created"
    CREATED_AND_PLACED = "created_and_placed"
    PLACED = "placed"
    MOVED = "moved"
    UNPLACED = "unplaced"
    STARTED = "started"
    HIBERNATE_REQUESTED = "hibernate_requested"
    HIBERNATED = "hibernated"
    NOT_HIBERNATED = "not_hibernated"
    WAKE_REQUESTED = "wake_requested"
    TERMINATE_REQUESTED = "terminate_requested"
    TERMINATED = "terminated"
    START_FAILED = "start_failed"
    NOT_PLACED = "not_placed"
    DEADLINE_PASSED = "deadline_passed"
    INSTANCE_ENDED = "instance_ended"
    INSTANCE_LOST = "instance_lost"
    CONTROLLER_REMOVED = "controller_removed"


class Held(StrEnum):
    """What a session has booked: everything, its place among the sessions and its home, its home alone, or
    nothing."""

    FULL = "full"
    PARKED = "parked"
    HOME = "home"
    NONE = "none"


_S, _C = State, Cause
TRANSITIONS: dict[State | None, dict[Cause, State]] = {
    None: {_C.CREATED: _S.PENDING, _C.CREATED_AND_PLACED: _S.STARTING},
    _S.PENDING: {
        _C.PLACED: _S.STARTING,
        _C.NOT_PLACED: _S.FAILED,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    _S.STARTING: {
        _C.STARTED: _S.RUNNING,
        _C.MOVED: _S.STARTING,
        # No agent had it, its controller is being emptied, and it fits nowhere else at the moment.
        _C.UNPLACED: _S.PENDING,
        _C.START_FAILED: _S.FAILED,
        _C.DEADLINE_PASSED: _S.FAILED,
        _C.CONTROLLER_REMOVED: _S.FAILED,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    _S.RUNNING: {
        _C.HIBERNATE_REQUESTED: _S.HIBERNATING,
        _C.INSTANCE_ENDED: _S.FAILED,
        _C.INSTANCE_LOST: _S.FAILED,
        _C.CONTROLLER_REMOVED: _S.FAILED,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    _S.HIBERNATING: {
        _C.HIBERNATED: _S.HIBERNATED,
        # Not stopped, or not known to be: it counts as running until someone saw otherwise.
        _C.NOT_HIBERNATED: _S.RUNNING,
        _C.DEADLINE_PASSED: _S.RUNNING,
        _C.WAKE_REQUESTED: _S.WAKING,
        _C.CONTROLLER_REMOVED: _S.FAILED,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    _S.HIBERNATED: {
        _C.WAKE_REQUESTED: _S.WAKING,
        _C.CONTROLLER_REMOVED: _S.FAILED,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    _S.WAKING: {
        _C.STARTED: _S.RUNNING,
        _C.START_FAILED: _S.FAILED,
        _C.DEADLINE_PASSED: _S.FAILED,
        _C.CONTROLLER_REMOVED: _S.FAILED,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    _S.FAILED: {
        _C.WAKE_REQUESTED: _S.WAKING,
        _C.TERMINATE_REQUESTED: _S.TERMINATING,
    },
    # Terminating does not fail: what exists must be removed, so it is tried until it succeeds.
    _S.TERMINATING: {_C.TERMINATED: _S.TERMINATED},
    _S.TERMINATED: {},
}
"""The one table: from a state, by a cause, to a state."""

HELD: dict[State, Held | None] = {
    _S.PENDING: Held.FULL,
    _S.STARTING: Held.FULL,
    _S.RUNNING: Held.FULL,
    _S.HIBERNATING: Held.FULL,
    _S.HIBERNATED: Held.PARKED,
    _S.WAKING: Held.FULL,
    _S.FAILED: Held.HOME,
    _S.TERMINATING: None,
    _S.TERMINATED: Held.NONE,
}
"""What a session holds in each state; None: what it held before."""

STAGED = frozenset({State.STARTING, State.WAKING})
"""States with a stage."""


def after(state: State | None, cause: Cause) -> State:
    """The state that follows. Raises Conflict `invalid_state`."""
    try:
        return TRANSITIONS[state][cause]
    except KeyError:
        asked = _ASKED.get(cause, cause.value.replace("_", " "))
        raise Conflict(f"A session that is {state} cannot {asked}.", code="invalid_state") from None


_ASKED = {
    Cause.HIBERNATE_REQUESTED: "be hibernated",
    Cause.WAKE_REQUESTED: "be woken",
    Cause.TERMINATE_REQUESTED: "be terminated",
}
