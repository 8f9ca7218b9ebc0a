"""Reading sessions."""

from dataclasses import dataclass

from chalicelib.identity.service import User
from chalicelib.sessions import access
from chalicelib.sessions.entities import Assessment, Entry, Overview, Session
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import Position, SessionStore


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
