"""Reading sessions."""

from dataclasses import dataclass

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.identity.service import User
from chalicelib.protocol.instances import InstanceSpec
from chalicelib.sessions import access
from chalicelib.sessions.entities import Assessment, Entry, Overview, Session
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import Position, SessionStore


@dataclass(frozen=True)
class Placed:
    """A session that a controller has or had an instance of."""

    tenant_id: str
    session_id: str
    controller_id: str
    incarnation: int


@dataclass(frozen=True)
class Running(Placed):
    """A running session and what its instance was made of: what opening a stream needs to know."""

    spec: InstanceSpec


@dataclass(frozen=True)
class Queries:
    store: SessionStore

    def get(self, user: User, session_id: str) -> Session:
        """Raises NotFound, also for what the user may not see."""
        return access.load(self.store, user, session_id, access.READ_ALL)

    def page(
        self,
        user: User,
        *,
        owner: str | None,
        state: State | None,
        limit: int,
        after: Position | None,
    ) -> tuple[list[Overview], Position | None]:
        """Newest first. Who may not see all sees their own, whoever they ask for."""
        if access.READ_ALL not in user.permissions:
            if owner not in (None, user.user_id):
                return [], None
            owner = user.user_id
        return self.store.page(user.tenant_id, user_id=owner, state=state, limit=limit, after=after)

    def timeline(
        self, user: User, session_id: str, *, limit: int, after: Position | None
    ) -> tuple[list[Entry], Position | None]:
        """What happened, oldest first. Raises NotFound."""
        session = self.get(user, session_id)
        return self.store.timeline(session.tenant_id, session.id, limit=limit, after=after)

    def placement(self, user: User, session_id: str) -> Assessment | None:
        """What placement last found. Raises NotFound."""
        session = self.get(user, session_id)
        details = self.store.details(session.tenant_id, session.id)
        return details.assessment if details else None

    def placed(self, user: User, session_id: str) -> Placed:
        """Raises NotFound, Conflict `session_not_placed`."""
        session = access.load(self.store, user, session_id, access.WRITE_ALL)
        if session.controller_id is None or session.state in (State.PENDING, State.TERMINATED):
            raise Conflict(
                f"The session is {session.state}: no controller has anything of it that runs or ran.",
                code="session_not_placed",
                extra={"state": session.state.value},
            )
        return Placed(session.tenant_id, session.id, session.controller_id, session.incarnation)

    def running(self, user: User, session_id: str) -> Running:
        """Raises NotFound, Conflict `session_not_running`."""
        session = access.load(self.store, user, session_id, access.WRITE_ALL)
        if session.state is not State.RUNNING or session.controller_id is None:
            why = f" {session.reason.message}" if session.reason else ""
            raise Conflict(
                f"The session is {session.state}, not running.{why}",
                code="session_not_running",
                extra={"state": session.state.value},
            )
        details = self.store.details(session.tenant_id, session.id)
        if details is None:
            raise NotFound.of("session", session_id)
        return Running(
            session.tenant_id, session.id, session.controller_id, session.incarnation, details.spec
        )
