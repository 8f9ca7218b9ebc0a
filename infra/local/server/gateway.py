"""API Gateway's part: HTTP requests become proxy events, and the app's answers HTTP responses.

Events have the shape that a REST API with Lambda proxy integration sends: raw path parameters, decoded
queries, every header value, the client's address. The app is called in threads; Chalice keeps the current
request on the app object, so its class is swapped for one that keeps it per thread (without that, requests
under load see each other's data).
"""

import asyncio
import base64
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalice.local import CustomLocalChalice, LambdaContext, LocalChalice

from infra.local.server.http import Answer, Request, problem

THREADS = 32
STAGE = "local"
API_ID = "local"
_MEMORY_MB = 512
_TIMEOUT_MS = 29_000


def make_thread_safe(app: Any) -> None:
    """Keep `current_request` per thread. As `chalice.local.create_local_server` does."""
    if not isinstance(app, LocalChalice):
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice


def context(name: str) -> LambdaContext:
    """The context object that a function of this name gets."""
    return LambdaContext(name, _MEMORY_MB, _TIMEOUT_MS)


@dataclass
class _Node:
    """One path segment: where it leads by name, where by parameter, and the route that ends here."""

    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    route: str | None = None


class Routes:
    """The app's paths. A literal segment wins over a parameter, as in API Gateway."""

    def __init__(self, routes: dict[str, Any]) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for segment in _segments(route):
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.literal.setdefault(segment, _Node())
            node.route = route

    def match(self, path: str) -> tuple[str, dict[str, str]] | None:
        """The route and its parameters, still encoded; a trailing slash does not matter."""
        segments = _segments(path)
        route = _find(self._root, segments)
        if route is None:
            return None
        names = _segments(route)
        return route, {
            name[1:-1]: value for name, value in zip(names, segments, strict=True) if name[:1] == "{"
        }


def _segments(path: str) -> list[str]:
    trimmed = path.strip("/") if path.startswith("/") and "//" not in path else path[1:]
    return trimmed.split("/") if trimmed else []


def _find(node: _Node, segments: list[str]) -> str | None:
    if not segments:
        return node.route
    first, rest = segments[0], segments[1:]
    if first in node.literal and (found := _find(node.literal[first], rest)) is not None:
        return found
    return _find(node.parameter, rest) if node.parameter is not None and first else None


class Gateway:
    """Calls the app's REST handler."""

    def __init__(self, app: Any, public_url: str) -> None:
        make_thread_safe(app)
        self._app = app
        self._scheme = urlsplit(public_url).scheme
        self._routes = Routes(app.routes)
        self._binary = frozenset(app.api.binary_types)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="app")

    async def handle(self, request: Request) -> Answer:
        found = self._routes.match(request.path)
        if found is None:
            return problem(404, "not_found", "There is nothing at this path.")
        route, parameters = found
        methods = self._app.routes[route]
        if request.method not in methods:
            detail = f"This path answers to {', '.join(methods)}."
            return problem(405, "method_not_allowed", detail, (("allow", ", ".join(methods)),))
        event = self._event(request, route, parameters)
        loop = asyncio.get_running_loop()
        return _answer(await loop.run_in_executor(self._pool, self._app, event, context("api")))

    def _event(self, request: Request, route: str, parameters: dict[str, str]) -> dict[str, Any]:
        headers = gateway_headers(request, self._scheme)
        query = parse_qs(request.query, keep_blank_values=True)
        content_type = request.header("content-type").split(";")[0].strip().lower()
        binary = content_type in self._binary
        body = base64.b64encode(request.body).decode() if binary else request.body.decode(errors="replace")
        return {
            "resource": route,
            "path": request.path,
            "httpMethod": request.method,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": parameters,
            "stageVariables": {},
            "requestContext": {
                **request_context(request),
                "resourcePath": route,
                "httpMethod": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
            },
            "body": body if request.body else None,
            "isBase64Encoded": binary and bool(request.body),
        }


def gateway_headers(request: Request, scheme: str) -> dict[str, list[str]]:
    """All values by name, with the ones that API Gateway sets itself."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name, []).append(value)
    return {**headers, "x-forwarded-for": [request.client], "x-forwarded-proto": [scheme]}


def request_context(request: Request) -> dict[str, Any]:
    """What requests and WebSocket events have in common."""
    now = time.time()
    return {
        "accountId": "000000000000",
        "apiId": API_ID,
        "stage": STAGE,
        "domainName": request.header("host"),
        "requestId": str(uuid.uuid4()),
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(now * 1000),
        "identity": {"sourceIp": request.client, "userAgent": request.header("user-agent")},
    }


def _answer(response: dict[str, Any]) -> Answer:
    headers = [(name, str(value)) for name, value in (response.get("headers") or {}).items()]
    for name, values in (response.get("multiValueHeaders") or {}).items():
        headers = [pair for pair in headers if pair[0].lower() != name.lower()]
        headers += [(name, str(value)) for value in values]
    body = response.get("body") or ""
    raw = base64.b64decode(body) if response.get("isBase64Encoded") else str(body).encode()
    if raw and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return Answer(int(response["statusCode"]), headers, raw)
