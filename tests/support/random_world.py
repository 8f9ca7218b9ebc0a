"""A tenant's sessions, one agent and its backend, with time, luck and crashes in the test's hands.

The services and the store are the real ones; only the clock, the queue and the backend are made up.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.controllers.service import AgentCaller
from chalicelib.core.clock import utc_now
from chalicelib.core.errors import Busy, DomainError
from chalicelib.identity.service import Role, User
from chalicelib.protocol.agents import Heartbeat, InventoryReport
from chalicelib.protocol.commands import (
    ClaimRequest,
    CommandKind,
    CommandReference,
    Outcome,
    RenewRequest,
    ResultReport,
    StatusReport,
)
from chalicelib.protocol.instances import Reason
from chalicelib.sessions.rules import State
from chalicelib.sessions.service import NewSession, Session, SessionService
from chalicelib.sessions.store import Due
from tests.support.desk import Desk

_LUCK = {
    "wish": 30,
    "deliver": 25,
    "work": 25,
    "progress": 6,
    "time": 8,
    "inventory": 3,
    "crash": 2,
    "die": 2,
}
"""What happens how often."""
_SESSIONS = 6
_GROUPS = ("grp-00000000000000000000000001", "grp-00000000000000000000000002")


@dataclass
class Work:
    """A command that the agent's process holds."""

    session_id: str
    command_id: str
    kind: CommandKind
    incarnation: int
    delete_home: bool
    fence: int
    lease_until: datetime


@dataclass
class RandomWorld:
    desk: Desk
    luck: random.Random
    offset: timedelta = timedelta()
    queue: list[CommandReference] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    instances: dict[str, tuple[int, str]] = field(default_factory=dict)
    homes: set[str] = field(default_factory=set)
    made: list[str] = field(default_factory=list)
    sequence: int = 0
    calm: bool = False

    def __post_init__(self) -> None:
        app = self.desk.app
        self.agents = replace(app.agents, clock=self.now)
        controllers = replace(app.controllers, clock=self.now, queues=_Queue(self))
        self.service: SessionService = replace(
            app.sessions, clock=self.now, controllers=controllers, agents=self.agents
        )
        enrolment = self.desk.agent.enrolment
        self.caller = AgentCaller(
            self.desk.tenant.id, self.desk.agent.controller_id, enrolment["agent_id"], enrolment["key_id"]
        )
        self.user = User(self.desk.tenant.id, self.desk.tenant.member_id, Role.MEMBER, "signin")

    def now(self) -> datetime:
        return utc_now() + self.offset

    @property
    def epoch(self) -> int:
        return self.desk.agent.epoch

    def sessions(self) -> list[Session]:
        found = (self.service.store.get(self.user.tenant_id, each) for each in self.made)
        return [each for each in found if each is not None]

    # What can happen

    def step(self) -> str:
        """One thing happens, whatever it is."""
        name = self.luck.choices(list(_LUCK), weights=list(_LUCK.values()))[0]
        try:
            getattr(self, name)()
        except DomainError as error:
            return f"{name}: {error.code}"
        return name

    def wish(self) -> None:
        """A user changes their mind, or wants one more."""
        if not self.made or (len(self.made) < _SESSIONS and self.luck.random() < 0.4):
            wanted = NewSession(
                self.desk.template_id,
                cpu_millis=2000,
                memory_bytes=2**28,
                storage_bytes=self.luck.choice([None, 0, 2**30]),
            )
            charged = replace(self.user, charged_group=self.luck.choice([None, *_GROUPS]))
            self.made.append(self.service.creation.create(charged, wanted).id)
            return
        session_id, lifecycle = self.luck.choice(self.made), self.service.lifecycle
        match self.luck.randrange(10):
            case 0 | 1 | 2 | 3:
                lifecycle.hibernate(self.user, session_id)
            case 4 | 5 | 6 | 7 | 8:
                lifecycle.wake(self.user, session_id)
            case _:
                wipe = self.luck.random() < 0.5
                self.service.terminate(self.user, session_id, delete_home=wipe)

    def deliver(self) -> None:
        if not self.queue:
            return
        reference = self.queue.pop(self.luck.randrange(len(self.queue)))
        if not self.calm and self.luck.random() < 0.1:
            self.queue.append(reference)  # and once more later
        try:
            request = ClaimRequest(epoch=self.epoch, claim_id=f"{reference.command_id}-{self.epoch}")
            grant = self.service.reports.claim(self.caller, reference.command_id, request)
        except Busy:
            self.queue.append(reference)
            return
        if any(each.fence == grant.fence and each.session_id == reference.session_id for each in self.works):
            return  # the same grant again
        self._nobody_else_works_on(reference.session_id)
        command = grant.command
        self.works.append(
            Work(
                reference.session_id,
                reference.command_id,
                command.kind,
                command.incarnation,
                command.delete_home,
                grant.fence,
                self.now() + timedelta(seconds=grant.lease_seconds),
            )
        )

    def _nobody_else_works_on(self, session_id: str) -> None:
        others = [each for each in self.works if each.session_id == session_id]
        assert all(self.now() >= each.lease_until for each in others), "two hold one session"

    def progress(self) -> None:
        """A renewal, which tells of supersession."""
        if not self.works:
            return
        work = self.luck.choice(self.works)
        try:
            request = RenewRequest(epoch=self.epoch, fence=work.fence)
            grant = self.service.reports.renew(self.caller, work.command_id, request)
        except DomainError as error:
            self.works.remove(work)
            if error.code == "command_superseded":
                self._report(work, Outcome.CANCELLED)
            return
        work.lease_until = self.now() + timedelta(seconds=grant.lease_seconds)

    def work(self) -> None:
        """Carry a held command out, unless its lease is about to run out, and report."""
        if not self.works:
            return
        work = self.works.pop(self.luck.randrange(len(self.works)))
        if self.now() >= work.lease_until - timedelta(seconds=20):
            return
        failing = not self.calm and self.luck.random() < 0.15
        if failing and work.kind in (CommandKind.START, CommandKind.WAKE):
            self.instances.pop(work.session_id, None)
        elif not failing:
            self._effect(work)
        if not self.calm and self.luck.random() < 0.15:
            return  # crashed between effect and report, or the report is lost for good
        outcome = Outcome.FAILED if failing else Outcome.SUCCEEDED
        for _ in range(1 + (not self.calm and self.luck.random() < 0.2)):
            self._report(work, outcome)

    def _effect(self, work: Work) -> None:
        match work.kind:
            case CommandKind.START | CommandKind.WAKE:
                self.instances[work.session_id] = (work.incarnation, "running")
                self.homes.add(work.session_id)
            case CommandKind.HIBERNATE:
                if work.session_id in self.instances:
                    self.instances[work.session_id] = (self.instances[work.session_id][0], "stopped")
            case CommandKind.TERMINATE:
                self.instances.pop(work.session_id, None)
                if work.delete_home:
                    self.homes.discard(work.session_id)

    def _report(self, work: Work, outcome: Outcome) -> None:
        self.sequence += 1
        reason = Reason(code="bad_luck", message="It failed.") if outcome is Outcome.FAILED else None
        report = ResultReport(
            epoch=self.epoch, fence=work.fence, sequence=self.sequence, outcome=outcome, reason=reason
        )
        try:
            self.service.reports.result(self.caller, work.command_id, report)
        except DomainError as error:
            assert error.code == "stale_fence", error.code  # noqa: PT017 - any other refusal is a bug

    def time(self) -> None:
        self.offset += timedelta(seconds=self.luck.choice([1, 5, 20, 45, 90]))
        self.beat()
        self.sweep()

    def beat(self) -> None:
        self.agents.heartbeat(
            self.caller, Heartbeat.model_validate({**self.desk.agent.heartbeat(), "epoch": self.epoch})
        )
        self.service.placing.retry_pending(self.user.tenant_id)

    def sweep(self) -> None:
        """The sweeper, on this tenant alone: other tests have other clocks."""
        for session in self.sessions():
            if session.due_at is not None and session.due_at <= self.now():
                due = Due(session.tenant_id, session.id, session.due_at)
                self.service.sweeper.attend(due, self.now())

    def crash(self) -> None:
        """The agent's process starts anew and forgets what it held; then it looks round."""
        self.works.clear()
        self.desk.agent.boot()
        self.inventory()

    def die(self) -> None:
        """An instance ends by itself or vanishes; whether anyone reports it is a matter of luck."""
        running = [each for each, (_, state) in self.instances.items() if state == "running"]
        if not running:
            return
        session_id = self.luck.choice(running)
        if self.luck.random() < 0.4:
            del self.instances[session_id]  # somebody removed it behind the agent's back
            return
        self.instances[session_id] = (self.instances[session_id][0], "stopped")
        session = next(each for each in self.sessions() if each.id == session_id)
        if self.luck.random() < 0.5:
            self.sequence += 1
            report = StatusReport(
                epoch=self.epoch,
                fence=session.lane.fence,
                sequence=self.sequence,
                ended=Reason(code="instance_exited", message="It ended."),
            )
            self.service.reports.status(self.caller, session_id, report)

    def inventory(self) -> None:
        facts = [
            {
                "tenant_id": self.user.tenant_id,
                "session_id": session_id,
                "incarnation": incarnation,
                "state": state,
            }
            for session_id, (incarnation, state) in self.instances.items()
        ]
        report = InventoryReport.model_validate(
            {
                "epoch": self.epoch,
                "started_at": self.now(),
                "instances": facts,
                "homes": sorted(self.homes),
            }
        )
        for action in self.service.inventories.compare(self.caller, report).actions:
            if action.remedy == "remove":
                held = self.instances.get(action.session_id)
                if held is not None and held[0] == action.incarnation:
                    del self.instances[action.session_id]
                if action.delete_home:
                    self.homes.discard(action.session_id)

    # And in the end

    def settle(self, rounds: int = 80) -> None:
        """No more bad luck, no more wishes: everything must come to rest."""
        self.calm = True
        for _ in range(rounds):
            self.offset += timedelta(seconds=60)
            self.beat()
            self.sweep()
            for _ in range(len(self.queue)):
                try:
                    self.deliver()
                except DomainError:
                    continue
            while self.works:
                self.work()
            if self.quiet():
                return
        raise AssertionError(f"it does not come to rest: {[each for each in self.sessions() if busy(each)]}")

    def end(self) -> None:
        """Everybody has had enough."""
        for session_id in self.made:
            self.service.terminate(self.user, session_id, delete_home=False)
        self.settle()

    def quiet(self) -> bool:
        return not any(busy(each) for each in self.sessions())

    def confirm(self) -> None:
        """Three inventories, as far apart as agents make them."""
        for _ in range(3):
            self.offset += timedelta(seconds=300)
            self.beat()
            self.inventory()
            self.settle()


def busy(session: Session) -> bool:
    """Whether something is still to happen to it."""
    waiting = session.state in (State.STARTING, State.WAKING, State.HIBERNATING, State.TERMINATING)
    return waiting or session.lane.open is not None


class _Queue:
    """Loses, repeats and reorders."""

    def __init__(self, world: RandomWorld) -> None:
        self._world = world

    def send(self, _controller_id: str, body: str) -> None:
        world, reference = self._world, CommandReference.model_validate_json(body)
        if world.calm:
            world.queue.append(reference)
            return
        copies = world.luck.choice([0, 1, 1, 1, 2])
        world.queue.extend([reference] * copies)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"not part of this: {name}")
