"""`python -m infra.local.server`: the api process. Configured by what `Settings.app_environment` gives."""

import asyncio
import contextlib
import importlib
import logging
import os
import signal
from urllib.parse import urlsplit

import uvicorn

from infra.local.server.files import FileForwarder
from infra.local.server.front import Front, websocket_handlers
from infra.local.server.gateway import Gateway
from infra.local.server.http import App
from infra.local.server.queues import QueueForwarder
from infra.local.server.sockets import Sockets
from infra.local.server.static import StaticSite
from infra.local.settings import ROOT, Settings, read


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "botocore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    asyncio.run(_serve(read(os.environ)))


async def _serve(settings: Settings) -> None:
    module = importlib.import_module("app")
    scheme = urlsplit(settings.public_url).scheme
    sockets = Sockets(websocket_handlers(module.app, module), scheme)
    front = Front(
        Gateway(module.app, settings.public_url),
        sockets,
        StaticSite(ROOT / "ui" / "dist", ROOT / ".streamspace" / "install"),
        QueueForwarder(f"http://127.0.0.1:{settings.emulator_port}"),
        FileForwarder(f"http://127.0.0.1:{settings.emulator_port}"),
        stream_url=settings.stream_url,
        secure=scheme == "https",
    )
    servers = [_server(front, settings.api_port), _server(sockets.manage, settings.push_port)]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, servers)
    await asyncio.gather(*(server.serve() for server in servers))


def _server(app: App, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        interface="asgi3",
        http="httptools",
        ws_max_size=256 * 1024,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # One handler for both servers, above; uvicorn's would stop only the last.
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment, method-assign]
    return server


def _stop(servers: list[uvicorn.Server]) -> None:
    for server in servers:
        server.should_exit = True


if __name__ == "__main__":
    main()
