"""An agent's queue credentials against an emulator that checks signatures and evaluates session policies."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from chalicelib.controllers.queues import Queues
from chalicelib.core.clock import utc_now
from chalicelib.core.config import Config
from chalicelib.protocol.agents import QueueAccess
from infra.local.emulator.child import Emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder: Path = tmp_path_factory.mktemp("queues")
    with Emulator(folder) as running:
        yield running


@pytest.fixture(scope="module")
def queues(emulator: Emulator) -> Queues:
    root = partial(
        boto3.client,
        endpoint_url=emulator.endpoint,
        aws_access_key_id=emulator.access_key,
        aws_secret_access_key=emulator.secret_key,
    )
    return Queues(replace(Config(), queue_endpoint=emulator.endpoint), root)


def sqs(access: QueueAccess) -> Any:
    """As an agent connects."""
    return boto3.client(
        "sqs",
        region_name=access.region,
        endpoint_url=access.endpoint_url,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        aws_session_token=access.session_token,
        config=BotoConfig(retries={"total_max_attempts": 1}),
    )


def denied(operation: Any, **arguments: Any) -> bool:
    with pytest.raises(ClientError) as refused:
        operation(**arguments)
    return "AccessDenied" in refused.value.response["Error"]["Code"]


@pytest.mark.feature("An agent's credentials open its own controller's queue and nothing else")
def test_credentials_open_one_queue(queues: Queues) -> None:
    mine, theirs = queues.access("ctl-mine"), queues.access("ctl-theirs")
    queues.send("ctl-mine", "for me")
    client = sqs(mine)

    (message,) = client.receive_message(QueueUrl=mine.queue_url, WaitTimeSeconds=1)["Messages"]
    assert message["Body"] == "for me"
    handle = message["ReceiptHandle"]
    client.change_message_visibility(QueueUrl=mine.queue_url, ReceiptHandle=handle, VisibilityTimeout=5)
    client.delete_message(QueueUrl=mine.queue_url, ReceiptHandle=handle)
    client.get_queue_attributes(QueueUrl=mine.queue_url, AttributeNames=["All"])

    assert denied(client.receive_message, QueueUrl=theirs.queue_url)
    assert denied(client.receive_message, QueueUrl=f"{mine.queue_url}-dead")
    assert denied(client.send_message, QueueUrl=mine.queue_url, MessageBody="to myself")
    assert denied(client.purge_queue, QueueUrl=mine.queue_url)
    assert denied(client.create_queue, QueueName="streamspace-ctl-new")


def test_credentials_last_an_hour_and_open_no_tables(queues: Queues, emulator: Emulator) -> None:
    access = queues.access("ctl-mine")
    assert 3500 < (access.expires_at - utc_now()).total_seconds() <= 3600
    dynamodb = boto3.client(
        "dynamodb",
        region_name=access.region,
        endpoint_url=emulator.endpoint,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        aws_session_token=access.session_token,
    )
    assert denied(dynamodb.list_tables)
