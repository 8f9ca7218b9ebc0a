"""The sessions capability as others see it: one object that holds the use cases, and the types they speak."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.catalog.service import CatalogService
from chalicelib.commands.service import CommandService
from chalicelib.controllers.service import AgentService, ControllerService
from chalicelib.core.clock import Clock
from chalicelib.core.config import Timings
from chalicelib.core.unit_of_work import UnitOfWork
from chalicelib.identity.service import User
from chalicelib.quotas.service import QuotaService
from chalicelib.sessions.activity import Activity
from chalicelib.sessions.creation import Creation, NewSession
from chalicelib.sessions.departure import Departure
from chalicelib.sessions.drains import Drains
from chalicelib.sessions.entities import Overview, Session
from chalicelib.sessions.inventory import Inventories
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.lifecycle import Lifecycle
from chalicelib.sessions.placement import GroupsOf
from chalicelib.sessions.placing import Placing
from chalicelib.sessions.queries import Placed, Queries, Running
from chalicelib.sessions.recount import Drift, recount
from chalicelib.sessions.reports import Reports
from chalicelib.sessions.rules import Desired, State
from chalicelib.sessions.schemas import SessionView
from chalicelib.sessions.store import KeyStore, SessionStore, SuspectStore
from chalicelib.sessions.sweeper import Sweeper, Swept
from chalicelib.tenancy.service import TenancyService

__all__ = [
    "Desired",
    "Drift",
    "NewSession",
    "Overview",
    "Placed",
    "Running",
    "Session",
    "SessionService",
    "SessionView",
    "State",
    "Swept",
]

_HOMES_AT_ONCE = 100


@dataclass(frozen=True)
class SessionService:
    store: SessionStore
    keys: KeyStore
    suspects: SuspectStore
    catalog: CatalogService
    tenancy: TenancyService
    quotas: QuotaService
    controllers: ControllerService
    agents: AgentService
    groups_of: GroupsOf
    uow: UnitOfWork
    clock: Clock
    timings: Timings

    @cached_property
    def ledger(self) -> Ledger:
        """Commits changes."""
        commands = CommandService(self.controllers.send, self.timings)
        return Ledger(self.store, self.quotas, self.controllers, commands, self.uow, self.clock, self.timings)

    @cached_property
    def placing(self) -> Placing:
        """Places pending sessions."""
        return Placing(self.ledger, self.groups_of)

    @cached_property
    def drains(self) -> Drains:
        """Empties controllers that are drained."""
        return Drains(self.ledger, self.placing)

    @cached_property
    def creation(self) -> Creation:
        """Creates sessions."""
        return Creation(self.ledger, self.catalog, self.tenancy, self.keys)

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """What users ask of a session."""
        return Lifecycle(self.ledger, self.tenancy, self.groups_of)

    @cached_property
    def queries(self) -> Queries:
        """What users read."""
        return Queries(self.store)

    @cached_property
    def reports(self) -> Reports:
        """What agents ask and say."""
        return Reports(self.ledger, self.placing, self.agents)

    @cached_property
    def inventories(self) -> Inventories:
        """What backends really run."""
        return Inventories(self.ledger, self.placing, self.agents, self.suspects)

    @cached_property
    def activity(self) -> Activity:
        """What heartbeats say about sessions."""
        return Activity(self.ledger, self.placing, self.drains)

    @cached_property
    def departure(self) -> Departure:
        """What a tenant's end, or its export, asks of all its sessions."""
        return Departure(self.ledger, self.lifecycle)

    @cached_property
    def sweeper(self) -> Sweeper:
        """Attends to what is due."""
        return Sweeper(self.ledger, self.placing)

    def terminate(self, user: User, session_id: str, *, delete_home: bool) -> Session:
        """End a session; what comes free at once goes to who waits for it. Raises NotFound."""
        session = self.lifecycle.terminate(user, session_id, delete_home=delete_home)
        if session.state is State.TERMINATED:
            self.placing.retry_pending(user.tenant_id)
        return session

    def sweep(self) -> Swept:
        """One run of the sweeper, for a schedule."""
        return self.sweeper.sweep(self.clock())

    def running(self, user: User, session_id: str) -> Running:
        """A session of the caller's that a stream can be opened to. Who may act on it may open it.

        Raises NotFound, Conflict `session_not_running` with its state.
        """
        return self.queries.running(user, session_id)

    def placed(self, user: User, session_id: str) -> Placed:
        """A session of the caller's whose log may be there, whether it runs or not. Who may act on it may
        read that.

        Raises NotFound, Conflict `session_not_placed` with its state.
        """
        return self.queries.placed(user, session_id)

    def end_all(self, tenant_id: str, actor: str, *, delete_homes: bool) -> int:
        """End a slice of a tenant's sessions; how many are not over yet, commands under way included. Safe to
        repeat until it is none. A session that cannot be ended now does not keep the others waiting."""
        return self.departure.end_all(tenant_id, actor, delete_homes=delete_homes)

    def end_of_user(self, tenant_id: str, user_id: str, *, actor: str, delete_homes: bool) -> None:
        """Ask for the end of everything that somebody runs, because they leave. Safe to repeat; one that
        cannot be ended now does not keep the others waiting."""
        self.departure.end_of_user(tenant_id, user_id, actor, delete_homes=delete_homes)
        self.placing.retry_pending(tenant_id)

    def rest_of_user(self, tenant_id: str, user_id: str, *, actor: str) -> None:
        """Hibernate what somebody has running, because they are shut out: a stream that is open lives on
        without asking anybody, so only its instance's stop ends it."""
        self.departure.rest_of_user(tenant_id, user_id, actor)

    def drop_homes(self, tenant_id: str) -> int:
        """Have agents remove a slice of the homes that ended sessions left behind, as soon as they look round
        for what is there; how many. Safe to repeat until it is none."""
        return self.store.drop_homes(tenant_id, self.clock(), _HOMES_AT_ONCE)

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Sessions, ended ones too, each with its timeline."""
        return self.departure.export(tenant_id)

    def erase(self, tenant_id: str) -> bool:
        """Remove a slice of a tenant's sessions, whatever state they are in; True when none is left."""
        return self.store.erase(tenant_id)

    def recount(self, tenant_id: str) -> list[Drift]:
        """Where bookings and sessions differ; empty when the books are right."""
        return recount(self.ledger, tenant_id)

    def view_of_image(self, image: Mapping[str, Any]) -> SessionView:
        """The public view of a row out of the session table's stream (DynamoDB JSON)."""
        return SessionView.of(self.store.from_image(image))
