"""`SessionStore`: everything that lists sessions, page by page."""

import zlib
from typing import Any

import pytest

from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.rules import State
from chalicelib.sessions.store import SHARDS
from tests.contract.stores import examples
from tests.contract.stores.examples import at, commit

pytestmark = pytest.mark.usefixtures("storage")
STORE = DynamoSessionStore()


def stored(tenant_id: str, count: int, **changes: Any) -> list[str]:
    sessions = [examples.session(tenant_id, id=f"ses-{number:03}", **changes) for number in range(count)]
    for each in sessions:
        commit(STORE.add(each))
    return [each.id for each in sessions]


def walked(
    tenant_id: str, *, limit: int, user_id: str | None = None, state: State | None = None
) -> list[str]:
    found: list[str] = []
    after: Any = None
    for _ in range(40):
        page, after = STORE.page(tenant_id, user_id=user_id, state=state, limit=limit, after=after)
        assert len(page) <= limit
        found += [each.id for each in page]
        if after is None:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_pages_are_newest_first_and_complete(tenant_id: str, limit: int) -> None:
    ids = stored(tenant_id, 7)
    assert walked(tenant_id, limit=limit) == ids[::-1]
    assert walked(tenant_id, limit=limit, user_id="usr-1") == ids[::-1]
    assert walked(tenant_id, limit=limit, user_id="usr-2") == []


def test_ended_ones_are_shown_when_asked_for(tenant_id: str) -> None:
    live = examples.session(tenant_id, id="ses-100")
    ended = examples.session(tenant_id, id="ses-101", state=State.TERMINATED)
    archived = examples.session(tenant_id, id="ses-102", state=State.TERMINATED)
    for each in (live, ended, archived):
        commit(STORE.add(each))
    delete, put, _ = STORE.archive(archived)
    commit(delete, put)
    for user_id in (None, "usr-1"):
        assert walked(tenant_id, limit=2, user_id=user_id) == [live.id]
        assert walked(tenant_id, limit=2, user_id=user_id, state=State.RUNNING) == [live.id]
        assert sorted(walked(tenant_id, limit=2, user_id=user_id, state=State.TERMINATED)) == [
            ended.id,
            archived.id,
        ]


def test_where_sessions_are(tenant_id: str) -> None:
    here = stored(tenant_id, 3)
    waiting = [
        examples.session(tenant_id, id=f"ses-2{number}", state=State.PENDING, controller_id=None)
        for number in range(3)
    ]
    for each in waiting:
        commit(STORE.add(each))
    assert STORE.placed_on(tenant_id, "ctl-1") == here
    assert STORE.placed_on(tenant_id, "ctl-2") == []
    assert STORE.unplaced(tenant_id, 2) == ["ses-20", "ses-21"]


def test_what_is_due_comes_oldest_first(tenant_id: str) -> None:
    # The shards are all tenants': only this test's own count.
    seconds = {f"ses-{tenant_id}-{number}": number * 7 % 10 for number in range(10)}
    for session_id, second in seconds.items():
        commit(STORE.add(examples.session(tenant_id, id=session_id, due_at=at(second - 10**6))))
    commit(STORE.add(examples.session(tenant_id, id=f"ses-{tenant_id}-none")))
    for shard in range(SHARDS):
        due = [each for each in STORE.due(shard, at(4 - 10**6), 100) if each.tenant_id == tenant_id]
        mine = [
            (second, each)
            for each, second in seconds.items()
            if second <= 4 and zlib.crc32(each.encode()) % SHARDS == shard
        ]
        assert [(each.due_at, each.session_id) for each in due] == [
            (at(second - 10**6), each) for second, each in sorted(mine)
        ]
