"""One forwarded connection: a local client on one side, a WebSocket of the API server on the other.

The wire (subprotocol `v4.channel.k8s.io`): binary messages, whose first byte says the channel: 0 data, 1 the
cluster's words for what went wrong. The first message of each carries the port, as two bytes. There is no way
to say "I have sent all": a client that only stopped sending keeps the connection until the session ends it.
"""

import asyncio
import contextlib
import logging
import select

import aiohttp

from agent.drivers.kubernetes.errors import plain

log = logging.getLogger(__name__)

DATA, ERROR = 0, 1
PIECE = 32 * 1024
"""Bytes that one message carries: what the cluster's own side uses."""
PING = 25.0
"""Seconds. Only so that what lies between keeps the connection; no answer is asked for, since one waits
behind the data of a viewer who reads slowly."""
LAST_WORDS = 30.0
"""Seconds that a client may take to read what the session sent before it ended, and to leave."""
HALF_CLOSED = 1.0
"""Seconds between two looks at whether a client that stopped sending still listens."""


async def splice(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse
) -> None:
    """Until either side ends. Each direction waits for its receiver before it takes the next piece."""
    up = asyncio.create_task(_upwards(reader, writer, channel))
    down = asyncio.create_task(_downwards(writer, channel))
    keep = asyncio.create_task(_keep(writer, channel))
    tasks = {up, down, keep}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if down in done and down.exception() is None:
            done, _ = await asyncio.wait({up, keep}, timeout=LAST_WORDS, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _upwards(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse
) -> None:
    """Ends when the client is gone; one that has only stopped sending may go on reading."""
    while piece := await reader.read(PIECE):
        # Once the session has ended it, what its client still sends is for nobody; what it was sent is on its
        # way down.
        with contextlib.suppress(OSError, aiohttp.ClientError):
            await channel.send_bytes(b"\0" + piece)
    while not _gone(writer):  # noqa: ASYNC110 - the loop has no event for this
        await asyncio.sleep(HALF_CLOSED)


async def _downwards(writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse) -> None:
    """Ends when the session, or the cluster, ended the connection; the client hears of it when it has read
    everything."""
    begun: set[int] = set()
    async for message in channel:
        if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
            raise aiohttp.ClientPayloadError(f"not a forwarded port: {message.type.name}")
        number = message.data[0]
        if number not in begun:
            begun.add(number)
        elif number == DATA:
            writer.write(memoryview(message.data)[1:])
            await writer.drain()
        elif number == ERROR:
            log.info(
                "the cluster ends a forwarded connection: %s",
                plain(bytes(message.data[1:]).decode(errors="replace")),
            )
            break
    writer.write_eof()


async def _keep(writer: asyncio.StreamWriter, channel: aiohttp.ClientWebSocketResponse) -> None:
    """Ends when the client is gone, which nobody else sees while both directions stand still."""
    while not _gone(writer):
        await asyncio.sleep(PING)
        with contextlib.suppress(OSError, aiohttp.ClientError):
            async with asyncio.timeout(PING):
                await channel.ping()


async def hang_up(channel: aiohttp.ClientWebSocketResponse) -> None:
    with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(2.0):
            await channel.close()


def _gone(writer: asyncio.StreamWriter) -> bool:
    """Whether the client closed both ways (a unix socket says so), and not only its own."""
    handle = writer.transport.get_extra_info("socket")
    if writer.transport.is_closing() or handle is None or handle.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(handle.fileno(), 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))
