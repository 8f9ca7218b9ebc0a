"""Calls the app through its real Lambda entry point with API Gateway's proxy events."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalice.local import LambdaEventConverter, LocalARNBuilder, RouteMatcher


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class LambdaClient:
    """`token` is sent as a bearer token where given."""

    def __init__(self, app: Any, *, host: str = "localhost:8080") -> None:
        self._app = app
        self._host = host
        self._converter = LambdaEventConverter(RouteMatcher(list(app.routes)), [])

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
        raw: bytes | None = None,
        source_ip: str = "127.0.0.1",
    ) -> Answer:
        sent = {"host": self._host, "x-forwarded-proto": "http", **(headers or {})}
        if token:
            sent["authorization"] = f"Bearer {token}"
        payload = raw
        if body is not None:
            payload = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        target = f"{path}?{urlencode(query)}" if query else path
        event = self._converter.create_lambda_event(method, target, sent, payload)
        event["requestContext"]["requestId"] = "test"
        event["requestContext"]["identity"]["sourceIp"] = source_ip
        result = self._app(event, _Context())
        multi = {name.lower(): values for name, values in (result.get("multiValueHeaders") or {}).items()}
        flat = {name.lower(): value for name, value in (result.get("headers") or {}).items()}
        return Answer(
            status=result["statusCode"],
            headers={**{name: values[0] for name, values in multi.items()}, **flat},
            cookies=multi.get("set-cookie", []),
            text=result["body"],
        )


class _Context:
    aws_request_id = "test"
    function_name = "test"
    memory_limit_in_mb = 128
    invoked_function_arn = LocalARNBuilder().build_arn("GET", "/")

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30000
