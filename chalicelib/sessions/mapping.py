"""Rows to domain types and back."""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.catalog.service import TemplateResources
from chalicelib.commands.service import Holder, Lane, Open
from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.protocol.commands import CommandKind
from chalicelib.protocol.instances import Progress, Reason, Stage
from chalicelib.sessions.entities import Overview, Session
from chalicelib.sessions.row_models import SessionRow
from chalicelib.sessions.rules import Desired, Held, State
from chalicelib.sessions.store import SHARDS

ENDED = "#ended"
_PENDING = "pending"
_REASON_LENGTH = 500


def shard(number: int) -> str:
    """Hash key of one shard of the due index."""
    return f"due-{number}"


def owner(tenant_id: str, user_id: str) -> str:
    """Hash key of one user's sessions."""
    return f"{tenant_id}#{user_id}"


def place(tenant_id: str, controller_id: str | None) -> str:
    """Hash key of the sessions of one controller, or of those that wait for one."""
    return f"{tenant_id}#{controller_id or _PENDING}"


def history(tenant_id: str, session_id: str) -> str:
    """Hash key of one session's timeline."""
    return f"{tenant_id}#{session_id}"


def attributes(session: Session) -> dict[str, Any]:
    """The row's attributes besides its keys; None for those that it lacks."""
    lane, opened, holder = session.lane, session.lane.open, session.lane.holder
    return {
        "owner": owner(session.tenant_id, session.user_id),
        "place": place(session.tenant_id, session.controller_id),
        "shard": shard(zlib.crc32(session.id.encode()) % SHARDS) if session.due_at else None,
        "due": _millis(session.due_at),
        "revision": session.revision,
        "name": session.name,
        "state": session.state.value,
        "desired": session.desired.value,
        "generation": session.generation,
        "incarnation": session.incarnation,
        "template_id": session.template_id,
        "template_name": session.template_name,
        "template_icon": session.template_icon,
        "cpu_millis": session.resources.cpu_millis,
        "memory_bytes": session.resources.memory_bytes,
        "gpu": session.resources.gpu or None,
        "shm_bytes": session.resources.shm_bytes,
        "storage_bytes": session.resources.storage_bytes or None,
        "labels": session.labels or None,
        "reason": reason_out(session.reason),
        "stage": session.stage.value if session.stage else None,
        "progress_done": session.progress.done if session.progress else None,
        "progress_total": session.progress.total if session.progress else None,
        "created_at": epoch_millis(session.created_at),
        "updated_at": epoch_millis(session.updated_at),
        "started_at": _millis(session.started_at),
        "last_activity_at": _millis(session.last_activity_at),
        "viewers": session.viewers or None,
        "held": session.held.value,
        "group_id": session.group_id,
        "persistent_home": session.persistent_home or None,
        "delete_home": session.delete_home or None,
        "changed_at": _millis(session.changed_at),
        "issued": lane.issued or None,
        "fence": lane.fence or None,
        "open_number": opened.number if opened else None,
        "open_kind": opened.kind.value if opened else None,
        "open_since": epoch_millis(opened.since) if opened else None,
        "open_deadline": _millis(opened.deadline) if opened else None,
        "holder_number": holder.number if holder else None,
        "holder_agent": holder.agent_id if holder else None,
        "holder_epoch": holder.epoch if holder else None,
        "holder_claim": holder.claim_id if holder else None,
        "lease_until": epoch_millis(holder.lease_until) if holder else None,
        "finished": list(lane.done) or None,
    }


def overview(row: SessionRow) -> Overview:
    """What users see, out of a whole row or of the index's part of it."""
    return Overview(**_shown(row))


def overview_of_image(image: Mapping[str, Any]) -> Overview:
    """The same out of DynamoDB JSON, as a table's stream delivers it."""
    row = SessionRow()
    row.deserialize(dict(image))
    return overview(row)


def session(row: SessionRow) -> Session:
    """The whole session, out of a whole row."""
    opened = holder = None
    if row.open_number is not None:
        opened = Open(
            number=int(row.open_number),
            kind=CommandKind(row.open_kind),
            since=from_millis(int(row.open_since)),
            deadline=_moment(row.open_deadline),
        )
    if row.holder_number is not None:
        holder = Holder(
            number=int(row.holder_number),
            agent_id=row.holder_agent,
            epoch=int(row.holder_epoch),
            claim_id=row.holder_claim,
            lease_until=from_millis(int(row.lease_until)),
        )
    return Session(
        **_shown(row),
        held=Held(row.held),
        group_id=row.group_id,
        lane=Lane(
            issued=int(row.issued or 0),
            fence=int(row.fence or 0),
            open=opened,
            holder=holder,
            done=tuple(int(each) for each in row.finished or ()),
        ),
        persistent_home=bool(row.persistent_home),
        delete_home=bool(row.delete_home),
        changed_at=_moment(row.changed_at),
        due_at=_moment(row.due),
        revision=int(row.revision),
    )


def _shown(row: SessionRow) -> dict[str, Any]:
    controller = row.place.split("#")[1]
    return {
        "tenant_id": row.owner.split("#")[0],
        "id": row.session_id,
        "user_id": row.owner.split("#")[1],
        "name": row.name,
        "state": State(row.state),
        "desired": Desired(row.desired),
        "generation": int(row.generation),
        "incarnation": int(row.incarnation),
        "template_id": row.template_id,
        "template_name": row.template_name,
        "template_icon": row.template_icon,
        "resources": TemplateResources(
            cpu_millis=int(row.cpu_millis),
            memory_bytes=int(row.memory_bytes),
            gpu=int(row.gpu or 0),
            shm_bytes=int(row.shm_bytes),
            storage_bytes=int(row.storage_bytes or 0),
        ),
        "created_at": from_millis(int(row.created_at)),
        "updated_at": from_millis(int(row.updated_at)),
        "labels": dict(row.labels or {}),
        "controller_id": None if controller == _PENDING else controller,
        "reason": reason_in(row.reason),
        "stage": Stage(row.stage) if row.stage else None,
        "progress": _progress(row),
        "started_at": _moment(row.started_at),
        "last_activity_at": _moment(row.last_activity_at),
        "viewers": int(row.viewers or 0),
    }


def _progress(row: SessionRow) -> Progress | None:
    if row.progress_done is None or row.progress_total is None:
        return None
    return Progress(done=int(row.progress_done), total=int(row.progress_total))


def reason_out(reason: Reason | None) -> list[str] | None:
    """Code and message, cut where a backend was talkative."""
    return None if reason is None else [reason.code[:60], reason.message[:_REASON_LENGTH]]


def reason_in(stored: list[str] | None) -> Reason | None:
    """The inverse of `reason_out`."""
    return None if stored is None else Reason(code=stored[0], message=stored[1])


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else epoch_millis(moment)


def _moment(value: float | None) -> datetime | None:
    return None if value is None else from_millis(int(value))
