"""From a queue message to a finished command: claim, carry out, result; one at a time per session.

A message is settled as soon as the claim is decided: deleted when granted or never to be granted, released
when an earlier command of the session is unfinished, left alone while the control plane does not answer.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field

from agent.client import errors
from agent.client.port import ControlPlane
from agent.client.queue import CommandQueue, Message, QueueError
from agent.worker.access import Access
from agent.worker.claims import Claim, Claims
from agent.worker.execute import Executor
from agent.worker.lanes import Lanes
from agent.worker.lease import Lease, Why
from agent.worker.outbox import Outbox
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import SLOTS, Timings
from chalicelib.protocol.commands import ClaimGrant, ClaimRequest, CommandReference

_log = logging.getLogger(__name__)


@dataclass
class Job:
    """One command in this process, with every message that named it. `decided` once its claim is."""

    reference: CommandReference
    since: float
    messages: list[Message] = field(default_factory=list)
    decided: bool = False
    task: asyncio.Task[None] | None = None


class Dispatcher:
    """`room` is set while another command may be taken on."""

    def __init__(
        self,
        *,
        control: ControlPlane,
        queue: CommandQueue,
        access: Access,
        claims: Claims,
        outbox: Outbox,
        executor: Executor,
        lanes: Lanes,
        reach: Reach,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._control = control
        self._queue = queue
        self._access = access
        self._claims = claims
        self._outbox = outbox
        self._executor = executor
        self._lanes = lanes
        self._reach = reach
        self._runtime = runtime
        self._timings = timings
        self._jobs: dict[str, Job] = {}
        self._claim_ids: dict[str, str] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self.room = asyncio.Event()
        self.refused_in_a_row = 0
        """Claims since the last answered one that ended without an answer: polling slows down."""

    @property
    def free(self) -> int:
        """How many more commands fit."""
        return max(0, SLOTS - len(self._jobs)) if self._tasks is not None else 0

    async def run(self) -> None:
        """Take over what an earlier boot left behind, then whatever `accept` brings, for ever."""
        await self._access.ready.wait()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for reference in self._claims.left_behind():
                    _log.info("Taking over command %s of %s.", reference.command_id, reference.session_id)
                    self._begin(Job(reference, self._runtime.monotonic()))
                self._see_room()
                await asyncio.get_running_loop().create_future()
        finally:
            self._tasks = None
            self._jobs.clear()
            self._see_room()

    def accept(self, message: Message, reference: CommandReference) -> None:
        """Take a message on. One more of a command that is here already shares that one's fate."""
        job = self._jobs.get(reference.command_id)
        if job is None:
            job = Job(reference, self._runtime.monotonic(), [message])
            self._executor.nudge(reference.session_id, reference.generation)
            self._begin(job)
        elif job.decided:
            self._aside(self._queue.delete(message))
        else:
            job.messages.append(message)
        self._see_room()

    async def stop(self) -> None:
        """Hand back what is not claimed, let the rest finish for a while, then stop it between two steps and
        hand it back too. What cannot even be stopped stays claimed on disk for the next boot."""
        for job in tuple(self._jobs.values()):
            if not job.decided:
                for message in job.messages:
                    self._aside(self._queue.release(message, 0))
                if job.task is not None:
                    job.task.cancel()
        await self._until_idle(self._timings.finish)
        self._executor.give_up_all(Why.STOPPING)
        await self._until_idle(self._timings.finish / 4)

    async def _until_idle(self, most: float) -> None:
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        if tasks:
            await self._runtime.settled(asyncio.ensure_future(asyncio.wait(tasks)), most=most)

    def _begin(self, job: Job) -> None:
        if self._tasks is None:
            return  # not running; the message comes again
        self._jobs[job.reference.command_id] = job
        job.task = self._tasks.create_task(self._guarded(job))

    async def _guarded(self, job: Job) -> None:
        """A bug in one command must not stop the others."""
        try:
            async with self._lanes.hold(job.reference.session_id):
                await self._handle(job)
        except errors.Fatal:
            raise
        except Exception:
            _log.exception("Command %s", job.reference.command_id)
        finally:
            self._jobs.pop(job.reference.command_id, None)
            self._see_room()

    async def _handle(self, job: Job) -> None:
        command_id = job.reference.command_id
        if self._outbox.has_result(command_id):
            # It is done; claiming it again would make that result stale.
            self._settle(job, release_after=self._timings.own_result)
            self._close(command_id)
            return
        await self._outbox.until_told(job.reference.session_id)
        granted = await self._claim(job)
        if granted is None:
            return
        grant, asked_at = granted
        lease = Lease(
            self._runtime.monotonic,
            asked_at=asked_at,
            seconds=grant.lease_seconds,
            margin=self._access.intervals.lease_margin,
        )
        await self._executor.run(grant, lease)
        self._close(command_id)

    async def _claim(self, job: Job) -> tuple[ClaimGrant, float] | None:
        """The grant, and when (monotonic) it was asked for; None when there is none to be had now."""
        command_id = job.reference.command_id
        claim_id = self._claim_ids.setdefault(command_id, self._runtime.new_id())
        self._claims.opened(Claim(reference=job.reference, claim_id=claim_id))
        request = ClaimRequest(epoch=self._access.epoch, claim_id=claim_id)
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            asked_at = self._runtime.monotonic()
            try:
                grant = await self._control.claim(command_id, request)
            except errors.Fatal:
                raise
            except errors.SessionBusy as busy:
                self._answered()
                after = busy.retry_after or self._access.intervals.visibility
                if job.messages:
                    self._settle(job, release_after=after)
                    self._close(command_id)
                    return None
                await self._runtime.sleep(after)
            except errors.Permanent as refusal:
                self._answered()
                _log.info("Command %s is not ours: %s", command_id, refusal.detail)
                self._settle(job)
                self._close(command_id)
                return None
            except errors.ApiError as error:
                self._reach.failed(error)
                self.refused_in_a_row += 1
                pause = error.retry_after or backoff.pause()
                if self._visible_again(job, after=pause):
                    self._aside(self._ask_again(job.reference))
                    return None  # the same claim id is used when the message comes again
                await self._runtime.sleep(pause)
            else:
                self._answered()
                self._settle(job)
                return grant, asked_at

    def _visible_again(self, job: Job, after: float) -> bool:
        """Whether the job's message will be received anew anyhow, before the next try would be answered."""
        if not job.messages:
            return False
        return self._runtime.monotonic() + after - job.since > self._access.intervals.visibility * 0.8

    async def _ask_again(self, reference: CommandReference) -> None:
        """The message may come to another agent, who is told that the command is ours: had the claim been
        granted, its lease would have to run out first."""
        await self._runtime.sleep(self._access.intervals.visibility * 2)
        if reference.command_id in self._claim_ids and reference.command_id not in self._jobs:
            self._begin(Job(reference, self._runtime.monotonic()))
            self._see_room()

    def _answered(self) -> None:
        self._reach.answered()
        self.refused_in_a_row = 0

    def _settle(self, job: Job, *, release_after: float | None = None) -> None:
        """The claim is decided: the messages go, or come again later. Beside the work, not before it."""
        job.decided = True
        for message in job.messages:
            if release_after is None:
                self._aside(self._queue.delete(message))
            else:
                self._aside(self._queue.release(message, release_after))

    def _aside(self, call: Coroutine[object, object, None]) -> None:
        if self._tasks is None:
            call.close()
            return
        self._tasks.create_task(_quietly(call))

    def _close(self, command_id: str) -> None:
        self._claim_ids.pop(command_id, None)
        self._claims.closed(command_id)

    def _see_room(self) -> None:
        if self.free:
            self.room.set()
        else:
            self.room.clear()


async def _quietly(call: Coroutine[object, object, None]) -> None:
    """A message that could not be settled comes again, and is settled by its claim then."""
    try:
        await call
    except QueueError as error:
        _log.debug("A message was not settled: %s", error)
