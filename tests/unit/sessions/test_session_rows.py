"""Rows hold everything of a session, in less than a kilobyte."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.commands.service import Holder, Lane, Open
from chalicelib.protocol.commands import CommandKind
from chalicelib.protocol.instances import Progress, Reason, Stage
from chalicelib.sessions import mapping
from chalicelib.sessions.entities import Overview, Session
from chalicelib.sessions.row_models import SessionRow
from chalicelib.sessions.rules import Held, State
from tests.support.capacity_units import item_size
from tests.unit.sessions.builders import NOW, at, session

BUSY = session(
    State.WAKING,
    name="Quarterly figures, second try",
    template_name="Desktop with office tools",
    labels={"team": "finance", "cost-centre": "4711"},
    lane=Lane(
        issued=12,
        fence=11,
        open=Open(12, CommandKind.WAKE, at(5), at(905)),
        holder=Holder(
            11, "agt-01kb0000000000000000000000", 3, "0b2d4f60-2222-4444-8888-0123456789ab", at(99)
        ),
        done=(10, 9, 8, 7),
    ),
    stage=Stage.PULLING,
    progress=Progress(done=1_500_000_000, total=3_000_000_000),
    started_at=NOW,
    last_activity_at=NOW,
    viewers=2,
    held=Held.FULL,
    delete_home=True,
    due_at=at(30),
    revision=57,
    generation=9,
    incarnation=4,
)


def row(of: Session) -> SessionRow:
    stored = SessionRow(of.tenant_id, of.id, **mapping.attributes(of)).serialize()
    read = SessionRow()
    read.deserialize(stored)
    return read


@pytest.mark.parametrize(
    "of",
    [
        session(State.PENDING, due_at=at(30)),
        session(),
        session(State.FAILED, reason=Reason(code="image_not_found", message="There is none.")),
        session(State.TERMINATING, lane=Lane(issued=1, open=Open(1, CommandKind.TERMINATE, NOW, None))),
        BUSY,
    ],
    ids=["pending", "running", "failed", "terminating", "busy"],
)
def test_a_row_holds_everything(of: Session) -> None:
    assert mapping.session(row(of)) == of
    shown = mapping.overview(row(of))
    assert shown == Overview(**{name: getattr(of, name) for name in Overview.__dataclass_fields__})


def test_a_busy_row_is_less_than_a_kilobyte() -> None:
    assert item_size(row(BUSY).serialize()) <= 1024


def test_what_a_backend_says_is_cut_to_fit() -> None:
    told = replace(session(), reason=Reason(code="x" * 99, message="y" * 5000))
    kept = mapping.session(row(told)).reason
    assert kept is not None
    assert (len(kept.code), len(kept.message)) == (60, 500)


def test_times_are_kept_to_the_millisecond() -> None:
    precise = replace(session(), updated_at=NOW + timedelta(milliseconds=123))
    assert mapping.session(row(precise)).updated_at == precise.updated_at
