"""One command queue and one dead-letter queue per controller, on SQS, and access to exactly one of them.

Names derive from the controller's id, so that nothing needs to be stored and a lost queue can be made again.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.config import Config
from chalicelib.core.telemetry import logger
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
_NO_QUEUE = frozenset({"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"})
_DIFFERS = frozenset({"QueueNameExists", "QueueAlreadyExists"})


class QueueError(Exception):
    """A queue could not be reached. Nothing is lost: what it carries is only a hint."""


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

    def ensure(self, controller_id: str) -> str:
        """Make both queues unless they exist; the command queue's URL. Raises QueueError."""
        try:
            dead = self._create(self._name(controller_id, dead=True), {})
            redrive = {"deadLetterTargetArn": self._arn(dead), "maxReceiveCount": MAX_RECEIVES}
            attributes = {
                "VisibilityTimeout": str(max(1, round(self._config.timings.visibility))),
                "RedrivePolicy": json.dumps(redrive),
            }
            url = self._create(self._name(controller_id), attributes)
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"The queue of {controller_id} could not be made: {error}") from error
        self._urls[controller_id] = url
        return url

    def send(self, controller_id: str, body: str) -> None:
        """Raises QueueError."""
        url = self._urls.get(controller_id) or self.ensure(controller_id)
        try:
            self._sqs.send_message(QueueUrl=url, MessageBody=body)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _NO_QUEUE:
                raise QueueError(str(error)) from error
            self._resend(controller_id, body)
        except BotoCoreError as error:
            raise QueueError(str(error)) from error

    def remove(self, controller_id: str) -> None:
        """Delete both. A queue that is left over is harmless, so failures are only logged."""
        try:
            self.erase(controller_id)
        except QueueError as error:
            logger.warning("queue not deleted", extra={"controller_id": controller_id, "error": str(error)})

    def erase(self, controller_id: str) -> None:
        """Delete both, or find that they are gone. Raises QueueError."""
        self._urls.pop(controller_id, None)
        for dead in (False, True):
            try:
                url = self._sqs.get_queue_url(QueueName=self._name(controller_id, dead=dead))["QueueUrl"]
                self._sqs.delete_queue(QueueUrl=url)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _NO_QUEUE:
                    raise QueueError(str(error)) from error
            except BotoCoreError as error:
                raise QueueError(str(error)) from error

    def access(self, controller_id: str) -> QueueAccess:
        """Credentials for this one queue, which is made again if it is gone. Raises QueueError."""
        url = self.ensure(controller_id)
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": list(_AGENT_ACTIONS), "Resource": self._arn(url)},
            ],
        }
        try:
            granted = self._sts.assume_role(
                RoleArn=self._config.agent_role_arn,
                RoleSessionName=controller_id,
                Policy=json.dumps(policy),
                DurationSeconds=max(900, int(self._config.timings.queue_credentials)),
            )["Credentials"]
        except (BotoCoreError, ClientError) as error:
            raise QueueError(f"No credentials for the queue of {controller_id}: {error}") from error
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

    def _resend(self, controller_id: str, body: str) -> None:
        url = self.ensure(controller_id)
        try:
            self._sqs.send_message(QueueUrl=url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise QueueError(str(error)) from error

    def _create(self, name: str, attributes: dict[str, str]) -> str:
        wanted = {"MessageRetentionPeriod": str(RETENTION_SECONDS), **attributes}
        try:
            url: str = self._sqs.create_queue(QueueName=name, Attributes=wanted)["QueueUrl"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _DIFFERS:
                raise
            # Made by an older version with other attributes: bring it up to date.
            url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes=wanted)
        return url

    def _arn(self, url: str) -> str:
        account, name = url.rsplit("/", 2)[1:]
        return f"arn:aws:sqs:{self._config.region}:{account}:{name}"

    def _name(self, controller_id: str, *, dead: bool = False) -> str:
        return f"{self._config.queue_prefix}{controller_id}{'-dead' if dead else ''}"

    @property
    def _sqs(self) -> Any:
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
