"""`python -m tests.chaos.books`, in the stack's environment: what its services and queues say, as JSON."""

import json
from dataclasses import asdict

import boto3


def main() -> None:
    from app import sessions, tenancy
    from chalicelib.core.clock import utc_now

    tenant = tenancy.find("demo")
    assert tenant is not None
    now = utc_now()
    rows = [
        {
            "id": each.id,
            "state": each.state,
            "desired": each.desired,
            "controller_id": each.controller_id,
            "incarnation": each.incarnation,
            "delete_home": each.delete_home,
            "idle": each.lane.idle_at(now),
            "held": each.held,
            "cpu": each.booked.cpu_millis,
        }
        for each in sessions.store.ever(tenant.id)
    ]
    drift = [asdict(each) for each in sessions.recount(tenant.id)]
    print(json.dumps({"sessions": rows, "drift": drift, "queues": _queues()}))


def _queues() -> dict[str, int]:
    """Messages in each queue, waiting or received."""
    sqs = boto3.client("sqs")
    found = {}
    for url in sqs.list_queues(MaxResults=1000).get("QueueUrls", []):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        found[url.rsplit("/", 1)[1]] = sum(int(each) for each in counts.values())
    return found


if __name__ == "__main__":
    main()
