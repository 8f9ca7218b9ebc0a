"""Draining and pausing: what administrators ask of a whole controller.

One row says it and placement reads that row, so nothing has to be told to anybody. What a drain asks of
sessions is theirs to do (`on_drain`), slice by slice, from this request and from every heartbeat; `on_open`
is called when a controller takes sessions or commands again. Both may die at any line: what they leave
undone, heartbeats and the sweeper do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.controllers.maintenance_rules import Drain, DrainMode, Pause
from chalicelib.controllers.rules import Candidate
from chalicelib.controllers.service import ControllerService
from chalicelib.core import trail
from chalicelib.core.unit_of_work import Write

Hook = Callable[[str, str], None]
"""Takes tenant and controller, and fails nobody's request."""


@dataclass(frozen=True)
class MaintenanceService:
    controllers: ControllerService
    on_drain: Hook
    on_open: Hook

    def drain(
        self, tenant_id: str, controller_id: str, mode: DrainMode, *, by: str, reason: str | None
    ) -> Candidate:
        """Take no new sessions, and move those that there are if so asked. Asking again changes how.

        Raises NotFound.
        """
        controller = self._about(tenant_id, controller_id).controller
        known = controller.drain
        since = known.since if known else self.controllers.clock()
        wanted = Drain(mode, since, by, reason)
        trail.note(mode=mode.value, reason=reason or "")
        if known is None or replace(known, by=by) != wanted:
            self._commit(self.controllers.store.set_drain(tenant_id, controller_id, wanted))
        self.on_drain(tenant_id, controller_id)
        return self.controllers.get(tenant_id, controller_id)

    def undrain(self, tenant_id: str, controller_id: str) -> Candidate:
        """Take sessions again. What was hibernated stays so until somebody wakes it. Raises NotFound."""
        if self._about(tenant_id, controller_id).controller.drain is not None:
            self._commit(self.controllers.store.set_drain(tenant_id, controller_id, None))
        self.on_open(tenant_id, controller_id)
        return self.controllers.get(tenant_id, controller_id)

    def pause(self, tenant_id: str, controller_id: str, seconds: int, *, reason: str | None) -> Candidate:
        """Leave the controller alone for so long from now. Asking again sets a new end. Raises NotFound."""
        self._about(tenant_id, controller_id)
        pause = Pause(self.controllers.clock() + timedelta(seconds=seconds), reason)
        trail.note(until=pause.until.isoformat(timespec="seconds"), reason=reason or "")
        self._commit(self.controllers.store.set_pause(tenant_id, controller_id, pause))
        return self.controllers.get(tenant_id, controller_id)

    def resume(self, tenant_id: str, controller_id: str) -> Candidate:
        """End a pause before its time. Its end is kept, since commands' time counts from then.

        Raises NotFound.
        """
        if self._about(tenant_id, controller_id).paused is not None:
            ended = Pause(self.controllers.clock())
            self._commit(self.controllers.store.set_pause(tenant_id, controller_id, ended))
        self.on_open(tenant_id, controller_id)
        return self.controllers.get(tenant_id, controller_id)

    def _about(self, tenant_id: str, controller_id: str) -> Candidate:
        found = self.controllers.get(tenant_id, controller_id)
        trail.about("controller", controller_id, found.controller.name)
        return found

    def _commit(self, change: Write) -> None:
        self.controllers.uow.commit([change])
