"""From a granted command to driver calls to a result.

The driver acts idempotently, so a command may be carried out again after any crash. What a driver cannot do
just now is tried again: a start for some seconds, so that its user learns the reason soon; stopping and
removing until the command's deadline, because giving up would leave something behind.
"""

import asyncio
import logging
from collections.abc import Callable

from agent.client import errors
from agent.client.servertime import ServerClock
from agent.drivers.base import Cancelled, Driver, PermanentError, TemporaryError
from agent.worker.fences import Fences
from agent.worker.lease import Lease, Why
from agent.worker.outbox import Outbox, Report
from agent.worker.renew import Execution, Renewer
from agent.worker.runtime import Backoff, Runtime
from agent.worker.steps import StepReporter
from agent.worker.timings import Timings
from chalicelib.protocol.commands import ClaimGrant, Command, CommandKind, Outcome
from chalicelib.protocol.instances import Reason

_log = logging.getLogger(__name__)
_Verdict = tuple[Outcome, Reason | None]

_NO_SPEC = Reason(code="bad_command", message="The command came without a description of the instance.")
_FAULT = Reason(code="agent_fault", message="The agent failed in a way it did not expect; its log says how.")


class Executor:
    """`running` holds what is at work now, by session."""

    def __init__(
        self,
        *,
        driver: Driver,
        outbox: Outbox,
        fences: Fences,
        renewer: Renewer,
        clock: ServerClock,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._driver = driver
        self._outbox = outbox
        self._fences = fences
        self._renewer = renewer
        self._clock = clock
        self._runtime = runtime
        self._timings = timings
        self.running: dict[str, Execution] = {}

    async def run(self, grant: ClaimGrant, lease: Lease) -> None:
        """Carry the command out and put its result into the outbox, unless somebody else has the session.
        Raises errors.Fatal. The caller holds the session's lane."""
        command = grant.command
        execution = Execution(command, grant.fence, lease)
        self._fences.raise_to(command.session_id, grant.fence)
        self.running[command.session_id] = execution
        renewal = asyncio.create_task(self._renewer.keep(execution))
        try:
            verdict = await self._carry_out(execution)
        except asyncio.CancelledError:
            lease.give_up(Why.STOPPING)  # the driver's thread stops at its next step
            raise
        finally:
            del self.running[command.session_id]
            await _end(renewal)
        if lease.ended is not None:
            _log.info("%s of %s: %s", command.kind, command.session_id, lease.ended.value)
        if verdict is not None:
            await self._tell(execution, *verdict)

    def nudge(self, session_id: str, generation: int) -> None:
        """A newer command of the session has come: ask whether the one at work is superseded."""
        execution = self.running.get(session_id)
        if execution is not None and execution.command.generation < generation:
            execution.nudged.set()

    def give_up(self, session_id: str, fence: int, why: Why) -> None:
        """Stop the work that goes on under that fence, if it does."""
        execution = self.running.get(session_id)
        if execution is not None and execution.fence == fence:
            execution.lease.give_up(why)

    def give_up_all(self, why: Why) -> None:
        for execution in self.running.values():
            execution.lease.give_up(why)

    async def _carry_out(self, execution: Execution) -> _Verdict | None:
        command, lease = execution.command, execution.lease
        call = self._call(execution)
        if call is None:
            return Outcome.FAILED, _NO_SPEC
        backoff = Backoff(
            self._runtime, first=self._timings.driver_retry, most=self._timings.most_driver_retry
        )
        began = self._runtime.monotonic()
        while lease.ended is None:
            try:
                await self._runtime.blocking(call)
                return Outcome.SUCCEEDED, None
            except Cancelled:
                break
            except PermanentError as error:
                return Outcome.FAILED, error.reason
            except TemporaryError as error:
                _log.warning("%s of %s: %s", command.kind, command.session_id, error)
                pause = backoff.pause()
                if pause > self._patience(command, began):
                    return Outcome.FAILED, error.reason
                await self._pause(pause, lease)
            except Exception:
                _log.exception("%s of %s", command.kind, command.session_id)
                return Outcome.FAILED, _FAULT
        # Given up without newer intent, it is handed back: the control plane sends it out again.
        return None if lease.ended is Why.STALE else (Outcome.CANCELLED, None)

    def _call(self, execution: Execution) -> Callable[[], None] | None:
        command, driver = execution.command, self._driver
        if command.kind is CommandKind.HIBERNATE:
            return lambda: driver.stop(command.session_id)
        if command.kind is CommandKind.TERMINATE:
            return lambda: driver.remove(command.session_id, delete_home=command.delete_home)
        spec = command.spec
        if spec is None:
            return None
        progressing = StepReporter(
            lease=execution.lease,
            outbox=self._outbox,
            session_id=command.session_id,
            fence=execution.fence,
            monotonic=self._runtime.monotonic,
            interval=self._timings.progress,
        )
        return lambda: driver.start(spec, progressing)

    def _patience(self, command: Command, began: float) -> float:
        """For how many more seconds a driver's TemporaryError is worth trying again."""
        until_deadline = (command.deadline - self._clock.now()).total_seconds()
        if command.kind in (CommandKind.HIBERNATE, CommandKind.TERMINATE):
            return until_deadline
        return min(until_deadline, self._timings.start_retries_for - (self._runtime.monotonic() - began))

    async def _pause(self, seconds: float, lease: Lease) -> None:
        """In slices, so that a command given up does not wait to its end."""
        until = self._runtime.monotonic() + seconds
        while lease.ended is None and (left := until - self._runtime.monotonic()) > 0:
            await self._runtime.sleep(min(left, self._timings.first_retry))

    async def _tell(self, execution: Execution, outcome: Outcome, reason: Reason | None) -> None:
        command = execution.command
        level = logging.WARNING if outcome is Outcome.FAILED else logging.INFO
        said = f" ({reason.code}: {reason.message})" if reason else ""
        _log.log(level, "%s of %s: %s%s", command.kind, command.session_id, outcome, said)
        await self._outbox.add(
            Report(
                session_id=command.session_id,
                fence=execution.fence,
                command_id=command.command_id,
                outcome=outcome,
                reason=reason,
            )
        )
        if command.kind is CommandKind.TERMINATE and outcome is Outcome.SUCCEEDED:
            self._fences.forget(command.session_id, up_to=execution.fence)


async def _end(renewal: asyncio.Task[None]) -> None:
    """Raises errors.Fatal if that is what the renewal ended with. Whatever else ended it, the driver's
    verdict is worth more."""
    renewal.cancel()
    try:
        await renewal
    except (asyncio.CancelledError, errors.Fatal) as ended:
        if isinstance(ended, errors.Fatal):
            raise
    except Exception:
        _log.exception("A renewal ended unexpectedly.")
