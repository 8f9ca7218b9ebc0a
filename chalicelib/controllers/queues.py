"""One command queue and one dead-letter queue per controller, on SQS, and access to exactly one of them.

A command queue's name is the controller's id, and, once it was replaced, a number (`Controller.queue`), so
that a lost queue can be made again. The dead-letter queue outlives replacements.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.controllers.queue_names import dead_queue
from chalicelib.core.config import Config
from chalicelib.protocol.agents import QueueAccess

MAX_RECEIVES = 100
"""Waiting behind another command of the same session is normal, so many receives are (design §5.7)."""
RETENTION_SECONDS = 4 * 86400
_AGENT_ACTIONS = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
)
NO_QUEUE = frozenset({"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"})
_DIFFERS = frozenset({"QueueNameExists", "QueueAlreadyExists"})


class QueueError(Exception):
    """A queue could not be reached. Nothing is lost: what it carries is only a hint."""


class QueueGone(QueueError):
    """There is no such queue: it was lost, or replaced."""


class Queues:
    """The edge to SQS and STS."""

    def __init__(
        self,
        config: Config,
        client: Callable[..., Any] = boto3.client,
    ) -> None:
        self._config = config
        self._make = client
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._urls: dict[str, str] = {}

    def ensure(self, queue: str) -> str:
        """Make the queue and its controller's dead-letter queue unless they exist; the command queue's URL.
        Raises QueueError."""
        try:
            redrive = {"deadLetterTargetArn": self._arn(self._dead(queue)), "maxReceiveCount": MAX_RECEIVES}
            attributes = {
                "VisibilityTimeout": str(max(1, round(self._config.timings.visibility))),
                "RedrivePolicy": json.dumps(redrive),
            }
            url = self._create(self._name(queue), attributes)
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"The queue {queue} could not be made: {error}") from error
        self._urls[queue] = url
        return url

    def send(self, queue: str, body: str) -> None:
        """Raises QueueGone, QueueError."""
        try:
            url = self._urls.get(queue) or self._known(queue)
            self.sqs.send_message(QueueUrl=url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise self._failed(queue, error) from error

    def erase(self, queue: str) -> None:
        """Delete the queue, or find that it is gone. Raises QueueError."""
        self._delete(queue, self._name(queue))

    def erase_dead(self, controller_id: str) -> None:
        """Delete the dead-letter queue, or find that it is gone. Raises QueueError."""
        self._delete(dead_queue(controller_id), self._name(dead_queue(controller_id)))

    def dead_url(self, controller_id: str) -> str:
        """The dead-letter queue's URL; it is made unless it exists. Raises QueueError."""
        dead = dead_queue(controller_id)
        try:
            self._urls[dead] = self._urls.get(dead) or self._dead(controller_id)
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"The queue {dead} could not be made: {error}") from error
        return self._urls[dead]

    def forget_dead(self, controller_id: str) -> None:
        """There was no dead-letter queue under the URL."""
        self._urls.pop(dead_queue(controller_id), None)

    def access(self, queue: str) -> QueueAccess:
        """Credentials for this one queue, which is made again if it is gone. Raises QueueError."""
        url = self.ensure(queue)
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": list(_AGENT_ACTIONS), "Resource": self._arn(url)},
            ],
        }
        try:
            granted = self._sts.assume_role(
                RoleArn=self._config.agent_role_arn,
                RoleSessionName=queue,
                Policy=json.dumps(policy),
                DurationSeconds=max(900, int(self._config.timings.queue_credentials)),
            )["Credentials"]
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"No credentials for the queue {queue}: {error}") from error
        expires: datetime = granted["Expiration"]
        return QueueAccess(
            queue_url=url,
            region=self._config.region,
            endpoint_url=self._config.queue_endpoint,
            access_key_id=granted["AccessKeyId"],
            secret_access_key=granted["SecretAccessKey"],
            session_token=granted["SessionToken"],
            expires_at=expires.astimezone(UTC),
        )

    def _known(self, queue: str) -> str:
        url: str = self.sqs.get_queue_url(QueueName=self._name(queue))["QueueUrl"]
        self._urls[queue] = url
        return url

    def _failed(self, queue: str, error: BotoCoreError | ClientError) -> QueueError:
        if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in NO_QUEUE:
            self._urls.pop(queue, None)
            return QueueGone(f"There is no queue {queue}.")
        return QueueError(str(error))

    def _delete(self, queue: str, name: str) -> None:
        self._urls.pop(queue, None)
        try:
            url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self.sqs.delete_queue(QueueUrl=url)
        except (BotoCoreError, ClientError) as error:
            failed = self._failed(queue, error)
            if not isinstance(failed, QueueGone):
                raise failed from error

    def _dead(self, queue: str) -> str:
        return self._create(self._name(dead_queue(queue)), {})

    def _create(self, name: str, attributes: dict[str, str]) -> str:
        wanted = {"MessageRetentionPeriod": str(RETENTION_SECONDS), **attributes}
        try:
            url: str = self.sqs.create_queue(QueueName=name, Attributes=wanted)["QueueUrl"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _DIFFERS:
                raise
            # Made by an older version with other attributes: bring it up to date.
            url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes=wanted)
        return url

    def _arn(self, url: str) -> str:
        account, name = url.rsplit("/", 2)[1:]
        return f"arn:aws:sqs:{self._config.region}:{account}:{name}"

    def _name(self, queue: str) -> str:
        return f"{self._config.queue_prefix}{queue}"

    @property
    def sqs(self) -> Any:
        """The client, which threads share."""
        return self._client("sqs")

    @property
    def _sts(self) -> Any:
        return self._client("sts")

    def _client(self, name: str) -> Any:
        with self._lock:  # clients may be shared by threads, making them may not
            if name not in self._clients:
                limits = BotoConfig(
                    connect_timeout=2,
                    read_timeout=5,
                    max_pool_connections=40,
                    retries={"total_max_attempts": 3},
                )
                self._clients[name] = self._make(name, region_name=self._config.region, config=limits)
            return self._clients[name]
