"""What may pass to the queues through the public port: an agent's calls and nothing else."""

import pytest

from infra.local.server.http import Request
from infra.local.server.queues import ACTIONS, _may_pass

TEMPORARY = "ASIA" + "A" * 16
GOOD = {
    "authorization": f"AWS4-HMAC-SHA256 Credential={TEMPORARY}/20261122/us-east-1/sqs/aws4_request, "
    "SignedHeaders=host, Signature=00",
    "x-amz-security-token": "token",
    "x-amz-target": "AmazonSQS.ReceiveMessage",
}


def ask(
    method: str = "POST", path: str = "/queues", query: str = "", body: bytes = b"{}", **changed: str
) -> bool:
    headers = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return _may_pass(
        Request(
            method=method,
            path=path,
            query=query,
            headers=tuple((name, value) for name, value in headers.items() if value),
            client="203.0.113.9",
            body=body,
        )
    )


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_an_agents_calls_pass(action: str) -> None:
    assert ask(x_amz_target=action)


@pytest.mark.parametrize(
    "action", ["SendMessage", "PurgeQueue", "DeleteQueue", "CreateQueue", "ListQueues", "SetQueueAttributes"]
)
def test_no_other_call_does(action: str) -> None:
    assert not ask(x_amz_target=f"AmazonSQS.{action}")


def test_nor_another_service_or_way() -> None:
    assert not ask(x_amz_target="DynamoDB_20120810.Scan")
    assert not ask(authorization=GOOD["authorization"].replace("/sqs/", "/dynamodb/"))
    assert not ask(authorization=GOOD["authorization"].replace("ASIA", "AKIA"))
    assert not ask(authorization="")
    assert not ask(x_amz_security_token="")
    assert not ask(method="GET")
    assert not ask(query="Action=SendMessage")
    assert not ask(path="/queues/_ministack/reset")
    assert not ask(content_encoding="gzip")
    assert not ask(body=b"x" * 100_000)
