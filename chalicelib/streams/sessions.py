"""From a running session to what is streamed of it."""

from collections.abc import Callable

from chalicelib.identity.service import User
from chalicelib.protocol.streams import StreamPermissions
from chalicelib.sessions.service import SessionService
from chalicelib.streams.rules import Streamed


def streamed(sessions: SessionService) -> Callable[[User, str], Streamed]:
    """How streams load a session: the caller's own, running, with its template's policy."""

    def load(user: User, session_id: str) -> Streamed:
        running = sessions.running(user, session_id)
        return Streamed(
            tenant_id=running.tenant_id,
            session_id=running.session_id,
            controller_id=running.controller_id,
            incarnation=running.incarnation,
            protocol=running.spec.protocol,
            policy=StreamPermissions(
                clipboard_in=running.spec.clipboard_in, clipboard_out=running.spec.clipboard_out
            ),
        )

    return load
