"""HTTP requests become the events that API Gateway would send, and the app's answers HTTP responses."""

import asyncio
import json
import threading
from typing import Any

import pytest
from chalice.app import Chalice, Response

from infra.local.server.gateway import Gateway, Routes
from infra.local.server.http import Request


def toy() -> Chalice:
    app = Chalice(app_name="toy")

    @app.route("/echo/{name}", methods=["POST", "GET"], content_types=[])
    def echo(name: str) -> Response:
        request = app.current_request
        event = request.to_original_event()
        body = {
            "name": name,
            "body": request.raw_body.decode("latin-1"),
            "query": event["multiValueQueryStringParameters"],
            "context": event["requestContext"],
            "headers": event["multiValueHeaders"],
        }
        return Response(body=body, headers={"Set-Cookie": ["a=1", "b=2"]}, status_code=201)

    @app.route("/wait/{mine}")
    def wait(mine: str) -> dict[str, Any]:
        barrier.wait(5)
        return {"mine": mine, "seen": app.current_request.uri_params["mine"]}

    @app.route("/binary", methods=["GET"], content_types=[])
    def binary() -> Response:
        return Response(body=b"\x00\xff", headers={"Content-Type": "application/octet-stream"})

    return app


barrier = threading.Barrier(8)


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway(toy(), "http://localhost:8080")


def request(method: str, path: str, **fields: Any) -> Request:
    given = {"query": "", "headers": (("host", "localhost:8080"),), "client": "203.0.113.9", **fields}
    return Request(method=method, path=path, **given)


async def test_everything_of_a_request_arrives(gateway: Gateway) -> None:
    headers = (("host", "localhost:8080"), ("x-twice", "1"), ("x-twice", "2"), ("content-type", "text/plain"))
    answer = await gateway.handle(
        request("POST", "/echo/a%2Fb", query="q=1&q=%C3%A9&e=", headers=headers, body="größe".encode())
    )
    seen = json.loads(answer.body)
    assert answer.status == 201
    assert seen["name"] == "a%2Fb"
    assert seen["query"] == {"q": ["1", "é"], "e": [""]}
    assert seen["body"].encode("latin-1").decode() == "größe"
    assert seen["headers"]["x-twice"] == ["1", "2"]
    assert seen["headers"]["x-forwarded-proto"] == ["http"]
    context = seen["context"]
    assert context["identity"]["sourceIp"] == "203.0.113.9"
    assert (context["path"], context["httpMethod"]) == ("/echo/a%2Fb", "POST")
    assert context["resourcePath"] == "/echo/{name}"
    assert context["domainName"] == "localhost:8080"


async def test_each_cookie_is_a_header_of_its_own(gateway: Gateway) -> None:
    answer = await gateway.handle(request("GET", "/echo/x"))
    assert [value for name, value in answer.headers if name.lower() == "set-cookie"] == ["a=1", "b=2"]


async def test_binary_goes_both_ways(gateway: Gateway) -> None:
    kind = (("content-type", "application/octet-stream"), ("accept", "application/octet-stream"))
    seen = json.loads((await gateway.handle(request("POST", "/echo/x", headers=kind, body=b"\x00\xfe"))).body)
    assert seen["body"].encode("latin-1") == b"\x00\xfe"
    assert (await gateway.handle(request("GET", "/binary", headers=kind))).body == b"\x00\xff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/echo", 404), ("GET", "/echo//", 404), ("PATCH", "/binary", 405)],
)
async def test_what_no_route_answers_is_a_problem_document(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    answer = await gateway.handle(request(method, path))
    assert answer.status == status
    assert ("content-type", "application/problem+json") in answer.headers
    assert json.loads(answer.body)["status"] == status


async def test_concurrent_requests_do_not_see_each_other(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.handle(request("GET", f"/wait/{n}")) for n in range(8)))
    for answer in answers:
        seen = json.loads(answer.body)
        assert seen["mine"] == seen["seen"]


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/v1/sessions", "/v1/sessions", {}),
        ("/v1/sessions/", "/v1/sessions", {}),
        ("/v1/sessions/x", "/v1/sessions/{id}", {"id": "x"}),
        ("/v1/sessions/mine", "/v1/sessions/mine", {}),
        ("/v1/sessions/mine/log", "/v1/sessions/{id}/log", {"id": "mine"}),
        ("/v1/sessions/x/y", None, None),
        ("/", None, None),
        ("//v1/sessions", None, None),
    ],
)
def test_a_literal_segment_wins_over_a_parameter(path: str, route: str | None, parameters: Any) -> None:
    names = ("/v1/sessions", "/v1/sessions/{id}", "/v1/sessions/mine", "/v1/sessions/{id}/log")
    found = Routes(dict.fromkeys(names)).match(path)
    assert found == (None if route is None else (route, parameters))
