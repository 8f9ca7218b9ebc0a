"""Whether the control plane answers, as the last call found it."""

import asyncio
import logging

from agent.client import errors

_log = logging.getLogger(__name__)


class Reach:
    """Calls say how they went; loops wait for `reachable`. The heartbeat waits for `failing`, to find out
    when it is over; reconciliation waits for `recovered` (and clears it)."""

    def __init__(self) -> None:
        self.reachable = asyncio.Event()
        self.reachable.set()
        self.failing = asyncio.Event()
        self.recovered = asyncio.Event()

    def answered(self) -> None:
        """A call was answered, whatever the answer."""
        if self.reachable.is_set():
            return
        _log.info("The control plane answers again.")
        self.failing.clear()
        self.reachable.set()
        self.recovered.set()

    def failed(self, error: errors.ApiError) -> None:
        """A call failed. Only silence counts: a refusal is an answer."""
        if not isinstance(error, errors.Unreachable):
            self.answered()
            return
        if self.reachable.is_set():
            _log.warning("The control plane does not answer: %s", error.detail)
        self.reachable.clear()
        self.failing.set()
