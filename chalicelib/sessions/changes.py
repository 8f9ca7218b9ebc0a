"""A change in the making: the session before and after, and the steps that its timeline gains."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.commands.service import Lane, withdraw
from chalicelib.protocol.instances import Reason, Stage
from chalicelib.sessions.entities import KIND_OF, Entry, Session
from chalicelib.sessions.rules import HELD, STAGED, Cause, State, after

IssueCommand = Callable[[Lane, Any, datetime], Lane]
SYSTEM = "system"


@dataclass(frozen=True)
class Change:
    """`before` is None for a session that is being created."""

    before: Session | None
    after: Session
    entries: tuple[Entry, ...] = ()

    def step(
        self, cause: Cause, *, actor: str, now: datetime, reason: Reason | None = None, **fields: Any
    ) -> "Change":
        """One transition, with the fields that change along. Bookings, stage and reason follow the state.

        Raises Conflict `invalid_state` where the table has no such transition.
        """
        session = self.after
        target = after(session.state, cause)
        held = HELD[target]
        stage = Stage.QUEUED if target in STAGED else None
        moved = replace(
            session,
            **{
                "state": target,
                "held": session.held if held is None else held,
                "reason": reason,
                "stage": stage,
                "progress": None,
                "viewers": session.viewers if target is State.RUNNING else 0,
                "updated_at": now,
                "changed_at": now,
                **fields,
            },
        )
        entry = Entry(now, session.state, target, actor, cause, reason, moved.generation)
        return replace(self, after=moved, entries=(*self.entries, entry))

    def also(self, **fields: Any) -> "Change":
        """Fields that change without a transition."""
        return replace(self, after=replace(self.after, **fields))

    def command(self, issue: IssueCommand, now: datetime) -> "Change":
        """The command that the new state needs. It supersedes what was open."""
        lane = issue(self.after.lane, KIND_OF[self.after.state], now)
        return self.also(lane=lane, changed_at=now)

    def command_again(self, issue: IssueCommand, now: datetime, deadline: datetime | None) -> "Change":
        """The same work under a new number, with no more time than the first had."""
        issued = self.command(issue, now)
        opened = issued.after.lane.open
        assert opened is not None, "it was issued just now"  # noqa: S101
        return issued.also(lane=replace(issued.after.lane, open=replace(opened, deadline=deadline)))

    def withdrawn(self) -> "Change":
        """No command is wanted any more."""
        return self.also(lane=withdraw(self.after.lane))


def change_of(session: Session) -> Change:
    """The start of a change of an existing session."""
    return Change(session, session)


def created(
    session: Session, cause: Cause, *, actor: str, now: datetime, reason: Reason | None = None
) -> Change:
    """The start of a session: the table's first step."""
    state = after(None, cause)
    fresh = replace(
        session,
        state=state,
        held=HELD[state] or session.held,
        reason=reason,
        stage=Stage.QUEUED if state in STAGED else None,
        changed_at=now,
    )
    return Change(None, fresh, (Entry(now, None, state, actor, cause, reason, fresh.generation),))
