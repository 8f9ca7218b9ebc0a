"""Queues: batches of messages to a function. What it reports as failed, or all if it raises, comes
again."""

import logging
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.runner.registrations import Queue
from infra.local.settings import ACCOUNT, REGION

log = logging.getLogger("runner.queues")
_WAIT_SECONDS = 20


def run(queue: Queue, sqs: Any, stopping: threading.Event) -> None:
    """Until told to stop."""
    while not stopping.is_set():
        try:
            url = sqs.create_queue(QueueName=queue.queue)["QueueUrl"]
            while not stopping.is_set():
                _poll(queue, sqs, url)
        except (BotoCoreError, ClientError) as error:
            log.warning("%s: %s", queue.name, error)
            stopping.wait(1)


def _poll(queue: Queue, sqs: Any, url: str) -> None:
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(10, queue.batch_size),
        WaitTimeSeconds=_WAIT_SECONDS,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    messages = answer.get("Messages", [])
    if not messages:
        return
    try:
        result = queue.function({"Records": [record(queue.queue, message) for message in messages]})
    except Exception:
        log.exception("%s failed; its messages come again", queue.name)
        return
    failed = {each["itemIdentifier"] for each in (result or {}).get("batchItemFailures", [])}
    done = [
        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
        for number, message in enumerate(messages)
        if message["MessageId"] not in failed
    ]
    if done:
        sqs.delete_message_batch(QueueUrl=url, Entries=done)


def record(queue: str, message: dict[str, Any]) -> dict[str, Any]:
    """As Lambda gets it."""
    attributes = {
        name: {
            "stringValue": value.get("StringValue"),
            "dataType": value["DataType"],
            "stringListValues": [],
            "binaryListValues": [],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }
