"""All of a tenant's sessions at once: ending them, and telling of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import DomainError
from chalicelib.core.telemetry import logger
from chalicelib.identity.service import Role, User
from chalicelib.sessions.entities import Session
from chalicelib.sessions.ledger import Ledger
from chalicelib.sessions.lifecycle import Lifecycle
from chalicelib.sessions.rules import State
from chalicelib.sessions.schemas import SessionView, TimelineEntryView

_AT_ONCE = 100
"""Sessions that one call ends: each is a transaction and a message."""
_STEPS = 200


@dataclass(frozen=True)
class Departure:
    ledger: Ledger
    lifecycle: Lifecycle

    def end_all(self, tenant_id: str, actor: str, *, delete_homes: bool) -> int:
        """See `SessionService.end_all`."""
        user = User(tenant_id, actor, Role.OWNER)
        left = asked = 0
        for session in self.ledger.store.all_of(tenant_id):
            if session.state is State.TERMINATED:
                continue
            if not _asked(session, delete_homes) and asked < _AT_ONCE:
                asked += 1
                session = self._end(user, session, delete_homes)  # noqa: PLW2901 - the same, later
            left += session.state is not State.TERMINATED
        return left

    def end_of_user(self, tenant_id: str, user_id: str, actor: str, *, delete_homes: bool) -> None:
        """See `SessionService.end_of_user`."""
        user = User(tenant_id, actor, Role.OWNER)
        for session in self._of_user(tenant_id, user_id):
            if not _asked(session, delete_homes):
                self._end(user, session, delete_homes)

    def rest_of_user(self, tenant_id: str, user_id: str, actor: str) -> None:
        """See `SessionService.rest_of_user`."""
        user = User(tenant_id, actor, Role.OWNER)
        for session in self._of_user(tenant_id, user_id):
            if session.state is State.RUNNING:
                try:
                    self.lifecycle.hibernate(user, session.id)
                except DomainError as error:
                    extra = {"session_id": session.id, "code": error.code}
                    logger.warning("a session could not be put to rest", extra=extra)

    def _of_user(self, tenant_id: str, user_id: str) -> Iterator[Session]:
        after = None
        while True:
            found, after = self.ledger.store.page(
                tenant_id, user_id=user_id, state=None, limit=_AT_ONCE, after=after
            )
            for each in found:
                # The list may lag; what is decided by is the row itself.
                session = self.ledger.store.get(tenant_id, each.id)
                if session is not None:
                    yield session
            if after is None:
                return

    def export(self, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """See `SessionService.export`."""
        for session in self.ledger.store.ever(tenant_id):
            told = SessionView.of(session).model_dump(mode="json")
            yield "session", {**told, "timeline": self._timeline(session)}

    def _end(self, user: User, session: Session, delete_homes: bool) -> Session:
        try:
            return self.lifecycle.terminate(user, session.id, delete_home=delete_homes)
        except DomainError as error:
            logger.warning(
                "a session could not be ended", extra={"session_id": session.id, "code": error.code}
            )
            return session

    def _timeline(self, session: Session) -> list[dict[str, Any]]:
        found, after = [], None
        while True:
            steps, after = self.ledger.store.timeline(
                session.tenant_id, session.id, limit=_STEPS, after=after
            )
            found += [TimelineEntryView.of(each).model_dump(mode="json", by_alias=True) for each in steps]
            if after is None:
                return found


def _asked(session: Session, delete_homes: bool) -> bool:
    return session.state is State.TERMINATING and (session.delete_home or not delete_homes)
