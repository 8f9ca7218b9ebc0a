"""Dead-letter queues on SQS: messages that no agent could do anything with, kept until somebody looks.

SQS cannot show a message without taking it, so whoever looks holds what was taken for a moment and gives it
back; if they die, SQS does, and nothing is lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.controllers.queues import NO_QUEUE, QueueError, Queues
from chalicelib.core.clock import from_millis
from chalicelib.protocol.commands import Unfit

T = TypeVar("T")
HELD_SECONDS = 20
"""How long what was taken is kept from others, unless it is given back before."""
_AT_ONCE = 10
"""SQS gives no more."""
_MOST_PURGED = 200
_PURGING = frozenset({"PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"})
_PROBLEM, _AGENT = "problem", "agent"


@dataclass(frozen=True)
class DeadLetter:
    """A message that was taken. `problem` and `agent_id` are set if an agent put it there; `receipt` is good
    while it is held."""

    id: str
    sent_at: datetime
    receives: int
    body: str
    receipt: str
    problem: Unfit | None = None
    agent_id: str | None = None


class DeadQueues:
    """By controller. All methods raise QueueError."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def add(self, controller_id: str, body: str, problem: Unfit, agent_id: str) -> None:
        """Keep a message that an agent could not read."""
        text = {_PROBLEM: problem.value, _AGENT: agent_id}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in text.items()}
        self._do(
            controller_id,
            lambda sqs, url: sqs.send_message(
                QueueUrl=url, MessageBody=_sendable(body), MessageAttributes=attributes
            ),
        )

    def count(self, controller_id: str) -> int:
        """About how many there are, those that somebody holds included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._do(
            controller_id, lambda sqs, url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        )
        return sum(int(answer["Attributes"].get(name, 0)) for name in names)

    def take(self, controller_id: str, limit: int) -> list[DeadLetter]:
        """Up to so many, held for `HELD_SECONDS`. Fewer are all that there are to be had now."""
        found: dict[str, DeadLetter] = {}
        while len(found) < limit:
            wanted = min(_AT_ONCE, limit - len(found))
            batch = self._receive(controller_id, wanted)
            new = {each.id: each for each in batch if each.id not in found}
            found.update(new)
            if not new:
                break
        return list(found.values())

    def release(self, controller_id: str, letters: Sequence[DeadLetter]) -> None:
        """Give them back."""
        for start in range(0, len(letters), _AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0}
                for number, each in enumerate(letters[start : start + _AT_ONCE])
            ]
            self._do(controller_id, _release(entries))

    def drop(self, controller_id: str, letter: DeadLetter) -> None:
        """Delete one."""
        self._do(
            controller_id, lambda sqs, url: sqs.delete_message(QueueUrl=url, ReceiptHandle=letter.receipt)
        )

    def purge(self, controller_id: str) -> None:
        """Delete all that there are."""
        try:
            self._do(controller_id, lambda sqs, url: sqs.purge_queue(QueueUrl=url))
        except QueueError as error:
            cause = error.__cause__
            if not isinstance(cause, ClientError) or _code(cause) not in _PURGING:
                raise
            # SQS purges once a minute; what has come since then goes one by one.
            for letter in self.take(controller_id, _MOST_PURGED):
                self.drop(controller_id, letter)

    def _receive(self, controller_id: str, limit: int) -> list[DeadLetter]:
        # A wait makes SQS ask all of its servers; without one it asks some and may find nothing.
        answer = self._do(
            controller_id,
            lambda sqs, url: sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=1,
                VisibilityTimeout=HELD_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
                MessageAttributeNames=["All"],
            ),
        )
        return [_letter(each) for each in answer.get("Messages", [])]

    def _do(self, controller_id: str, call: Callable[[Any, str], T]) -> T:
        """With the queue's URL; the queue is made again if it is gone."""
        url = self._queues.dead_url(controller_id)
        try:
            try:
                return call(self._queues.sqs, url)
            except ClientError as error:
                if _code(error) not in NO_QUEUE:
                    raise
                self._queues.forget_dead(controller_id)
                return call(self._queues.sqs, self._queues.dead_url(controller_id))
        except (BotoCoreError, ClientError) as error:
            raise QueueError(str(error)) from error


def _release(entries: Sequence[dict[str, Any]]) -> Callable[[Any, str], object]:
    return lambda sqs, url: sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _letter(message: dict[str, Any]) -> DeadLetter:
    system = message.get("Attributes", {})
    said = {name: each.get("StringValue") for name, each in message.get("MessageAttributes", {}).items()}
    problem = said.get(_PROBLEM)
    return DeadLetter(
        id=message["MessageId"],
        sent_at=from_millis(int(system.get("SentTimestamp", 0))),
        receives=int(system.get("ApproximateReceiveCount", 0)),
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        problem=Unfit(problem) if problem in set(Unfit) else None,
        agent_id=said.get(_AGENT),
    )


def _sendable(body: str) -> str:
    """SQS takes the characters of XML and at least one."""
    return "".join(each if _allowed(each) else "\N{REPLACEMENT CHARACTER}" for each in body) or " "


def _allowed(character: str) -> bool:
    code = ord(character)
    if code < 0x20:
        return character in "\t\n\r"
    return not (0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF))
