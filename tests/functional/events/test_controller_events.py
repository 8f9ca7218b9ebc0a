"""From a change of a row to an event that its readers see, once and in order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.fake_agent import FakeAgent
from tests.support.lambda_client import LambdaClient


def read(client: LambdaClient, token: str, after: int = 0, limit: int = 100) -> Any:
    answer = client("GET", "/v1/events", token=token, query={"after": after, "limit": limit})
    assert answer.status == 200, answer.text
    return answer.json


@pytest.mark.feature("Clients catch up with numbered events that they missed")
def test_changes_become_numbered_events(client: LambdaClient, tenant: Any, changes: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    client("PATCH", f"/v1/controllers/{agent.controller_id}", {"cordoned": True}, token=tenant.admin)
    client("DELETE", f"/v1/controllers/{agent.controller_id}", token=tenant.admin)
    changes.deliver()

    seen = read(client, tenant.admin)

    assert [each["id"] for each in seen["items"]] == [1, 2, 3, 4]
    assert [each["kind"] for each in seen["items"]] == [*["controller.changed"] * 3, "controller.removed"]
    states = [each["data"].get("state") for each in seen["items"]]
    assert states == ["never_seen", "online", "draining", None]
    assert seen["items"][-1]["data"] == {"id": agent.controller_id}
    assert (seen["last"], seen["complete"]) == (4, True)
    assert [each["id"] for each in read(client, tenant.admin, after=2)["items"]] == [3, 4]
    assert read(client, tenant.admin, after=4) == {"items": [], "last": 4, "complete": True}


def test_an_event_shows_what_the_api_shows(client: LambdaClient, tenant: Any, changes: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    changes.deliver()
    shown = client("GET", f"/v1/controllers/{agent.controller_id}", token=tenant.admin).json
    assert read(client, tenant.admin)["items"][-1]["data"] == shown


def test_a_heartbeat_alone_is_no_news(client: LambdaClient, tenant: Any, changes: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    changes.deliver()
    before = read(client, tenant.admin)["last"]
    used = {"cpu_millis": 900, "memory_bytes": 5}
    agent.beat(usage=used, load=used)
    changes.deliver()
    assert changes.batch
    assert read(client, tenant.admin)["last"] == before


def test_a_repeated_delivery_makes_no_second_event(client: LambdaClient, tenant: Any, changes: Any) -> None:
    agent = FakeAgent.online(client, tenant.admin)
    changes.deliver()
    once = read(client, tenant.admin)
    changes.again()
    client("PATCH", f"/v1/controllers/{agent.controller_id}", {"name": "b"}, token=tenant.admin)
    changes.batch = changes.records()  # all of them, the new one last
    changes.again()
    twice = read(client, tenant.admin)
    assert twice["items"][:-1] == once["items"]
    assert twice["items"][-1]["data"]["name"] == "b"


def test_concurrent_recorders_leave_no_gap(client: LambdaClient, tenant: Any, changes: Any) -> None:
    for _ in range(3):
        FakeAgent.online(client, tenant.admin)
    changes.batch = changes.records()
    records = changes.batch * 2  # each twice, all at once

    def deliver(record: Any) -> None:
        from tests.support.lambda_client import _Context

        changes.handler({"Records": [record]}, _Context())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(deliver, records))

    items = read(client, tenant.admin)["items"]
    assert [each["id"] for each in items] == list(range(1, len(changes.batch) + 1))


def test_a_record_that_cannot_be_read_does_not_stop_the_stream(
    client: LambdaClient, tenant: Any, changes: Any
) -> None:
    FakeAgent.online(client, tenant.admin)
    changes.batch = changes.records()
    broken = {
        "eventID": "x",
        "dynamodb": {**changes.batch[0]["dynamodb"], "NewImage": {"report": {"S": "{"}}},
    }
    changes.batch = [{**changes.batch[0], **broken}, *changes.batch[1:]]
    changes.again()
    assert len(read(client, tenant.admin)["items"]) == 1


def test_members_and_strangers_get_none_of_it(
    client: LambdaClient, tenant: Any, stranger: Any, changes: Any
) -> None:
    FakeAgent.online(client, tenant.admin)
    changes.deliver()
    member = read(client, tenant.member)
    assert (member["items"], member["last"], member["complete"]) == ([], 2, True)
    assert read(client, stranger.admin) == {"items": [], "last": 0, "complete": True}


def test_a_number_from_another_life_asks_for_a_fresh_start(
    client: LambdaClient, tenant: Any, changes: Any
) -> None:
    FakeAgent.online(client, tenant.admin)
    changes.deliver()
    ahead = read(client, tenant.admin, after=99)
    assert (ahead["items"], ahead["last"], ahead["complete"]) == ([], 2, False)


def test_expired_events_are_told(client: LambdaClient, tenant: Any, changes: Any) -> None:
    from chalicelib.events.models import EventRow

    FakeAgent.online(client, tenant.admin)
    changes.deliver()
    EventRow(tenant.id, 1).delete()
    seen = read(client, tenant.admin)
    assert ([each["id"] for each in seen["items"]], seen["complete"]) == ([2], False)
