"""The command queue: a small interface, and SQS behind it.

The queue is a hint. Its messages may be lost, repeated or reordered; the claim decides.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.protocol.agents import QueueAccess

_T = TypeVar("_T")


class QueueError(Exception):
    """The queue did not do it; the message says why."""


class AccessExpired(QueueError):
    """The credentials are not (or no longer) good for this queue: ask for new ones."""


@dataclass(frozen=True)
class Message:
    """A received message. `receipt` is good for this receipt only."""

    body: str
    receipt: str


class CommandQueue(Protocol):
    """One controller's queue. All methods raise QueueError."""

    async def receive(self, *, limit: int, wait: float, visibility: float) -> tuple[Message, ...]:
        """Wait up to `wait` s for up to `limit` messages, which others do not see for `visibility` s."""

    async def delete(self, message: Message) -> None:
        """It is done with."""

    async def release(self, message: Message, after: float) -> None:
        """Let it be received again after so many seconds (0: at once)."""


_EXPIRED_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    }
)
"""A queue that does not exist counts too: revocation and restores replace the queue."""

_MAX_VISIBILITY = 43_200


class SqsQueue:
    """SQS with credentials that are replaced while in use.

    `access` gives the newest credentials; when they change, later calls use them and calls under way end on
    the old ones, so that there is no gap.
    """

    def __init__(self, access: Callable[[], QueueAccess]) -> None:
        self._access = access
        self._made_for: QueueAccess | None = None
        self._client: Any = None

    async def receive(self, *, limit: int, wait: float, visibility: float) -> tuple[Message, ...]:
        client, url = self._current()
        answer = await _in_daemon_thread(
            lambda: client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=max(0, min(20, round(wait))),
                VisibilityTimeout=max(1, round(visibility)),
            )
        )
        return tuple(Message(each["Body"], each["ReceiptHandle"]) for each in answer.get("Messages", []))

    async def delete(self, message: Message) -> None:
        client, url = self._current()
        await _in_daemon_thread(lambda: client.delete_message(QueueUrl=url, ReceiptHandle=message.receipt))

    async def release(self, message: Message, after: float) -> None:
        client, url = self._current()
        seconds = max(0, min(_MAX_VISIBILITY, round(after)))
        await _in_daemon_thread(
            lambda: client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message.receipt, VisibilityTimeout=seconds
            )
        )

    def _current(self) -> tuple[Any, str]:
        """The boto3 client (untyped: its stubs come per service) and the queue's URL."""
        access = self._access()
        if self._client is None or access != self._made_for:
            self._client = _client(access)
            self._made_for = access
        return self._client, access.queue_url


def _client(access: QueueAccess) -> Any:
    """No retries inside: the loops do that, and say so in their health."""
    return boto3.session.Session().client(
        "sqs",
        region_name=access.region,
        endpoint_url=access.endpoint_url,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        aws_session_token=access.session_token,
        config=Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 1},
            max_pool_connections=64,
        ),
    )


async def _in_daemon_thread(call: Callable[[], _T]) -> _T:
    """Run a blocking SQS call. Daemon threads, because a long poll that nobody waits for any more must not
    keep a stopping process alive for 20 s (botocore cannot cancel a call)."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: _T | None = None
        error: Exception | None = None
        try:
            result = call()
        except Exception as raised:
            error = _translated(raised)
        with contextlib.suppress(RuntimeError):  # the loop has ended; so has whoever waited
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="sqs", daemon=True).start()
    return await future


def _translated(error: Exception) -> Exception:
    if isinstance(error, ClientError):
        details: Any = error.response.get("Error", {})
        kind = AccessExpired if details.get("Code") in _EXPIRED_CODES else QueueError
        return kind(f"{details.get('Code', 'unknown')}: {details.get('Message', error)}")
    if isinstance(error, BotoCoreError):
        return QueueError(str(error))
    return error
