"""What the command plane relies on of SQS, checked against the pinned emulator."""

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/streamspace-agent"
ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]


def new_queue(sqs: Any, **attributes: str) -> str:
    url: str = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}", Attributes=attributes)["QueueUrl"]
    return url


def receive(sqs: Any, url: str, **options: int) -> list[Any]:
    messages: list[Any] = sqs.receive_message(QueueUrl=url, **options).get("Messages", [])
    return messages


def test_creating_a_queue_twice_is_one_queue(sqs: Any) -> None:
    name = f"q-{uuid.uuid4().hex}"
    urls = {sqs.create_queue(QueueName=name)["QueueUrl"] for _ in range(2)}
    assert len(urls) == 1


def test_a_received_message_is_hidden_then_seen_again(sqs: Any) -> None:
    url = new_queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    first = receive(sqs, url, VisibilityTimeout=30)
    assert first[0]["Body"] == "m"
    assert not receive(sqs, url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"], VisibilityTimeout=0)
    again = receive(sqs, url)
    assert again[0]["MessageId"] == first[0]["MessageId"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again[0]["ReceiptHandle"])
    assert not receive(sqs, url)


def test_a_long_poll_returns_as_soon_as_there_is_a_message(sqs: Any) -> None:
    url = new_queue(sqs)
    threading.Timer(0.5, sqs.send_message, kwargs={"QueueUrl": url, "MessageBody": "m"}).start()
    started = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=10, MaxNumberOfMessages=10)
    assert 0.4 < time.monotonic() - started < 5


def test_batches_carry_ten(sqs: Any) -> None:
    url = new_queue(sqs)
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": str(number)} for number in range(10)]
    )
    messages = receive(sqs, url, MaxNumberOfMessages=10)
    assert sorted(message["Body"] for message in messages) == [str(number) for number in range(10)]
    answer = sqs.delete_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)],
    )
    assert len(answer["Successful"]) == 10


def test_after_enough_receives_a_message_moves_to_the_dead_letter_queue(sqs: Any) -> None:
    dead = new_queue(sqs)
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = new_queue(sqs, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2}))
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert receive(sqs, url, VisibilityTimeout=0)
    assert not receive(sqs, url)
    assert receive(sqs, dead)[0]["Body"] == "poison"


def test_purging_empties_and_deleting_ends_a_queue(sqs: Any) -> None:
    url = new_queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    sqs.purge_queue(QueueUrl=url)
    assert not receive(sqs, url)
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(ClientError) as error:
        receive(sqs, url)
    assert error.value.response["Error"]["Code"] in {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    }


@pytest.mark.feature("An agent's queue credentials open its own queue and nothing else")
def test_a_session_policy_confines_a_credential_to_one_queue(sqs: Any, connect: Callable[..., Any]) -> None:
    own, foreign = new_queue(sqs), new_queue(sqs)
    arn = sqs.get_queue_attributes(QueueUrl=own, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ACTIONS, "Resource": arn}]}
    answer = connect("sts").assume_role(RoleArn=ROLE, RoleSessionName="agent", Policy=json.dumps(policy))
    given = answer["Credentials"]
    credentials = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    agent = connect("sqs", **credentials)
    sqs.send_message(QueueUrl=own, MessageBody="m")
    sqs.send_message(QueueUrl=foreign, MessageBody="m")
    message = receive(agent, own)[0]
    agent.change_message_visibility(
        QueueUrl=own, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=20
    )
    agent.delete_message(QueueUrl=own, ReceiptHandle=message["ReceiptHandle"])
    refused: list[Callable[[], Any]] = [
        lambda: receive(agent, foreign),
        lambda: agent.send_message(QueueUrl=own, MessageBody="forged"),
        lambda: agent.purge_queue(QueueUrl=own),
        agent.list_queues,
        lambda: connect("dynamodb", **credentials).list_tables(),
        lambda: connect("sts", **credentials).assume_role(RoleArn=ROLE, RoleSessionName="wider"),
    ]
    for call in refused:
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403}
        assert "AccessDenied" in error.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    "credentials",
    [
        {"aws_access_key_id": "test", "aws_secret_access_key": "test"},
        {"aws_access_key_id": "123456789012"},
        {"aws_secret_access_key": "wrong"},
    ],
)
def test_nobody_is_root_without_the_root_key(
    connect: Callable[..., Any], credentials: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as error:
        connect("dynamodb", **credentials).list_tables()
    assert error.value.response["Error"]["Code"] in {
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }


def test_a_long_poll_whose_caller_died_takes_no_message(sqs: Any, connect: Callable[..., Any]) -> None:
    url = new_queue(sqs)
    script = (
        "import boto3, sys\n"
        "client = boto3.client('sqs', endpoint_url=sys.argv[1], region_name='us-east-1', "
        "aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])\n"
        "print('polling', flush=True)\n"
        "client.receive_message(QueueUrl=sys.argv[4], WaitTimeSeconds=20)\n"
    )
    credentials = sqs._request_signer._credentials
    caller = subprocess.Popen(
        [
            sys.executable,
            "-c",
            script,
            sqs.meta.endpoint_url,
            credentials.access_key,
            credentials.secret_key,
            url,
        ],
        stdout=subprocess.PIPE,
    )
    assert caller.stdout is not None
    caller.stdout.readline()
    time.sleep(1.5)
    caller.kill()
    caller.wait()
    time.sleep(0.2)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    assert receive(sqs, url, WaitTimeSeconds=3)
