"""Sending a controller's open commands again, because the queue that carried them is gone."""

from dataclasses import dataclass

from chalicelib.commands.service import blocked
from chalicelib.core.telemetry import logger
from chalicelib.sessions.ledger import Ledger

_PAGE = 100


@dataclass(frozen=True)
class Resending:
    ledger: Ledger

    def resend(self, tenant_id: str, controller_id: str) -> None:
        """Send every open command that nobody holds. Failures are logged: the sweeper sends them in time."""
        try:
            self._resend(tenant_id, controller_id)
        except Exception:
            logger.exception("commands were not sent again", extra={"controller_id": controller_id})

    def _resend(self, tenant_id: str, controller_id: str) -> None:
        store, now = self.ledger.store, self.ledger.clock()
        ids = store.placed_on(tenant_id, controller_id)
        for start in range(0, len(ids), _PAGE):
            for session in store.several(tenant_id, ids[start : start + _PAGE]).values():
                if session.controller_id == controller_id and not blocked(session.lane, now):
                    self.ledger.send(session)
