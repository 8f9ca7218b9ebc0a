"""Sessions and controllers to test rules with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.catalog.service import TemplateResources
from chalicelib.commands.service import Claimant, Lane, claim, issue
from chalicelib.controllers.service import Candidate, Controller, ControllerState
from chalicelib.protocol.agents import Capacity
from chalicelib.protocol.commands import CommandKind
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import HELD, Desired, Held, State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = "ten-01kb0000000000000000000000"
SESSION = "ses-01kb00000000000000000a0000"
CONTROLLER = "ctl-01kb0000000000000000000000"
USER = "usr-01kb0000000000000000000000"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def session(state: State = State.RUNNING, **changes: Any) -> Session:
    placed = state is not State.PENDING
    base = Session(
        tenant_id=TENANT,
        id=SESSION,
        user_id=USER,
        name="Desk",
        state=state,
        desired=Desired.RUNNING,
        generation=1,
        incarnation=1,
        template_id="tpl-01kb0000000000000000000000",
        template_name="Desktop",
        template_icon="desktop",
        resources=TemplateResources(cpu_millis=1000, memory_bytes=2**30),
        created_at=NOW,
        updated_at=NOW,
        changed_at=NOW,
        controller_id=CONTROLLER if placed else None,
        held=HELD[state] or Held.FULL,
        lane=Lane(issued=1, fence=1, done=(1,)) if placed else Lane(),
    )
    return replace(base, **changes)


def issue_command(lane: Lane, kind: CommandKind, now: datetime) -> Lane:
    return issue(lane, kind, now, now + timedelta(seconds=900))


def under_way(state: State, kind: CommandKind, *, claimed: bool = True) -> Session:
    lane = issue_command(Lane(), kind, NOW)
    if claimed:
        lane = claim(lane, 1, Claimant("agt-a", 1, "c"), NOW, 120)
    return session(state, lane=lane)


def controller(name: str = "one", **changes: Any) -> Controller:
    return replace(
        Controller(
            tenant_id=TENANT,
            id=CONTROLLER[:-1] + str(len(name)),
            name=name,
            platform="docker",
            backend_id="b",
            created_at=NOW,
            capacity=Capacity(cpu_millis=4000, memory_bytes=8 * 2**30),
        ),
        **changes,
    )


def candidate(
    name: str = "one", state: ControllerState = ControllerState.ONLINE, **changes: Any
) -> Candidate:
    return Candidate(controller(name, **changes), state)
