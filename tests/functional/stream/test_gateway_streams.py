"""A browser, the gateway and an instance."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.drivers.base import Endpoint
from agent.stream.gateway import Gateway
from chalicelib.protocol.agents import Intervals

SESSION = "ses-01kb0000000000000000000001"
KEY = struct.pack("!BBxxI", 4, 1, 0x61)
POINTER = struct.pack("!BBHH", 5, 1, 10, 20)
PASTE = struct.pack("!BxxxI", 6, 5) + b"paste"
RESIZE = struct.pack("!BxHHBx", 251, 800, 600, 1) + bytes(16)
UPDATE = struct.pack("!BBHHHH", 3, 1, 0, 0, 640, 480)

Browse = Callable[..., Awaitable[Any]]
Eventually = Callable[..., Awaitable[None]]


@pytest.mark.feature("A session streams a desktop to the browser")
async def test_bytes_pass_both_ways(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse, eventually: Eventually
) -> None:
    instance.flood = 3_000_000
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    assert browser.websocket.protocol == "streamspace.v1"
    await browser.start()
    assert await browser.read(instance.flood) == (bytes(range(256)) * 256 * 50)[: instance.flood]
    await browser.send(KEY + POINTER[:3])
    await browser.send(POINTER[3:] + PASTE + RESIZE)
    await eventually(lambda: instance.heard == KEY + POINTER + PASTE + RESIZE)
    assert instance.shared == [1]
    assert browser.said[0]["type"] == "resume"


@pytest.mark.feature("A view-only viewer's keys, pointer, clipboard and resizing are dropped by the gateway")
async def test_view_only_is_enforced_on_the_wire(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse, eventually: Eventually
) -> None:
    browser = await browse(gateway.address, f"ticket.{plane.ticket(permissions={'control': False})}")
    await browser.start()
    await browser.send(KEY + UPDATE + POINTER + PASTE + RESIZE + UPDATE)
    await eventually(lambda: len(instance.heard) >= 2 * len(UPDATE))
    await asyncio.sleep(0.05)
    assert instance.heard == UPDATE + UPDATE
    assert gateway.activity()[0].last_input_at is None


async def test_plain_vnc_clients_get_binary_only(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}", plain=True)
    assert browser.websocket.protocol == "binary"
    await browser.start()
    assert browser.said == []


@pytest.mark.feature("A stream opens only with a ticket for that session, controller and moment")
async def test_refusals_are_close_codes(plane: Any, instance: Any, gateway: Gateway, browse: Browse) -> None:
    used = plane.ticket()
    first = await browse(gateway.address, f"ticket.{used}")
    await first.start()
    for credential, code in [
        (f"ticket.{used}", 4401),
        (f"ticket.{plane.ticket(exp=1)}", 4401),
        ("ticket.rubbish", 4401),
        ("resume.ctl-01kb0000000000000000000001.guessed", 4401),
        (f"ticket.{plane.ticket(incarnation=2)}", 4401),
    ]:
        browser = await browse(gateway.address, credential)
        assert await browser.closed() == code
        assert browser.said[-1]["type"] == "closed"
    other = "ses-01kb0000000000000000000002"
    absent = await browse(gateway.address, f"ticket.{plane.ticket(session=other)}", session=other)
    assert await absent.closed() == 4404
    wrong = await browse(gateway.address, f"ticket.{plane.ticket()}", session=other)
    assert await wrong.closed() == 4401


@pytest.mark.feature("Several people can look at one session at once")
async def test_several_viewers(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse, eventually: Eventually
) -> None:
    browsers = [await browse(gateway.address, f"ticket.{plane.ticket()}") for _ in range(5)]
    for browser in browsers:
        await browser.start()
    assert gateway.activity()[0].viewers == 5
    await browsers[2].send(KEY)
    await eventually(lambda: gateway.activity()[0].last_input_at is not None)
    for browser in browsers[:4]:
        await browser.websocket.close()
    await eventually(lambda: gateway.activity()[0].viewers == 1)
    browsers[4].drop()
    await eventually(lambda: gateway.activity()[0].viewers == 0)


@pytest.mark.feature("A dropped stream is resumed without the control plane")
async def test_resume_after_a_drop_and_a_restart(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    browser = await browse(gateway.address, f"ticket.{plane.ticket(permissions={'control': False})}")
    await browser.start()
    browser.drop()
    again = await browse(gateway.address, f"resume.{browser.token}")
    await again.start()
    assert again.token != browser.token
    _, code = await asyncio.gather(gateway.stop(), again.closed())
    assert code == 1012
    restarted = plane.gateway()
    await restarted.start()
    assert [seen.viewers for seen in restarted.activity()] == [0]  # the control plane may remember more
    third = await browse(restarted.address, f"resume.{again.token}")
    await third.start()
    await third.send(KEY + UPDATE)
    await asyncio.sleep(0.1)
    assert KEY not in instance.heard
    old = await browse(restarted.address, f"resume.{browser.token}")
    assert await old.closed() == 4401
    await restarted.stop()


async def test_receipt_of_a_token_ends_the_one_before(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    first = await browse(gateway.address, f"ticket.{plane.ticket()}")
    await first.start()
    second = await browse(gateway.address, f"resume.{first.token}")
    await second.start()
    assert await first.closed() == 4401  # one connection per grant
    await second.send(UPDATE)  # its client has answered the ping by now
    await asyncio.sleep(0.1)
    assert await (await browse(gateway.address, f"resume.{first.token}")).closed() == 4401
    assert not second.websocket.closed


@pytest.mark.feature("When a session ends, its viewers are told so")
async def test_ended_silent_and_replaced_instances_are_told_apart(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    async def stream() -> Any:
        browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
        await browser.start()
        return browser

    browser = await stream()
    for writer in instance.writers:
        writer.transport.abort()
    assert await browser.closed() == 4503

    browser = await stream()
    plane.instances[SESSION] = Endpoint(str(instance.path), password=instance.password, incarnation=2)
    instance.writers[-1].transport.abort()
    assert await browser.closed() == 4401
    plane.instances[SESSION] = instance.endpoint()

    await asyncio.sleep(0)
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    if await _closes(browser):  # the replaced instance may still be remembered for this one lookup
        browser = await stream()
    del plane.instances[SESSION]
    instance.writers[-1].transport.abort()
    assert await browser.closed() == 4410
    assert browser.said[-1] == {"type": "closed", "token": None, "reason": "The session no longer runs."}
    assert await (await browse(gateway.address, f"resume.{browser.token}")).closed() == 4401


async def _closes(browser: Any) -> bool:
    try:
        await browser.start()
    except ConnectionError:
        return True
    return False


async def test_an_instance_that_does_not_answer(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    plane.instances[SESSION] = Endpoint(socket_path=str(instance.path), password="wrong")
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    assert await browser.closed() == 4503
    assert browser.token  # nothing is lost: the next attempt needs no new ticket
    plane.instances[SESSION] = Endpoint(socket_path="/nowhere/rfb.sock", password="x")
    assert await (await browse(gateway.address, f"ticket.{plane.ticket()}")).closed() == 4503


@pytest.mark.feature("A session cannot redirect the gateway to another socket of its host")
async def test_a_link_in_place_of_the_socket_is_refused(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    link = plane.directory / "link.sock"
    link.symlink_to(instance.path)
    plane.instances[SESSION] = Endpoint(socket_path=str(link), password=instance.password)
    assert await (await browse(gateway.address, f"ticket.{plane.ticket()}")).closed() == 4503
    plain_file = plane.directory / "plain"
    plain_file.write_text("RFB 003.008\n")
    plane.instances[SESSION] = Endpoint(socket_path=str(plain_file), password=instance.password)
    assert await (await browse(gateway.address, f"ticket.{plane.ticket()}")).closed() == 4503
    assert instance.shared == []


async def test_unknown_messages_end_the_stream(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse
) -> None:
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    await browser.start()
    await browser.send(bytes([99]))
    assert await browser.closed() == 1008
    assert "99" in browser.said[-1]["reason"]


async def test_a_slow_client_slows_the_instance_and_is_not_dropped(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse, eventually: Eventually
) -> None:
    instance.flood = 200_000_000
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    await browser.start()
    browser.websocket._response.connection.transport.pause_reading()
    await asyncio.sleep(0.4)
    before = instance.flooded
    await asyncio.sleep(0.1)
    assert instance.flooded == before < 100_000_000
    browser.websocket._response.connection.transport.resume_reading()
    await eventually(lambda: instance.flooded > before)


async def test_a_client_that_falls_silent_is_given_up(
    plane: Any, instance: Any, browse: Browse, eventually: Eventually
) -> None:
    gateway = plane.gateway(intervals=lambda: Intervals(stream_ping=0.1))
    await gateway.start()
    browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
    await browser.start()
    alive = asyncio.create_task(browser.closed())  # answers pings
    await asyncio.sleep(0.6)
    assert gateway.activity()[0].viewers == 1
    browser.websocket._response.connection.transport.pause_reading()
    await eventually(lambda: gateway.activity()[0].viewers == 0)
    alive.cancel()
    await gateway.stop()


async def test_nothing_is_left_open(
    plane: Any, instance: Any, gateway: Gateway, browse: Browse, eventually: Eventually
) -> None:
    async def round_trip(n: int) -> None:
        browser = await browse(gateway.address, f"ticket.{plane.ticket()}")
        await browser.start()
        if n % 2:
            browser.drop()
        else:
            await browser.websocket.close()

    await round_trip(0)
    await asyncio.sleep(0.1)
    files, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    for n in range(20):
        await round_trip(n)
    await eventually(lambda: len(os.listdir("/proc/self/fd")) <= files)
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_not_a_websocket(gateway: Gateway, plane: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.address.port)
    writer.write(b"GET /stream/a/b HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 426")
    writer.close()
