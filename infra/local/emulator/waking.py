"""Long polls that end as soon as there is a message: ministack looks ten times a second (51 ms at the
median)."""

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

sqs: Any = importlib.import_module("ministack.services.sqs")


class _WakingAsyncio:
    """What ministack's SQS uses of asyncio, with a sleep that a sent message ends."""

    iscoroutine = staticmethod(asyncio.iscoroutine)

    def __init__(self) -> None:
        self._sent = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._sent.wait(), seconds)
        except TimeoutError:
            return

    def waking(self, action: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            answer = action(*arguments)
            self._sent.set()
            self._sent = asyncio.Event()
            return answer

        return act


def install() -> None:
    """Messages may become visible by these."""
    loop = _WakingAsyncio()
    sqs.asyncio = loop
    for name in (
        "SendMessage",
        "SendMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
    ):
        sqs._HANDLERS[name] = loop.waking(sqs._HANDLERS[name])
