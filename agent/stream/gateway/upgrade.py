"""What a browser offers when it opens a WebSocket here, and the answer to one that does not."""

from collections.abc import Collection

from aiohttp import web


def offered(request: web.Request) -> str:
    """All subprotocols; the credential is among them."""
    return ",".join(request.headers.getall("Sec-WebSocket-Protocol", []))


def is_for(request: web.Request, websocket: web.WebSocketResponse, protocols: Collection[str]) -> bool:
    """Asked before aiohttp asks, which would log the whole list, ticket and all, if it found nothing."""
    names = offered(request).split(",")
    return any(name.strip() in protocols for name in names) and bool(websocket.can_prepare(request))


def upgrade_required() -> web.Response:
    """To what does not open a WebSocket of ours."""
    refused = web.Response(status=426, headers={"Upgrade": "websocket"})
    refused.force_close()
    return refused
