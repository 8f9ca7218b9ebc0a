"""An instance's log for who has a ticket for it: what it printed last, and again when that has changed.

A reader asks for nothing: each message is the whole of what is shown, so there is nothing to catch up with.
Reading blocks on the platform, so it happens in threads of its own.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import WSMsgType, web

from agent.drivers.base import DriverError
from agent.stream.gateway.admission import Admission
from agent.stream.gateway.endings import (
    FULL_OF_READERS,
    GONE,
    NO_MORE,
    NOTHING_PRINTED,
    PLATFORM_SILENT,
    READ_LONG,
    RESTART,
    Closed,
    Ending,
)
from agent.stream.gateway.upgrade import is_for, offered, upgrade_required
from chalicelib.protocol.streams import LOGS_PROTOCOL, LogMessage

log = logging.getLogger(__name__)
LINES = 300
LINE = 2000
"""Characters of a line that are shown."""
MOST_TEXT = 200_000
"""Characters of a message: clients take up to a megabyte."""
LIFE = 600.0
"""Seconds until a new ticket is needed: whoever may not read any more does not for long."""
LOOK_EVERY = 2.0
LOOK_TIMEOUT = 15.0
MOST_READERS = 64
MOST_READERS_PER_SESSION = 8
THREADS = 4
ALIVE_EVERY = 20.0
CLOSE_TIMEOUT = 3.0
_CONTROLS = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
"""What moves a terminal's cursor, colours it or names its window, and other characters that are no text."""

Logs = Callable[[str, int], tuple[str, ...] | None]
"""A session's last lines, at most so many; None if there is nothing to read from. May block."""


class LogReaders:
    def __init__(self, admission: Admission, logs: Logs) -> None:
        self._admission = admission
        self._logs = logs
        self._threads = ThreadPoolExecutor(THREADS, "stream-logs")
        self._readers: dict[asyncio.Future[Ending], str] = {}
        """What ends each, and the session that it reads of."""
        self._stopping = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Refusals come as close codes after the upgrade, as those of streams do."""
        websocket = web.WebSocketResponse(
            protocols=(LOGS_PROTOCOL,), heartbeat=ALIVE_EVERY, max_msg_size=1024, timeout=CLOSE_TIMEOUT
        )
        if not is_for(request, websocket, (LOGS_PROTOCOL,)):
            return upgrade_required()
        await websocket.prepare(request)
        try:
            ending = await self._admitted(request, websocket)
        except Closed as closed:
            ending = closed.ending
        except ConnectionError:
            ending = GONE
        log.info("log of %r: %s", request.match_info["session"], ending.reason)
        with contextlib.suppress(ConnectionError):
            await websocket.close(code=ending.code or 1000, message=ending.message)
        return websocket

    def stop(self) -> None:
        """Readers are told to come back."""
        self._stopping = True
        for each in self._readers:
            if not each.done():
                each.set_result(RESTART)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _admitted(self, request: web.Request, websocket: web.WebSocketResponse) -> Ending:
        session = request.match_info["session"]
        await self._admission.admit_reader(request.match_info["controller"], session, offered(request))
        if self._stopping:
            raise Closed(RESTART)
        of_session = list(self._readers.values()).count(session)
        if len(self._readers) >= MOST_READERS or of_session >= MOST_READERS_PER_SESSION:
            raise Closed(FULL_OF_READERS)
        stopped: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._readers[stopped] = session
        loops = {
            asyncio.create_task(self._tell(websocket, session), name=f"log of {session}"),
            asyncio.create_task(_until_gone(websocket), name=f"reader of {session}"),
        }
        try:
            done, _ = await asyncio.wait({*loops, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return stopped.result() if stopped in done else next(iter(done)).result()
        finally:
            del self._readers[stopped]
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _tell(self, websocket: web.WebSocketResponse, session: str) -> Ending:
        told: tuple[str, ...] | None = None
        loop = asyncio.get_running_loop()
        end = loop.time() + LIFE
        while loop.time() < end:
            lines = await self._look(session)
            if lines is None:
                return NOTHING_PRINTED if told is None else NO_MORE
            if lines != told:
                await websocket.send_str(LogMessage(lines=_shown(lines)).model_dump_json())
                told = lines
            await asyncio.sleep(LOOK_EVERY)
        return READ_LONG

    async def _look(self, session: str) -> tuple[str, ...] | None:
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._logs, session, LINES)
        try:
            async with asyncio.timeout(LOOK_TIMEOUT):
                return await work
        except TimeoutError as error:
            raise Closed(PLATFORM_SILENT) from error
        except DriverError as error:
            log.warning("log of %s: %s", session, error)
            raise Closed(Ending(PLATFORM_SILENT.code, error.reason.message)) from error
        except Exception as error:
            log.exception("log of %s", session)
            raise Closed(PLATFORM_SILENT) from error


def _shown(lines: tuple[str, ...]) -> list[str]:
    """The newest of them, as far as they fit."""
    shown: list[str] = []
    room = MOST_TEXT
    for line in reversed(lines):
        text = _CONTROLS.sub("", line)[:LINE]
        room -= len(text)
        if room < 0:
            break
        shown.append(text)
    return shown[::-1]


async def _until_gone(websocket: web.WebSocketResponse) -> Ending:
    """What a reader says is not listened to."""
    while (await websocket.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
        pass
    return GONE
