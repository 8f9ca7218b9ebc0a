"""A lane and everything that may happen on it: issue, claim, renew, finish.

The newest command is `open` until it has a result. Its claim makes a `holder`; a newer command replaces
`open` but not the holder, who learns of it by 410 and must let go (result, or lease running out) before the
newer one can be claimed. Every claim raises the fence.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.core.errors import Busy, Conflict, DomainError, Gone
from chalicelib.protocol.commands import CommandKind

_REMEMBERED = 4
"""Finished commands whose repeated results are still answered like the first."""
_BUSY_CEILING = 5
"""Seconds after which a blocked claim is worth trying again: a superseded holder lets go at its next step."""


@dataclass(frozen=True)
class Open:
    """The command that carries the newest intent. `since` is when it last became claimable; a terminate has
    no deadline, since what exists must be removed however long that takes."""

    number: int
    kind: CommandKind
    since: datetime
    deadline: datetime | None


@dataclass(frozen=True)
class Holder:
    """Who works for the session, possibly still on a command that was superseded."""

    number: int
    agent_id: str
    epoch: int
    claim_id: str
    lease_until: datetime


@dataclass(frozen=True)
class Lane:
    """One session's commands."""

    issued: int = 0
    fence: int = 0
    open: Open | None = None
    holder: Holder | None = None
    done: tuple[int, ...] = ()

    @property
    def idle(self) -> bool:
        """Nothing is asked for and nobody is at work."""
        return self.open is None and self.holder is None

    def idle_at(self, moment: datetime) -> bool:
        """Nothing is asked for, and nobody is at work who could begin another step: a holder whose command
        nobody wants any more may have died, and its lease cannot be renewed."""
        return self.open is None and not blocked(self, moment)

    @property
    def never_claimed(self) -> bool:
        """No agent ever worked for this session, so no backend can hold anything of it."""
        return self.fence == 0


@dataclass(frozen=True)
class Claimant:
    """An agent's process that asks for a command."""

    agent_id: str
    epoch: int
    claim_id: str


@dataclass(frozen=True)
class Finished:
    """`current`: the command carried the newest intent. `repeated`: its result was known already."""

    lane: Lane
    current: bool = False
    repeated: bool = False


def issue(lane: Lane, kind: CommandKind, now: datetime, deadline: datetime | None) -> Lane:
    """A new command, which supersedes the open one."""
    number = lane.issued + 1
    return replace(lane, issued=number, open=Open(number, kind, now, deadline))


def withdraw(lane: Lane) -> Lane:
    """Nothing is asked for any more. A holder learns of it like of a newer command."""
    return replace(lane, open=None)


def claim(lane: Lane, number: int, claimant: Claimant, now: datetime, lease: float) -> Lane:
    """The lane with the claimant as holder; unchanged if this very claim already holds it.

    Raises Gone `command_superseded` or `command_finished`, Conflict `command_taken`, Busy `session_busy`.
    """
    if lane.open is None or lane.open.number != number:
        raise _over(lane, number)
    if lane.open.deadline is not None and now >= lane.open.deadline:
        raise Gone("The command's deadline has passed.", code="command_finished")
    holder = lane.holder
    if holder is not None and not _may_replace(holder, claimant, now):
        if holder.number != number:
            wait = min(_BUSY_CEILING, max(1, math.ceil((holder.lease_until - now).total_seconds())))
            raise Busy(
                "An earlier command of this session is not finished.", code="session_busy", retry_after=wait
            )
        if (holder.agent_id, holder.epoch, holder.claim_id) == (
            claimant.agent_id,
            claimant.epoch,
            claimant.claim_id,
        ):
            return lane
        raise Conflict("Another agent has claimed this command.", code="command_taken")
    return replace(
        lane,
        fence=lane.fence + 1,
        holder=Holder(
            number, claimant.agent_id, claimant.epoch, claimant.claim_id, now + timedelta(seconds=lease)
        ),
    )


def _may_replace(holder: Holder, claimant: Claimant, now: datetime) -> bool:
    rebooted = holder.agent_id == claimant.agent_id and claimant.epoch > holder.epoch
    return rebooted or now >= holder.lease_until


def renew(lane: Lane, number: int, *, agent_id: str, fence: int, now: datetime, lease: float) -> Lane:
    """The lane with a longer lease. An expired lease that nobody took over may be renewed.

    Raises Conflict `stale_fence`, Gone `command_superseded` or `command_finished`.
    """
    holder = lane.holder
    if holder is None or holder.number != number:
        raise _over(lane, number)
    if fence != lane.fence or holder.agent_id != agent_id:
        raise _stale()
    if lane.open is None or lane.open.number != number:
        raise superseded()
    return replace(lane, holder=replace(holder, lease_until=now + timedelta(seconds=lease)))


def finish(lane: Lane, number: int, fence: int, now: datetime) -> Finished:
    """The lane without its holder. Raises Conflict `stale_fence`."""
    if number in lane.done:
        return Finished(lane, repeated=True)
    if lane.holder is None or lane.holder.number != number or fence != lane.fence:
        raise _stale()
    current = lane.open is not None and lane.open.number == number
    following = None if current or lane.open is None else replace(lane.open, since=now)
    done = (number, *lane.done)[:_REMEMBERED]
    return Finished(replace(lane, holder=None, open=following, done=done), current=current)


def _over(lane: Lane, number: int) -> DomainError:
    if number in lane.done:
        return Gone("The command is finished.", code="command_finished")
    if lane.open is not None and lane.open.number == number:
        return _stale()
    return superseded()


def superseded() -> Gone:
    """What a holder is told when newer intent won."""
    return Gone("A newer command has superseded this one.", code="command_superseded")


def _stale() -> Conflict:
    return Conflict("This fence is not the session's present one.", code="stale_fence")


def check_fence(lane: Lane, fence: int) -> None:
    """Raises Conflict `stale_fence`."""
    if fence != lane.fence:
        raise _stale()


def blocked(lane: Lane, now: datetime) -> bool:
    """Whether a live lease keeps the open command from being claimed."""
    return lane.holder is not None and now < lane.holder.lease_until


def resumed(lane: Lane, since: datetime, patience: timedelta) -> Lane:
    """The lane once nothing keeps its agents from working any more: the open command's time counts from
    `since` if it is older. `patience` is what any command is given."""
    opened = lane.open
    if opened is None:
        return lane
    deadline = None if opened.deadline is None else max(opened.deadline, since + patience)
    return replace(lane, open=replace(opened, since=max(opened.since, since), deadline=deadline))


def overdue(lane: Lane, now: datetime) -> bool:
    """Whether the open command's deadline has passed."""
    return lane.open is not None and lane.open.deadline is not None and now >= lane.open.deadline


def unclaimed_since(lane: Lane, now: datetime) -> datetime | None:
    """Since when the open command could have been claimed; None while it is claimed or blocked."""
    if lane.open is None or blocked(lane, now):
        return None
    if lane.holder is None:
        return lane.open.since
    return max(lane.open.since, lane.holder.lease_until)


def next_look(lane: Lane, now: datetime, *, resend: float, ceiling: float) -> datetime | None:
    """When a sweeper has to look again at the latest; None when nothing is open.

    A command that stays unclaimed is sent again after `resend` seconds, then less and less often, down to
    once in `ceiling` seconds: each message that piles up for a dead agent costs it a call once it is back.
    """
    if lane.open is None:
        return None
    since = unclaimed_since(lane, now)
    if since is None and lane.holder is not None:
        moment = lane.holder.lease_until
    else:
        waited = (now - (since or now)).total_seconds()
        moment = now + timedelta(seconds=min(ceiling, max(resend, waited / 2)))
    return moment if lane.open.deadline is None else min(moment, lane.open.deadline)
