"""The stream plane of a whole agent: gateway, relay connections and public keys.

It starts before the control plane has answered, on what the last boot knew, so that a restarted agent streams
while the control plane is away.
"""

import logging
from pathlib import Path

from agent.client.files import write_atomically
from agent.client.servertime import ServerClock
from agent.drivers.base import Driver
from agent.stream.dial import RelayDialler
from agent.stream.gateway import Gateway
from agent.stream.keys import Keys
from agent.worker.access import Access
from chalicelib.protocol.agents import (
    CredentialsAnswer,
    Health,
    PartHealth,
    RelayAccess,
    SessionActivity,
)
from chalicelib.protocol.base import Wire

_log = logging.getLogger(__name__)


class Known(Wire):
    """What streaming needs of the control plane's answers, kept on disk (0600: the grant is a secret)."""

    jwks_url: str | None = None
    relay: RelayAccess | None = None


class StreamPlane:
    """Implements `streams.Streams`. `gateway_url` is set where browsers reach the gateway directly."""

    def __init__(
        self,
        *,
        controller_id: str,
        driver: Driver,
        folder: Path,
        access: Access,
        clock: ServerClock,
        gateway_url: str | None,
    ) -> None:
        self._file = folder / "known.json"
        self._known = _load(self._file)
        self._direct = gateway_url is not None
        self._keys = Keys(lambda: self._known.jwks_url, folder / "keys.json")
        self._gateway = Gateway(
            controller_id,
            driver.endpoint,
            self._keys,
            folder,
            intervals=lambda: access.intervals,
            clock=lambda: clock.now().timestamp(),
        )
        self._dialler: RelayDialler | None = None

    async def start(self) -> None:
        """Raises OSError if the gateway cannot listen."""
        await self._gateway.start()
        self._dialler = RelayDialler(self._gateway.accept, lambda: self._known.relay)
        await self._dialler.start()

    async def stop(self) -> None:
        """Viewers are told first, then their connections end."""
        await self._gateway.stop()
        if self._dialler is not None:
            await self._dialler.stop()
        await self._keys.close()

    def granted(self, answer: CredentialsAnswer) -> None:
        """The control plane answered: use that from now on, and after a restart."""
        self._known = Known(jwks_url=answer.jwks_url, relay=answer.relay)
        try:
            write_atomically(self._file, self._known.model_dump_json().encode(), durable=False)
        except OSError as error:
            _log.warning("What streaming needs after a restart is not on disk: %s", error)

    def activity(self) -> tuple[SessionActivity, ...]:
        return self._gateway.activity()

    def health(self) -> PartHealth:
        """The gateway's; then the relay's, unless browsers can do without."""
        own = self._gateway.health()
        if own.state is not Health.OK or self._direct or self._dialler is None:
            return own
        return self._dialler.health()


def _load(file: Path) -> Known:
    try:
        return Known.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return Known()
