"""SQS and STS in a bottle, at the level of boto's client: the product's own `Queues` works on it.

Messages are lost, repeated, delayed and reordered; they come again unless deleted, and go to the dead-letter
queue after too many receives. Credentials name one queue and end.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from agent.client.queue import AccessExpired, Message, QueueError
from chalicelib.protocol.agents import QueueAccess
from tests.simulation.chance import Luck
from tests.simulation.loop import VirtualLoop
from tests.simulation.sources import moment
from tests.simulation.weaving import Weaver

_ACCOUNT = "https://sqs.simulated/000000000000/"


@dataclass
class Held:
    """A message on a queue."""

    number: int
    body: str
    sent_at: float
    visible_at: float
    receives: int = 0
    receipt: str = ""
    labels: Any = field(default_factory=dict)


@dataclass
class SimQueue:
    name: str
    attributes: dict[str, str]
    messages: list[Held] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Cloud:
    """All queues, and who may use them. `client` is what `Queues` makes its clients with."""

    loop: VirtualLoop
    weaver: Weaver
    luck: Luck
    stepped: Callable[[str], None]
    queues: dict[str, SimQueue] = field(default_factory=dict)
    granted: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Session token -> the queue's ARN and when (virtual s) it ends."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._chance = self.luck.stream("queue")

    def client(self, name: str, **_more: Any) -> "SimSqs | SimSts":
        return SimSqs(self) if name == "sqs" else SimSts(self)

    def trouble(self) -> None:
        """What each call of the control plane may meet."""
        if self.weaver.inside:
            self.stepped("queue")
            self.weaver.pause(self._chance.uniform(0.002, 0.03))
            if self.luck.strikes("queue_refuses"):
                raise EndpointConnectionError(endpoint_url=_ACCOUNT)

    def of_url(self, url: str) -> SimQueue:
        """Raises like SQS."""
        found = self.queues.get(url.removeprefix(_ACCOUNT))
        if found is None:
            raise _refused("AWS.SimpleQueueService.NonExistentQueue")
        return found

    def put(self, queue: SimQueue, body: str, labels: Any = None) -> int:
        """One message, or none, or two, now or later."""
        number = next(self._numbers)
        if self.luck.strikes("message_lost"):
            return number
        for _ in range(2 if self.luck.strikes("message_repeated") else 1):
            delay = (
                self.luck.within("message_delayed", 1, 150) if self.luck.strikes("message_delayed") else 0.0
            )
            visible = self.loop.time() + delay + self._chance.uniform(0.005, 0.1)
            held = Held(next(self._numbers), body, self.loop.time(), visible, labels=labels or {})
            queue.messages.append(held)
            self.loop.call_at(visible, queue.arrived.set)
        return number

    def take(self, queue: SimQueue, limit: int, visibility: float) -> list[Held]:
        """Some of what is visible, in no order."""
        now = self.loop.time()
        self._bury(queue)
        there = [each for each in queue.messages if each.visible_at <= now]
        self._chance.shuffle(there)
        for each in there[:limit]:
            each.visible_at, each.receives = now + visibility, each.receives + 1
            each.receipt = f"{each.number}/{each.receives}"
        return there[:limit]

    def _bury(self, queue: SimQueue) -> None:
        policy = json.loads(queue.attributes.get("RedrivePolicy", "{}"))
        if not policy:
            return
        dead = self.queues.get(policy["deadLetterTargetArn"].rsplit(":", 1)[1])
        now = self.loop.time()
        for each in list(queue.messages):
            if each.visible_at <= now and each.receives >= int(policy["maxReceiveCount"]):
                queue.messages.remove(each)
                if dead is not None:
                    each.receives = 0
                    dead.messages.append(each)


@dataclass
class SimSqs:
    """The methods of boto's SQS client that the product calls."""

    cloud: Cloud

    def create_queue(self, *, QueueName: str, Attributes: dict[str, str]) -> dict[str, str]:  # noqa: N803
        self.cloud.trouble()
        queue = self.cloud.queues.get(QueueName)
        if queue is None:
            self.cloud.queues[QueueName] = SimQueue(QueueName, dict(Attributes))
        elif queue.attributes != Attributes:
            raise _refused("QueueNameExists")
        return {"QueueUrl": _ACCOUNT + QueueName}

    def get_queue_url(self, *, QueueName: str) -> dict[str, str]:  # noqa: N803
        self.cloud.trouble()
        return {"QueueUrl": _ACCOUNT + self.cloud.of_url(_ACCOUNT + QueueName).name}

    def set_queue_attributes(self, *, QueueUrl: str, Attributes: dict[str, str]) -> None:  # noqa: N803
        self.cloud.trouble()
        self.cloud.of_url(QueueUrl).attributes.update(Attributes)

    def get_queue_attributes(self, *, QueueUrl: str, **_more: Any) -> dict[str, Any]:  # noqa: N803
        self.cloud.trouble()
        queue = self.cloud.of_url(QueueUrl)
        now = self.cloud.loop.time()
        there = sum(each.visible_at <= now for each in queue.messages)
        counts = {
            "ApproximateNumberOfMessages": str(there),
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.messages) - there),
        }
        return {"Attributes": {**queue.attributes, **counts}}

    def send_message(self, *, QueueUrl: str, MessageBody: str, **more: Any) -> dict[str, str]:  # noqa: N803
        self.cloud.trouble()
        queue = self.cloud.of_url(QueueUrl)
        return {"MessageId": str(self.cloud.put(queue, MessageBody, more.get("MessageAttributes")))}

    def receive_message(self, *, QueueUrl: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        self.cloud.trouble()
        queue = self.cloud.of_url(QueueUrl)
        visibility = float(asked.get("VisibilityTimeout", queue.attributes.get("VisibilityTimeout", 30)))
        found = self.cloud.take(queue, int(asked.get("MaxNumberOfMessages", 1)), visibility)
        return {
            "Messages": [
                {
                    "MessageId": str(each.number),
                    "Body": each.body,
                    "ReceiptHandle": each.receipt,
                    "MessageAttributes": each.labels,
                    "Attributes": {
                        "SentTimestamp": str(int(moment(each.sent_at).timestamp() * 1000)),
                        "ApproximateReceiveCount": str(each.receives),
                    },
                }
                for each in found
            ]
        }

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self.cloud.trouble()
        queue = self.cloud.of_url(QueueUrl)
        queue.messages = [each for each in queue.messages if each.receipt != ReceiptHandle]

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: float,  # noqa: N803
    ) -> None:
        self.cloud.trouble()
        queue = self.cloud.of_url(QueueUrl)
        for each in queue.messages:
            if each.receipt == ReceiptHandle:
                each.visible_at = self.cloud.loop.time() + VisibilityTimeout
                self.cloud.loop.call_at(each.visible_at, queue.arrived.set)

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:  # noqa: N803
        for each in Entries:
            self.change_message_visibility(
                QueueUrl=QueueUrl,
                ReceiptHandle=each["ReceiptHandle"],
                VisibilityTimeout=each["VisibilityTimeout"],
            )

    def purge_queue(self, *, QueueUrl: str) -> None:  # noqa: N803
        self.cloud.trouble()
        self.cloud.of_url(QueueUrl).messages.clear()

    def delete_queue(self, *, QueueUrl: str) -> None:  # noqa: N803
        self.cloud.trouble()
        gone = self.cloud.queues.pop(self.cloud.of_url(QueueUrl).name)
        gone.arrived.set()


@dataclass
class SimSts:
    cloud: Cloud

    def assume_role(self, *, Policy: str, DurationSeconds: int, **_more: Any) -> dict[str, Any]:  # noqa: N803
        self.cloud.trouble()
        token = f"token-{next(self.cloud._numbers)}"
        ends = self.cloud.loop.time() + DurationSeconds
        self.cloud.granted[token] = (json.loads(Policy)["Statement"][0]["Resource"], ends)
        return {
            "Credentials": {
                "AccessKeyId": "simulated",
                "SecretAccessKey": "simulated",
                "SessionToken": token,
                "Expiration": moment(ends),
            }
        }


@dataclass
class AgentQueue:
    """`agent.client.queue.CommandQueue` as one boot of an agent has it. `cut` says whether its machine is."""

    cloud: Cloud
    access: Callable[[], QueueAccess]
    cut: Callable[[], bool]

    async def receive(self, *, limit: int, wait: float, visibility: float) -> tuple[Message, ...]:
        queue = await self._reach()
        over = self.cloud.loop.time() + wait
        while True:
            found = self.cloud.take(queue, limit, visibility)
            left = over - self.cloud.loop.time()
            if found or left <= 0:
                if self.cut():
                    raise QueueError("cut off")  # received, never arrived
                return tuple(Message(each.body, each.receipt) for each in found)
            queue.arrived.clear()
            soonest = min((each.visible_at for each in queue.messages), default=over)
            later = max(0.05, min(left, soonest - self.cloud.loop.time()))
            timer = self.cloud.loop.call_later(later, queue.arrived.set)
            await queue.arrived.wait()
            timer.cancel()
            if queue.name not in self.cloud.queues:
                raise AccessExpired("the queue is gone")

    async def delete(self, message: Message) -> None:
        queue = await self._reach()
        if not self.cloud.luck.strikes("settling_lost"):
            queue.messages = [each for each in queue.messages if each.receipt != message.receipt]

    async def release(self, message: Message, after: float) -> None:
        queue = await self._reach()
        if self.cloud.luck.strikes("settling_lost"):
            return
        for each in queue.messages:
            if each.receipt == message.receipt:
                each.visible_at = self.cloud.loop.time() + after
                self.cloud.loop.call_at(each.visible_at, queue.arrived.set)

    async def _reach(self) -> SimQueue:
        access = self.access()
        self.cloud.stepped("queue")
        await asyncio.sleep(self.cloud._chance.uniform(0.005, 0.05))
        if self.cut() or self.cloud.luck.strikes("queue_refuses"):
            await asyncio.sleep(1.0)
            raise QueueError("the queue does not answer")
        resource, ends = self.cloud.granted.get(access.session_token, ("", 0.0))
        name = access.queue_url.removeprefix(_ACCOUNT)
        if resource.rsplit(":", 1)[-1] != name or self.cloud.loop.time() >= ends:
            raise AccessExpired("these credentials are not good for this queue")
        if name not in self.cloud.queues:
            raise AccessExpired("the queue is gone")
        return self.cloud.queues[name]


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "sqs")
