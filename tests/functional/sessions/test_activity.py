"""Who watches and when someone last did something, as heartbeats say it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.sessions import activity
from tests.support.desk import Desk
from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient

NOW = datetime.now(UTC).replace(microsecond=0)


def seen(session_id: str, viewers: int, last_input: datetime | None = None) -> dict[str, Any]:
    text = last_input.isoformat() if last_input else None
    return {"activity": [{"session_id": session_id, "viewers": viewers, "last_input_at": text}]}


@pytest.mark.feature("A session shows who watches it and when it was last used")
def test_activity_is_shown(desk: Desk) -> None:
    session_id = desk.running()
    assert desk.view(session_id)["viewers"] == 0
    assert desk.agent.beat(**seen(session_id, 2, NOW)).status == 200
    shown = desk.view(session_id)
    assert shown["viewers"] == 2
    assert datetime.fromisoformat(shown["last_activity_at"]) == NOW
    desk.agent.beat(**seen(session_id, 2, NOW + timedelta(seconds=20)))
    assert datetime.fromisoformat(desk.view(session_id)["last_activity_at"]) == NOW
    desk.agent.beat(**seen(session_id, 0, NOW + timedelta(seconds=20)))
    assert desk.view(session_id)["viewers"] == 0
    desk.agent.beat(**seen(session_id, 1))
    desk.do(session_id, "hibernate")
    assert desk.view(session_id)["viewers"] == 0


def test_only_its_own_controllers_word_counts(desk: Desk, client: LambdaClient) -> None:
    session_id = desk.running()
    other = FakeAgent.online(client, desk.tenant.admin)
    assert other.beat(**seen(session_id, 9)).status == 200
    assert desk.view(session_id)["viewers"] == 0


def test_activity_of_what_does_not_run_is_ignored(desk: Desk) -> None:
    session_id = desk.launch()["id"]
    assert desk.agent.beat(**seen(session_id, 1)).status == 200
    assert desk.agent.beat(**seen("ses-01kb0000000000000000000000", 1)).status == 200
    assert desk.view(session_id)["viewers"] == 0


def test_a_crowd_is_recorded_by_and_by_the_most_stale_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One heartbeat writes a bounded number; nobody is left out for good."""
    monkeypatch.setattr(activity, "_MOST", 2)
    ids = [desk.running() for _ in range(5)]
    told = {"activity": [seen(each, 1, NOW)["activity"][0] for each in ids]}
    counts = []
    for _ in range(4):
        assert desk.agent.beat(**told).status == 200
        counts.append(sum(desk.view(each)["viewers"] for each in ids))
    assert counts == [2, 4, 5, 5]
    later = {"activity": [seen(each, 1, NOW + timedelta(seconds=90))["activity"][0] for each in ids]}
    later["activity"][-1]["viewers"] = 0
    desk.agent.beat(**later)
    assert desk.view(ids[-1])["viewers"] == 0, "who came or went comes before who pressed a key"
