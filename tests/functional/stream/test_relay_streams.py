"""Browser, relay, a dialled-out gateway and an instance: parked, dropped, restarted."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from agent.stream.dial import RelayDialler
from agent.stream.gateway import Gateway
from agent.stream.relay import Relay
from chalicelib.protocol.agents import Health

CONTROLLER = "ctl-01kb0000000000000000000001"
KEY = struct.pack("!BBxxI", 4, 1, 0x61)
CONNECT = (
    "GET /relay/v1/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: {}\r\n\r\n"
)

Browse = Callable[..., Awaitable[Any]]
Eventually = Callable[..., Awaitable[None]]


async def head_of(port: int, request: str) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5), reader, writer


@pytest.mark.feature("An agent without an inbound port streams through the relay it dials out to")
async def test_a_stream_through_the_relay(
    plane: Any, instance: Any, relay: Relay, parked: RelayDialler, browse: Browse, eventually: Eventually
) -> None:
    instance.flood = 5_000_000
    browsers = [await browse(relay.address, f"ticket.{plane.ticket()}") for _ in range(6)]
    for browser in browsers:
        await browser.start()
        assert await browser.read(instance.flood) == (bytes(range(256)) * 256 * 80)[: instance.flood]
        await browser.send(KEY)
    await eventually(lambda: instance.heard == KEY * 6)
    await eventually(lambda: parked.parked == 4)
    assert parked.health().state is Health.OK


async def test_a_dropped_browser_resumes(
    plane: Any, instance: Any, relay: Relay, parked: RelayDialler, browse: Browse
) -> None:
    browser = await browse(relay.address, f"ticket.{plane.ticket()}")
    await browser.start()
    for _ in range(3):
        browser.drop()
        browser = await browse(relay.address, f"resume.{browser.token}")
        await browser.start()


@pytest.mark.feature("Streams come back after a restart of the relay")
async def test_the_relay_restarts(
    plane: Any,
    instance: Any,
    relay: Relay,
    parked: RelayDialler,
    browse: Browse,
    eventually: Eventually,
) -> None:
    browser = await browse(relay.address, f"ticket.{plane.ticket()}")
    await browser.start()
    await relay.stop()
    await eventually(lambda: parked.health().state is Health.FAILING)
    reason = parked.health().reason
    assert reason is not None
    assert reason.code == "relay_unreachable"
    plane.jwks_url = "http://127.0.0.1:1/nobody"  # the control plane is down as well
    again = plane.relay()
    await again.start()
    await eventually(lambda: parked.parked == 4)
    resumed = await browse(again.address, f"resume.{browser.token}")
    await resumed.start()
    fresh = await browse(again.address, f"ticket.{plane.ticket()}")
    await fresh.start()
    await again.stop()


async def test_a_gateway_that_went_away_and_one_that_comes_in_time(
    plane: Any, instance: Any, gateway: Gateway, relay: Relay, browse: Browse
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browse(relay.address, f"ticket.{plane.ticket()}")
    assert refused.value.status == 503
    dialler = plane.dialler(gateway)
    waiting = asyncio.create_task(browse(relay.address, f"ticket.{plane.ticket()}"))
    await asyncio.sleep(0.1)
    await dialler.start()
    await (await waiting).start()
    await dialler.stop()


async def test_silently_dead_parked_connections_are_stepped_over(
    plane: Any, instance: Any, relay: Relay, parked: RelayDialler, browse: Browse
) -> None:
    """As after a power loss at the gateway: the newest parked connection never answers."""
    access = plane.access()
    head, _, writer = await head_of(relay.address.port, CONNECT.format(f"Bearer {access.grant}"))
    assert head.startswith(b"HTTP/1.1 101")
    browser = await browse(relay.address, f"ticket.{plane.ticket()}")
    await browser.start()
    writer.close()


async def test_refused_tickets_are_told_to_browsers_as_close_codes(
    plane: Any, relay: Relay, parked: RelayDialler, browse: Browse
) -> None:
    for credential in (
        "ticket.rubbish",
        f"ticket.{plane.ticket(exp=1)}",
        f"ticket.{plane.ticket(aud='streamspace-relay')}",
        "resume.ctl-01kb0000000000000000000002.opaque",
    ):
        assert await (await browse(relay.address, credential)).closed() == 4401
    assert parked.parked == 4


async def test_only_gateways_with_a_grant_park(plane: Any, relay: Relay) -> None:
    for authorization in ("", "Bearer x", f"Bearer {plane.ticket()}", "Basic eDp5"):
        head, _, writer = await head_of(relay.address.port, CONNECT.format(authorization))
        assert head.startswith(b"HTTP/1.1 401")
        writer.close()
    assert len(relay.parking) == 0


async def test_parked_connections_end_with_their_grant_and_are_replaced(
    plane: Any, gateway: Gateway, relay: Relay, eventually: Eventually
) -> None:
    plane.grant_life = 1
    dialler = plane.dialler(gateway)
    await dialler.start()
    await eventually(lambda: len(relay.parking) == 4)
    first = set(relay.parking._parked[CONTROLLER])
    plane.grant_life = 3600
    await eventually(lambda: len(set(relay.parking._parked[CONTROLLER]) - first) == 4)
    await dialler.stop()
    await eventually(lambda: len(relay.parking) == 0)


@pytest.mark.feature("No new viewer reaches a revoked agent, whatever its relay grant says")
@pytest.mark.parametrize("told_by", ["ticket", "grant"])
async def test_what_a_revoked_agent_has_parked_is_for_nobody(
    plane: Any,
    instance: Any,
    gateway: Gateway,
    relay: Relay,
    browse: Browse,
    eventually: Eventually,
    told_by: str,
) -> None:
    old = plane.access()
    revoked = [await head_of(relay.address.port, CONNECT.format(f"Bearer {old.grant}")) for _ in range(3)]
    grants = [old]
    stays = plane.dialler(gateway, access=lambda: grants[-1], refused=lambda: grants.append(plane.access()))
    await stays.start()
    await eventually(lambda: len(relay.parking) == 7)

    plane.revocations = 1
    if told_by == "grant":
        await head_of(relay.address.port, CONNECT.format(f"Bearer {plane.access().grant}"))
    browser = await browse(relay.address, f"ticket.{plane.ticket(revocations=1)}")
    await browser.start()
    for _, reader, _ in revoked:
        assert await asyncio.wait_for(reader.read(), 5) == b"", "not one byte of a viewer"
    head, *_ = await head_of(relay.address.port, CONNECT.format(f"Bearer {old.grant}"))
    assert head.startswith(b"HTTP/1.1 401")
    await eventually(lambda: stays.parked == 4)
    await (await browse(relay.address, f"ticket.{plane.ticket(revocations=0)}")).start()
    await stays.stop()


async def test_what_a_browser_gives_back_is_not_parked_for_a_revoked_agent(plane: Any, relay: Relay) -> None:
    """The browser left in the moment in which it was handed over."""
    _, reader, _ = await head_of(relay.address.port, CONNECT.format(f"Bearer {plane.access().grant}"))
    handed = await relay.parking.take(CONTROLLER)
    assert handed is not None
    relay.parking.revoked(CONTROLLER, 1)
    relay.parking.offer(handed)
    assert len(relay.parking) == 0
    assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_too_many_parked_connections_push_out_the_oldest(
    plane: Any, relay: Relay, eventually: Eventually
) -> None:
    plane.relay_port = relay.address.port
    request = CONNECT.format(f"Bearer {plane.access().grant}")
    offered = [await head_of(relay.address.port, request) for _ in range(20)]
    await eventually(lambda: len(relay.parking) == 16)
    assert await asyncio.wait_for(offered[0][1].read(), 5) == b""
    for _, _, writer in offered:
        writer.close()
    await eventually(lambda: len(relay.parking) == 0)


async def test_talking_before_being_asked_ends_a_parked_connection(plane: Any, relay: Relay) -> None:
    plane.relay_port = relay.address.port
    _, reader, writer = await head_of(relay.address.port, CONNECT.format(f"Bearer {plane.access().grant}"))
    writer.write(b"hello?")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    assert len(relay.parking) == 0


async def test_nothing_is_left_open(
    plane: Any, instance: Any, relay: Relay, parked: RelayDialler, browse: Browse, eventually: Eventually
) -> None:
    async def round_trip(n: int) -> None:
        browser = await browse(relay.address, f"ticket.{plane.ticket()}")
        await browser.start()
        if n % 2:
            browser.drop()
        else:
            await browser.websocket.close()

    await round_trip(0)
    await eventually(lambda: parked.parked == 4 and not relay.connections)
    files, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    for n in range(20):
        await round_trip(n)
    await eventually(lambda: parked.parked == 4 and not relay.connections)
    await eventually(lambda: len(os.listdir("/proc/self/fd")) <= files)
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_the_dialler_says_what_is_wrong(plane: Any, gateway: Gateway, relay: Relay) -> None:
    plane.relay_port = 0
    dialler = plane.dialler(gateway)
    await dialler.start()
    await asyncio.sleep(0.1)
    assert dialler.health().reason.code == "no_relay"
    plane.grant_life = -60
    plane.relay_port = relay.address.port
    await asyncio.sleep(0.5)
    assert dialler.health().reason.code == "relay_refused"
    plane.grant_life = 60
    async with asyncio.timeout(5):
        while dialler.health().state is not Health.OK:
            await asyncio.sleep(0.01)
    plane.relay_port = 0
    await asyncio.sleep(0.2)
    assert dialler.parked == 0
    await dialler.stop()


async def test_the_gateway_behind_the_dialler_is_away(
    plane: Any, gateway: Gateway, relay: Relay, parked: RelayDialler, browse: Browse
) -> None:
    await gateway.stop()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browse(relay.address, f"ticket.{plane.ticket()}")
    assert refused.value.status == 503
