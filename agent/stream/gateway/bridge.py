"""One viewer's stream: a WebSocket on one side, an instance's RFB socket on the other."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Coroutine

from aiohttp import WSMsgType, web

from agent.stream.gateway import rfb
from agent.stream.gateway.endings import BAD_DATA, GONE, POLICY, Closed, Ending
from agent.stream.gateway.messages import BadMessage, ClientMessages
from agent.stream.gateway.wire import InstanceEnd

log = logging.getLogger(__name__)
GREETING_TIMEOUT = 15.0
SILENCE = 3
"""Pings without any sign of life from the client until it is given up. Generous, because a pong has to
queue behind the pixels of a slow line."""
INSTANCE_GONE = Ending(0, "the instance closed the connection")
"""The caller finds out what that means for the viewer."""


class Bridge:
    """Everything between the WebSocket's opening and its close, which is the caller's."""

    def __init__(
        self,
        request: web.BaseRequest,
        websocket: web.WebSocketResponse,
        messages: ClientMessages,
        *,
        touched: Callable[[], None],
        ponged: Callable[[bytes], Coroutine[None, None, None]],
        ping_every: float,
    ) -> None:
        self._request = request
        self._websocket = websocket
        self._messages = messages
        self._touched = touched
        self._ponged = ponged
        self._ping_every = ping_every
        self._alive_at = asyncio.get_running_loop().time()
        self._held = b""
        """Bytes received and not yet asked for during the greeting."""

    async def run(self, instance: socket.socket, stopped: "asyncio.Future[Ending]") -> Ending:
        """Greet the client, then pass bytes until one side ends or `stopped` is set. Closes `instance`.
        Raises Closed."""
        with contextlib.ExitStack() as undo:
            undo.callback(instance.close)
            try:
                async with asyncio.timeout(GREETING_TIMEOUT):
                    await rfb.greet_client(self._read, self._websocket.send_bytes)
            except TimeoutError:
                return Ending(POLICY, "The client did not begin.")
            except (ConnectionError, _ClientGone):
                return GONE
            try:
                _, end = await asyncio.get_running_loop().create_connection(
                    lambda: InstanceEnd(self._request), sock=instance
                )
            except ConnectionError:
                return GONE
            undo.pop_all()  # the transport owns the socket now
            undo.callback(end.close)
            return await self._pass(end, stopped)

    async def _pass(self, instance: InstanceEnd, stopped: "asyncio.Future[Ending]") -> Ending:
        loops = {
            asyncio.create_task(self._from_client(instance), name="viewer to instance"),
            asyncio.create_task(self._until_gone(instance), name="instance to viewer"),
            asyncio.create_task(self._ping(), name="ping viewer"),
        }
        try:
            done, _ = await asyncio.wait({*loops, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _until_gone(self, instance: InstanceEnd) -> Ending:
        await instance.gone.wait()
        return INSTANCE_GONE

    async def _from_client(self, instance: InstanceEnd) -> Ending:
        try:
            await instance.write(rfb.CLIENT_INIT + self._messages.preamble())
            data, self._held = self._held, b""
            while True:
                if passed := self._messages.feed(data):
                    await instance.write(passed)
                if self._messages.input_seen:
                    self._messages.input_seen = False
                    self._touched()
                data = await self._receive()
        except _ClientGone:
            return GONE
        except BadMessage as bad:
            return Ending(POLICY, str(bad))

    async def _ping(self) -> Ending:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._ping_every)
            if loop.time() - self._alive_at > SILENCE * self._ping_every:
                log.info("viewer is silent, giving it up")
                return GONE
            with contextlib.suppress(ConnectionError):
                await self._websocket.ping()

    async def _read(self, count: int) -> bytes:
        while len(self._held) < count:
            self._held += await self._receive()
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    async def _receive(self) -> bytes:
        """The next binary message. Raises _ClientGone, Closed."""
        while True:
            message = await self._websocket.receive()
            self._alive_at = asyncio.get_running_loop().time()
            if message.type is WSMsgType.BINARY:
                return bytes(message.data)
            if message.type is WSMsgType.PONG:
                await self._ponged(bytes(message.data))
            elif message.type is WSMsgType.PING:
                with contextlib.suppress(ConnectionError):
                    await self._websocket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                # Nothing is defined from client to gateway yet; a later client may try.
                if self._websocket.ws_protocol != "streamspace.v1":
                    raise Closed(Ending(BAD_DATA, "RFB comes in binary messages."))
            else:
                raise _ClientGone


class _ClientGone(Exception):
    """The WebSocket is closed or broken."""
