"""Use cases of streams."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.controllers.rules import Controller
from chalicelib.controllers.service import ControllerService
from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.identity.service import User
from chalicelib.protocol.agents import RelayAccess
from chalicelib.protocol.streams import StreamPermissions
from chalicelib.sessions.service import Running, SessionService
from chalicelib.streams import tickets
from chalicelib.streams.rules import Streamed, Wish, is_direct, permit, pick_relay, relay_urls, stream_url


@dataclass(frozen=True)
class Connection:
    """Where and with what a client opens the stream."""

    url: str
    streamed: Streamed
    ticket: str
    expires_at: datetime
    permissions: StreamPermissions


@dataclass(frozen=True)
class RelayService:
    clock: Clock
    config: Config

    def access(self, controller: Controller, origin: str) -> RelayAccess:
        """What a gateway needs to wait at the relays."""
        now = self.clock()
        lifetime = self.config.timings.relay_grant
        return RelayAccess(
            urls=relay_urls(self.config.relay_urls, origin),
            grant=tickets.relay_grant(controller, now=now, lifetime=lifetime),
            expires_at=now + timedelta(seconds=lifetime),
        )


@dataclass(frozen=True)
class StreamService:
    sessions: SessionService
    controllers: ControllerService
    clock: Clock
    config: Config

    def connect(self, user: User, session_id: str, wish: Wish, *, origin: str) -> Connection:
        """A ticket for a running session. `origin` is where the client called us (`https://host`).

        Raises NotFound, Conflict `session_not_running` with its state and reason.
        """
        streamed = _streamed(self.sessions.running(user, session_id))
        controller = self.controllers.get(streamed.tenant_id, streamed.controller_id).controller
        permissions = permit(streamed.policy, wish)
        now = self.clock()
        lifetime = self.config.timings.ticket
        return Connection(
            url=stream_url(self._base(controller, streamed, origin), streamed),
            streamed=streamed,
            ticket=tickets.ticket(
                streamed, user.user_id, permissions, controller.revocations, now=now, lifetime=lifetime
            ),
            expires_at=now + timedelta(seconds=lifetime),
            permissions=permissions,
        )

    def _base(self, controller: Controller, streamed: Streamed, origin: str) -> str:
        if controller.gateway_url is not None and is_direct(controller.gateway_url):
            return controller.gateway_url.rstrip("/")
        return pick_relay(relay_urls(self.config.relay_urls, origin), streamed.session_id)


def _streamed(running: Running) -> Streamed:
    spec = running.spec
    return Streamed(
        tenant_id=running.tenant_id,
        session_id=running.session_id,
        controller_id=running.controller_id,
        incarnation=running.incarnation,
        protocol=spec.protocol,
        policy=StreamPermissions(clipboard_in=spec.clipboard_in, clipboard_out=spec.clipboard_out),
    )
