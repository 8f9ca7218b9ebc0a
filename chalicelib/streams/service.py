"""Use cases of streams."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.controllers.rules import Controller
from chalicelib.controllers.service import ControllerService
from chalicelib.core.clock import Clock
from chalicelib.core.config import Config
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.identity.service import User
from chalicelib.protocol.agents import RelayAccess
from chalicelib.protocol.streams import StreamPermissions
from chalicelib.sessions.service import Placed, Running, SessionService
from chalicelib.streams import tickets
from chalicelib.streams.rules import (
    NOTHING,
    Instance,
    Streamed,
    Wish,
    is_direct,
    logs_url,
    permit,
    pick_relay,
    relay_urls,
    stream_url,
)
from chalicelib.streams.tickets import Opens


@dataclass(frozen=True)
class Opening:
    """Where and with what a client opens something, once, until `expires_at`."""

    url: str
    ticket: str
    expires_at: datetime


@dataclass(frozen=True)
class Connection:
    """How a client opens the stream, and what it may do then."""

    opening: Opening
    streamed: Streamed
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
        permissions = permit(streamed.policy, wish)
        opening = self._opening(streamed.instance, streamed.protocol, user, permissions, origin)
        return Connection(opening, streamed, permissions)

    def logs(self, user: User, session_id: str, *, origin: str) -> Opening:
        """A ticket for what a session's instance printed.

        Raises NotFound, Conflict `session_not_placed` with its state, `controller_removed`.
        """
        instance = _instance(self.sessions.placed(user, session_id))
        try:
            return self._opening(instance, "logs", user, NOTHING, origin)
        except NotFound as error:
            raise Conflict(
                "The session's controller was removed, and what it printed with it.",
                code="controller_removed",
            ) from error

    def _opening(
        self, instance: Instance, opens: Opens, user: User, permissions: StreamPermissions, origin: str
    ) -> Opening:
        controller = self.controllers.get(instance.tenant_id, instance.controller_id).controller
        base = self._base(controller, instance, origin)
        now = self.clock()
        lifetime = self.config.timings.ticket
        return Opening(
            url=logs_url(base, instance) if opens == "logs" else stream_url(base, instance, opens),
            ticket=tickets.ticket(
                instance,
                opens,
                user.user_id,
                permissions,
                controller.revocations,
                now=now,
                lifetime=lifetime,
            ),
            expires_at=now + timedelta(seconds=lifetime),
        )

    def _base(self, controller: Controller, instance: Instance, origin: str) -> str:
        if controller.gateway_url is not None and is_direct(controller.gateway_url):
            return controller.gateway_url.rstrip("/")
        return pick_relay(relay_urls(self.config.relay_urls, origin), instance.session_id)


def _streamed(running: Running) -> Streamed:
    spec = running.spec
    policy = StreamPermissions(clipboard_in=spec.clipboard_in, clipboard_out=spec.clipboard_out)
    return Streamed(_instance(running), spec.protocol, policy)


def _instance(placed: Placed) -> Instance:
    return Instance(placed.tenant_id, placed.session_id, placed.controller_id, placed.incarnation)
