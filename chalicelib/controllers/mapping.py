"""Rows of controllers to domain types and back."""

from typing import Any

from pydantic import BaseModel

from chalicelib.controllers import health_rows
from chalicelib.controllers.maintenance_rules import Drain, DrainMode, Pause
from chalicelib.controllers.row_models import ControllerRow
from chalicelib.controllers.rules import Contact, Controller, HealthReport
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.protocol.agents import Capacity, Heartbeat
from chalicelib.protocol.instances import Reason
from chalicelib.quotas.service import Amount

_AGENT_LABELS = 16
_LABEL_LENGTH = 63
DIMENSIONS = ("cpu_millis", "memory_bytes", "gpu")
"""Of capacity, as columns are called after them."""


class _Report(BaseModel):
    """What only heartbeats say. Short names: this is stored on a row whose size is its price."""

    v: str
    p: int
    n: int
    use: Capacity
    now: Capacity | None = None
    gw: str | None = None
    lab: dict[str, str] = {}
    bad: dict[str, Reason | None] = {}


def drain_out(drain: Drain) -> dict[str, Any]:
    """A drain as one attribute; equal ones are equal text."""
    return {"m": drain.mode.value, "at": epoch_millis(drain.since), "by": drain.by, "why": drain.reason}


def _drain_in(stored: dict[str, Any] | None) -> Drain | None:
    if stored is None:
        return None
    return Drain(DrainMode(stored["m"]), from_millis(stored["at"]), stored["by"], stored["why"])


def report(heartbeat: Heartbeat, health: HealthReport) -> str:
    """What only heartbeats say, as one attribute."""
    disk_free = heartbeat.capacity.disk_free_bytes or heartbeat.usage.disk_free_bytes
    labels = {key[:_LABEL_LENGTH]: value[:_LABEL_LENGTH] for key, value in heartbeat.labels.items()}
    return _Report(
        v=heartbeat.agent_version[:40],
        p=heartbeat.protocol_version,
        n=heartbeat.instances,
        use=heartbeat.usage.model_copy(update={"disk_free_bytes": disk_free}),
        now=heartbeat.load,
        gw=heartbeat.gateway_url,
        lab=dict(sorted(labels.items())[:_AGENT_LABELS]),
        bad=health_rows.failing(health),
    ).model_dump_json(exclude_defaults=True)


def controller(row: ControllerRow) -> Controller:
    """The whole controller."""
    said = _Report.model_validate_json(row.report) if row.report else None
    capacity = None
    if row.capacity_cpu_millis is not None:
        capacity = Capacity(
            **{name: int(getattr(row, f"capacity_{name}") or 0) for name in DIMENSIONS},
            disk_free_bytes=said.use.disk_free_bytes if said else 0,
        )
    return Controller(
        tenant_id=row.tenant_id,
        id=row.controller_id,
        name=row.name,
        platform=row.platform,
        backend_id=row.backend_id,
        created_at=from_millis(int(row.created_at)),
        labels=dict(row.labels or {}),
        agent_labels=said.lab if said else {},
        cordoned=bool(row.cordoned),
        session_limit=None if row.session_limit is None else int(row.session_limit),
        capacity=capacity,
        usage=said.use if said else None,
        load=said.now if said else None,
        instances=said.n if said else 0,
        booked=Amount(
            sessions=int(row.booked_sessions),
            **{name: int(getattr(row, f"booked_{name}")) for name in DIMENSIONS},
        ),
        health=_health(said),
        contact=_contact(row, said),
        gateway_url=said.gw if said else None,
        unclaimed_since=None if row.unclaimed_since is None else from_millis(int(row.unclaimed_since)),
        group_ids=tuple(str(each) for each in row.group_ids or ()),
        awake=int(row.awake or 0),
        drain=_drain_in(row.drain),
        pause=_pause(row),
        queue_number=int(row.queue_number or 0),
        queues_from=None if row.queues_from is None else int(row.queues_from),
    )


def _pause(row: ControllerRow) -> Pause | None:
    return None if row.paused_until is None else Pause(from_millis(int(row.paused_until)), row.pause_reason)


def _contact(row: ControllerRow, report: _Report | None) -> Contact | None:
    if row.seen_at is None or report is None:
        return None
    return Contact(from_millis(int(row.seen_at)), float(row.interval or 0), report.v, report.p)


def _health(report: _Report | None) -> HealthReport:
    return HealthReport() if report is None else health_rows.report(report.bad)
