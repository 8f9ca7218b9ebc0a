"""The gateway as a whole: its listener, and the life of one stream from upgrade to close."""

import asyncio
import contextlib
import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from agent.drivers.base import Endpoint
from agent.stream.address import UNIX_PATH_LIMIT, Address
from agent.stream.gateway.admission import Admission, Admitted
from agent.stream.gateway.bridge import INSTANCE_GONE, Bridge
from agent.stream.gateway.endings import (
    FULL,
    RESTART,
    SESSION_ENDED,
    SILENT,
    STARTED_ANEW,
    Closed,
    Ending,
)
from agent.stream.gateway.instances import Instances, fingerprint
from agent.stream.gateway.ledger import Ledger, Opened
from agent.stream.gateway.logs import LogReaders, Logs
from agent.stream.gateway.messages import ClientMessages
from agent.stream.gateway.upgrade import is_for, offered, upgrade_required
from agent.stream.gateway.viewers import Viewer, Viewers
from agent.stream.keys import Keys
from agent.stream.tickets import Tickets
from chalicelib.protocol.agents import Health, Intervals, PartHealth, SessionActivity
from chalicelib.protocol.instances import Reason
from chalicelib.protocol.streams import WEBSOCKET_PROTOCOLS, StreamMessage

log = logging.getLogger(__name__)
MOST_VIEWERS = 1024
MOST_VIEWERS_PER_SESSION = 32
CLIENT_MESSAGE_LIMIT = 4 * 2**20
WRITE_LIMIT = 64 * 1024
PURGE_EVERY = 300.0
CLOSE_TIMEOUT = 3.0
STOP_TIMEOUT = 5.0
ASK_AGAIN = (0.0, 0.3, 0.7, 1.5)
"""Seconds between looks at an instance whose connection broke: a container that is being stopped closes its
socket a moment before the platform calls it stopped."""
CONTROL_PROTOCOL = WEBSOCKET_PROTOCOLS[0]


class Gateway:
    """`endpoints` and `logs` may block. `keys` are the control plane's; the caller closes them. `clock` is
    seconds since the epoch, corrected by what the control plane says the time is."""

    def __init__(
        self,
        controller_id: str,
        endpoints: Callable[[str], Endpoint | None],
        keys: Keys,
        state_dir: Path,
        *,
        logs: Logs,
        listen: Address | None = None,
        intervals: Callable[[], Intervals] = Intervals,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state_dir = state_dir
        self._listen = listen
        self._intervals = intervals
        self._instances = Instances(endpoints)
        self._ledger = Ledger(state_dir, controller_id, clock)
        self._admission = Admission(controller_id, Tickets(keys, clock), self._ledger, self._instances)
        self._readers = LogReaders(self._admission, logs)
        self._viewers = Viewers(MOST_VIEWERS, MOST_VIEWERS_PER_SESSION)
        self._runner: web.AppRunner | None = None
        self._address: Address | None = None
        self._purging: asyncio.Task[None] | None = None
        self._trouble: Reason | None = Reason(code="gateway_stopped", message="The gateway is not started.")
        self._stopping = False

    @property
    def address(self) -> Address:
        """Where it listens; known once started."""
        if self._address is None:
            raise RuntimeError("the gateway is not started")
        return self._address

    async def start(self) -> None:
        """Raises OSError or sqlite3.Error if the state directory cannot be used."""
        self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self._ledger.start()
        for session in await self._ledger.sessions():
            self._viewers.seen(session)  # who was there before a restart may be gone: that is to be reported
        app = web.Application()
        app.router.add_get("/stream/{controller}/{session}", self._serve)
        app.router.add_get("/stream/{controller}/{session}/logs", self._readers.serve)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=STOP_TIMEOUT, keepalive_timeout=5
        )
        await self._runner.setup()
        self._address = await _bind(self._runner, self._listen or _default_address(self._state_dir))
        self._purging = asyncio.create_task(self._purge(), name="purge stream ledger")
        self._trouble = None
        log.info("gateway listens at %s", self._address)

    async def stop(self) -> None:
        """Viewers are told to come back; their resume tokens stay good."""
        if self._stopping:
            return
        self._stopping = True
        self._trouble = Reason(code="gateway_stopped", message="The gateway is not started.")
        for viewer in self._viewers:
            viewer.stop(RESTART)
        self._readers.stop()
        if self._purging is not None:
            self._purging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._purging
        if self._runner is not None:
            await self._runner.cleanup()
        self._instances.close()
        await self._ledger.close()

    def accept(self, transport: asyncio.Transport, first: bytes) -> None:
        """Serve a connection that was not made to our listener but dialled out to a relay; `first` was read
        from it. Its reading may be paused until this returns."""
        server = self._runner.server if self._runner is not None else None
        if server is None or self._stopping:
            transport.abort()
            return
        handler = server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        handler.data_received(first)

    def activity(self) -> tuple[SessionActivity, ...]:
        """Sessions that somebody looks at or has lately looked at."""
        return self._viewers.activity()

    def health(self) -> PartHealth:
        return PartHealth(state=Health.FAILING if self._trouble else Health.OK, reason=self._trouble)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Refusals come as close codes after the upgrade, because a browser cannot see an HTTP status."""
        websocket = web.WebSocketResponse(
            protocols=WEBSOCKET_PROTOCOLS,
            autoping=False,
            compress=False,
            max_msg_size=CLIENT_MESSAGE_LIMIT,
            timeout=CLOSE_TIMEOUT,
            writer_limit=WRITE_LIMIT,
        )
        if not is_for(request, websocket, WEBSOCKET_PROTOCOLS):
            return upgrade_required()
        await websocket.prepare(request)
        try:
            ending = await self._stream(request, websocket)
        except Closed as closed:
            ending = closed.ending
        except ConnectionError:
            return websocket
        log.info("stream of %r ended: %s", request.match_info["session"], ending.reason)
        if ending.code is None:
            _abort(request)
        else:
            await self._say_goodbye(websocket, ending)
        return websocket

    async def _stream(self, request: web.Request, websocket: web.WebSocketResponse) -> Ending:
        session = request.match_info["session"]
        controller = request.match_info["controller"]
        admitted = await self._admission.admit(controller, session, offered(request))
        viewer = Viewer(session, admitted.opened.grant.id)
        if self._stopping:
            raise Closed(RESTART)
        if not self._viewers.add(viewer):
            raise Closed(FULL)
        try:
            receipt = await self._hand_over_token(websocket, admitted.opened)

            async def ponged(data: bytes) -> None:
                if receipt is not None and data == receipt:
                    with contextlib.suppress(sqlite3.Error):
                        await self._ledger.confirm(admitted.opened)

            log.info("stream of %r opened for %s", session, admitted.opened.grant.user)
            bridge = Bridge(
                request,
                websocket,
                ClientMessages(admitted.opened.grant.permissions),
                touched=lambda: self._viewers.touched(session),
                ponged=ponged,
                ping_every=self._intervals().stream_ping,
            )
            instance = await self._instances.open(session, admitted.endpoint)
            ending = await bridge.run(instance, viewer.end)
            return await self._explained(session, admitted) if ending is INSTANCE_GONE else ending
        finally:
            self._viewers.remove(viewer)

    async def _hand_over_token(self, websocket: web.WebSocketResponse, opened: Opened) -> bytes | None:
        """Send the resume token, then a ping whose pong is its receipt: frames arrive in order."""
        if websocket.ws_protocol != CONTROL_PROTOCOL:
            return None
        message = StreamMessage(type="resume", token=opened.token)
        await websocket.send_str(message.model_dump_json(exclude_none=True))
        receipt = hashlib.sha256(opened.token.encode()).digest()[:16]
        await websocket.ping(receipt)
        return receipt

    async def _explained(self, session: str, admitted: Admitted) -> Ending:
        """Why the instance closed the connection: it has ended, was replaced, or is only unwell."""
        for pause in ASK_AGAIN:
            await asyncio.sleep(pause)
            endpoint = await self._instances.find(session, fresh=True)
            if endpoint is None:
                with contextlib.suppress(sqlite3.Error):
                    await self._ledger.end(session)
                return SESSION_ENDED
            if fingerprint(endpoint) != fingerprint(admitted.endpoint):
                return STARTED_ANEW
            if endpoint.incarnation != admitted.endpoint.incarnation:
                return STARTED_ANEW
        return SILENT

    async def _say_goodbye(self, websocket: web.WebSocketResponse, ending: Ending) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(2 * CLOSE_TIMEOUT):
                if websocket.ws_protocol == CONTROL_PROTOCOL:
                    farewell = StreamMessage(type="closed", reason=ending.reason)
                    await websocket.send_str(farewell.model_dump_json())
                await websocket.close(code=ending.code or 1000, message=ending.message)

    async def _purge(self) -> None:
        while True:
            await asyncio.sleep(PURGE_EVERY)
            try:
                await self._ledger.purge()
                self._trouble = None
            except sqlite3.Error as error:
                log.error("stream ledger: %s", error)  # noqa: TRY400
                self._trouble = Reason(code="state_not_writable", message=f"Gateway state: {error}.")


async def _bind(runner: web.AppRunner, wanted: Address) -> Address:
    if wanted.path is not None:
        path = Path(wanted.path)
        await asyncio.to_thread(path.unlink, missing_ok=True)  # left behind by a gateway that was killed
        await web.UnixSite(runner, wanted.path).start()
        await asyncio.to_thread(path.chmod, 0o600)
        return wanted
    await web.TCPSite(runner, wanted.host or "127.0.0.1", wanted.port).start()
    host, port, *_ = runner.addresses[0]
    return Address(host=host, port=port)


def _default_address(state_dir: Path) -> Address:
    path = str((state_dir / "gateway.sock").absolute())
    if len(os.fsencode(path)) <= UNIX_PATH_LIMIT:
        return Address(path=path)
    return Address(host="127.0.0.1", port=0)


def _abort(request: web.Request) -> None:
    """A client that no longer reads is not waited for."""
    if request.transport is not None:
        request.transport.abort()
