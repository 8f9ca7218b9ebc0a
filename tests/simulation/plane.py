"""The control plane, composed as `app.py` composes it, of the real services and stores.

Left out is what the command plane never asks: sign-ins, mail, audit, keys of people. The queue is the run's
own.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.catalog.models import DynamoTemplateStore
from chalicelib.catalog.rules import Template
from chalicelib.catalog.service import CatalogService, TemplateResources
from chalicelib.controllers.agent_models import DynamoAgentStore
from chalicelib.controllers.dead_letters import DeadLetterService, DeadQueues
from chalicelib.controllers.key_rotation import KeyRotationService
from chalicelib.controllers.maintenance import MaintenanceService
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.controllers.service import AgentService, ControllerService, EnrollmentService
from chalicelib.controllers.serving import ServingService
from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.dynamo import DynamoUnitOfWork
from chalicelib.core.dynamo_reads import DynamoReads
from chalicelib.core.ids import new_id
from chalicelib.identity.models import DynamoPersonStore
from chalicelib.identity.service import IdentityService, Role, User
from chalicelib.identity.sign_in_models import DynamoSignInStore
from chalicelib.people.models import DynamoGroupStore
from chalicelib.people.service import GroupService
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.quotas.service import Limits, QuotaService
from chalicelib.sessions.dead_letters import DeadLetters
from chalicelib.sessions.keys import DynamoKeyStore, DynamoSuspectStore
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.resending import Resending
from chalicelib.sessions.service import SessionService
from chalicelib.tenancy.models import DynamoTenantStore
from chalicelib.tenancy.service import TenancyService

IMAGE = "streamspace/desktop:dev"
TINY_IMAGE = "streamspace/app:dev"
GIB = 2**30


@dataclass(frozen=True)
class Plane:
    """Services that the run calls."""

    config: Config
    clock: Clock
    tenancy: TenancyService
    quotas: QuotaService
    catalog: CatalogService
    agents: AgentService
    controllers: ControllerService
    enrollment: EnrollmentService
    sessions: SessionService
    letters: DeadLetterService
    dead_letters: DeadLetters
    keys: KeyRotationService
    serving: ServingService
    maintenance: MaintenanceService


def build(config: Config, clock: Clock, queues: Any) -> Plane:
    """All services on the tables that are installed. `queues` stands for `controllers.queues.Queues`."""
    uow = DynamoUnitOfWork()
    timings = config.timings
    tenancy = TenancyService(DynamoTenantStore(), uow, clock, on_narrowed=lambda _: None)
    identity = IdentityService(
        DynamoPersonStore(), DynamoSignInStore(), tenancy, DynamoReads(), uow, clock, timings
    )
    groups = GroupService(DynamoGroupStore(), identity, uow, clock)
    quotas = QuotaService(
        DynamoQuotaStore(), uow, tenancy, group_names=groups.names, is_user=lambda _tenant, _user: True
    )
    catalog = CatalogService(DynamoTemplateStore(), groups, tenancy, uow, clock, config.image_tag)
    agent_store, controller_store = DynamoAgentStore(), DynamoControllerStore()
    agents = AgentService(agent_store, controller_store, queues, uow, clock, config)
    controllers = ControllerService(controller_store, agents, groups, queues, uow, clock, timings)
    enrollment = EnrollmentService(
        agent_store,
        controller_store,
        agents,
        groups,
        tenancy,
        queues,
        uow,
        clock,
        config,
        may_add=lambda _tenant, _user: True,
    )
    sessions = SessionService(
        DynamoSessionStore(),
        DynamoKeyStore(),
        DynamoSuspectStore(),
        catalog,
        tenancy,
        quotas,
        controllers,
        agents,
        groups.of_user,
        uow,
        clock,
        timings,
    )
    letters = DeadLetterService(DeadQueues(queues), controller_store, agents)
    return Plane(
        config,
        clock,
        tenancy,
        quotas,
        catalog,
        agents,
        controllers,
        enrollment,
        sessions,
        letters,
        DeadLetters(letters, sessions.ledger),
        KeyRotationService(agents),
        ServingService(controllers, Resending(sessions.ledger).resend),
        MaintenanceService(controllers, sessions.drains.drive, sessions.drains.reopened),
    )


@dataclass(frozen=True)
class Tenancy:
    """A tenant, who is in it, and what they may start."""

    tenant_id: str
    admin: User
    members: tuple[User, ...]
    templates: tuple[str, ...]


def furnish(plane: Plane, members: int, limits: Limits) -> Tenancy:
    """A new tenant with people, limits and two templates: with a home, and without."""
    tenant = plane.tenancy.create("simulated", "Simulated")
    admin = User(tenant.id, new_id("usr"), Role.OWNER, "signin")
    groups = (None, new_id("grp"))
    people = tuple(
        User(tenant.id, new_id("usr"), Role.MEMBER, "signin", charged_group=groups[number % 2])
        for number in range(members)
    )
    now = plane.clock()
    templates = tuple(
        plane.catalog.add(
            Template(
                tenant_id=tenant.id,
                id=new_id("tpl"),
                version=1,
                name=name,
                image=image,
                created_at=now,
                updated_at=now,
                resources=TemplateResources(storage_bytes=GIB),
                persistent_home=home,
            )
        ).id
        for name, image, home in (("Desktop", IMAGE, True), ("App", TINY_IMAGE, False))
    )
    if limits != Limits():
        plane.quotas.set_limits(tenant.id, "tenant", limits)
    return Tenancy(tenant.id, admin, people, templates)
