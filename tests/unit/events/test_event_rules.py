"""What becomes an event, and who sees it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.core.errors import Unauthenticated
from chalicelib.events import tickets
from chalicelib.events.rules import Event, Image, Source, Subject, Viewer
from chalicelib.events.service import message
from chalicelib.identity.service import Role, User

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class View(BaseModel):
    id: str
    state: str
    seen: int = 0


def read(image: Image) -> Subject | None:
    if "tenant" not in image:
        return None
    view = View(id=image["id"], state=image["state"], seen=image.get("seen", 0))
    return Subject(image["tenant"], image["id"], view, owner=image.get("user"))


SOURCE = Source("session", read, ignored=frozenset({"seen"}))
ROW = {"tenant": "ten-1", "id": "ses-1", "state": "starting", "user": "usr-1"}


def record(old: Any = None, new: Any = None) -> dict[str, Any]:
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
    return {"eventID": "e-1", "dynamodb": images}


def test_a_new_row_is_news() -> None:
    draft = SOURCE.draft(record(new=ROW), NOW)
    assert draft is not None
    assert (draft.kind, draft.tenant_id, draft.owner, draft.source) == (
        "session.changed",
        "ten-1",
        "usr-1",
        "e-1",
    )
    assert json.loads(draft.data) == {"id": "ses-1", "state": "starting", "seen": 0}


def test_a_removed_row_is_news_without_a_view() -> None:
    draft = SOURCE.draft(record(old=ROW), NOW)
    assert draft is not None
    assert (draft.kind, json.loads(draft.data)) == ("session.removed", {"id": "ses-1"})


def test_what_nobody_sees_is_no_news() -> None:
    assert SOURCE.draft(record(old=ROW, new={**ROW, "fence": 7}), NOW) is None
    assert SOURCE.draft(record(old=ROW, new={**ROW, "seen": 7}), NOW) is None
    assert SOURCE.draft(record(new={"id": "another kind of row"}), NOW) is None
    assert SOURCE.draft(record(old=ROW, new={**ROW, "state": "running"}), NOW) is not None


def viewer(role: Role, user_id: str = "usr-1", tenant_id: str = "ten-1") -> Viewer:
    return Viewer(tenant_id, user_id, User(tenant_id, user_id, role, "fam").permissions)


@pytest.mark.parametrize(
    ("who", "kind", "owner", "expected"),
    [
        (viewer(Role.MEMBER), "session.changed", "usr-1", True),
        (viewer(Role.MEMBER), "session.changed", "usr-2", False),
        (viewer(Role.MEMBER), "session.removed", None, False),
        (viewer(Role.MEMBER), "controller.changed", None, False),
        (viewer(Role.ADMIN), "session.changed", "usr-2", True),
        (viewer(Role.ADMIN), "controller.changed", None, True),
        (viewer(Role.AUDITOR), "controller.changed", None, True),
        (viewer(Role.ADMIN, tenant_id="ten-2"), "session.changed", "usr-1", False),
        (viewer(Role.ADMIN), "secret.changed", "usr-1", False),
        (Viewer("ten-1", "usr-1", frozenset()), "session.changed", "usr-1", False),
    ],
)
def test_who_may_not_read_a_thing_gets_no_event_of_it(
    who: Viewer, kind: str, owner: str | None, expected: bool
) -> None:
    assert who.may_see(Event("ten-1", 1, kind, NOW, "{}", owner)) is expected


def test_a_message_is_json_whatever_it_carries() -> None:
    event = Event("ten-1", 7, "session.changed", NOW, '{"name":"a \\"b\\" }"}')
    assert json.loads(message(event)) == {
        "type": "event",
        "id": 7,
        "kind": "session.changed",
        "at": "2026-11-22T12:00:00.000Z",
        "data": {"name": 'a "b" }'},
    }


def test_a_ticket_carries_the_viewer_and_expires() -> None:
    text = tickets.issue(viewer(Role.MEMBER), now=NOW, lifetime=60)
    ticket = tickets.read(text, now=NOW)
    assert ticket.viewer == Viewer("ten-1", "usr-1", frozenset({"sessions:read"}))
    with pytest.raises(Unauthenticated) as refused:
        tickets.read(text, now=datetime(2026, 11, 22, 12, 1, tzinfo=UTC))
    assert refused.value.code == "ticket_expired"
