"""Watches every row that changes, in the moment it does, and keeps what invariants ask about: what a session
was before, which commands ended how, who held which lease until when, and what should be booked.
"""

from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.controllers.agent_models import AgentRow
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.controllers.row_models import ControllerRow
from chalicelib.quotas.service import TENANT, Amount, group_subject, user_subject
from chalicelib.sessions import mapping
from chalicelib.sessions.entities import Entry, Session
from chalicelib.sessions.mapping import ENDED
from chalicelib.sessions.row_models import RequestKeyRow, SessionRow, TimelineRow
from chalicelib.sessions.rules import State
from chalicelib.sessions.timeline import _entry
from tests.simulation import invariants
from tests.simulation.sources import EPOCH
from tests.support.memory_tables import Change

_SESSIONS = SessionRow.Meta.table_name
_TIMELINES = TimelineRow.Meta.table_name
_CONTROLLERS = ControllerRow.Meta.table_name
_UNDER_WAY = timedelta(seconds=90)
"""A call that was let in before its agent was shut out may still end: as long as slow stores and retries make
it."""
_AGENTS = AgentRow.Meta.table_name
_KEYS = RequestKeyRow.Meta.table_name

REPORTED: ContextVar[int | None] = ContextVar("reported", default=None)
"""The fence of the report that the running request carries."""


@dataclass(frozen=True)
class Lease:
    """What a fence was worth: until when, and to whom."""

    number: int
    agent_id: str
    epoch: int
    until: datetime


@dataclass
class Chronicle:
    """`broken` is called with a violation and the session that it is about; `told` with each change worth
    reading."""

    now: Callable[[], datetime]
    broken: Callable[[str, str], None]
    told: Callable[[str, str], None]
    booked: Callable[[], dict[str, Amount]] = dict
    """What is booked with quotas now, by subject."""
    runs: Callable[[Session], bool] = lambda _: False
    """Whether the session's instance runs, in truth."""
    taken_over: Callable[[str, str], None] = lambda _former, _present: None
    """Told of two agents, when one goes on with what the other one held."""
    sessions: dict[str, Session] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    leases: dict[tuple[str, int], Lease] = field(default_factory=dict)
    outcomes: dict[tuple[str, int], str] = field(default_factory=dict)
    timelines: dict[str, list[tuple[int, Entry]]] = field(default_factory=lambda: defaultdict(list))
    moved_at: float = 0.0
    """When (virtual s) something changed that others decide by."""
    held: dict[str, Amount] = field(default_factory=lambda: defaultdict(Amount))
    controllers: dict[str, Any] = field(default_factory=dict)
    revoked: dict[str, datetime] = field(default_factory=dict)
    """Agents that were shut out, and when."""

    def settled(self, session_id: str) -> bool:
        """Whether it runs, and nothing is asked of it."""
        session = self.sessions.get(session_id)
        return session is not None and session.state is State.RUNNING and session.lane.open is None

    def watch(self, changes: list[Change]) -> None:
        """What one call changed, all at once."""
        rows: dict[str, dict[str, Session | None]] = {}
        steps: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
        money = False
        keyed = self._keys(changes)
        for change in changes:
            if change.table == _SESSIONS:
                self._row(change, rows)
            elif change.table == _TIMELINES and change.after is not None:
                row = TimelineRow()
                row.deserialize(dict(change.after))
                steps[row.session.split("#")[1]].append((int(row.step), _entry(row)))
            elif change.table == _CONTROLLERS:
                money = True
                self._controller(change)
            elif change.table == _AGENTS and change.after is None and change.before is not None:
                self.revoked[change.before["place"]["S"].split("#")[-1]] = self.now()
            elif change.table == _AGENTS:
                self._agent(change)
        for session_id, found in rows.items():
            before, after = self.sessions.get(session_id), found.get("live")
            if "ended" in found:
                self._archive(session_id, before, found["ended"])
            elif after is not None:
                if before is None and session_id not in keyed:
                    self.broken("it was made, and the key that asked for it not remembered", session_id)
                self._changed(before, after, sorted(steps.pop(session_id, []), key=lambda each: each[0]))
                money = money or before is None or before.booked != after.booked
        for session_id in steps:
            self.broken("the timeline grew without its session", session_id)
        if money:
            self._books()

    def _row(self, change: Change, rows: dict[str, dict[str, Session | None]]) -> None:
        item = change.after or change.before
        assert item is not None
        session_id, ended = item["session_id"]["S"], item["tenant_id"]["S"].endswith(ENDED)
        known = rows.setdefault(session_id, {})
        if change.after is None:
            known.setdefault("live", None)
            return
        row = SessionRow()
        row.deserialize(dict(change.after))
        known["ended" if ended else "live"] = mapping.session(row)

    def _changed(self, before: Session | None, after: Session, steps: list[tuple[int, Entry]]) -> None:
        self.sessions[after.id] = after
        if before is None or before.revision != after.revision:
            self.moved_at = (self.now() - EPOCH).total_seconds()
        if before is None or (before.state, before.lane, before.desired) != (
            after.state,
            after.lane,
            after.desired,
        ):
            self.told(_described(before, after), after.id)
        self.timelines[after.id].extend(steps)
        for problem in (
            *invariants.of_change(before, after, steps, self.now()),
            *invariants.of_ending(self.runs(after), steps),
            *invariants.of_report(before, after, steps, REPORTED.get()),
        ):
            self.broken(problem, after.id)
        self._follow_commands(before, after)
        self._follow_lease(before, after)
        self._move_money(before, after)

    def _archive(self, session_id: str, before: Session | None, after: Session | None) -> None:
        self.archived.add(session_id)
        if before is None or after is None or session_id not in self.sessions:
            self.broken("what never was is archived", session_id)
            return
        for problem in invariants.of_archiving(before, after):
            self.broken(problem, session_id)
        self.sessions[session_id] = after
        self.told("is archived", session_id)

    def _follow_commands(self, before: Session | None, after: Session) -> None:
        """Each command ends once: by a result, by a newer one, or withdrawn."""
        opened = after.lane.open
        if opened is not None and (after.id, opened.number) in self.outcomes:
            self.broken(f"command {opened.number} is open again after it ended", after.id)
        last = before.lane.open if before else None
        if last is None or (opened is not None and opened.number == last.number):
            return
        if last.number in after.lane.done:
            outcome = "finished"
        elif opened is not None:
            outcome = "superseded"
        else:
            outcome = "withdrawn"
        if (after.id, last.number) in self.outcomes:
            self.broken(f"command {last.number} ended twice", after.id)
        self.outcomes[after.id, last.number] = outcome

    def _follow_lease(self, before: Session | None, after: Session) -> None:
        holder = after.lane.holder
        if holder is None:
            return
        known = self.leases.get((after.id, after.lane.fence))
        lease = Lease(holder.number, holder.agent_id, holder.epoch, holder.lease_until)
        if known is not None and (known.agent_id, known.number) != (lease.agent_id, lease.number):
            self.broken(f"fence {after.lane.fence} was given out twice", after.id)
        gone = self.revoked.get(lease.agent_id)
        if known is None and gone is not None and self.now() - gone > _UNDER_WAY:
            self.broken(f"{lease.agent_id} was given a command after it was shut out", after.id)
        self.leases[after.id, after.lane.fence] = lease
        former = before.lane.holder if before else None
        if former and former.number == holder.number and former.agent_id != holder.agent_id:
            self.taken_over(former.agent_id, holder.agent_id)

    def _move_money(self, before: Session | None, after: Session) -> None:
        for session, sign in ((before, -1), (after, 1)):
            if session is None:
                continue
            for subject, amount in _subjects(session):
                self.held[subject] += _times(amount, sign)

    def _controller(self, change: Change) -> None:
        item = change.after
        if item is None:
            assert change.before is not None
            self.controllers.pop(change.before["controller_id"]["S"], None)
            return
        controller = DynamoControllerStore().from_image(item)
        self.controllers[controller.id] = controller

    def _keys(self, changes: list[Change]) -> set[str]:
        """Sessions that keys were remembered for. People never ask for one without a key."""
        found = [each for each in changes if each.table == _KEYS and each.after is not None]
        for each in found:
            if each.before is not None:
                self.broken("an idempotency key was taken twice", each.before["session_id"]["S"])
        return {each.after["session_id"]["S"] for each in found if each.after is not None}

    def _agent(self, change: Change) -> None:
        if change.before is None or change.after is None:
            return
        before, after = (
            (int(item["epoch"]["N"]), item.get("boot_id", {}).get("S"))
            for item in (change.before, change.after)
        )
        for problem in invariants.of_epoch(change.after["place"]["S"], before, after):
            self.broken(problem, "")

    def _books(self) -> None:
        booked = dict(self.booked())
        for controller in self.controllers.values():
            booked[controller.id] = controller.booked
            awake = sum(
                each.controller_id == controller.id and each.booked.memory_bytes > 0
                for each in self.sessions.values()
            )
            if controller.awake != awake:
                self.broken(f"{controller.name} counts {controller.awake} awake, {awake} are", "")
            for problem in invariants.of_capacity(controller):
                self.broken(problem, "")
        for subject in sorted({*booked, *self.held}):
            said, held = booked.get(subject, Amount()), self.held.get(subject, Amount())
            if said != held:
                self.broken(f"the books of {subject} say {said}, sessions hold {held}", "")


def _subjects(session: Session) -> list[tuple[str, Amount]]:
    amount = session.booked
    found = [(TENANT, amount), (user_subject(session.user_id), amount)]
    if session.group_id is not None:
        found.append((group_subject(session.group_id), amount))
    if session.controller_id is not None:
        found.append((session.controller_id, amount.on_a_controller))
    return found


def _times(amount: Amount, sign: int) -> Amount:
    return Amount(**{name: sign * value for name, value in vars(amount).items()})


def _described(before: Session | None, after: Session) -> str:
    lane = after.lane
    opened = f"{lane.open.kind} {lane.open.number}" if lane.open else "nothing"
    holder = (
        f"{lane.holder.agent_id[-4:]}/{lane.holder.epoch} on {lane.holder.number}"
        if lane.holder
        else "nobody"
    )
    state = (
        after.state if before is None or before.state is after.state else f"{before.state} -> {after.state}"
    )
    why = f" ({after.reason.code})" if after.reason else ""
    return (
        f"{state}{why}; wants {after.desired}; gen {after.generation} inc {after.incarnation}; "
        f"open {opened}; held by {holder}; fence {lane.fence}; rev {after.revision}"
    )
