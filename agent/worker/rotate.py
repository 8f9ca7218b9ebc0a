"""The loop that changes the agent's key: when the control plane asks for it, or a change was begun before.

The next key is on disk before the call, and signs from its answer on; `agent/client/keys.py` says why no
crash in between leaves the agent without a key that is accepted.
"""

import logging

from agent.client import errors
from agent.client.port import ControlPlane, Keys
from agent.worker.access import Access
from agent.worker.reach import Reach
from agent.worker.runtime import Backoff, Runtime
from agent.worker.timings import Timings
from chalicelib.protocol.keys import KeyRotation

_log = logging.getLogger(__name__)

_REFUSALS = frozenset({"key_in_use", "key_replaced", "invalid"})
"""Of the key itself. Whatever else is refused on the way (a proxy answers too) says nothing about whether the
key was accepted by an earlier call whose answer was lost; to drop it then would shut this agent out."""


class Rotator:
    """One change at a time. What cannot be done now is asked for again with the next credentials."""

    def __init__(
        self,
        *,
        control: ControlPlane,
        access: Access,
        keys: Keys,
        reach: Reach,
        runtime: Runtime,
        timings: Timings,
    ) -> None:
        self._control = control
        self._access = access
        self._keys = keys
        self._reach = reach
        self._runtime = runtime
        self._timings = timings

    async def run(self) -> None:
        """Wait until a change is due, and carry it out, for ever."""
        await self._access.ready.wait()
        backoff = Backoff(self._runtime, first=self._timings.first_retry, most=self._timings.most_retry)
        while True:
            if not self._keys.pending:
                await self._access.rotation.wait()
            self._access.rotation.clear()
            try:
                await self._rotate()
                backoff.reset()
            except errors.Fatal:
                raise
            except errors.Permanent as refusal:
                self._reach.answered()
                _log.error("The control plane does not accept a new key: %s", refusal.detail)
                if refusal.code in _REFUSALS:
                    await self._runtime.blocking(self._keys.discard)
                else:
                    await self._runtime.sleep(backoff.pause())
            except errors.ApiError as error:
                self._reach.failed(error)
                await self._runtime.sleep(error.retry_after or backoff.pause())
            except OSError as error:
                _log.warning("The key cannot be changed now: %s", error)
                await self._runtime.sleep(backoff.pause())

    async def _rotate(self) -> None:
        proposal = await self._runtime.blocking(self._keys.propose)
        request = KeyRotation(epoch=self._access.epoch, public_key=proposal.public_key, proof=proposal.proof)
        await self._control.rotate_key(request)
        self._reach.answered()
        await self._runtime.blocking(self._keys.adopt)
