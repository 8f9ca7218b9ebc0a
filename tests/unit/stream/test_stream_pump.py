"""The splice loses nothing, holds little and leaves nothing behind."""

import asyncio
import contextlib
import hashlib
import random
import socket

import pytest
import uvloop

from agent.stream.pump import End, join


async def splice(buffer: int) -> tuple[socket.socket, socket.socket, End, End]:
    loop = asyncio.get_running_loop()
    left, left_inner = socket.socketpair()
    right_inner, right = socket.socketpair()
    for sock in (left, left_inner, right_inner, right):
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    _, one = await loop.create_connection(lambda: End(buffer), sock=left_inner)
    _, two = await loop.create_connection(lambda: End(buffer), sock=right_inner)
    join(one, two)
    return left, right, one, two


async def send(sock: socket.socket, seed: int, total: int) -> str:
    loop, rng, digest = asyncio.get_running_loop(), random.Random(seed), hashlib.sha256()
    while total:
        data = rng.randbytes(min(total, rng.choice([1, 7, 100, 5000, 70000])))
        digest.update(data)
        total -= len(data)
        await loop.sock_sendall(sock, data)
    sock.shutdown(socket.SHUT_WR)
    return digest.hexdigest()


async def receive(sock: socket.socket, seed: int) -> str:
    loop, rng, digest = asyncio.get_running_loop(), random.Random(seed), hashlib.sha256()
    while data := await loop.sock_recv(sock, rng.choice([1, 50, 3000, 100000])):
        digest.update(data)
        if rng.random() < 0.02:
            await asyncio.sleep(0.001)
    return digest.hexdigest()


@pytest.mark.feature("Streams keep every byte, in order, whatever the speed of either side")
@pytest.mark.parametrize("loop_kind", ["asyncio", "uvloop"])
@pytest.mark.parametrize("buffer", [0, 1, 1000, 256 * 1024])
def test_both_ways_at_once(buffer: int, loop_kind: str) -> None:
    async def run() -> None:
        left, right, one, two = await splice(buffer)
        sent_right, sent_left, got_left, got_right = await asyncio.wait_for(
            asyncio.gather(
                send(left, 1, 700_000), send(right, 2, 900_000), receive(left, 3), receive(right, 4)
            ),
            60,
        )
        assert (sent_right, sent_left) == (got_right, got_left)
        await asyncio.wait_for(asyncio.gather(one.gone.wait(), two.gone.wait()), 5)
        left.close()
        right.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop_kind == "uvloop" else None) as runner:
        runner.run(run())


async def test_half_close_leaves_the_other_direction_open() -> None:
    left, right, one, two = await splice(1000)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(left, b"question")
    left.shutdown(socket.SHUT_WR)
    assert await loop.sock_recv(right, 100) == b"question"
    assert await loop.sock_recv(right, 100) == b""
    await loop.sock_sendall(right, b"answer")
    assert await loop.sock_recv(left, 100) == b"answer"
    right.close()
    await asyncio.wait_for(asyncio.gather(one.gone.wait(), two.gone.wait()), 5)
    left.close()


async def test_a_slow_reader_stops_the_writer() -> None:
    left, right, one, _ = await splice(1000)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        for _ in range(10_000):
            sent += left.send(bytes(1000))
            await asyncio.sleep(0.0005)
    # Kernel buffers on both sides, one read of at most 256 KiB, and our own buffer.
    assert sent < 600_000
    assert one.transport.get_write_buffer_size() == 0
    left.close()
    right.close()


async def test_a_lost_side_takes_the_other_along() -> None:
    left, right, one, two = await splice(1000)
    one.abort()
    await asyncio.wait_for(asyncio.gather(one.gone.wait(), two.gone.wait()), 5)
    left.close()
    right.close()


async def test_joining_an_end_that_is_gone_closes_the_other() -> None:
    left, right, one, two = await splice(1000)
    one.abort()
    await one.gone.wait()
    join(one, two)
    await asyncio.wait_for(two.gone.wait(), 5)
    left.close()
    right.close()
