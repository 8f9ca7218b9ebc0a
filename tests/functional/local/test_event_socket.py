"""The event WebSocket drives the app's handlers as API Gateway would; `/@connections` reaches a socket."""

import asyncio
import json
import socket
import time
from typing import Any

import boto3
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from infra.local.settings import EVENTS_PATH


def management(served: Any) -> Any:
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{served.push_port}",
        region_name="us-east-1",
    )


def url(served: Any, query: str = "") -> str:
    return f"ws://127.0.0.1:{served.port}{EVENTS_PATH}{query}"


async def until(served: Any, kind: str, connection_id: str | None = None) -> tuple[str, str, str]:
    for _ in range(200):
        for entry in served.toy.seen:
            if entry[0] == kind and connection_id in (None, entry[1]):
                return tuple(entry)
        await asyncio.sleep(0.02)
    raise AssertionError(f"no {kind} in {served.toy.seen}")


async def test_a_connection_lives_through_its_handlers(served: Any) -> None:
    served.toy.seen.clear()
    client = management(served)
    async with connect(url(served), additional_headers={"X-Forwarded-For": "203.0.113.7"}) as socket:
        _, connection_id, source = await until(served, "connect")
        assert source == "203.0.113.7"
        await socket.send("hello")
        assert (await until(served, "message"))[2] == "hello"
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data="größe".encode())
        assert await socket.recv() == "größe"
        facts = await asyncio.to_thread(client.get_connection, ConnectionId=connection_id)
        assert facts["Identity"]["SourceIp"] == "203.0.113.7"
    await until(served, "disconnect", connection_id)
    with pytest.raises(client.exceptions.GoneException):
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"x")


async def test_the_app_may_end_a_connection(served: Any) -> None:
    served.toy.seen.clear()
    async with connect(url(served)) as socket:
        _, connection_id, _ = await until(served, "connect")
        await asyncio.to_thread(management(served).delete_connection, ConnectionId=connection_id)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    await until(served, "disconnect", connection_id)


async def test_a_refused_connection_is_not_accepted(served: Any) -> None:
    served.toy.seen.clear()
    with pytest.raises(InvalidStatus):
        async with connect(url(served, "?refuse=1")):
            pass
    assert served.toy.seen == []


async def test_a_failing_handler_ends_nothing(served: Any) -> None:
    served.toy.seen.clear()
    async with connect(url(served)) as socket:
        await socket.send("fail")
        assert json.loads(await socket.recv())["message"] == "Internal server error"
        await socket.send("again")
        await asyncio.sleep(0.1)
    assert [entry[2] for entry in served.toy.seen if entry[0] == "message"] == ["fail", "again"]


async def test_one_that_does_not_read_is_ended(served: Any) -> None:
    served.toy.seen.clear()
    client = management(served)
    async with connect(url(served), max_queue=1) as socket:
        _, connection_id, _ = await until(served, "connect")

        def flood() -> None:
            for _ in range(2000):
                client.post_to_connection(ConnectionId=connection_id, Data=b"x" * 100_000)

        async def drain() -> None:
            while True:
                await socket.recv()

        with pytest.raises(client.exceptions.GoneException):
            await asyncio.to_thread(flood)
        with pytest.raises(ConnectionClosed):
            await drain()


def test_connections_are_not_reachable_from_outside(served: Any) -> None:
    for path in ("/@connections/x", "/%40connections/x", "/v1/@connections/x"):
        answer = httpx.post(f"http://127.0.0.1:{served.port}{path}", content=b"x")
        assert answer.status_code in {404, 405}


def test_other_websocket_paths_are_refused(served: Any) -> None:
    async def attempt() -> None:
        with pytest.raises(InvalidStatus):
            async with connect(f"ws://127.0.0.1:{served.port}/elsewhere"):
                pass

    asyncio.run(attempt())


def test_every_answer_carries_the_security_headers(served: Any) -> None:
    for path in ("/", "/v1/things", "/v1/nothing"):
        answer = httpx.get(f"http://127.0.0.1:{served.port}{path}", headers={"accept": "text/html"})
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers  # this one is served without TLS


def test_the_client_is_whom_the_relay_names_last(served: Any) -> None:
    headers = {"X-Forwarded-For": "10.0.0.1, 203.0.113.8"}
    answer = httpx.get(f"http://127.0.0.1:{served.port}/v1/things", headers=headers)
    assert answer.json() == {"source": "203.0.113.8"}


def test_a_body_that_is_too_large_is_refused(served: Any) -> None:
    answer = httpx.post(f"http://127.0.0.1:{served.port}/v1/things", content=b"x" * (10 * 2**20 + 1))
    assert answer.status_code == 413


def test_half_a_request_is_never_carried_out(served: Any) -> None:
    served.toy.seen.clear()
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{}")
    time.sleep(0.3)
    assert served.toy.seen == []
