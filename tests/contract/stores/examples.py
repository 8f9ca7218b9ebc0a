"""Things to store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.catalog.rules import Template, TemplateResources
from chalicelib.commands.rules import Holder, Lane, Open
from chalicelib.controllers.agent_rules import Agent, AgentKey, EnrollmentToken
from chalicelib.controllers.rules import Contact, Controller, HealthReport
from chalicelib.core.dynamo import DynamoUnitOfWork
from chalicelib.core.ids import new_id
from chalicelib.core.unit_of_work import Write
from chalicelib.protocol.agents import Capacity, Health, Heartbeat, PartHealth
from chalicelib.protocol.commands import CommandKind
from chalicelib.sessions.entities import Session
from chalicelib.sessions.rules import Desired, Held, State
from chalicelib.tenancy.rules import Tenant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIB = 2**30
UNIT = DynamoUnitOfWork()
_FINE = PartHealth(state=Health.OK)
WELL = HealthReport(_FINE, _FINE, _FINE)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def commit(*writes: Write | list[Write], token: str | None = None) -> None:
    flat = [one for each in writes for one in (each if isinstance(each, list) else [each])]
    UNIT.commit(flat, token=token)


def session(tenant_id: str, **changes: Any) -> Session:
    """Running, with nothing open."""
    base = Session(
        tenant_id=tenant_id,
        id=new_id("ses"),
        user_id="usr-1",
        name="Desk",
        state=State.RUNNING,
        desired=Desired.RUNNING,
        generation=1,
        incarnation=1,
        template_id="tpl-1",
        template_name="Desktop",
        template_icon="desktop",
        resources=TemplateResources(),
        created_at=NOW,
        updated_at=NOW,
        changed_at=NOW,
        controller_id="ctl-1",
        held=Held.FULL,
        lane=Lane(issued=1, fence=1, done=(1,)),
        revision=1,
    )
    return replace(base, **changes)


def held_lane(number: int = 2, fence: int = 2) -> Lane:
    """A start that an agent works on."""
    return Lane(
        issued=number,
        fence=fence,
        open=Open(number, CommandKind.START, NOW, at(900)),
        holder=Holder(number, "agt-1", 1, "claim-1", at(120)),
        done=(1,),
    )


def controller(tenant_id: str, **changes: Any) -> Controller:
    base = Controller(
        tenant_id, new_id("ctl"), "lab", "docker", backend_id=f"daemon-{new_id('evt')}", created_at=NOW
    )
    return replace(base, **changes)


def heartbeat(**changes: Any) -> Heartbeat:
    base = Heartbeat(
        epoch=1,
        agent_version="1.0",
        protocol_version=1,
        capacity=Capacity(cpu_millis=4000, memory_bytes=8 * GIB),
        usage=Capacity(cpu_millis=100, memory_bytes=GIB),
        instances=2,
        polling=_FINE,
        platform=_FINE,
        streaming=_FINE,
    )
    return base.model_copy(update=changes)


def contact(seconds: float = 0) -> Contact:
    return Contact(at(seconds), 30.0, "1.0", 1)


def agent(tenant_id: str, **changes: Any) -> Agent:
    base = Agent(
        tenant_id,
        "ctl-1",
        new_id("agt"),
        key_id=new_id("key"),
        created_at=NOW,
        version="1.0",
    )
    return replace(base, **changes)


def key_of(one: Agent) -> AgentKey:
    return AgentKey(one.key_id, "public", one.tenant_id, one.controller_id, one.id)


def token(tenant_id: str, **changes: Any) -> EnrollmentToken:
    base = EnrollmentToken(f"hash-{new_id('tok')}", new_id("tok"), tenant_id, at(1800), "usr-1")
    return replace(base, **changes)


def tenant(tenant_id: str, **changes: Any) -> Tenant:
    return replace(Tenant(tenant_id, f"slug-{tenant_id}", "Acme", NOW), **changes)


def template(tenant_id: str, **changes: Any) -> Template:
    base = Template(tenant_id, new_id("tpl"), 1, "Desktop", "streamspace/desktop:dev", NOW, NOW)
    return replace(base, **changes)
