"""The loop that receives commands' references: one poller, long polls, as many as there is room for.

It stops receiving while the control plane does not answer (a message that cannot be claimed only wears out).
A message that nobody can act on is handed to the control plane, which keeps it where an administrator sees
it, and deleted then; until that is done it comes again, beside the others and never before them.
"""

import asyncio
import logging

from pydantic import ValidationError

from agent.client import errors
from agent.client.port import ControlPlane
from agent.client.queue import AccessExpired, CommandQueue, Message, QueueError
from agent.worker.access import Access
from agent.worker.dispatch import Dispatcher
from agent.worker.health import OK, Part, failing
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.agents import PartHealth
from chalicelib.protocol.commands import MOST_DEAD_LETTER, CommandReference, DeadLetterReport, Unfit

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 10
"""SQS gives no more."""
RENEWALS = 3
"""Refusals in a row that new credentials are expected to end: a queue that was replaced is no failure."""
UNFIT_AT_ONCE = 4
"""Messages that are being handed over; more of them are left for later, so that they take nobody's place."""


class Poller:
    """Polls for one controller of one tenant."""

    def __init__(
        self,
        *,
        tenant_id: str,
        controller_id: str,
        control: ControlPlane,
        queue: CommandQueue,
        dispatcher: Dispatcher,
        access: Access,
        reach: Reach,
        health: Part,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._owner = (tenant_id, controller_id)
        self._control = control
        self._queue = queue
        self._dispatcher = dispatcher
        self._access = access
        self._reach = reach
        self._health = health
        self._runtime = runtime
        self._timings = timings
        self._answered_at = runtime.monotonic()
        self._asked_at: float | None = None
        self._unfit = 0

    async def run(self) -> None:
        """Receive and hand over, for ever."""
        await self._access.ready.wait()
        self._unfit = 0
        async with asyncio.TaskGroup() as aside:
            await self._poll(aside)

    async def _poll(self, aside: asyncio.TaskGroup) -> None:
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        expired = 0
        while True:
            await self._until_sensible(backoff)
            try:
                messages = await self._receive()
            except QueueError as error:
                if isinstance(error, AccessExpired):
                    expired += 1
                    self._access.renew_now()
                    if expired <= RENEWALS:
                        await self._runtime.wait(self._access.renewed, most=self._timings.most_retry)
                        continue
                self._health.is_now(failing("queue_unreachable", f"The command queue refuses: {error}"))
                await self._runtime.sleep(backoff.pause())
                continue
            expired = 0
            self._health.is_now(OK)
            backoff.reset()
            for message in messages:
                self._hand_over(message, aside)

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

    def _hand_over(self, message: Message, aside: asyncio.TaskGroup) -> None:
        try:
            reference = CommandReference.model_validate_json(message.body)
        except ValidationError:
            self._unfit_came(message, Unfit.UNREADABLE, aside)
            return
        if (reference.tenant_id, reference.controller_id) != self._owner:
            self._unfit_came(message, Unfit.FOREIGN, aside)
            return
        self._dispatcher.accept(message, reference)

    def _unfit_came(self, message: Message, problem: Unfit, aside: asyncio.TaskGroup) -> None:
        if self._unfit < UNFIT_AT_ONCE:
            self._unfit += 1
            aside.create_task(self._bury(message, problem))

    async def _bury(self, message: Message, problem: Unfit) -> None:
        """Once; what fails comes again with the message."""
        _log.error("A message of the command queue is %s: %.200r", problem.value, message.body)
        report = DeadLetterReport(
            epoch=self._access.epoch, body=message.body[:MOST_DEAD_LETTER], problem=problem
        )
        try:
            await self._control.dead_letter(report)
            self._reach.answered()
            await self._queue.delete(message)
        except errors.Fatal:
            raise
        except errors.Permanent as refusal:
            # A control plane that keeps no dead letters, or not this one: nobody will ever act on it.
            self._reach.answered()
            _log.error("The control plane does not keep it, so it is gone: %s", refusal.detail)
            await self._delete(message)
        except errors.ApiError as error:
            self._reach.failed(error)
        except QueueError as error:
            _log.debug("It was kept, but not deleted yet: %s", error)
        finally:
            self._unfit -= 1

    async def _delete(self, message: Message) -> None:
        try:
            await self._queue.delete(message)
        except QueueError as error:
            _log.debug("It was not deleted: %s", error)
