"""The relay's own routes: gateways park, browsers are spliced onto what is parked."""

import base64
import hashlib
import logging
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING

from agent.stream.heads import RequestHead
from agent.stream.relay import answers
from agent.stream.relay.parking import ParkedEnd
from agent.stream.tickets import Offer, Refused
from chalicelib.protocol.streams import LOGS_PROTOCOL, WEBSOCKET_PROTOCOLS

if TYPE_CHECKING:
    from agent.stream.relay.connection import Connection

log = logging.getLogger(__name__)
CLOSE_REFUSED = 4401
ATTEMPTS = 3
"""Parked connections to try for one browser: after a gateway's death some may be dead unnoticed."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 §1.3."""


async def serve(client: "Connection", head: RequestHead) -> None:
    """What is below /relay/."""
    if head.path == "/relay/v1/health":
        client.finish(answers.document({"status": "ok"}))
    elif head.path == "/relay/v1/connect":
        await _park(client, head)
    else:
        client.refuse(HTTPStatus.NOT_FOUND, "not_found", "No such path.", head)


async def _park(client: "Connection", head: RequestHead) -> None:
    if not _is_websocket(head) or client.framer.buffered:
        client.refuse(HTTPStatus.UPGRADE_REQUIRED, "upgrade_required", "Gateways connect by upgrade.", head)
        return
    scheme, _, token = head.fields.joined(b"authorization").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Refused("a relay grant is needed")
        grant = await client.relay.tickets.grant(token.strip())
        if not client.relay.parking.accepts(grant):
            raise Refused("an agent of this controller was revoked since")
    except Refused as refused:
        client.refuse(HTTPStatus.UNAUTHORIZED, "grant_refused", f"Grant refused: {refused.reason}.", head)
        return
    if client.lost:
        return
    parking = client.relay.parking
    parking.revoked(grant.controller, grant.revocations)
    client.write(answers.switching(_accept(head)))
    end = ParkedEnd(grant, parking.forget)
    client.hand_over(end)
    parking.offer(end)


async def open_stream(client: "Connection", head: RequestHead) -> None:
    """Verify without consuming, find a connection to the gateway, splice."""
    parts = head.path.split("/")
    logs = len(parts) == 5 and parts[4] == "logs"
    if (len(parts) != 4 and not logs) or not parts[2] or not parts[3]:
        client.refuse(HTTPStatus.NOT_FOUND, "not_found", "No such stream.", head)
        return
    if not _is_websocket(head):
        client.refuse(HTTPStatus.UPGRADE_REQUIRED, "upgrade_required", "Streams are WebSockets.", head)
        return
    controller, session = parts[2], parts[3]
    try:
        offer = Offer.parse(head.fields.joined(b"sec-websocket-protocol"))
        if offer.ticket is not None:
            ticket = await client.relay.tickets.ticket(
                offer.ticket, controller=controller, session=session, logs=logs
            )
            client.relay.parking.revoked(controller, ticket.revocations)
        elif offer.resume is None or offer.resume.partition(".")[0] != controller:
            raise Refused("resume token of another controller")
    except Refused as refused:
        client.finish(_close_frame(head, CLOSE_REFUSED, refused.reason))
        return
    for _ in range(ATTEMPTS):
        parked = await client.relay.parking.take(controller)
        if parked is None:
            break
        if await _splice(client, head, parked):
            return
    client.refuse(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "gateway_away",
        "The controller of this session is not connected at the moment.",
        head,
    )


async def _splice(client: "Connection", head: RequestHead, parked: ParkedEnd) -> bool:
    """False if the parked connection turned out to be dead."""
    try:
        first = await parked.ask(head.raw, client.relay.config.answer_timeout)
    except (ConnectionError, TimeoutError) as error:
        log.warning("a parked connection of %s was dead: %r", parked.controller, error)
        parked.abort()
        return False
    except BaseException:
        parked.abort()
        raise
    client.splice(parked, first)
    return True


def _is_websocket(head: RequestHead) -> bool:
    return head.upgrades and bool(head.fields.joined(b"sec-websocket-key"))


def _accept(head: RequestHead) -> str:
    key = head.fields.joined(b"sec-websocket-key").encode("latin-1")
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()


def _close_frame(head: RequestHead, code: int, reason: str) -> bytes:
    """An accepted WebSocket that is closed at once: a browser learns the code of a close, but never the
    status of a refused handshake."""
    offered = [part.strip() for part in head.fields.joined(b"sec-websocket-protocol").split(",")]
    chosen = next((name for name in offered if name in (*WEBSOCKET_PROTOCOLS, LOGS_PROTOCOL)), None)
    answer = answers.switching(_accept(head), chosen)
    payload = struct.pack("!H", code) + reason.encode()[:123]
    return answer + struct.pack("!BB", 0x88, len(payload)) + payload
