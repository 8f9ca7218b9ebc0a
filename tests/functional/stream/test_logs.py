"""Who reads a session's log, the gateway, and what the platform says."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from agent.drivers.base import TemporaryError
from agent.stream.address import Address
from agent.stream.dial import RelayDialler
from agent.stream.gateway import Gateway, logs
from agent.stream.relay import Relay
from chalicelib.protocol.instances import Reason
from tests.functional.stream.conftest import CONTROLLER, SESSION

OTHER = "ses-01kb0000000000000000000002"
Eventually = Callable[..., Any]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOOK_EVERY", 0.02)


class Reader:
    """A browser that reads a log."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket

    async def lines(self) -> list[str]:
        message = await self.websocket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.TEXT, (message, self.websocket.close_code)
        found: list[str] = json.loads(message.data)["lines"]
        return found

    async def closed(self) -> tuple[int | None, str]:
        """Code and reason; nothing else comes before it."""
        message = await self.websocket.receive(timeout=10)
        assert message.type is aiohttp.WSMsgType.CLOSE, message
        return self.websocket.close_code, str(message.extra)


class Reading:
    def __init__(self, plane: Any, http: aiohttp.ClientSession) -> None:
        self.plane, self.http = plane, http

    async def __call__(self, address: Address, credential: str = "", *, session: str = SESSION) -> Reader:
        credential = credential or f"ticket.{self.plane.ticket(protocol='logs', session=session)}"
        url = f"http://127.0.0.1:{address.port}/stream/{CONTROLLER}/{session}/logs"
        return Reader(await self.http.ws_connect(url, protocols=["streamspace.logs.v1", credential]))


@pytest.fixture
async def read(plane: Any) -> AsyncIterator[Reading]:
    async with aiohttp.ClientSession() as http:
        yield Reading(plane, http)


@pytest.mark.feature("People read what a session's programs print, live, without a shell on its host")
async def test_what_is_printed_comes_as_it_is_printed(plane: Any, gateway: Gateway, read: Reading) -> None:
    plane.printed[SESSION] = ("one",)
    reader = await read(gateway.address)
    assert reader.websocket.protocol == "streamspace.logs.v1"
    assert await reader.lines() == ["one"]
    plane.printed[SESSION] = ("one", "two")
    assert await reader.lines() == ["one", "two"]
    await asyncio.sleep(0.1)
    plane.printed[SESSION] = ("three",)
    assert await reader.lines() == ["three"], "what did not change is not said again"
    assert gateway.activity() == (), "who reads a log does not look at the screen"


async def test_what_is_shown_is_text_of_a_bounded_size(plane: Any, gateway: Gateway, read: Reading) -> None:
    plane.printed[SESSION] = ("\x1b[1;31mred\x1b[0m\tX\r", "é" * 5000, "\x00\x07bell")
    assert await (await read(gateway.address)).lines() == ["red\tX", "é" * 2000, "bell"]
    plane.printed[SESSION] = ("\x1b]0;a title\x07in a window\x9b",)
    assert await (await read(gateway.address)).lines() == ["in a window"]
    plane.printed[SESSION] = tuple(f"{number}" + "x" * 1990 for number in range(250))
    lines = await (await read(gateway.address)).lines()
    assert (len(lines), lines[-1][:3]) == (100, "249")
    plane.printed[SESSION] = tuple(f"{number}" for number in range(1000))
    assert await (await read(gateway.address)).lines() == [f"{number}" for number in range(700, 1000)]


async def test_a_log_through_the_relay(plane: Any, relay: Relay, parked: RelayDialler, read: Reading) -> None:
    plane.printed[SESSION] = ("one",)
    reader = await read(relay.address)
    assert await reader.lines() == ["one"]
    plane.printed[SESSION] = ("two",)
    assert await reader.lines() == ["two"]


@pytest.mark.parametrize("through", ["gateway", "relay"])
async def test_a_ticket_for_a_stream_opens_no_log_nor_the_other_way_round(
    plane: Any,
    instance: Any,
    gateway: Gateway,
    relay: Relay,
    parked: Any,
    read: Reading,
    browse: Any,
    through: str,
) -> None:
    plane.printed[SESSION] = ("one",)
    address = {"gateway": gateway, "relay": relay}[through].address
    reader = await read(address, f"ticket.{plane.ticket()}")
    assert (await reader.closed())[0] == 4401
    browser = await browse(address, f"ticket.{plane.ticket(protocol='logs')}")
    assert await browser.closed() == 4401
    stream = await browse(address, f"ticket.{plane.ticket()}")
    await stream.start()
    reader = await read(address, f"resume.{stream.token}")
    assert (await reader.closed())[0] == 4401


async def test_a_ticket_is_for_one_reading_of_one_log(plane: Any, gateway: Gateway, read: Reading) -> None:
    plane.printed |= {SESSION: ("one",), OTHER: ("theirs",)}
    used = f"ticket.{plane.ticket(protocol='logs')}"
    assert await (await read(gateway.address, used)).lines() == ["one"]
    for credential, session in [
        (used, SESSION),
        (f"ticket.{plane.ticket(protocol='logs')}", OTHER),
        (f"ticket.{plane.ticket(protocol='logs', exp=1)}", SESSION),
        (f"ticket.{plane.ticket(protocol='logs', controller='ctl-01kb0000000000000000000002')}", SESSION),
        ("ticket.rubbish", SESSION),
    ]:
        assert (await (await read(gateway.address, credential, session=session)).closed())[0] == 4401


async def test_a_new_ticket_is_needed_after_a_while(
    plane: Any, gateway: Gateway, read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LIFE", 0.1)
    plane.printed[SESSION] = ("one",)
    reader = await read(gateway.address)
    assert await reader.lines() == ["one"]
    assert (await reader.closed())[0] == 4401


async def test_where_nothing_is_or_is_no_more(plane: Any, gateway: Gateway, read: Reading) -> None:
    code, reason = await (await read(gateway.address)).closed()
    assert (code, "no instance" in reason) == (4404, True)
    plane.printed[SESSION] = ("one",)
    reader = await read(gateway.address)
    assert await reader.lines() == ["one"]
    del plane.printed[SESSION]
    assert (await reader.closed())[0] == 4410


async def test_a_platform_that_fails_says_why(plane: Any, read: Reading) -> None:
    def failing(_session: str, _lines: int) -> None:
        raise TemporaryError(Reason(code="platform_unavailable", message="Ä" * 62))

    gateway = plane.gateway(logs=failing)
    await gateway.start()
    assert await (await read(gateway.address)).closed() == (4503, "Ä" * 61), "as a close frame takes it"
    await gateway.stop()


async def test_a_driver_with_a_defect_ends_its_reader_alone(plane: Any, read: Reading) -> None:
    def broken(session: str, _lines: int) -> tuple[str, ...]:
        return {SESSION: ("one",)}[session]

    gateway = plane.gateway(logs=broken)
    await gateway.start()
    assert (await (await read(gateway.address, session=OTHER)).closed())[0] == 4503
    assert await (await read(gateway.address)).lines() == ["one"]
    await gateway.stop()


async def test_a_platform_that_hangs_is_given_up(
    plane: Any, read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LOOK_TIMEOUT", 0.1)
    released = threading.Event()
    gateway = plane.gateway(logs=lambda _session, _lines: released.wait(30) and None)
    await gateway.start()
    assert (await (await read(gateway.address)).closed())[0] == 4503
    released.set()
    await gateway.stop()


async def test_there_is_an_end_to_how_many_read(
    plane: Any, gateway: Gateway, read: Reading, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_READERS", 2)
    plane.printed[SESSION] = ("one",)
    first, second = [await read(gateway.address) for _ in range(2)]
    assert (await first.lines(), await second.lines()) == (["one"], ["one"])
    assert (await (await read(gateway.address)).closed())[0] == 1013
    await first.websocket.close()
    await eventually(lambda: len(gateway._readers._readers) == 1)
    assert await (await read(gateway.address)).lines() == ["one"]


async def test_one_session_does_not_take_all_places(
    plane: Any, gateway: Gateway, read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_READERS_PER_SESSION", 1)
    plane.printed |= {SESSION: ("one",), OTHER: ("theirs",)}
    first = await read(gateway.address)
    assert await first.lines() == ["one"]
    assert (await (await read(gateway.address)).closed())[0] == 1013
    assert await (await read(gateway.address, session=OTHER)).lines() == ["theirs"]
    await first.websocket.close()


async def test_a_used_ticket_stays_used_whatever_becomes_of_the_gateway(plane: Any, read: Reading) -> None:
    plane.printed[SESSION] = ("one",)
    used = f"ticket.{plane.ticket(protocol='logs')}"
    gateway = plane.gateway()
    await gateway.start()
    assert await (await read(gateway.address, used)).lines() == ["one"]
    await gateway.stop()
    again = plane.gateway()
    await again.start()
    assert (await (await read(again.address, used)).closed())[0] == 4401
    await again.stop()


async def test_without_its_disk_nobody_is_let_in(
    plane: Any, gateway: Gateway, read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    plane.printed[SESSION] = ("one",)
    monkeypatch.setattr(gateway._ledger, "_execute", full)
    assert (await (await read(gateway.address)).closed())[0] == 4503


async def test_a_gateway_that_restarts_asks_to_come_back(plane: Any, gateway: Gateway, read: Reading) -> None:
    plane.printed[SESSION] = ("one",)
    reader = await read(gateway.address)
    assert await reader.lines() == ["one"]
    stopping = asyncio.create_task(gateway.stop())
    assert (await reader.closed())[0] == 1012
    await stopping


async def test_not_a_reader(gateway: Gateway, plane: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.address.port)
    writer.write(b"GET /stream/a/b/logs HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 426")
    writer.close()
