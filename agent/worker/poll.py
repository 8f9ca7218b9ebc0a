"""The loop that receives commands' references: one poller, long polls, as many as there is room for.

It stops receiving while the control plane does not answer (a message that cannot be claimed only wears out),
and a malformed message goes away at once.
"""

import logging

from pydantic import ValidationError

from agent.client.queue import AccessExpired, CommandQueue, Message, QueueError
from agent.worker.access import Access
from agent.worker.dispatch import Dispatcher
from agent.worker.health import OK, Part, failing
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import PartHealth
from chalicelib.protocol.commands import CommandReference

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 10
"""SQS gives no more."""


class Poller:
    """Polls for one controller of one tenant."""

    def __init__(
        self,
        *,
        tenant_id: str,
        controller_id: str,
        queue: CommandQueue,
        dispatcher: Dispatcher,
        access: Access,
        reach: Reach,
        health: Part,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._owner = (tenant_id, controller_id)
        self._queue = queue
        self._dispatcher = dispatcher
        self._access = access
        self._reach = reach
        self._health = health
        self._runtime = runtime
        self._timings = timings
        self._answered_at = runtime.monotonic()
        self._asked_at: float | None = None

    async def run(self) -> None:
        """Receive and hand over, for ever."""
        await self._access.ready.wait()
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            await self._until_sensible(backoff)
            try:
                messages = await self._receive()
            except QueueError as error:
                self._health.is_now(failing("queue_unreachable", f"The command queue refuses: {error}"))
                if isinstance(error, AccessExpired):
                    self._access.renew_now()
                await self._runtime.sleep(backoff.pause())
                continue
            self._health.is_now(OK)
            backoff.reset()
            for message in messages:
                await self._hand_over(message)

    def health(self) -> PartHealth:
        """Judged from outside, so that a poll that hangs is seen too."""
        if self._health.now != OK or self._asked_at is None:
            return self._health.now
        silent = self._runtime.monotonic() - self._asked_at
        if silent > self._access.intervals.poll_wait + self._timings.poll_silence:
            return failing("polling_silent", f"The command queue has not answered for {silent:.0f} s.")
        return OK

    async def _until_sensible(self, backoff: Backoff) -> None:
        """Wait for the control plane to answer, for claims to be answered, and for room."""
        await self._reach.reachable.wait()
        if self._dispatcher.refused_in_a_row:
            await self._runtime.sleep(backoff.pause())
        await self._dispatcher.room.wait()

    async def _receive(self) -> tuple[Message, ...]:
        intervals = self._access.intervals
        self._asked_at = self._runtime.monotonic()
        try:
            return await self._queue.receive(
                limit=min(MOST_AT_ONCE, self._dispatcher.free),
                wait=intervals.poll_wait,
                visibility=intervals.visibility,
            )
        finally:
            self._asked_at = None

    async def _hand_over(self, message: Message) -> None:
        try:
            reference = CommandReference.model_validate_json(message.body)
        except ValidationError:
            await self._throw_away(message, "cannot be read")
            return
        if (reference.tenant_id, reference.controller_id) != self._owner:
            await self._throw_away(message, "is for another controller")
            return
        self._dispatcher.accept(message, reference)

    async def _throw_away(self, message: Message, why: str) -> None:
        _log.error("A message of the command queue %s and is deleted: %.200r", why, message.body)
        try:
            await self._queue.delete(message)
        except QueueError as error:
            _log.debug("It was not: %s", error)
