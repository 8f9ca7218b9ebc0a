"""What the relay says itself: refusals, and a page for people while the application behind it is away."""

import html
import json
from http import HTTPStatus

from agent.stream.heads import RequestHead

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>StreamSpace - {title}</title>
<style>
body {{ font: 16px/1.5 "Open Sans", "Helvetica Neue", Arial, sans-serif; margin: 0; color: #16191f;
  background: #f2f3f3; display: grid; place-items: center; min-height: 100vh; }}
main {{ background: #fff; padding: 2rem 2.5rem; max-width: 26rem; border-radius: 12px; }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem; }}
p {{ margin: 0; color: #414d5c; }}
</style>
</head>
<body><main><h1>{title}</h1><p>{detail}</p></main></body>
</html>
"""
_COMMON = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"


def refusal(status: HTTPStatus, code: str, detail: str, request: RequestHead | None = None) -> bytes:
    """A whole answer that ends the connection: a page if the client is a browser that navigates, else
    problem+json (RFC 9457). No outside assets, no scripts."""
    if request is not None and "text/html" in request.fields.joined(b"accept"):
        kind = "text/html; charset=utf-8"
        body = _PAGE.format(title=html.escape(status.phrase), detail=html.escape(detail)).encode()
        extra = "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    else:
        kind = "application/problem+json"
        problem = {
            "type": f"https://streamspace.dev/problems/{code}",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            "code": code,
        }
        body, extra = json.dumps(problem).encode(), ""
    if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE):
        extra += "Retry-After: 5\r\n"
    return _answer(status, kind, body, extra, with_body=request is None or request.method != "HEAD")


def document(body: dict[str, object]) -> bytes:
    return _answer(HTTPStatus.OK, "application/json", json.dumps(body).encode(), "", with_body=True)


def switching(accept: str, protocol: str | None = None) -> bytes:
    """The answer to an upgrade. To a gateway's offer: what follows is a tunnel, not WebSocket frames."""
    chosen = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"{chosen}Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ).encode()


def _answer(status: HTTPStatus, kind: str, body: bytes, extra: str, *, with_body: bool) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n{_COMMON}{extra}\r\n"
    )
    return head.encode() + (body if with_body else b"")
