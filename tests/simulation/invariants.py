"""What must hold after each step. Pure: rows before and after, and the time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.protocol.commands import CommandKind
from chalicelib.sessions.entities import Entry, Session
from chalicelib.sessions.rules import HELD, TRANSITIONS, Cause, Desired, State
from chalicelib.sessions.timeline import _STEPS

_BY_AGENTS = frozenset({Cause.STARTED, Cause.HIBERNATED, Cause.START_FAILED, Cause.NOT_HIBERNATED})
"""Causes that are a command's result."""
_ENDINGS = frozenset({Cause.INSTANCE_ENDED, Cause.INSTANCE_LOST})
_AWAKE = frozenset({State.PENDING, State.STARTING, State.RUNNING, State.HIBERNATING, State.WAKING})
_ASLEEP = frozenset({State.HIBERNATED, State.FAILED, State.TERMINATED})
ENDS = {
    Desired.RUNNING: {State.RUNNING, State.FAILED},
    Desired.HIBERNATED: {State.HIBERNATED, State.FAILED},
    Desired.TERMINATED: {State.TERMINATED},
}
"""Where a session may come to rest, by what its people want."""
_QUIET = (
    "state",
    "desired",
    "generation",
    "incarnation",
    "controller_id",
    "held",
    "lane",
    "name",
    "delete_home",
)
"""What changes only with the revision, or somebody could decide by an old row."""


def of_change(
    before: Session | None, after: Session, steps: list[tuple[int, Entry]], now: datetime
) -> Iterator[str]:
    """Of one committed change of a session."""
    yield from _walk(before, after, steps)
    yield from _reasons(after, steps)
    yield from _holdings(after)
    yield from _open(after)
    if before is None:
        return
    yield from _growth(before, after)
    yield from _holders(before, after, now)
    yield from _results(before, after, steps)
    yield from _incarnations(before, after, steps)


def of_archiving(before: Session, after: Session) -> Iterator[str]:
    """The history says what the row said."""
    if before.state is not State.TERMINATED:
        yield f"a session that is {before.state} is archived"
    for name in (*_QUIET, "revision", "reason"):
        if getattr(before, name) != getattr(after, name):
            yield f"archiving changed {name}"


def of_ending(runs: bool, steps: list[tuple[int, Entry]]) -> Iterator[str]:
    """Nobody's work is given up for lost while it goes on. `runs`: the session's instance does, in truth."""
    for _, entry in steps:
        if entry.cause in _ENDINGS and runs:
            yield f"it failed ({entry.cause}) though its instance runs"


def of_report(
    before: Session | None, after: Session, steps: list[tuple[int, Entry]], fence: int | None
) -> Iterator[str]:
    """Only the present fence is believed. `fence` is that of the report that made the change, if one did."""
    if before is None or fence is None or fence == before.lane.fence:
        return
    if set(after.lane.done) - set(before.lane.done) or any(each.cause in _ENDINGS for _, each in steps):
        yield f"a report under fence {fence} was believed, the present one is {before.lane.fence}"


def of_epoch(agent_id: str, before: tuple[int, str | None], after: tuple[int, str | None]) -> Iterator[str]:
    """An epoch belongs to one boot. Both as epoch and boot id."""
    if after[1] != before[1] and after[0] <= before[0]:
        yield f"two boots of {agent_id} have epoch {after[0]}"


def of_capacity(controller: Any) -> Iterator[str]:
    """Nobody books what is not there, or returns what was not booked."""
    if controller.capacity is None:
        return
    for name, value in vars(controller.booked).items():
        if value < 0:
            yield f"{controller.name} has {value} {name} booked"
        if name in ("cpu_millis", "memory_bytes", "gpu") and value > getattr(controller.capacity, name):
            yield f"{controller.name} has {value} {name} booked of {getattr(controller.capacity, name)}"


def _walk(before: Session | None, after: Session, steps: list[tuple[int, Entry]]) -> Iterator[str]:
    """The timeline is a legal walk without a gap, and ends where the row is."""
    state = before.state if before else None
    for number, (step, entry) in enumerate(steps):
        if step != after.revision * _STEPS + number:
            yield f"step {step} is not next at revision {after.revision}"
        if entry.before is not state:
            yield f"the timeline goes on from {entry.before}, the session was {state}"
        if TRANSITIONS.get(state, {}).get(Cause(entry.cause)) is not entry.after:
            yield f"from {state} by {entry.cause} to {entry.after} is no transition"
        state = entry.after
    if state is not after.state:
        yield f"the row says {after.state}, the timeline {state}"
    held = HELD[after.state]
    if held is not None and after.held is not held:
        yield f"a session that is {after.state} holds {after.held}"


def _reasons(after: Session, steps: list[tuple[int, Entry]]) -> Iterator[str]:
    """Whoever asks why gets an answer."""
    if after.state in (State.FAILED, State.PENDING) and (after.reason is None or not after.reason.message):
        yield f"it is {after.state} and nobody can see why"
    for _, entry in steps:
        if entry.after is State.FAILED and entry.reason is None:
            yield "the timeline does not say why it failed"


def _holdings(after: Session) -> Iterator[str]:
    """In other words than the product's table: what is awake takes up its CPU and memory, what sleeps does
    not."""
    booked, amount = after.booked, after.amount
    if after.state in _AWAKE and booked != amount:
        yield f"it is {after.state} and holds {booked}"
    if after.state in _ASLEEP and (booked.cpu_millis or booked.memory_bytes or booked.gpu):
        yield f"it is {after.state} and holds {booked}"
    if after.stage is not None and after.state not in (State.STARTING, State.WAKING):
        yield f"it is {after.state} at the stage {after.stage}"


def _open(after: Session) -> Iterator[str]:
    """Whatever is still to happen, somebody is asked to do: nobody waits for what never comes. Pending
    sessions are the sweeper's."""
    if after.lane.open is None and after.state not in {*ENDS[after.desired], State.PENDING}:
        yield f"it is stuck: {after.state}, wanted {after.desired}, and nobody is asked for anything"


def _growth(before: Session, after: Session) -> Iterator[str]:
    """What only ever grows, and what never changes again."""
    if before.state is State.TERMINATED and after.state is not State.TERMINATED:
        yield f"a terminated session became {after.state}"
    old, new = before.lane, after.lane
    for name, was, now_is in (
        ("fence", old.fence, new.fence),
        ("command number", old.issued, new.issued),
        ("generation", before.generation, after.generation),
        ("incarnation", before.incarnation, after.incarnation),
    ):
        if now_is < was:
            yield f"its {name} fell from {was} to {now_is}"
        if now_is > was + 1:
            yield f"its {name} leapt from {was} to {now_is}"
    if new.open is not None and new.open.number != new.issued:
        yield f"command {new.open.number} is open, though {new.issued} was issued"
    if new.open is not None and new.open.kind is CommandKind.TERMINATE and new.open.deadline is not None:
        yield "what exists must be removed, however long that takes: terminating has a deadline"
    if before.delete_home and not after.delete_home:
        yield "its home was to go and is not any more"
    if after.revision == before.revision:
        for name in _QUIET:
            if getattr(before, name) != getattr(after, name):
                yield f"its {name} changed under revision {after.revision}"
    elif replace(after, revision=before.revision, due_at=before.due_at) == before:
        yield f"revision {after.revision} changes nothing"
    elif after.revision != before.revision + 1:
        yield f"its revision went from {before.revision} to {after.revision}"


def _holders(before: Session, after: Session, now: datetime) -> Iterator[str]:
    """A lease is taken over when it has run out, or by a later boot of the same agent."""
    old, new = before.lane.holder, after.lane.holder
    if new is None or (old is not None and (old.claim_id, old.epoch) == (new.claim_id, new.epoch)):
        # One that asks again after its lease has run out gets a new one, and with it a new fence.
        anew = old is not None and new is not None and now >= old.lease_until
        if after.lane.fence != before.lane.fence and not anew:
            yield "the fence rose without a claim"
        return
    if after.lane.fence != before.lane.fence + 1:
        yield "a claim did not raise the fence"
    if new.number != (before.lane.open.number if before.lane.open else 0):
        yield f"command {new.number} was claimed, which was not open"
    if old is None:
        return
    rebooted = old.agent_id == new.agent_id and new.epoch > old.epoch
    if not rebooted and now < old.lease_until:
        until = f"{old.agent_id} holds {old.number} until {old.lease_until}"
        yield f"command {new.number} was claimed while {until}"


def _results(before: Session, after: Session, steps: list[tuple[int, Entry]]) -> Iterator[str]:
    """What a command brought about came with its one result."""
    for _, entry in steps:
        if Cause(entry.cause) not in _BY_AGENTS:
            continue
        opened, holder = before.lane.open, before.lane.holder
        if opened is None or holder is None or holder.number != opened.number:
            yield f"{entry.cause} without a holder of the open command"
        elif opened.number not in after.lane.done or opened.number in before.lane.done:
            yield f"{entry.cause} is not the first result of command {opened.number}"
        elif entry.actor != f"agent:{holder.agent_id}":
            yield f"{entry.actor} finished what {holder.agent_id} holds"


def _incarnations(before: Session, after: Session, steps: list[tuple[int, Entry]]) -> Iterator[str]:
    """What is left of a failure, or elsewhere, is going to be removed: by a name that nothing new has."""
    for _, entry in steps:
        anew = entry.before is State.FAILED or after.controller_id != before.controller_id
        if Cause(entry.cause) is Cause.WAKE_REQUESTED and anew and after.incarnation == before.incarnation:
            yield f"it was {entry.before} and wakes as incarnation {after.incarnation} again"
