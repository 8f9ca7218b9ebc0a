"""Which sessions a user sees and acts on: their own, or all with the `_all` permission."""

from chalicelib.core.errors import NotFound
from chalicelib.identity.service import User
from chalicelib.sessions.entities import Session
from chalicelib.sessions.store import SessionStore

READ_ALL = "sessions:read_all"
WRITE_ALL = "sessions:write_all"


def load(store: SessionStore, user: User, session_id: str, everyone: str) -> Session:
    """A session of the caller's, or anyone's with the permission `everyone`. Raises NotFound."""
    session = store.get(user.tenant_id, session_id)
    if session is None or (session.user_id != user.user_id and everyone not in user.permissions):
        raise NotFound.of("session", session_id)
    return session
