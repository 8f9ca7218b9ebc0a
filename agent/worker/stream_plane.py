"""The stream plane of a whole agent: gateway, relay connections and public keys.

It starts before the control plane has answered, on what the last boot knew, so that a restarted agent streams
while the control plane is away.
"""

import asyncio
import logging
import sqlite3
from pathlib import Path

from agent.client.files import write_atomically
from agent.client.servertime import ServerClock
from agent.drivers.base import Driver
from agent.stream.dial import RelayDialler
from agent.stream.gateway import Gateway
from agent.stream.keys import Keys
from agent.worker.access import Access
from agent.worker.health import failing
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
        self._folder = folder
        self._controller_id = controller_id
        self._driver = driver
        self._access = access
        self._clock = clock
        self._gateway: Gateway | None = None
        self._dialler: RelayDialler | None = None
        self._trouble = failing("gateway_stopped", "The gateway is not started.")

    async def run(self) -> None:
        """Stream until cancelled; then viewers are told first, and their connections end. Raises OSError or
        sqlite3.Error if the gateway cannot listen or cannot read what it kept."""
        keys = Keys(lambda: self._known.jwks_url, self._folder / "keys.json")
        gateway = Gateway(
            self._controller_id,
            self._driver.endpoint,
            keys,
            self._folder,
            logs=self._driver.logs,
            intervals=lambda: self._access.intervals,
            clock=lambda: self._clock.now().timestamp(),
        )
        dialler = RelayDialler(gateway.accept, lambda: self._known.relay, self._access.renew_now)
        try:
            await gateway.start()
            await dialler.start()
            self._gateway, self._dialler = gateway, dialler
            await asyncio.get_running_loop().create_future()
        except (OSError, sqlite3.Error) as error:
            self._trouble = failing("gateway_failed", f"The gateway cannot start: {error}.")
            raise
        finally:
            self._gateway = self._dialler = None
            await gateway.stop()
            await dialler.stop()
            await keys.close()

    def granted(self, answer: CredentialsAnswer) -> None:
        """The control plane answered: use that from now on, and after a restart."""
        self._known = Known(jwks_url=answer.jwks_url, relay=answer.relay)
        try:
            write_atomically(self._file, self._known.model_dump_json().encode(), durable=False)
        except OSError as error:
            _log.warning("What streaming needs after a restart is not on disk: %s", error)

    def activity(self) -> tuple[SessionActivity, ...]:
        return self._gateway.activity() if self._gateway is not None else ()

    def health(self) -> PartHealth:
        """The gateway's; then the relay's, unless browsers can do without."""
        if self._gateway is None:
            return self._trouble
        own = self._gateway.health()
        if own.state is not Health.OK or self._direct or self._dialler is None:
            return own
        return self._dialler.health()


def _load(file: Path) -> Known:
    try:
        return Known.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return Known()
